"""Choosing layers in a tree of the network, with what they come to below it."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from vera_studio.ui.pages.setup.figures import figures_text
from vera_studio.ui.state.cut_estimate import CutEstimate
from vera_studio.ui.state.layer_choice import groups, in_words
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.group_ticks import Group, GroupTicks
from vera_studio.ui.widgets.layer_model import LayerRow
from vera_studio.ui.widgets.layer_tree import LayerTree
from vera_studio.ui.widgets.reasons import allow

_WIDTH, _HEIGHT = 680, 600  # pixels


class LayersDialog(QDialog):
    """What is ticked counts at once.

    Signals:
        chosen_changed(object): full names of what the user has ticked now.
    """

    chosen_changed = Signal(object)

    def __init__(
        self,
        workspace: Workspace,
        estimate: CutEstimate,
        rows: Sequence[LayerRow],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("layers_dialog")
        self.setWindowTitle("Choose Layers")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._workspace, self._estimate, self._rows = workspace, estimate, tuple(rows)
        self._chosen: tuple[str, ...] | None = None
        self._kinds = GroupTicks("layers_of")
        self._kinds.set_groups(
            {
                title: Group(
                    tuple(row.name for row in some if not row.reason),
                    f"Tick or untick: {title.lower()}",
                    "" if any(not row.reason for row in some) else some[0].reason,
                )
                for title, some in groups(rows).items()
            }
        )
        self._kinds.toggled.connect(self._toggle)
        self._tree = LayerTree()
        self._tree.chosen_changed.connect(self.chosen_changed)
        self._summary = _label("dialog_layers_summary", "Chosen layers")
        self._figures = _label("dialog_adapter_figures", "Size of the adapter")
        self._cut = _label("dialog_cache_estimate", "Size of the feature cache")
        self._cut.setText(estimate.text)
        estimate.changed.connect(self._cut.setText)
        self._lay_out()
        self.resize(_WIDTH, _HEIGHT)
        self._tree.filter.setFocus()

    def set_chosen(self, names: Collection[str]) -> None:
        """Show that these are chosen and no others, and what they come to."""
        if self._chosen is None:
            self._tree.set_rows(self._rows, names)
        else:
            self._tree.set_chosen(names)
        self._chosen = tuple(names)
        self._kinds.set_chosen(names)
        words = in_words(names, self._rows)
        is_default = self._workspace.recipe.adapter.layers is None
        self._summary.setText(f"By default: {words}" if is_default else words)
        self._figures.setText(figures_text(self._workspace) or "Choose at least one layer.")
        allow(self._reset, "These are the default layers." if is_default else "")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self._kinds)
        layout.addWidget(self._tree, 1)
        for label in (self._summary, self._figures, self._cut):
            layout.addWidget(label)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setObjectName("close_layers")
        close.setToolTip("Back to the set-up; what is ticked is kept")
        self._reset = QPushButton("&Default Layers")
        self._reset.setObjectName("default_layers")
        self._reset.setAccessibleName("Default layers")
        self._reset.setToolTip("Tick what the network has adapted by default")
        self._reset.setAutoDefault(False)
        self._reset.clicked.connect(lambda: self._workspace.edit_adapter(layers=None))
        buttons.addButton(self._reset, QDialogButtonBox.ButtonRole.ResetRole)
        layout.addWidget(buttons)

    def _toggle(self, names: Collection[str], is_on: bool) -> None:
        chosen = set(self._chosen or ())
        self.chosen_changed.emit(chosen.union(names) if is_on else chosen.difference(names))


def _label(name: str, accessible_name: str) -> QLabel:
    label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    label.setObjectName(name)
    label.setAccessibleName(accessible_name)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
