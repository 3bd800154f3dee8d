"""A small table of numbers, each drawn over a bar of its length."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.padded_delegate import PaddedDelegate
from vera_studio.ui.widgets.plain_text import plain_tip

_BAR_ROLE = Qt.ItemDataRole.UserRole
_ROW_HEIGHT = 24
_INSET = 3  # of a bar from the edges of its cell
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Bar:
    """A number in a cell."""

    text: str
    length: float  # -1 to 1: signed ones start in the middle of the cell; NaN for no bar
    is_signed: bool = False


class BarTable(QTableView):
    """A column of names, then columns of numbers with bars."""

    def __init__(self, name: str, title: str, tip: str, parent: QWidget | None = None) -> None:
        """Make an empty table.

        Args:
            name: of the object.
            title: what it shows, for screen readers.
            tip: of the table.
            parent: takes the table along.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setToolTip(tip)
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setItemDelegate(_BarDelegate(self, QSize(8, 0)))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.horizontalHeader().setHighlightSections(False)
        # In the middle: names of adapters often begin alike and differ in their ends.
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def set_rows(self, headers: Sequence[str], rows: Sequence[tuple[str, Sequence[Bar]]]) -> None:
        """Show `rows`, each a name and a bar for each further header."""
        self._model.clear()
        self._model.setHorizontalHeaderLabels(headers)
        for column, header in enumerate(headers):
            self._model.horizontalHeaderItem(column).setToolTip(plain_tip(header))
        for name, bars in rows:
            self._model.appendRow([QStandardItem(name), *(_cell(bar) for bar in bars)])
        if headers:
            mode = QHeaderView.ResizeMode.ResizeToContents
            self.horizontalHeader().setSectionResizeMode(0, mode)

    def height_of(self, most: int) -> int:
        """Pixels in which all rows can be seen, or the first `most` of them."""
        rows = min(self._model.rowCount(), most)
        return self.horizontalHeader().sizeHint().height() + rows * _ROW_HEIGHT + 4

    def texts(self) -> list[list[str]]:
        """What stands in the cells, row by row."""
        columns = range(self._model.columnCount())
        rows = range(self._model.rowCount())
        return [[self._model.item(row, column).text() for column in columns] for row in rows]


def _cell(bar: Bar) -> QStandardItem:
    item = QStandardItem(bar.text)
    item.setData(bar, _BAR_ROLE)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


class _BarDelegate(PaddedDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        bar = index.data(_BAR_ROLE)
        if isinstance(bar, Bar) and not math.isnan(bar.length):
            colors = plot_colors(option.palette)
            signed = colors.gain if bar.length >= 0 else colors.loss
            color = QColor(signed if bar.is_signed else colors.target)
            color.setAlphaF(0.35)
            painter.fillRect(_bar_rect(QRectF(option.rect), bar), color)
        super().paint(painter, option, index)


def _bar_rect(cell: QRectF, bar: Bar) -> QRectF:
    """Where the bar lies: from the left edge, or from the middle of the cell."""
    room = cell.adjusted(_INSET, _INSET, -_INSET, -_INSET)
    length = max(-1.0, min(1.0, bar.length))
    if not bar.is_signed:
        return QRectF(room.left(), room.top(), room.width() * max(length, 0.0), room.height())
    middle, end = room.center().x(), room.center().x() + length * room.width() / 2
    return QRectF(min(middle, end), room.top(), abs(end - middle), room.height())
