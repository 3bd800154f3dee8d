"""Which class was taken for which, as a matrix of tinted cells."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.plain_text import plain_tip

_MOST_CELL, _LEAST_NAMED, _LEAST_NUMBERED = 64, 13, 24  # pixels
_MOST_NAME = 110  # pixels, of a class beside its row or above its column
_TITLE = 18  # pixels, for what rows and columns are
_MARGIN = 6
_LEAST_TINT = 0.12  # of a cell that is not empty, so that a single mistake is seen

Floats = NDArray[np.float64]


class ConfusionMatrix(QWidget):
    """Rows are the true classes, columns what they were taken for.

    With so many classes that a cell is smaller than a pixel, a pixel has the strongest of its
    cells: no mistake vanishes between others. The arrow keys go from cell to cell.

    Signals:
        cell_chosen(int, int): the cell in this row and this column.
    """

    cell_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusion_matrix")
        self.setAccessibleName("Confusion matrix: true classes down, taken for across")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 200)
        self._names: tuple[str, ...] = ()
        self._strengths: Floats = np.zeros((0, 0))
        self._good: NDArray[np.bool_] = np.zeros((0, 0), dtype=bool)
        self._text_of: Callable[[int, int], str] = lambda row, column: ""
        self._tip_of: Callable[[int, int], str] = lambda row, column: ""
        self._current = (0, 0)
        self._image: QImage | None = None  # of cells without numbers, by the colours it is for
        self._image_key: tuple[object, ...] = ()

    def sizeHint(self) -> QSize:
        return QSize(420, 400)

    def set_matrix(
        self,
        names: Sequence[str],
        strengths: Floats,
        good: NDArray[np.bool_],
        text_of: Callable[[int, int], str],
        tip_of: Callable[[int, int], str],
    ) -> None:
        """Show another matrix.

        Args:
            names: of the classes, (n,).
            strengths: (n, n), 0 to 1: how strongly each cell is tinted.
            good: (n, n): whether a cell is as one wants it.
            text_of: what stands in a cell, where there is room for it.
            tip_of: what there is to know of a cell.
        """
        if tuple(names) != self._names:
            self._current = (0, 0)
        self._names, self._strengths, self._good = tuple(names), strengths, good
        self._text_of, self._tip_of = text_of, tip_of
        self._image = None
        self._tell_current()
        self.update()

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        left, top, cell = self._place()
        return QRectF(left + column * cell, top + row * cell, cell, cell)

    # Geometry

    def _place(self) -> tuple[float, float, float]:
        """Left and top of the matrix, and the side of a cell."""
        count = max(len(self._names), 1)
        names = self._name_width() if self._is_named() else 0
        left, top = _MARGIN + _TITLE + names, _MARGIN + _TITLE + names
        room = min(self.width() - left - _MARGIN, self.height() - top - _MARGIN)
        cell = min(max(room, 1) / count, float(_MOST_CELL))
        return left, top, cell

    def _is_named(self) -> bool:
        count = max(len(self._names), 1)
        names = self._name_width()
        room = min(self.width(), self.height()) - 2 * _MARGIN - _TITLE - names
        return room / count >= _LEAST_NAMED

    def _name_width(self) -> int:
        metrics = self.fontMetrics()
        widest = max(map(metrics.horizontalAdvance, self._names[:100]), default=0)
        return min(widest, _MOST_NAME) + 6

    def _at(self, point: QPoint) -> tuple[int, int] | None:
        left, top, cell = self._place()
        column, row = int((point.x() - left) // cell), int((point.y() - top) // cell)
        count = len(self._names)
        if not (0 <= row < count and 0 <= column < count):
            return None
        return (row, column) if cell >= 2 else self._strongest(row, column, cell)

    def _strongest(self, row: int, column: int, cell: float) -> tuple[int, int]:
        """Of the cells about this one, which are smaller than one can point at, the strongest."""
        reach = int(np.ceil(2 / cell))
        top, left = max(row - reach, 0), max(column - reach, 0)
        near = self._strengths[top : row + reach + 1, left : column + reach + 1]
        below, right = np.unravel_index(int(near.argmax()), near.shape)
        return top + int(below), left + int(right)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._names:
            return
        left, top, cell = self._place()
        side = cell * len(self._names)
        if cell >= _LEAST_NUMBERED:
            self._paint_cells(painter)
        else:
            painter.drawImage(QRectF(left, top, side, side), self._tints(round(side)))
        painter.setPen(QPen(plot_colors(self.palette()).grid, 1))
        painter.drawRect(QRectF(left, top, side, side))
        if self._is_named():
            self._paint_names(painter, left, top, cell)
        self._paint_titles(painter, left, top, side)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), 2))
            rect = self.cell_rect(*self._current)
            painter.drawRect(rect if cell >= 6 else rect.adjusted(-3, -3, 3, 3))

    def _paint_cells(self, painter: QPainter) -> None:
        colors, text = plot_colors(self.palette()), self.palette().color(QPalette.ColorRole.Text)
        for row in range(len(self._names)):
            for column in range(len(self._names)):
                rect = self.cell_rect(row, column)
                tint = QColor(colors.target if self._good[row, column] else colors.loss)
                tint.setAlphaF(self._alpha(float(self._strengths[row, column])))
                painter.fillRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), colors.background)
                painter.fillRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), tint)
                painter.setPen(text)
                words = self._text_of(row, column)
                if painter.fontMetrics().horizontalAdvance(words) <= rect.width() - 2:
                    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), words)

    def _alpha(self, strength: float) -> float:
        return 0.0 if strength == 0 else _LEAST_TINT + (0.75 - _LEAST_TINT) * strength**0.5

    def _tints(self, side: int) -> QImage:
        """The matrix as an image, at most a pixel for a cell, at most `side` in size."""
        colors = plot_colors(self.palette())
        key = (side, colors.background.rgb(), colors.target.rgb())
        if self._image is None or key != self._image_key:
            strengths, good = _reduced(self._strengths, self._good, side)
            alpha = np.where(strengths > 0, _LEAST_TINT + (1 - _LEAST_TINT) * strengths**0.5, 0)
            ground, wanted, wrong = (
                np.array([color.red(), color.green(), color.blue()], dtype=float)
                for color in (colors.background, colors.target, colors.loss)
            )
            tint = np.where(good[..., None], wanted, wrong)
            pixels = ground + (tint - ground) * alpha[..., None]
            data = np.ascontiguousarray(pixels.round().astype(np.uint8))
            count = len(data)
            self._image = QImage(
                data.data, count, count, 3 * count, QImage.Format.Format_RGB888
            ).copy()
            self._image_key = key
        return self._image

    def _paint_names(self, painter: QPainter, left: float, top: float, cell: float) -> None:
        width = self._name_width()
        metrics = QFontMetrics(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        start = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for row, name in enumerate(self._names):
            short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, width - 6)
            at = QRectF(left - width, top + row * cell, width - 6, cell)
            painter.drawText(at, right, short)
            painter.save()
            painter.translate(left + (row + 1) * cell, top)
            painter.rotate(-90)
            painter.drawText(QRectF(6, -cell, width - 6, cell), start, short)
            painter.restore()

    def _paint_titles(self, painter: QPainter, left: float, top: float, side: float) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        across = QRectF(left, _MARGIN, max(side, 120), _TITLE)
        painter.drawText(across, int(Qt.AlignmentFlag.AlignLeft), "taken for \N{RIGHTWARDS ARROW}")
        painter.save()
        painter.translate(_MARGIN, top + side)
        painter.rotate(-90)
        painter.drawText(
            QRectF(0, 0, max(side, 120), _TITLE),
            int(Qt.AlignmentFlag.AlignRight),
            "\N{LEFTWARDS ARROW} true class",
        )
        painter.restore()

    # Mouse and keys

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._at(event.pos())
            tip = plain_tip(self._tip_of(*found)) if found else ""
            QToolTip.showText(event.globalPos(), tip, self, QRect(event.pos(), QSize(1, 1)))
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        on_one = self._at(event.position().toPoint()) is not None
        shape = Qt.CursorShape.PointingHandCursor if on_one else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        if found and event.button() == Qt.MouseButton.LeftButton:
            self._go_to(*found)
            self.cell_chosen.emit(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._names:
            self.cell_chosen.emit(*self._current)
        elif event.key() in steps and self._names:
            down, right = steps[Qt.Key(event.key())]
            self._go_to(self._current[0] + down, self._current[1] + right)
        else:
            super().keyPressEvent(event)

    def _go_to(self, row: int, column: int) -> None:
        last = len(self._names) - 1
        self._current = (min(max(row, 0), last), min(max(column, 0), last))
        self._tell_current()
        self.update()

    def _tell_current(self) -> None:
        self.setAccessibleDescription(self._tip_of(*self._current) if self._names else "")


def _reduced(
    strengths: Floats, good: NDArray[np.bool_], side: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """As many rows and columns as there are pixels; of cells that share one the strongest bad one.

    Mistakes go before what is right: one in a block of a thousand right ones is to be seen.
    """
    count = len(strengths)
    every = -(-count // max(side, 1))
    if every <= 1:
        return strengths, good
    room = -(-count // every) * every
    bad = np.zeros((room, room))
    bad[:count, :count] = np.where(good, 0, strengths)
    well = np.zeros((room, room))
    well[:count, :count] = np.where(good, strengths, 0)
    blocks = (room // every, every, room // every, every)
    bad_most, well_most = (one.reshape(blocks).max(axis=(1, 3)) for one in (bad, well))
    is_good = bad_most == 0
    return np.where(is_good, well_most, bad_most), is_good
