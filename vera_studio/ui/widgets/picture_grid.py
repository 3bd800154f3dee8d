"""Pictures in rows, with words below each, read as they come into view."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QImage, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.thumbnail_rows import fitted

Read = Callable[[int], NDArray[np.uint8] | None]  # key of a tile -> pixels (height, width, 3)

_SIDE, _GAP = 88, 8
_READING_SECONDS = 0.015  # in one painting: what is missing then is read in the next
_MOST_KEPT = 2000  # pictures
_TILE_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Tile:
    """A picture and what stands below it."""

    key: int
    first: str
    second: str
    tip: str
    is_marked: bool = False  # struck out: it is not to be used


class PictureGrid(QListView):
    """Signals:
    current_changed(int): the key of the picture that is the current one now; -1 for none.
    """

    current_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles = _Tiles(self)
        self._read: Read | None = None
        self._pictures: dict[int, QImage | None] = {}
        self._painting_ends = 0.0
        self._reading = QTimer(self, singleShot=True, interval=0)
        self._reading.timeout.connect(self.viewport().update)
        self.setModel(self._tiles)
        self.setItemDelegate(_TileDelegate(self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSpacing(_GAP // 2)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.selectionModel().currentChanged.connect(
            lambda now, _: self.current_changed.emit(self._key(now))
        )

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """What is shown, in its order."""
        return self._tiles.tiles

    @property
    def current_key(self) -> int:
        """The key of the current picture; -1 for none."""
        return self._key(self.currentIndex())

    def set_tiles(self, tiles: Sequence[Tile], read: Read) -> None:
        """Show these; the one that was current stays so where it is among them, else the first."""
        current = self.current_key
        if read is not self._read:
            self._pictures.clear()
        self._read = read
        self._tiles.replace(tuple(tiles))
        keys = [tile.key for tile in tiles]
        row = keys.index(current) if current in keys else 0
        if keys:
            self.setCurrentIndex(self._tiles.index(row))
        else:
            self.current_changed.emit(-1)

    def set_current(self, key: int) -> None:
        """Make the picture with this key the current one, and show it."""
        keys = [tile.key for tile in self.tiles]
        if key in keys:
            self.setCurrentIndex(self._tiles.index(keys.index(key)))

    def picture(self, key: int) -> QImage | None:
        """The picture of a tile, if it is read already or there is time to read it now."""
        if key not in self._pictures:
            if time.perf_counter() >= self._painting_ends:
                self._reading.start()
                return None
            if len(self._pictures) >= _MOST_KEPT:
                self._pictures.clear()
            pixels = self._read(key) if self._read else None
            side = round(_SIDE * self.devicePixelRatioF())
            self._pictures[key] = None if pixels is None else fitted(pixels, side)
        return self._pictures[key]

    def paintEvent(self, event: Any) -> None:
        self._painting_ends = time.perf_counter() + _READING_SECONDS
        super().paintEvent(event)

    def _key(self, index: _Index) -> int:
        return self.tiles[index.row()].key if index.isValid() else -1


class _Tiles(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.tiles: tuple[Tile, ...] = ()

    def replace(self, tiles: tuple[Tile, ...]) -> None:
        self.beginResetModel()
        self.tiles = tiles
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.tiles)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        tile = self.tiles[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{tile.first}\n{tile.second}"
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(tile.tip)
            case _ if role == _TILE_ROLE:
                return tile
        return None


class _TileDelegate(QStyledItemDelegate):
    def __init__(self, grid: PictureGrid) -> None:
        super().__init__(grid)
        self._grid = grid

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(_SIDE + 2 * _GAP, _SIDE + 2 * self._grid.fontMetrics().height() + 2 * _GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        tile: Tile = index.data(_TILE_ROLE)
        rect, palette = option.rect, option.palette
        colors = plot_colors(palette)
        if index == self._grid.currentIndex():
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Accent), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), 4, 4)
        place = QRect(rect.left() + (rect.width() - _SIDE) // 2, rect.top() + _GAP, _SIDE, _SIDE)
        picture = self._grid.picture(tile.key)
        if picture is None:
            painter.fillRect(place, palette.color(QPalette.ColorRole.Window))
        else:
            size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            at = QRect(0, 0, size.width(), size.height())
            at.moveCenter(place.center())
            painter.drawImage(at, picture)
        if tile.is_marked:
            painter.setPen(QPen(colors.loss, 2))
            painter.drawLine(place.topLeft(), place.bottomRight())
        line = self._grid.fontMetrics().height()
        for number, text in enumerate((tile.first, tile.second)):
            role = QPalette.ColorRole.PlaceholderText if number else QPalette.ColorRole.Text
            painter.setPen(palette.color(role))
            below = QRect(
                rect.left() + 2, place.bottom() + 2 + number * line, rect.width() - 4, line
            )
            short = self._grid.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideMiddle, below.width()
            )
            painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), short)
