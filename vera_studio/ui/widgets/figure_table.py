"""A table of figures: sorted by a click on a heading, copied with Ctrl+C."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableView,
    QWidget,
)

from vera_studio.ui.widgets.columns import giving_way
from vera_studio.ui.widgets.figure_model import SORT_ROLE, FigureModel
from vera_studio.ui.widgets.figure_model import Cell as Cell
from vera_studio.ui.widgets.figure_model import Column as Column
from vera_studio.ui.widgets.full_header import FullHeader
from vera_studio.ui.widgets.padded_delegate import PaddedDelegate

_CELL_PADDING = QSize(4, 6)
_MOST_EXTRA = 40  # pixels beside what a column needs: the eye has to find along the row
_MEASURED_ROWS = 100  # beside those in view, for the widths of the columns


class FigureTable(QTableView):
    """Rows that may be replaced while one sorts and selects them.

    Signals:
        row_chosen(int): the row with this number, as they were given, was double-clicked.
        current_changed(): another row is the current one, or none.
        selection_changed(): other rows are selected.
    """

    row_chosen = Signal(int)
    current_changed = Signal()
    selection_changed = Signal()

    def __init__(self, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        movable = [number for number, column in enumerate(self._columns) if column.gives_way]
        self._giving_way = sorted(movable, key=lambda number: self._columns[number].gives_way)
        self._items = FigureModel(self._columns, self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._items)
        self._sorted.setSortRole(SORT_ROLE)
        self._sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._sorted.setFilterKeyColumn(-1)  # any
        self.setModel(self._sorted)
        self.selectionModel().currentRowChanged.connect(lambda *_: self.current_changed.emit())
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        self.doubleClicked.connect(
            lambda index: self.row_chosen.emit(self._sorted.mapToSource(index).row())
        )
        self._set_up_view()
        self._add_copy()

    def set_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Show these rows, in the order that is chosen; without one, as they come."""
        new = tuple(tuple(row) for row in rows)
        if new != self._items.rows:
            self._items.set_rows(new)
            if self._sorted.rowCount():  # all are alike
                self.verticalHeader().setDefaultSectionSize(self.sizeHintForRow(0))
            self._fit_columns()

    def texts(self) -> list[list[str]]:
        """What is shown, from top to bottom."""
        return [self._texts_of(row) for row in range(self._sorted.rowCount())]

    def copied_text(self) -> str:
        """The headings and the selected rows, or all where none is; cells parted by tabs."""
        selected = sorted(index.row() for index in self.selectionModel().selectedRows())
        rows = selected or list(range(self._sorted.rowCount()))
        lines = [[column.title for column in self._columns], *map(self._texts_of, rows)]
        return "\n".join("\t".join(line) for line in lines)

    def set_filter(self, text: str) -> None:
        """Show the rows only that have `text` somewhere, capitals or not."""
        self._sorted.setFilterFixedString(text)

    @property
    def current_row(self) -> int | None:
        """Number of the current row, as they were given; None without one."""
        index = self._sorted.mapToSource(self.currentIndex())
        return index.row() if index.isValid() else None

    def select(self, row: int) -> None:
        """Make the row with this number, as they were given, the current one, and show it."""
        index = self._sorted.mapFromSource(self._items.index(row, 0))
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    @property
    def selected_rows(self) -> tuple[int, ...]:
        """Numbers of the selected rows, as they were given, from top to bottom."""
        shown = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return tuple(self._sorted.mapToSource(index).row() for index in shown)

    def select_rows(self, rows: Iterable[int]) -> None:
        """Select the rows with these numbers, as they were given, and no others."""
        chosen = QItemSelection()
        for row in rows:
            index = self._sorted.mapFromSource(self._items.index(row, 0))
            chosen.select(index, index)
        flag = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(chosen, flag.ClearAndSelect | flag.Rows)

    def height_of_all(self) -> int:
        """Pixels in which every row can be seen."""
        frame = 2 * self.frameWidth() + 2
        return self.horizontalHeader().height() + self.verticalHeader().length() + frame

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Give each column what it needs, and a share of the room that is left."""
        header, room = self.horizontalHeader(), self.viewport().width()
        for column in range(len(self._columns)):  # one that is hidden would seem to need nothing
            self.setColumnHidden(column, False)
        needed = {
            column: max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
            for column in range(len(self._columns))
        }
        hidden = giving_way(room, needed, self._giving_way)
        shown = {column: width for column, width in needed.items() if column not in hidden}
        share, rest = divmod(max(room - sum(shown.values()), 0), len(shown))
        if share >= _MOST_EXTRA:
            share, rest = _MOST_EXTRA, 0
        for column in needed:
            self.setColumnHidden(column, column in hidden)
        for place, (column, width) in enumerate(shown.items()):
            header.resizeSection(column, width + share + (place < rest))

    def _set_up_view(self) -> None:
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(PaddedDelegate(self, _CELL_PADDING))
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = FullHeader()
        self.setHorizontalHeader(header)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setStretchLastSection(self._columns[-1].is_text)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        self.setSortingEnabled(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def _add_copy(self) -> None:
        copy = QAction("&Copy", self)
        copy.setObjectName("copy_rows")
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.copied_text()))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _texts_of(self, row: int) -> list[str]:
        return [str(self._sorted.index(row, c).data() or "") for c in range(len(self._columns))]
