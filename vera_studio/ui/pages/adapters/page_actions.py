"""What can be done with the adapters that are selected: entries of a tool strip and a menu."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from vera_studio.export_targets import EXPORT_TARGETS, TARGETS, Target
from vera_studio.ui.icons import icon
from vera_studio.ui.state.adapter_names import MOST_IN_MENU, shortened
from vera_studio.ui.widgets.flow_layout import FlowLayout
from vera_studio.ui.widgets.plain_text import plain_caption, plain_tip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.strip_actions import StripEntry, strip_action, strip_button

_ENTRIES = {
    "switch": StripEntry("Switch On", "Put the adapter on the model", "switch", "Space"),
    "rename": StripEntry("Rename", "Give the adapter another name", "rename", "F2"),
    "delete": StripEntry(
        "Delete", "Delete the selected adapters; this can be undone", "delete", "Del"
    ),
    "show": StripEntry("Show in Folder", "Open the folder that the adapter's file is in", "folder"),
    "combine": StripEntry("Combine", "Put two adapters on the model at once", "combine"),
    "compare": StripEntry(
        "Compare", "Accuracy of each class, and how alike the changes are, of two", "versus"
    ),
}
_ONE, _TWO = "Select one adapter for that.", "Select two adapters for that, the second with Ctrl."
_SOME = "Select an adapter for that."
_EXPORT_TIP = "for VeRA Studio, PEFT, PyTorch or ONNX"


class PageActions(QWidget):
    """A strip of buttons; its actions are also for the table's context menu.

    Signals:
        export_requested(str): the selected adapter is to be exported in this form.
    """

    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("adapter_actions")
        self.by_name = {
            name: strip_action(f"adapter_{name}", entry, self) for name, entry in _ENTRIES.items()
        }
        self.exports = {target: self._make_export(target) for target in TARGETS}
        self.export_menu = QMenu("Export", self)
        self.export_menu.setObjectName("menu_export_selected")
        self.export_menu.setIcon(icon("export"))
        self.export_menu.setToolTipsVisible(True)
        self._heading = self.export_menu.addSection("")
        self._heading.setObjectName("export_heading")
        self.export_menu.addActions(list(self.exports.values()))
        row = FlowLayout(self, spacing=2, line_spacing=2)
        self._switch_button = strip_button(self.by_name["switch"])
        row.addWidget(self._switch_button)
        row.addWidget(strip_button(self.by_name["rename"]))
        row.addWidget(self._export_button())
        for name in ("show", "delete", "combine", "compare"):
            row.addWidget(strip_button(self.by_name[name]))

    def follow_selection(self, names: Sequence[str], is_on: bool, busy: str, unfit: str) -> None:
        """Allow what can be done with the adapters that are selected; the rest says why not.

        Args:
            names: what the adapters are called.
            is_on: whether there is one, and the model has it on.
            busy: why nothing may be switched now, a sentence; empty when it may.
            unfit: why the one cannot go on the network; empty if it can.
        """
        one, two = "" if len(names) == 1 else _ONE, "" if len(names) == 2 else _TWO
        switch = self.by_name["switch"]
        switch.setText("Switch Off" if is_on else "Switch On")
        tip = "Take the adapter off the model" if is_on else _ENTRIES["switch"].tip
        switch.setStatusTip(tip)
        switch.setToolTip(tip)
        self._switch_button.setAccessibleName(switch.text())
        reasons = {"switch": one or unfit or busy, "rename": one, "show": one}
        reasons |= {"delete": "" if names else _SOME, "combine": two or busy, "compare": two}
        for name, reason in reasons.items():
            allow(self.by_name[name], reason)
        self._follow_export(names[0] if len(names) == 1 else "")

    def _follow_export(self, name: str) -> None:
        """Say which adapter is exported."""
        title = f"Export {shortened(name, MOST_IN_MENU)}" if name else "Export"
        self.export_menu.setTitle(plain_caption(title))
        self._heading.setText(plain_caption(shortened(name, MOST_IN_MENU)))
        for action in (self.export_menu.menuAction(), self._heading):
            action.setToolTip(plain_tip(name))  # else its text would be its tip
        self._export.setAccessibleName(f"Export {name}" if name else "Export the selected adapter")
        self._export.setToolTip(plain_tip(f"Write {name or 'the selected adapter'} {_EXPORT_TIP}"))
        for control in (self.export_menu.menuAction(), self._export):
            allow(control, "" if name else _ONE)

    def _make_export(self, target: Target) -> QAction:
        tip = EXPORT_TARGETS[target].tip
        action = QAction(EXPORT_TARGETS[target].entry, self)
        action.setObjectName(f"action_adapter_export_{target}")
        action.setStatusTip(tip)
        action.setToolTip(tip)
        action.triggered.connect(partial(self.export_requested.emit, target))
        return action

    def _export_button(self) -> QToolButton:
        self._export = button = QToolButton(autoRaise=True)
        button.setText("Export…")
        button.setIcon(icon("export"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        # A menu of the button's own would come with an arrow that hangs below its text.
        button.clicked.connect(
            lambda: self.export_menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
        )
        button.setObjectName("adapter_export_button")
        return button
