"""What can be done with the adapters that are selected: entries of a tool strip and a menu."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from vera_studio.ui.adapter_jobs import TARGETS
from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.flow_layout import FlowLayout


@dataclass(frozen=True)
class _Entry:
    text: str
    tip: str
    icon: str
    shortcut: str = ""


_ENTRIES = {
    "switch": _Entry("Switch On", "Put the adapter on the model", "switch", "Space"),
    "rename": _Entry("Rename", "Give the adapter another name", "rename", "F2"),
    "delete": _Entry("Delete", "Delete the selected adapters; this can be undone", "delete", "Del"),
    "show": _Entry("Show in Folder", "Open the folder that the adapter's file is in", "folder"),
    "combine": _Entry("Combine", "Put two adapters on the model at once", "combine"),
    "compare": _Entry(
        "Compare", "Accuracy of each class, and how alike the changes are, of two", "versus"
    ),
}
_EXPORTS = {
    "file": ("VeRA Studio File…", "Write the adapter to one small file, for VeRA Studio"),
    "peft": ("PEFT Folder…", "Write the adapter as a folder for PEFT"),
    "lora": ("LoRA (PEFT) Folder…", "Write the LoRA that equals the adapter, for PEFT"),
    "merged": ("Merged Weights…", "Write the network's weights with the adapter in them"),
    "onnx": ("ONNX…", "Write the network with the adapter in it"),
}


class PageActions(QWidget):
    """A strip of buttons; its actions are also for the table's context menu.

    Signals:
        export_requested(str): the selected adapter is to be exported in this form.
    """

    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("adapter_actions")
        self.by_name = {name: self._make(name, entry) for name, entry in _ENTRIES.items()}
        self.exports = {target: self._make_export(target) for target in TARGETS}
        self.export_menu = QMenu("Export", self)
        self.export_menu.setObjectName("menu_export_selected")
        self.export_menu.setIcon(icon("export"))
        self.export_menu.setToolTipsVisible(True)
        self.export_menu.addActions(list(self.exports.values()))
        row = FlowLayout(self, spacing=2, line_spacing=2)
        self._switch_button = _button(self.by_name["switch"])
        row.addWidget(self._switch_button)
        row.addWidget(_button(self.by_name["rename"]))
        row.addWidget(self._export_button())
        for name in ("show", "delete", "combine", "compare"):
            row.addWidget(_button(self.by_name[name]))

    def follow_selection(self, count: int, is_on: bool, is_free: bool) -> None:
        """Allow what can be done with `count` adapters, the one of them being on or off."""
        one, two = count == 1, count == 2
        enabled = {"switch": one and is_free, "rename": one, "show": one, "delete": count > 0}
        enabled |= {"combine": two and is_free, "compare": two}
        for name, on in enabled.items():
            self.by_name[name].setEnabled(on)
        self.export_menu.menuAction().setEnabled(one)
        self._export.setEnabled(one)
        switch = self.by_name["switch"]
        switch.setText("Switch Off" if one and is_on else "Switch On")
        tip = "Take the adapter off the model" if one and is_on else _ENTRIES["switch"].tip
        switch.setStatusTip(tip)
        switch.setToolTip(tip)
        self._switch_button.setAccessibleName(switch.text())

    def _make(self, name: str, entry: _Entry) -> QAction:
        action = QAction(icon(entry.icon), entry.text, self)
        action.setObjectName(f"action_adapter_{name}")
        action.setStatusTip(entry.tip)
        action.setToolTip(f"{entry.tip} ({entry.shortcut})" if entry.shortcut else entry.tip)
        if entry.shortcut:
            action.setShortcut(QKeySequence(entry.shortcut))
            # On the table alone: a space or F2 elsewhere means something else.
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        return action

    def _make_export(self, target: str) -> QAction:
        text, tip = _EXPORTS[target]
        action = QAction(text, self)
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
        button.setAccessibleName("Export the selected adapter")
        button.setToolTip("Write the selected adapter for VeRA Studio, PEFT, PyTorch or ONNX")
        return button


def _button(action: QAction) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setObjectName(action.objectName().removeprefix("action_") + "_button")
    button.setAccessibleName(action.text())
    return button
