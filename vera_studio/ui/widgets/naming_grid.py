"""Small pictures in rows, of which some are selected: to be named, moved, looked at."""

import json
from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from vera_studio.ui.widgets.plain_text import plain_tip

_PLAIN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
MIME = "application/x-vera-studio-pictures"  # JSON: their numbers
SIDE = 104  # of a picture, on screen
_GAP = 5
_ROLE = Qt.ItemDataRole
_Index = QModelIndex | QPersistentModelIndex
_TIP = (
    "Click a picture, or several with Ctrl or Shift; without any, all are meant. They can be "
    "dragged onto a group or a class"
)


class NamingGrid(QListView):
    """Pictures by their numbers; what they look like is asked for as they come into view.

    Signals:
        typed(str): a character was typed.
        skipped(): the space bar was pressed.
        left_out(): Delete was pressed.
        taken_back(): Backspace was pressed.
    """

    typed = Signal(str)
    skipped = Signal()
    left_out = Signal()
    taken_back = Signal()

    def __init__(
        self,
        thumbnail: Callable[[int], QIcon | None],
        title: Callable[[int], str],
        parent: QWidget | None = None,
    ) -> None:
        """Show nothing yet.

        Args:
            thumbnail: a picture's; None while it is read.
            title: what its tip says.
            parent: takes it along.
        """
        super().__init__(parent)
        self.setObjectName("naming_grid")
        self.setAccessibleName("Pictures of the group")
        self.setToolTip(_TIP)
        self._pictures = _Pictures(thumbnail, title, self)
        self.setModel(self._pictures)
        self.setItemDelegate(_Framed(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setGridSize(QSize(SIDE + 2 * _GAP, SIDE + 2 * _GAP))
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)

    @property
    def pictures(self) -> list[int]:
        """The numbers of those that are shown."""
        return self._pictures.numbers

    @property
    def selected(self) -> list[int]:
        """The numbers of those that are selected, in their order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [self.pictures[row] for row in rows]

    def show_pictures(self, numbers: Sequence[int]) -> None:
        """Show other pictures, none of them selected; nothing happens where they are the same."""
        if list(numbers) != self.pictures:
            self._pictures.set_numbers(numbers)
            self.scrollToTop()
        else:
            self.clearSelection()

    def refresh(self) -> None:
        """Paint again: more can be shown."""
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        text, modifiers = event.text(), event.modifiers()
        plain = not modifiers & ~_PLAIN
        if plain and event.key() == Qt.Key.Key_Space:
            self.skipped.emit()
        elif plain and event.key() == Qt.Key.Key_Delete:
            self.left_out.emit()
        elif plain and event.key() == Qt.Key.Key_Backspace:
            self.taken_back.emit()
        elif plain and text and text.isprintable():
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)


class _Pictures(QAbstractListModel):
    def __init__(
        self,
        thumbnail: Callable[[int], QIcon | None],
        title: Callable[[int], str],
        view: QListView,
    ) -> None:
        super().__init__(view)
        self._thumbnail, self._title = thumbnail, title
        self.numbers: list[int] = []

    def set_numbers(self, numbers: Sequence[int]) -> None:
        self.beginResetModel()
        self.numbers = list(numbers)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.numbers)

    def data(self, index: _Index, role: int = 0) -> object:
        number = self.numbers[index.row()]
        if role == _ROLE.DecorationRole:
            return self._thumbnail(number)
        if role == _ROLE.ToolTipRole:
            return plain_tip(self._title(number))
        if role == _ROLE.AccessibleTextRole:
            return self._title(number)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        numbers = [self.numbers[index.row()] for index in indexes]
        data.setData(MIME, QByteArray(json.dumps(numbers).encode()))
        return data


class _Framed(QStyledItemDelegate):
    """A picture, in a frame where it is selected."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(SIDE + 2 * _GAP, SIDE + 2 * _GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        place = QRect(0, 0, SIDE, SIDE)
        place.moveCenter(option.rect.center())
        icon = index.data(_ROLE.DecorationRole)
        if isinstance(icon, QIcon) and not icon.isNull():
            icon.paint(painter, place)
        else:
            painter.fillRect(place, option.palette.color(QPalette.ColorRole.AlternateBase))
        if option.state & QStyle.StateFlag.State_Selected:
            _frame(painter, place, option.palette.accent().color(), 4)
        elif option.state & QStyle.StateFlag.State_HasFocus:
            _frame(painter, place, option.palette.color(QPalette.ColorRole.Text), 1)


def _frame(painter: QPainter, place: QRect, color: QColor, width: int) -> None:
    pen = QPen(color, width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    inset = width // 2
    painter.drawRect(place.adjusted(-inset, -inset, inset, inset))
