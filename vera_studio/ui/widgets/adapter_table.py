"""The table of adapters: switches, names to edit in place, columns to sort by."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableView,
    QWidget,
)

from vera_studio.ui.widgets.adapter_model import (
    ADDED,
    CLASSES,
    KEY_ROLE,
    METHOD,
    NAME,
    OTHERS,
    RANK,
    SIZE,
    SORT_ROLE,
    SWITCH,
    TARGETS,
    AdapterModel,
    AdapterRow,
)
from vera_studio.ui.widgets.columns import giving_way
from vera_studio.ui.widgets.padded_delegate import PaddedDelegate
from vera_studio.ui.widgets.switch_delegate import SwitchDelegate

_ROW_HEIGHT = 28
_CLASSES_WIDTH = 130
_LEAST_CLASSES_WIDTH = 70
_LEAST_NAME_WIDTH = 220  # some thirty letters
# Hidden where the name would not have that: the details and most names tell the same.
_GIVING_WAY = (SIZE, RANK, METHOD, CLASSES, ADDED, OTHERS, TARGETS)
_MEASURED_ROWS = 50  # for the widths of the columns


class AdapterTable(QTableView):
    """Adapters, a row each.

    Signals:
        switch_requested(str, bool): the adapter with this key is to be on, or off.
        rename_requested(str, str): the adapter with this key is to have this name.
        selection_changed(tuple): keys of the selected adapters, the one selected first in front.
    """

    switch_requested = Signal(str, bool)
    rename_requested = Signal(str, str)
    selection_changed = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selected: tuple[str, ...] = ()
        self._is_replacing = False
        self.rows_model = AdapterModel(self)
        self.rows_model.switch_requested.connect(self.switch_requested)
        self.rows_model.rename_requested.connect(self.rename_requested)
        self.proxy = QSortFilterProxyModel(self)
        self.proxy.setSortRole(SORT_ROLE)
        self.proxy.setSourceModel(self.rows_model)
        self.setModel(self.proxy)
        self.setObjectName("adapter_table")
        self.setAccessibleName("Adapters in the library")
        self.setToolTip("Select an adapter for its details, two to compare or combine them")
        self._prepare_view()
        self._prepare_columns()
        self.selectionModel().selectionChanged.connect(self._follow_selection)

    @property
    def selected(self) -> tuple[str, ...]:
        """Keys of the selected adapters, the one selected first in front."""
        return self._selected

    def set_rows(self, rows: Sequence[AdapterRow]) -> None:
        """Show these adapters; those that stay selected are told anew."""
        before = self._selected
        self._is_replacing = True
        self.rows_model.set_rows(rows)
        self.select(before)
        self._is_replacing = False
        if self._selected != before:
            self.selection_changed.emit(self._selected)

    def select(self, keys: Sequence[str]) -> None:
        """Select the adapters with these keys, as far as they are there."""
        found = {
            self.proxy.index(row, 0).data(KEY_ROLE): row for row in range(self.proxy.rowCount())
        }
        selection = QItemSelection()
        for key in keys:
            if key in found:
                index = self.proxy.index(found[key], 0)
                selection.select(index, index)
        flag = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(selection, flag.ClearAndSelect | flag.Rows)
        self._follow_selection()

    def show_selected(self, key: str) -> None:
        """Select the adapter with this key alone, and bring it into sight."""
        self.select((key,))
        for index in self.selectionModel().selectedRows(NAME):
            self.scrollTo(index)

    def edit_name(self, key: str) -> None:
        """Have the user edit the name of the adapter with this key."""
        for row in range(self.proxy.rowCount()):
            index = self.proxy.index(row, NAME)
            if index.data(KEY_ROLE) == key:
                self.setCurrentIndex(index)
                self.edit(index)

    def _prepare_view(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        # Names often begin alike and differ in their ends.
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.setItemDelegate(PaddedDelegate(self))
        self.setItemDelegateForColumn(SWITCH, SwitchDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)

    def _prepare_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(44)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self._widths = {NAME: _LEAST_NAME_WIDTH, CLASSES: _LEAST_CLASSES_WIDTH}
        self.rows_model.modelReset.connect(self._measure_columns)
        self.setSortingEnabled(True)
        self.sortByColumn(ADDED, Qt.SortOrder.DescendingOrder)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _measure_columns(self) -> None:
        """Once for new rows: on every change it would hold up the switches."""
        for column in range(self.rows_model.columnCount()):
            if column not in (NAME, CLASSES):
                needed = (
                    self.sizeHintForColumn(column),
                    self.horizontalHeader().sectionSizeHint(column),
                )
                self._widths[column] = max(needed)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Give the name the width that it needs at least; others give way."""
        room = self.viewport().width()
        hidden = giving_way(room, self._widths, _GIVING_WAY)
        shown = {column: width for column, width in self._widths.items() if column not in hidden}
        if CLASSES in shown:
            left = room - sum(shown.values())
            shown[CLASSES] += min(max(left, 0), _CLASSES_WIDTH - _LEAST_CLASSES_WIDTH)
        for column in self._widths:
            self.setColumnHidden(column, column in hidden)
            if column in shown and column != NAME:
                self.setColumnWidth(column, shown[column])

    def _follow_selection(self) -> None:
        chosen = {index.data(KEY_ROLE) for index in self.selectionModel().selectedRows()}
        kept = [key for key in self._selected if key in chosen]
        shown = (self.proxy.index(row, 0).data(KEY_ROLE) for row in range(self.proxy.rowCount()))
        new = [key for key in shown if key in chosen and key not in kept]
        selected = (*kept, *new)
        if selected != self._selected:
            self._selected = selected
            if not self._is_replacing:
                self.selection_changed.emit(selected)
