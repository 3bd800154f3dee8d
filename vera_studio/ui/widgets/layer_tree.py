"""The layers of a network as a tree with tick boxes, a filter, and what it shows at once."""

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.widgets.layer_model import NAME_ROLE, LayerModel, LayerRow
from vera_studio.ui.widgets.padded_delegate import PaddedDelegate
from vera_studio.ui.widgets.reasons import allow

_FEW = 40  # layers, at most, whose tree opens whole
_NAME_WIDTH, _KIND_WIDTH = 280, 110  # pixels


class LayerTree(QWidget):
    """A tree to choose layers in; a branch ticks all that is in it.

    Signals:
        chosen_changed(object): full names of what the user has ticked now, a tuple.
    """

    chosen_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[LayerRow, ...] = ()
        self.model = LayerModel(self)
        self.model.ticked.connect(self._tell)
        self._make_tree()
        self._make_controls()
        top = QHBoxLayout()
        top.addWidget(self.filter, 1)
        top.addWidget(self.tick_shown)
        top.addWidget(self.untick_shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.tree, 1)

    def set_rows(self, rows: Sequence[LayerRow], chosen: Collection[str]) -> None:
        """Show these layers, those of them ticked that are `chosen`."""
        self._rows = tuple(rows)
        self.model.set_rows(self._rows)
        self.tree.setColumnWidth(0, _NAME_WIDTH)
        self.tree.setColumnWidth(1, _KIND_WIDTH)
        self.set_chosen(chosen)
        self._open_branches()
        self._filter()

    def set_chosen(self, names: Collection[str]) -> None:
        """Tick these and no others, and tell nobody."""
        self.model.set_chosen(names)
        self.tree.viewport().update()

    def shown(self) -> tuple[str, ...]:
        """Full names of the layers that the filter lets through and that can be ticked."""
        return tuple(row.name for row in self._rows if not row.reason and self._fits(row))

    def _make_tree(self) -> None:
        self.tree = QTreeView(uniformRowHeights=True)
        self.tree.setAlternatingRowColors(True)
        self.tree.setObjectName("layer_tree")
        self.tree.setAccessibleName("Layers of the network")
        self.tree.setToolTip("Space ticks the layer, or all layers in a part of the network")
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setItemDelegate(PaddedDelegate(self.tree, QSize(0, 5)))
        self.tree.setModel(self.model)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def _make_controls(self) -> None:
        self.filter = QLineEdit(
            clearButtonEnabled=True, placeholderText="Part of a name, or a pattern: blocks.6.*"
        )
        self.filter.setObjectName("layer_filter")
        self.filter.setAccessibleName("Filter layers")
        self.filter.setToolTip(
            "Show only layers with this in their name or kind; with * or ? in it, those whose "
            "whole name is like it"
        )
        self.filter.textChanged.connect(self._filter)
        self.tick_shown = _button("tick_shown", "&Tick Shown", "Tick every layer that is shown")
        self.tick_shown.clicked.connect(lambda: self._set_shown(True))
        self.untick_shown = _button(
            "untick_shown", "&Untick Shown", "Untick every layer that is shown"
        )
        self.untick_shown.clicked.connect(lambda: self._set_shown(False))

    def _fits(self, row: LayerRow) -> bool:
        text = self.filter.text().strip()
        if "*" in text or "?" in text:
            return fnmatchcase(row.name, text)
        return text.lower() in f"{row.name}\n{row.kind}".lower()

    def _filter(self) -> None:
        """Hide what does not fit, and branches without any that does."""
        fitting = {row.name for row in self._rows if self._fits(row)}
        self._hide_others(fitting, QModelIndex())
        if self.filter.text().strip():
            self.tree.expandAll()
        none = "" if self.shown() else "No layer that is shown can be ticked."
        allow(self.tick_shown, none)
        allow(self.untick_shown, none)

    def _hide_others(self, fitting: Collection[str], parent: QModelIndex) -> bool:
        """Hide the rows below `parent` that do not fit; whether any does."""
        is_any = False
        for number in range(self.model.rowCount(parent)):
            index = self.model.index(number, 0, parent)
            if self.model.hasChildren(index):
                fits = self._hide_others(fitting, index)
            else:
                fits = index.data(NAME_ROLE) in fitting
            self.tree.setRowHidden(number, parent, not fits)
            is_any = is_any or fits
        return is_any

    def _open_branches(self) -> None:
        """Open all of a small network, of a large one what is ticked in part."""
        if len(self._rows) <= _FEW:
            self.tree.expandAll()
            return
        for item in self.model.branches().values():
            is_partly = item.checkState() == Qt.CheckState.PartiallyChecked
            self.tree.setExpanded(item.index(), is_partly or not item.parent())

    def _set_shown(self, is_on: bool) -> None:
        chosen, shown = set(self.model.chosen()), set(self.shown())
        self.set_chosen(chosen | shown if is_on else chosen - shown)
        self._tell()

    def _tell(self) -> None:
        self.tree.viewport().update()
        self.chosen_changed.emit(self.model.chosen())


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text.replace("&", ""))
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
