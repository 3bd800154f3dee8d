"""The rows behind the parameter tree: the model, and what the filter lets through."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QFont, QStandardItem, QStandardItemModel

from vera_studio.ui.widgets.plain_text import plain_tip

COLUMNS = ("Name", "Kind", "Shape", "Count", "State", "Type", "Bytes", "Address", "Shared with")
NAME, KIND, SHAPE, COUNT, STATE, TYPE, BYTES, ADDRESS, SHARED_WITH = range(9)
NAME_ROLE = Qt.ItemDataRole.UserRole  # full name of the row, on its first cell
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
TRAINABLE = "trainable"  # state
PARAMETER = "Parameter"  # kind; all else is a buffer

_RIGHT = (COUNT, BYTES)  # columns of numbers


@dataclass(frozen=True)
class ParameterRow:
    """A parameter or buffer, as it stands in the tree."""

    name: str  # in full, such as "fc1.projections.A"; unique
    module_kinds: tuple[str, ...]  # class of each module on the way, such as ("VeraLayer", ...)
    kind: str  # such as "Parameter" or "Buffer"
    shape: tuple[int, ...]
    count: int  # numbers
    state: str  # "trainable", or other words
    dtype: str
    bytes: int
    address: int  # in memory
    shared_with: tuple[str, ...] = ()  # full names of others at the same address

    @property
    def path(self) -> tuple[str, ...]:
        """Names of the modules on the way and its own."""
        return tuple(self.name.split("."))


class ParameterModel(QStandardItemModel):
    """A row for each parameter, below rows for the modules that it is in."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.parameters: dict[str, ParameterRow] = {}  # by full name
        self.setSortRole(SORT_ROLE)
        for column, title in enumerate(COLUMNS):
            # As far from the edge as the figures below it.
            heading = QStandardItem(title + ("\N{EN SPACE}" if column in _RIGHT else ""))
            heading.setTextAlignment(_alignment(column))
            self.setHorizontalHeaderItem(column, heading)

    def set_rows(self, rows: Sequence[ParameterRow]) -> None:
        """Put these rows in the place of all others."""
        self.removeRows(0, self.rowCount())  # clear() would take the widths of the columns along
        self.parameters = {row.name: row for row in rows}
        modules: dict[tuple[str, ...], QStandardItem] = {}
        top: list[list[QStandardItem]] = []
        for row in rows:
            cells, path = _parameter_cells(row), row.path[:-1]
            if path:
                self._module(path, row.module_kinds, modules, top).appendRow(cells)
            else:
                top.append(cells)
        for (
            cells
        ) in top:  # last, with all below them: else the filter looks at each row as it comes
            self.appendRow(cells)

    def _module(
        self,
        path: tuple[str, ...],
        kinds: tuple[str, ...],
        modules: dict[tuple[str, ...], QStandardItem],
        top: list[list[QStandardItem]],
    ) -> QStandardItem:
        """The row of the module at `path`, made with those above it if it is new."""
        if path not in modules:
            prefix = ".".join(path) + "."
            within = [row for name, row in self.parameters.items() if name.startswith(prefix)]
            cells = _module_cells(path, kinds[-1] if kinds else "", within)
            if len(path) == 1:
                top.append(cells)
            else:
                self._module(path[:-1], kinds[:-1], modules, top).appendRow(cells)
            modules[path] = cells[0]
        return modules[path]


class ParameterFilter(QSortFilterProxyModel):
    """Lets parameters through by their name, kind and state; a module with any of its own."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text, self._trainable_only = "", False
        self.setRecursiveFilteringEnabled(True)
        self.setSortRole(SORT_ROLE)

    def set_filter(self, text: str, trainable_only: bool) -> None:
        """Show rows with `text` in their name or in a kind; perhaps only trainable ones."""
        self._text, self._trainable_only = text.strip().lower(), trainable_only
        self.invalidate()

    def filterAcceptsRow(
        self, source_row: int, source_parent: QModelIndex | QPersistentModelIndex
    ) -> bool:
        model = self.sourceModel()
        assert isinstance(model, ParameterModel)
        name = model.index(source_row, 0, source_parent).data(NAME_ROLE)
        row = model.parameters.get(str(name))
        if row is None or (self._trainable_only and row.state != TRAINABLE):
            return False
        searched = "\n".join((row.name, row.kind, *row.module_kinds)).lower()
        return self._text in searched


def distinct(rows: Sequence[ParameterRow]) -> list[ParameterRow]:
    """`rows` with memory that several of them share taken once."""
    return list({row.address: row for row in rows}.values())


def _parameter_cells(row: ParameterRow) -> list[QStandardItem]:
    shape = " \N{MULTIPLICATION SIGN} ".join(f"{size:,}" for size in row.shape) or "scalar"
    texts = (
        (row.path[-1], row.name),
        (row.kind, row.kind),
        (shape, row.count),
        (f"{row.count:,}", row.count),
        (row.state, row.state),
        (row.dtype, row.dtype),
        (f"{row.bytes:,}", row.bytes),
        (f"0x{row.address:x}", row.address),
        (", ".join(row.shared_with), ", ".join(row.shared_with)),
    )
    cells = _cells(texts, row.name)
    if row.state == TRAINABLE:
        for cell in cells:
            font = QFont(cell.font())
            font.setBold(True)
            cell.setFont(font)
    return cells


def _module_cells(
    path: tuple[str, ...], kind: str, within: Sequence[ParameterRow]
) -> list[QStandardItem]:
    """The sums of all that is in the module; its own shared memory counts once."""
    rows = distinct(within)
    count, size = sum(row.count for row in rows), sum(row.bytes for row in rows)
    trained = sum(row.count for row in rows if row.state == TRAINABLE)
    state = f"{trained:,} trainable" if trained else "frozen"
    texts = (
        (path[-1], ".".join(path)),
        (kind, kind),
        ("", count),
        (f"{count:,}", count),
        (state, state),
        ("", ""),
        (f"{size:,}", size),
        ("", 0),
        ("", ""),
    )
    return _cells(texts, ".".join(path))


def _cells(texts: Sequence[tuple[str, object]], name: str) -> list[QStandardItem]:
    """Cells of these texts and the values to sort them by; the first carries `name`."""
    alignments, cells = _alignments(), []
    for column, (text, value) in enumerate(texts):
        cell = QStandardItem(text)
        cell.setData(value, SORT_ROLE)
        cell.setTextAlignment(alignments[column])
        cells.append(cell)
    cells[0].setData(name, NAME_ROLE)
    cells[0].setToolTip(plain_tip(name))
    cells[-1].setToolTip(plain_tip(texts[-1][0]))
    return cells


@functools.cache
def _alignments() -> tuple[Qt.AlignmentFlag, ...]:
    return tuple(map(_alignment, range(len(COLUMNS))))


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
