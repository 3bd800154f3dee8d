"""A list of what waits for its turn, put into another order by dragging, by keys or by buttons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QDropEvent, QIcon, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.padded_delegate import PaddedDelegate
from vera_studio.ui.widgets.plain_text import plain_tip

_NAME = Qt.ItemDataRole.UserRole
_ICON = 14  # pixels


@dataclass(frozen=True)
class WaitingRow:
    """One that waits."""

    name: str  # that no other has
    text: str
    is_held: bool = False
    tip: str = ""


class WaitingList(QListWidget):
    """Rows of which several may be selected and moved together.

    Alt+Up and Alt+Down move them, Space holds them or lets them go on, Delete takes them out.

    Signals:
        order_wanted(list): the names in another order, of all.
        hold_wanted(list): the names of those that are to be held, or, held, to go on.
        removal_wanted(list): the names of those that are to be taken out.
    """

    order_wanted = Signal(list)
    hold_wanted = Signal(list)
    removal_wanted = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[WaitingRow, ...] = ()
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAlternatingRowColors(True)
        self.setIconSize(QSize(_ICON, _ICON))
        self.setItemDelegate(PaddedDelegate(self, QSize(4, 6)))
        self._keys: dict[QKeySequence, Callable[[], None]] = {
            QKeySequence("Alt+Up"): lambda: self.move_selected(-1),
            QKeySequence("Alt+Down"): lambda: self.move_selected(1),
            QKeySequence("Space"): lambda: self.hold_wanted.emit(self.selected()),
            QKeySequence("Delete"): lambda: self.removal_wanted.emit(self.selected()),
        }

    def set_rows(self, rows: Sequence[WaitingRow]) -> None:
        """Show these, in this order; what is selected stays selected."""
        if tuple(rows) == self._rows and [one.name for one in rows] == self.names():
            return
        selected, current = set(self.selected()), self.currentRow()
        self._rows = tuple(rows)
        self.blockSignals(True)
        self.clear()
        for row in rows:
            item = QListWidgetItem(icon("pause") if row.is_held else QIcon(), row.text)
            item.setData(_NAME, row.name)
            item.setToolTip(plain_tip(row.tip))
            self.addItem(item)
        kept = [number for number, row in enumerate(rows) if row.name in selected]
        place = kept[0] if kept else min(current, self.count() - 1)
        self.setCurrentRow(place, QItemSelectionModel.SelectionFlag.NoUpdate)
        for number in kept or ([place] if selected and place >= 0 else []):
            self.item(number).setSelected(True)  # of those taken out, what has come to their place
        self.blockSignals(False)
        self.itemSelectionChanged.emit()

    def names(self) -> list[str]:
        """Of all, from top to bottom."""
        return [str(self.item(row).data(_NAME)) for row in range(self.count())]

    def selected(self) -> list[str]:
        """Names of those that are selected, from top to bottom."""
        return [str(self.item(row).data(_NAME)) for row in self._selected_rows()]

    @property
    def are_held(self) -> bool:
        """Whether all that are selected are held."""
        chosen, held = set(self.selected()), {row.name for row in self._rows if row.is_held}
        return bool(chosen) and chosen <= held

    def can_move(self, by: int) -> bool:
        """Whether `move_selected` would change anything."""
        return self._moved(by) != self.names()

    def move_selected(self, by: int) -> None:
        """Ask for an order in which those that are selected stand one higher (-1) or lower (1)."""
        if self.can_move(by):
            self.order_wanted.emit(self._moved(by))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        then = self._keys.get(QKeySequence(event.keyCombination()))
        if then is None:
            super().keyPressEvent(event)
        else:
            then()

    def dropEvent(self, event: QDropEvent) -> None:
        before = self.names()
        super().dropEvent(event)
        if self.names() != before:
            self.order_wanted.emit(self.names())

    def _moved(self, by: int) -> list[str]:
        names, rows = self.names(), self._selected_rows()
        for row in rows if by < 0 else rows[::-1]:
            other = row + by
            if 0 <= other < len(names) and names[other] not in self._names_of(rows):
                names[row], names[other] = names[other], names[row]
        return names

    def _names_of(self, rows: Sequence[int]) -> set[str]:
        return {str(self.item(row).data(_NAME)) for row in rows}

    def _selected_rows(self) -> list[int]:
        return sorted(index.row() for index in self.selectionModel().selectedRows())
