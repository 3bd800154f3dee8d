"""A row of small pictures to choose one from, read as they come into view."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QListView, QWidget

from vera_studio.ui.widgets.thumbnail_rows import fitted

Read = Callable[[int], NDArray[np.uint8]]  # position -> pixels (height, width, 3)

_SIDE = 56
_GAP = 4
_READING_SECONDS = 0.015  # at a time: what is missing then is read in the next turn
_MOST_KEPT = 2000  # pictures, at 13 KB
_ROLE = Qt.ItemDataRole


class PictureStrip(QListView):
    """The arrow keys go from one picture to the next.

    Signals:
        chosen(int): another picture is the current one; its position.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture_strip")
        self.setAccessibleName("Pictures to choose from")
        self.setToolTip("Choose a picture; the arrow keys go from one to the next")
        self._pictures = _Pictures(self)
        self.setModel(self._pictures)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.SinglePass)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.setGridSize(QSize(_SIDE + 2 * _GAP, _SIDE + 2 * _GAP))
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(_SIDE + 2 * _GAP + bar + 2 * self.frameWidth() + 2)
        self.selectionModel().currentChanged.connect(self._tell)

    def set_pictures(self, count: int, read: Read | None = None) -> None:
        """Offer `count` pictures; `read` is asked for those that come into view."""
        self._pictures.set_pictures(count, read)
        self.scrollToTop()

    def choose(self, position: int) -> None:
        """Make a picture the current one."""
        self.setCurrentIndex(self._pictures.index(position))

    @property
    def position(self) -> int | None:
        """Of the current picture; None without one."""
        index = self.currentIndex()
        return index.row() if index.isValid() else None

    def _tell(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.row())


class _Pictures(QAbstractListModel):
    """Reads some in each turn of the event loop, so that nothing waits for a slow disk."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        self._count = 0
        self._read: Read | None = None
        self._kept: dict[int, QImage] = {}
        self._end = 0.0  # of this turn's reading
        self._missing = False
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._begin_turn)

    def set_pictures(self, count: int, read: Read | None = None) -> None:
        self.beginResetModel()
        self._count, self._read = count, read
        self._kept.clear()
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        if role == _ROLE.DecorationRole:
            return self._picture(index.row())
        if role in (_ROLE.AccessibleTextRole, _ROLE.ToolTipRole):
            return f"Picture {index.row() + 1:,} of {self._count:,}"
        return None

    def _picture(self, position: int) -> QImage | None:
        if position in self._kept or self._read is None:
            return self._kept.get(position)
        now = time.perf_counter()
        if not self._turn.isActive():
            self._end = now + _READING_SECONDS
            self._turn.start()
        if now > self._end:
            self._missing = True
            return None
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        side = round(_SIDE * self._view.devicePixelRatioF())
        image = fitted(self._read(position), side)
        image = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
        image.setDevicePixelRatio(self._view.devicePixelRatioF())
        self._kept[position] = image
        return image

    def _begin_turn(self) -> None:
        if self._missing:
            self._missing = False
            self._view.viewport().update()
