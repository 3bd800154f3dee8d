"""Small pictures of the images of each class."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

Group = tuple[str, int, NDArray[np.uint8]]

_SCALE = 1.5
_GAP = 4
_MARGIN = 8
_EMPTY_TEXT = "The images appear here once they are loaded."


class ThumbnailGrid(QWidget):
    """A row for each class: its name, how many images it has, and the first of them."""

    def __init__(self, empty_text: str = _EMPTY_TEXT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Rows()
        self._area = QScrollArea(widgetResizable=True)
        self._area.setObjectName("thumbnails")
        self._area.setAccessibleName("Images of each class")
        self._area.setToolTip("Some images of each class, and how many there are")
        self._area.setFrameShape(QFrame.Shape.StyledPanel)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._rows)
        self._area.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        empty = QLabel(empty_text, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self._area)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_images(self, groups: Sequence[Group]) -> None:
        """Show these classes.

        Args:
            groups: for each class its name, its number of images, and images of it
                (n, height, width, 3) uint8, all of one size.
        """
        self._rows.set_groups(groups)
        self._stack.setCurrentIndex(1 if groups else 0)
        self._area.verticalScrollBar().setValue(0)

    def shown_per_row(self) -> int:
        """How many thumbnails of a class the width has room for."""
        return self._rows.room()


class _Rows(QWidget):
    """Paints the rows that are in view."""

    def __init__(self) -> None:
        super().__init__()
        self._groups: list[tuple[str, int, list[QImage]]] = []
        self._side = QSize()
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)

    def set_groups(self, groups: Sequence[Group]) -> None:
        self._groups = [
            (name, count, [_image(pixels) for pixels in images]) for name, count, images in groups
        ]
        sizes = [image.size() for _, _, images in self._groups for image in images[:1]]
        size = sizes[0] if sizes else QSize(32, 32)
        self._side = QSize(round(size.width() * _SCALE), round(size.height() * _SCALE))
        self.setMinimumHeight(2 * _MARGIN + len(self._groups) * self._row_height() - _GAP)
        self.update()

    def room(self) -> int:
        width = self.width() - self._label_width() - 2 * _MARGIN + _GAP
        return max(0, width // (self._side.width() + _GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        height = self._row_height()
        room = self.room()
        for index, (name, count, images) in enumerate(self._groups):
            row = QRect(_MARGIN, _MARGIN + index * height, self.width(), height - _GAP)
            if event.rect().intersects(row):
                self._paint_label(painter, row, name, count)
                self._paint_images(painter, row, images[:room])

    def _paint_label(self, painter: QPainter, row: QRect, name: str, count: int) -> None:
        width = self._label_width() - 2 * _MARGIN
        middle = row.center().y()
        above = QRect(row.left(), row.top(), width, middle - row.top())
        below = QRect(row.left(), middle, width, row.bottom() - middle)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, width)
        painter.drawText(above, int(Qt.AlignmentFlag.AlignBottom), text)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignTop), count_text(count))

    def _paint_images(self, painter: QPainter, row: QRect, images: Sequence[QImage]) -> None:
        left = float(row.left() + self._label_width() - _MARGIN)
        for image in images:
            place = QRectF(QPointF(left, row.top()), self._side)
            painter.drawImage(place, image)
            left += self._side.width() + _GAP

    def _label_width(self) -> int:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        self.ensurePolished()
        names = [name for name, _, _ in self._groups]
        return min(
            160, max((self.fontMetrics().horizontalAdvance(n) for n in names), default=0) + 40
        )

    def _row_height(self) -> int:
        return max(self._side.height(), 2 * self.fontMetrics().height()) + _GAP


def count_text(count: int) -> str:
    """The number of images in words."""
    if count == 0:
        return "no images"
    return "1 image" if count == 1 else f"{count:,} images"


def _image(pixels: NDArray[np.uint8]) -> QImage:
    """A picture of its own memory from `pixels` (height, width, 3)."""
    height, width, _ = pixels.shape
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
