"""Which layers the adapter goes on: a tick for each of a few, or for each kind and a dialog."""

import dataclasses
from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vera_studio.errors import AdapterError
from vera_studio.ui.jobs import parameters as parameter_jobs
from vera_studio.ui.pages.setup.fields import ResetButton, describe
from vera_studio.ui.pages.setup.layers_dialog import LayersDialog
from vera_studio.ui.state.cut_estimate import CutEstimate
from vera_studio.ui.state.layer_choice import as_patterns, groups, in_words
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.group_ticks import Group, GroupTicks
from vera_studio.ui.widgets.layer_model import LayerRow
from vera_studio.wording import first_of

_FEW = 12  # layers, at most, that have a tick each


class LayersField(QWidget):
    """Edits the draft's layers.

    Args:
        workspace: has the draft.
        estimate: of the feature cache, to be shown in the dialog.
        before: the field that Tab comes from.
    """

    def __init__(self, workspace: Workspace, estimate: CutEstimate, before: QWidget) -> None:
        super().__init__()
        self._workspace, self._estimate, self._before = workspace, estimate, before
        self._rows: tuple[LayerRow, ...] = ()
        self._rows_of: object = None  # network and method
        self._chosen: tuple[str, ...] = ()
        self._ticks = GroupTicks("layer")
        self._ticks.toggled.connect(self._toggle)
        self._summary = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._summary.setObjectName("layers_summary")
        self._summary.setAccessibleName("Chosen layers")
        self._choose = describe(
            QPushButton("Choose &Layers..."),
            "choose_layers",
            "Choose layers",
            "Tick layers and parts of the network in a tree",
        )
        self._choose.clicked.connect(self._open_dialog)
        self._reset = ResetButton(workspace, "adapter", "layers", "Layers", "the network's own")
        self._lay_out()
        workspace.recipe_changed.connect(self._show)
        workspace.model_changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self._summary)
        column.addWidget(self._ticks)
        column.addWidget(self._choose, 0, Qt.AlignmentFlag.AlignLeft)
        beside = QHBoxLayout(self)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(2)
        beside.addLayout(column, 1)
        beside.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignTop)

    def _show(self, _: object = None) -> None:
        model, adapter = self._workspace.model, self._workspace.recipe.adapter
        for widget in (self._summary, self._choose):
            widget.setVisible(model is not None and len(self._rows) > _FEW)
        if model is None:
            return
        if self._rows_of != (model, adapter.method):
            self._rows_of = (model, adapter.method)
            self._rows = parameter_jobs.layer_rows(model, adapter.method)
            self._offer()
        default = self._default()
        self._chosen = self._names()
        self._ticks.set_chosen(self._chosen)
        words = in_words(self._chosen, self._rows)
        is_default = adapter.layers is None
        self._summary.setText(f"By default: {words}" if is_default else words)
        self._reset.set_words(first_of(default, 6) or "none")

    def _offer(self) -> None:
        """Put a tick for each layer, or for each kind of them."""
        is_small = len(self._rows) <= _FEW
        if is_small:
            offered = {row.name: self._of_layer(row) for row in self._rows}
        else:
            offered = {title: _of_kind(title, rows) for title, rows in groups(self._rows).items()}
        self._ticks.set_groups(offered)
        for widget in (self._summary, self._choose):
            widget.setVisible(not is_small)
        before: QWidget = (
            self._before
        )  # made later than the rest of the window, they would come last
        for stop in (*self._ticks.boxes(), self._choose, self._reset):
            QWidget.setTabOrder(before, stop)
            before = stop

    def _of_layer(self, row: LayerRow) -> Group:
        tip = f"Attach the adapter to {row.name} ({row.kind}, {row.weight})"
        return Group((row.name,), tip, row.reason)

    def _default(self) -> tuple[str, ...]:
        """What the network has adapted by default, with the method that is chosen."""
        model, adapter = self._workspace.model, self._workspace.recipe.adapter
        assert model is not None
        try:
            return model.layers_for(dataclasses.replace(adapter, layers=None))
        except AdapterError:
            return ()

    def _names(self) -> tuple[str, ...]:
        """Full names of what the draft has chosen, as far as the network has it."""
        model, adapter = self._workspace.model, self._workspace.recipe.adapter
        assert model is not None
        try:
            return model.layers_for(adapter)
        except AdapterError:
            wanted = set(adapter.layers or ())
            return tuple(row.name for row in self._rows if row.name in wanted and not row.reason)

    def _toggle(self, names: Iterable[str], is_on: bool) -> None:
        chosen = set(self._chosen)
        self._choose_names(chosen.union(names) if is_on else chosen.difference(names))

    def _choose_names(self, names: Iterable[str]) -> None:
        chosen = set(names)
        is_default = chosen == set(self._default())
        layers = None if is_default else as_patterns(chosen, self._rows)
        self._workspace.edit_adapter(layers=layers)

    def _open_dialog(self) -> None:
        dialog = LayersDialog(self._workspace, self._estimate, self._rows, self.window())
        dialog.set_chosen(self._chosen)
        dialog.chosen_changed.connect(self._choose_names)

        def follow(_: object) -> None:
            dialog.set_chosen(self._chosen)

        self._workspace.recipe_changed.connect(follow)
        dialog.finished.connect(lambda: self._workspace.recipe_changed.disconnect(follow))
        dialog.open()


def _of_kind(title: str, rows: tuple[LayerRow, ...]) -> Group:
    able = tuple(row.name for row in rows if not row.reason)
    count = "1 layer" if len(able) == 1 else f"{len(able):,} layers"
    return Group(able, f"{title}: {count}", "" if able else rows[0].reason)
