"""The rows behind a tree of layers with tick boxes: whole branches at once, in three states."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel

from vera_studio.ui.widgets.plain_text import plain_tip

COLUMNS = ("Layer", "Kind", "Weight")
NAME_ROLE = Qt.ItemDataRole.UserRole  # full name of the row, on its first cell
_ON, _OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked
_PARTLY = Qt.CheckState.PartiallyChecked


@dataclass(frozen=True)
class LayerRow:
    """A layer that can be chosen, or not."""

    name: str  # in full, such as "blocks.6.0.conv_pw"
    kind: str  # "linear", "convolution", "attention" or "normalisation"
    weight: str  # its size, for a person
    reason: str = ""  # why it cannot be chosen
    is_used: bool = True  # whether the network uses it


class LayerModel(QStandardItemModel):
    """A row for each layer, below rows for the parts of the network that it is in.

    Signals:
        ticked(): the user ticked or unticked something.
    """

    ticked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self._leaves: dict[str, QStandardItem] = {}  # those that can be ticked
        self._branches: dict[str, QStandardItem] = {}  # in the order of the network
        self.itemChanged.connect(self._follow)

    def set_rows(self, rows: Sequence[LayerRow]) -> None:
        """Put these layers in the place of all others, none of them ticked."""
        self.blockSignals(True)
        self.clear()
        self.setHorizontalHeaderLabels(COLUMNS)
        self._leaves, self._branches = {}, {}
        for row in rows:
            cells = _cells(row)
            self._above(row.name).appendRow(cells)
            if not row.reason:
                self._leaves[row.name] = cells[0]
        for branch in self._branches.values():
            if any(_leaves_below(branch)):
                branch.setCheckable(True)
        self.blockSignals(False)
        self.beginResetModel()
        self.endResetModel()

    def chosen(self) -> tuple[str, ...]:
        """Full names of what is ticked, in the network's order."""
        return tuple(name for name, leaf in self._leaves.items() if leaf.checkState() == _ON)

    def set_chosen(self, names: Collection[str]) -> None:
        """Tick these and no others, and tell nobody."""
        wanted = set(names)
        self.blockSignals(True)
        for name, leaf in self._leaves.items():
            leaf.setCheckState(_ON if name in wanted else _OFF)
        self._show_branches()
        self.blockSignals(False)

    def branches(self) -> dict[str, QStandardItem]:
        """The parts of the network by full name, what is outside first."""
        return self._branches

    def _above(self, name: str) -> QStandardItem:
        """The row that `name` is below, made with those above it if it is new."""
        above = name.rpartition(".")[0]
        if not above:
            return self.invisibleRootItem()
        if above not in self._branches:
            outer = self._above(above)
            item = QStandardItem(above.rpartition(".")[2])
            item.setEditable(False)
            item.setData(above, NAME_ROLE)
            item.setToolTip(plain_tip(f"{above}: tick it for all layers in it"))
            outer.appendRow([item, *_plain_cells(("", ""))])
            self._branches[above] = item
        return self._branches[above]

    def _follow(self, item: QStandardItem) -> None:
        """What is ticked of a branch is ticked of all in it."""
        if item.column() or not item.isCheckable():
            return
        self.blockSignals(True)
        for leaf in _leaves_below(item):
            leaf.setCheckState(item.checkState())
        self._show_branches()
        self.blockSignals(False)
        self.ticked.emit()

    def _show_branches(self) -> None:
        for branch in self._branches.values():
            states = {leaf.checkState() for leaf in _leaves_below(branch)}
            if states:
                branch.setCheckState(states.pop() if len(states) == 1 else _PARTLY)


def _leaves_below(item: QStandardItem) -> list[QStandardItem]:
    """The layers in a branch that can be ticked; none below a layer."""
    found: list[QStandardItem] = []
    for row in range(item.rowCount()):
        child = item.child(row)
        if child.hasChildren():
            found += _leaves_below(child)
        elif child.isCheckable():
            found.append(child)
    return found


def _cells(row: LayerRow) -> list[QStandardItem]:
    first = QStandardItem(row.name.rpartition(".")[2])
    first.setEditable(False)
    first.setData(row.name, NAME_ROLE)
    weight = "not used by the network" if not row.is_used else row.weight
    cells = [first, *_plain_cells((row.kind, weight))]
    tip = f"{row.name}. {row.reason}" if row.reason else f"Attach the adapter to {row.name}"
    for cell in cells:
        cell.setToolTip(plain_tip(tip))
        cell.setEnabled(not row.reason)
    if not row.reason:
        first.setCheckable(True)
    return cells


def _plain_cells(texts: Sequence[str]) -> list[QStandardItem]:
    cells = [QStandardItem(text) for text in texts]
    for cell in cells:
        cell.setEditable(False)
    return cells
