"""The modules and parameters of a network as a tree, with a filter and totals."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QFont, QFontMetrics, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.widgets.columns import giving_way
from vera_studio.ui.widgets.padded_delegate import PaddedDelegate
from vera_studio.ui.widgets.parameter_model import (
    ADDRESS,
    BYTES,
    COLUMNS,
    KIND,
    NAME,
    NAME_ROLE,
    PARAMETER,
    SHARED_WITH,
    TRAINABLE,
    TYPE,
    ParameterFilter,
    ParameterModel,
    ParameterRow,
    distinct,
)

__all__ = ["ParameterRow", "ParameterTree"]

_OPENED_WHOLE = 400  # rows, at most, of a network that is shown whole
_MEASURED_ROWS = 200  # for the widths of the columns
_GAP = 12  # behind what stands in a column
_LEAST_SHARED_WIDTH = 116  # the name of a projection
_MOST_SHARED_WIDTH = 160
_GIVING_WAY = (TYPE, BYTES, ADDRESS, KIND)
_EMPTY_TEXT = "The parameters appear here once a network is open."


class ParameterTree(QWidget):
    """A tree with a filter box above and totals below.

    Signals:
        parameter_selected(str): full name of the parameter that became current;
            empty for a module or none.
    """

    parameter_selected = Signal(str)

    def __init__(self, empty_text: str = _EMPTY_TEXT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ParameterRow, ...] = ()
        self._selected = ""
        self._is_replacing = False
        self.model = ParameterModel(self)
        self.proxy = ParameterFilter(self)
        self.proxy.setSourceModel(self.model)
        self._empty = QLabel(empty_text, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._empty.setForegroundRole(self._empty.palette().ColorRole.PlaceholderText)
        self._make_tree()
        self._make_controls()
        self._lay_out()
        self.set_rows(())

    def set_rows(self, rows: Sequence[ParameterRow]) -> None:
        """Show these parameters; what has kept its name stays open, closed and selected."""
        closed, is_first = self._closed(), not self._rows
        is_other = is_first or [row.name for row in rows] != [row.name for row in self._rows]
        opened = set(self.model.modules()) - closed
        self._is_replacing = True
        self._rows = tuple(rows)
        self.model.set_rows(self._rows)
        self._open(opened)
        if not is_first:
            self._close(closed)
        self._stack.setCurrentIndex(1 if rows else 0)
        self.totals.setText(totals_text(self._rows))
        if is_other:
            self._fit_columns()
        self.select(self._selected)
        self._is_replacing = False
        self._tell_selected()

    def select(self, name: str) -> None:
        """Make the parameter with this full name the current one, if it is there."""
        index = self._index(name)
        if index.isValid():
            flag = QItemSelectionModel.SelectionFlag
            self.tree.selectionModel().setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)

    def visible_counts(self) -> dict[str, int]:
        """Full name and count of every parameter that the filter lets through."""
        shown = {}
        for index in self._indices():
            name = str(index.data(NAME_ROLE))
            if name in self.model.parameters:
                shown[name] = self.model.parameters[name].count
        return shown

    def selected_text(self) -> str:
        """The selected rows as text, cells parted by tabs."""
        lines = ["\t".join(COLUMNS)]
        rows = self.tree.selectionModel().selectedRows()
        order = {QPersistentModelIndex(i): n for n, i in enumerate(self._indices())}
        for row in sorted(rows, key=lambda i: order[QPersistentModelIndex(i)]):
            cells = [str(row.siblingAtColumn(c).data() or "") for c in range(len(COLUMNS))]
            cells[0] = str(row.data(NAME_ROLE))
            lines.append("\t".join(cells))
        return "\n".join(lines)

    def _make_tree(self) -> None:
        self.tree = QTreeView(uniformRowHeights=True)
        self.tree.setAlternatingRowColors(True)
        self.tree.setObjectName("parameter_tree")
        self.tree.setAccessibleName("Modules and parameters")
        self.tree.setToolTip("Select a d or b to see its values; Ctrl+C copies the selected rows")
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setItemDelegate(PaddedDelegate(self.tree, QSize(0, 5)))
        self.tree.setModel(self.proxy)
        self.tree.setSortingEnabled(True)
        self.tree.header().setSortIndicatorClearable(True)
        self.tree.header().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._widths: dict[int, int] = {}  # what each column needs
        self.tree.installEventFilter(self)
        self.tree.selectionModel().currentRowChanged.connect(self._follow_current)
        copy = QAction("&Copy", self.tree)
        copy.setObjectName("copy_rows")
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self._copy)
        self.tree.addAction(copy)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _make_controls(self) -> None:
        self.filter = QLineEdit(clearButtonEnabled=True, placeholderText="Filter by name or kind")
        self.filter.setObjectName("parameter_filter")
        self.filter.setAccessibleName("Filter parameters")
        self.filter.setToolTip("Show only parameters with this in their name or kind")
        self.filter.textChanged.connect(self._filter)
        self.trainable_only = QCheckBox("&Trainable only")
        self.trainable_only.setObjectName("trainable_only")
        self.trainable_only.setAccessibleName("Trainable only")
        self.trainable_only.setToolTip("Hide everything that is frozen")
        self.trainable_only.toggled.connect(self._filter)
        self.expand_button = QPushButton("E&xpand all")
        self.expand_button.setObjectName("expand_all")
        self.expand_button.setAccessibleName("Expand all")
        self.expand_button.setToolTip("Open every module")
        self.expand_button.clicked.connect(self._expand)
        self.collapse_button = QPushButton("Co&llapse all")
        self.collapse_button.setObjectName("collapse_all")
        self.collapse_button.setAccessibleName("Collapse all")
        self.collapse_button.setToolTip("Close every module")
        self.collapse_button.clicked.connect(self._collapse)
        self.totals = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.totals.setObjectName("parameter_totals")
        self.totals.setAccessibleName("Totals")
        self.totals.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.filter, 1)
        for control in (self.trainable_only, self.expand_button, self.collapse_button):
            top.addWidget(control)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.tree)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.totals)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self._let_columns_give_way()
        return super().eventFilter(watched, event)

    def _fit_columns(self) -> None:
        # Qt would ask for the size of each cell, through Python: a tenth of a second.
        for column in range(len(COLUMNS)):
            self.tree.setColumnHidden(column, False)
            heading = self.tree.header().sectionSizeHint(column)
            self._widths[column] = max(heading, self._widest_cell(column)) + _GAP
            self.tree.setColumnWidth(column, self._widths[column])
        shared = max(self._widths[SHARED_WITH], _LEAST_SHARED_WIDTH)
        self._widths[SHARED_WITH] = min(shared, _MOST_SHARED_WIDTH)  # the tip has all of it
        self._let_columns_give_way()

    def _widest_cell(self, column: int) -> int:
        """What a column needs for the rows that are in sight first, in pixels."""
        font = QFont(self.tree.font())
        font.setBold(True)
        metrics, step = QFontMetrics(font), self.tree.indentation()
        depths = self.model.first_cells(column, _MEASURED_ROWS, len(self._rows) <= _OPENED_WHOLE)
        longest = {depth: max(texts, key=len) for depth, texts in depths.items()}
        steps = step if column == NAME else 0
        return max(
            (metrics.horizontalAdvance(text) + depth * steps for depth, text in longest.items()),
            default=0,
        )

    def _let_columns_give_way(self) -> None:
        """Hide what is missed least where what is shared with what would be out of sight."""
        room = self.tree.width() - 2 * self.tree.frameWidth()
        room -= self.tree.verticalScrollBar().sizeHint().width()
        hidden = giving_way(room, self._widths, _GIVING_WAY)
        for column in self._widths:
            self.tree.setColumnHidden(column, column in hidden)

    def _filter(self) -> None:
        self.proxy.set_filter(self.filter.text(), self.trainable_only.isChecked())
        self.tree.expandAll()

    def _expand(self) -> None:
        self.tree.expandAll()

    def _collapse(self) -> None:
        self.tree.collapseAll()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.selected_text())

    def _follow_current(self, current: QModelIndex, _: QModelIndex) -> None:
        name = str(current.data(NAME_ROLE) or "")
        if not self._is_replacing:
            self._selected = name
            self._tell_selected()

    def _tell_selected(self) -> None:
        known = self._selected in self.model.parameters
        self.parameter_selected.emit(self._selected if known else "")

    def _closed(self) -> set[str]:
        """Full names of the modules that are not expanded."""
        shown = ((name, self._index(name)) for name in self.model.modules())
        return {name for name, at in shown if at.isValid() and not self.tree.isExpanded(at)}

    def _open(self, names: set[str]) -> None:
        """Open all of a small network, of a large one what is outside and what was open."""
        if len(self._rows) <= _OPENED_WHOLE:
            self.tree.expandAll()
            return
        self.tree.expandToDepth(0)
        for name in names:
            self.tree.expand(self._index(name))

    def _close(self, names: set[str]) -> None:
        is_small = len(self._rows) <= _OPENED_WHOLE
        for name in names:
            if is_small or "." not in name:  # of a large network what is further in is closed
                self.tree.collapse(self._index(name))

    def _index(self, name: str) -> QModelIndex:
        """The first cell of the row with this full name; none where it is not shown."""
        return self.proxy.mapFromSource(self.model.index_of(name))

    def _indices(self, parent: QModelIndex | None = None) -> list[QModelIndex]:
        """First cells of all rows that the filter lets through, from top to bottom."""
        above = parent or QModelIndex()
        found = []
        for row in range(self.proxy.rowCount(above)):
            index = self.proxy.index(row, 0, above)
            found += [index, *self._indices(index)]
        return found


def totals_text(rows: Sequence[ParameterRow]) -> str:
    """How much is trained and how much there is, memory that is shared counted once."""
    if not rows:
        return ""
    once = distinct(rows)
    parameters = [row for row in once if row.kind == PARAMETER]
    buffers = [row for row in once if row.kind != PARAMETER]
    total = sum(row.count for row in parameters)
    trained = sum(row.count for row in parameters if row.state == TRAINABLE)
    text = f"{trained:,} of {total:,} parameters trainable ({trained / max(total, 1):.2%})"
    if buffers:
        numbers = sum(row.count for row in buffers)
        text += f" · {numbers:,} more numbers in projections and other buffers"
    return f"{text} · {sum(row.bytes for row in once):,} bytes in all"
