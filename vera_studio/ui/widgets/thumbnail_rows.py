"""Rows of small pictures, painted as they come into view; the keys go from one to the next."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import (
    QSizePolicy,
    QWidget,
)

Read = Callable[[int, int], NDArray[np.uint8]]  # (row, position) -> pixels (height, width, 3)

_SIDE = 48
_GAP = 4
_MARGIN = 8
_COLUMN_GAP = 14
_MOST_NAME_WIDTH = 160
_READING_SECONDS = 0.015  # in one painting: what is missing then is read in the next
_MOST_KEPT = 3000  # pictures, at 9 KB
_CENTRE = Qt.AlignmentFlag.AlignVCenter
RIGHT = int(Qt.AlignmentFlag.AlignRight | _CENTRE)


@dataclass(frozen=True)
class ClassRow:
    """A class and how many images it has."""

    name: str
    counts: tuple[int, ...]  # in each part of the images


class ThumbnailRows(QWidget):
    """Paints the rows that are in view; the arrow keys go from picture to picture."""

    chosen = Signal(int, int)
    moved = Signal(QRect)
    laid_out = Signal()

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self.titles = tuple(titles)
        self._rows: tuple[ClassRow, ...] = ()
        self._notes: tuple[tuple[str, ...], ...] = ()
        self._read: Read | None = None
        self._pictures: dict[tuple[int, int], QImage] = {}
        self._reading = QTimer(self, singleShot=True, interval=0)
        self._reading.timeout.connect(self.update)
        self._name_width = 0
        self._widths: list[int] = []  # of the columns of numbers
        self._current = (0, 0)  # the picture that keys choose
        self.setObjectName("thumbnails")
        self.setAccessibleName("Images of each class")
        self.setToolTip("Click an image to see it large; the arrow keys go from one to the next")
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)

    def set_rows(self, rows: Sequence[ClassRow], read: Read | None) -> None:
        self._rows, self._read = tuple(rows), read
        self._notes = ()
        self._pictures.clear()
        self._current = (0, 0)
        self._lay_out()

    def set_notes(self, notes: Sequence[Sequence[str]]) -> None:
        self._notes = tuple(tuple(texts) for texts in notes)
        self._lay_out()

    def room(self) -> int:
        return max(0, (self.width() - self._first_left() - _MARGIN + _GAP) // (_SIDE + _GAP))

    def columns(self) -> list[tuple[int, int]]:
        """Left and width of each column of numbers."""
        left, found = _MARGIN + self._name_width, []
        for width in self._widths:
            left += _COLUMN_GAP
            found.append((left, width))
            left += width
        return found

    def place(self, row: int, position: int) -> QRect:
        """Where a picture is."""
        left = self._first_left() + position * (_SIDE + _GAP)
        return QRect(left, _MARGIN + row * self._row_height(), _SIDE, _SIDE)

    # Geometry

    def _lay_out(self) -> None:
        metrics, bold = self.fontMetrics(), QFontMetrics(_bold(self.font()))
        widest = max((bold.horizontalAdvance(row.name) for row in self._rows), default=0)
        # What is drawn is wider by fractions.
        self._name_width = min(_MOST_NAME_WIDTH, widest + 2)
        self._widths = []
        for column, title in enumerate(self.titles):
            texts = [title, *(f"{row.counts[column]:,}" for row in self._rows)]
            texts += [texts_of_row[column] for texts_of_row in self._notes]
            self._widths.append(max(map(metrics.horizontalAdvance, texts)))
        self.setMinimumHeight(2 * _MARGIN + len(self._rows) * self._row_height() - _GAP)
        self.laid_out.emit()
        self.update()

    def _first_left(self) -> int:
        columns = self.columns()
        left, width = columns[-1] if columns else (_MARGIN, self._name_width)
        return left + width + 2 * _MARGIN

    def _row_height(self) -> int:
        return max(_SIDE, 2 * self.fontMetrics().height()) + _GAP

    def _shown(self, row: int) -> int:
        return min(sum(self._rows[row].counts), self.room())

    def _at(self, point: QPoint) -> tuple[int, int] | None:
        row = (point.y() - _MARGIN) // self._row_height()
        position = (point.x() - self._first_left()) // (_SIDE + _GAP)
        is_one = 0 <= row < len(self._rows) and 0 <= position < self._shown(row)
        if not is_one or not self.place(row, position).contains(point):
            return None
        return row, position

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        height = self._row_height()
        first = max(0, (event.rect().top() - _MARGIN) // height)
        last = min(len(self._rows) - 1, (event.rect().bottom() - _MARGIN) // height)
        columns = self.columns()
        end = time.perf_counter() + _READING_SECONDS
        for row in range(first, last + 1):
            self._paint_words(painter, row, columns)
            for position in range(self._shown(row)):
                if (row, position) in self._pictures or time.perf_counter() < end:
                    place = QRectF(self.place(row, position))
                    painter.drawImage(place, self._picture(row, position))
                elif not self._reading.isActive():
                    self._reading.start()
        if self.hasFocus() and self._rows:
            painter.setPen(QPen(self.palette().accent().color(), 2))
            painter.drawRect(self.place(*self._current).adjusted(-1, -1, 1, 1))

    def _paint_words(self, painter: QPainter, row: int, columns: list[tuple[int, int]]) -> None:
        palette, line = self.palette(), self.fontMetrics().height()
        place = self.place(row, 0)
        middle = place.center().y()
        width = self._name_width
        painter.setFont(_bold(self.font()))
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(self._rows[row].name, Qt.TextElideMode.ElideRight, width)
        top = middle - line if self.titles else middle - line // 2
        painter.drawText(QRect(_MARGIN, top, width + 1, line), int(_CENTRE), name)
        painter.setFont(self.font())
        for column, (left, column_width) in enumerate(columns):
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            count = f"{self._rows[row].counts[column]:,}"
            painter.drawText(QRect(left, middle - line, column_width, line), RIGHT, count)
            if self._notes:
                painter.setPen(palette.color(QPalette.ColorRole.Text))
                note = self._notes[row][column]
                painter.drawText(QRect(left, middle, column_width, line), RIGHT, note)

    def _picture(self, row: int, position: int) -> QImage:
        key = (row, position)
        if key not in self._pictures and self._read is not None:
            if len(self._pictures) >= _MOST_KEPT:
                self._pictures.clear()
            side = round(_SIDE * self.devicePixelRatioF())
            self._pictures[key] = fitted(self._read(row, position), side)
        return self._pictures[key]

    # Mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        on_one = self._at(event.position().toPoint()) is not None
        shape = Qt.CursorShape.PointingHandCursor if on_one else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        if found and event.button() == Qt.MouseButton.LeftButton:
            self._go_to(*found)
            self.chosen.emit(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        row, position = self._current
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self._rows and position < self._shown(row):
                self.chosen.emit(row, position)
        elif event.key() in steps and self._rows:
            down, right = steps[Qt.Key(event.key())]
            self._go_to(row + down, position + right)
        else:
            super().keyPressEvent(event)

    def _go_to(self, row: int, position: int) -> None:
        row = min(max(row, 0), len(self._rows) - 1)
        position = min(max(position, 0), max(self._shown(row) - 1, 0))
        self._current = (row, position)
        total = sum(self._rows[row].counts)
        text = f"{self._rows[row].name}, image {position + 1:,} of {total:,}"
        self.setAccessibleDescription(text)
        self.moved.emit(self.place(row, position))
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._lay_out()


def fitted(pixels: NDArray[np.uint8], side: int) -> QImage:
    """A picture of its own memory from `pixels` (height, width, 3), at most `side` in size.

    A smaller one is left as it is.
    """
    height, width, _ = pixels.shape
    data = np.ascontiguousarray(pixels)
    image = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    if max(height, width) <= side:
        return image.copy()
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return image.scaled(QSize(side, side), keep, smooth)


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold
