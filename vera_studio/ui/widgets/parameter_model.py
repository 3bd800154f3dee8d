"""The rows behind the parameter tree: the model, and what the filter lets through."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QFont

from vera_studio.ui.widgets.plain_text import plain_tip

COLUMNS = ("Name", "Kind", "Shape", "Count", "State", "Type", "Bytes", "Address", "Shared with")
NAME, KIND, SHAPE, COUNT, STATE, TYPE, BYTES, ADDRESS, SHARED_WITH = range(9)
NAME_ROLE = Qt.ItemDataRole.UserRole  # full name of the row, on its first cell
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
TRAINABLE = "trainable"  # state
PARAMETER = "Parameter"  # kind; all else is a buffer

_OUTSIDE = 2  # levels of a tree whose branches are closed but for the outermost
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


_Index = QModelIndex | QPersistentModelIndex


@dataclass(eq=False)
class _Node:
    """A parameter, or a module with those in it."""

    name: str  # in full
    parent: "_Node | None" = None
    number: int = 0  # among the children of its parent
    kind: str = ""
    row: ParameterRow | None = None  # of a parameter
    children: list["_Node"] = field(default_factory=list)
    within: list[ParameterRow] = field(default_factory=list)  # of a module, at any depth
    cells: tuple[tuple[str, object], ...] = ()  # text and what to sort by; made when asked for

    def add(self, child: "_Node") -> "_Node":
        child.parent, child.number = self, len(self.children)
        self.children.append(child)
        return child

    def cell(self, column: int) -> tuple[str, object]:
        if not self.cells:
            self.cells = _module_cells(self) if self.row is None else _parameter_cells(self.row)
        return self.cells[column]


class ParameterModel(QAbstractItemModel):
    """A row for each parameter, below rows for the modules that it is in.

    Networks have thousands of them: texts are made of the rows that are looked at alone.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.parameters: dict[str, ParameterRow] = {}  # by full name
        self._root = _Node("")
        self._nodes: dict[str, _Node] = {}  # by full name, modules before what is in them
        self._bold = QFont()
        self._bold.setBold(True)

    def set_rows(self, rows: Sequence[ParameterRow]) -> None:
        """Put these rows in the place of all others."""
        self.beginResetModel()
        self.parameters = {row.name: row for row in rows}
        self._root, self._nodes = _Node(""), {}
        for row in rows:
            above = self._module(row.path[:-1], row.module_kinds)
            self._nodes[row.name] = above.add(_Node(row.name, kind=row.kind, row=row))
            module: _Node | None = above
            while module is not None:
                module.within.append(row)
                module = module.parent
        self.endResetModel()

    def index_of(self, name: str) -> QModelIndex:
        """Of the first cell of the parameter or module with this full name; none of others."""
        node = self._nodes.get(name)
        return QModelIndex() if node is None else self.createIndex(node.number, 0, node)

    def modules(self) -> Iterator[str]:
        """Full names of all modules, each before what is in it."""
        return (name for name, node in self._nodes.items() if node.row is None)

    def first_cells(self, column: int, most: int, deep: bool) -> dict[int, list[str]]:
        """Texts of a column, of at most `most` rows, by how deep in the tree they stand.

        Args:
            column: a number of `COLUMNS`.
            most: rows.
            deep: whether of all rows; else of those outside and of what is in these.
        """
        found: dict[int, list[str]] = {}
        for node in itertools.islice(self._nodes.values(), most if deep else None):
            depth = node.name.count(".") + 1
            if deep or depth <= _OUTSIDE:
                found.setdefault(depth, []).append(node.cell(column)[0])
        return found

    def node(self, index: _Index) -> _Node:
        """What stands at `index`."""
        found = index.internalPointer() if index.isValid() else self._root
        assert isinstance(found, _Node)
        return found

    def _module(self, path: tuple[str, ...], kinds: tuple[str, ...]) -> _Node:
        """The module at `path`, made with those above it if it is new."""
        if not path:
            return self._root
        name = ".".join(path)
        if name not in self._nodes:
            above = self._module(path[:-1], kinds[:-1])
            self._nodes[name] = above.add(_Node(name, kind=kinds[-1] if kinds else ""))
        return self._nodes[name]

    # Qt

    def index(self, row: int, column: int, parent: _Index | None = None) -> QModelIndex:
        children = self.node(parent or QModelIndex()).children
        if not (0 <= row < len(children) and 0 <= column < len(COLUMNS)):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: _Index) -> QModelIndex:  # type: ignore[override] # QObject has one too
        above = self.node(index).parent
        if above is None or above.parent is None:
            return QModelIndex()
        return self.createIndex(above.number, 0, above)

    def rowCount(self, parent: _Index | None = None) -> int:
        if parent is not None and parent.column() > 0:
            return 0
        return len(self.node(parent or QModelIndex()).children)

    def columnCount(self, parent: _Index | None = None) -> int:
        return len(COLUMNS)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node, column = self.node(index), index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return node.cell(column)[0]
            case _ if role == SORT_ROLE:
                return node.cell(column)[1]
            case _ if role == NAME_ROLE and column == NAME:
                return node.name
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole if column == NAME:
                return plain_tip(node.name)
            case Qt.ItemDataRole.ToolTipRole if column == SHARED_WITH:
                return plain_tip(node.cell(column)[0])
            case Qt.ItemDataRole.FontRole if node.row and node.row.state == TRAINABLE:
                return self._bold
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            # As far from the edge as the figures below it.
            return COLUMNS[section] + ("\N{EN SPACE}" if section in _RIGHT else "")
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None


class ParameterFilter(QSortFilterProxyModel):
    """Lets parameters through by their name, kind and state; a module with any of its own."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text, self._trainable_only = "", False
        self.setSortRole(SORT_ROLE)

    def set_filter(self, text: str, trainable_only: bool) -> None:
        """Show rows with `text` in their name or in a kind; perhaps only trainable ones."""
        self._text, self._trainable_only = text.strip().lower(), trainable_only
        self.invalidate()

    def filterAcceptsRow(
        self, source_row: int, source_parent: QModelIndex | QPersistentModelIndex
    ) -> bool:
        if not self._text and not self._trainable_only:
            return True
        model = self.sourceModel()
        assert isinstance(model, ParameterModel)
        return self._fits(model.node(source_parent).children[source_row])

    def _fits(self, node: _Node) -> bool:
        row = node.row
        if row is None:
            return any(self._fits(child) for child in node.children)
        if self._trainable_only and row.state != TRAINABLE:
            return False
        return self._text in "\n".join((row.name, row.kind, *row.module_kinds)).lower()


def distinct(rows: Sequence[ParameterRow]) -> list[ParameterRow]:
    """`rows` with memory that several of them share taken once."""
    return list({row.address: row for row in rows}.values())


def _parameter_cells(row: ParameterRow) -> tuple[tuple[str, object], ...]:
    shape = " \N{MULTIPLICATION SIGN} ".join(f"{size:,}" for size in row.shape) or "scalar"
    return (
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


def _module_cells(module: _Node) -> tuple[tuple[str, object], ...]:
    """The sums of all that is in the module; its own shared memory counts once."""
    rows = distinct(module.within)
    count, size = sum(row.count for row in rows), sum(row.bytes for row in rows)
    trained = sum(row.count for row in rows if row.state == TRAINABLE)
    state = f"{trained:,} trainable" if trained else "frozen"
    return (
        (module.name.rpartition(".")[2], module.name),
        (module.kind, module.kind),
        ("", count),
        (f"{count:,}", count),
        (state, state),
        ("", ""),
        (f"{size:,}", size),
        ("", 0),
        ("", ""),
    )


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
