"""Whether shares mean what they say: of images with a share of 0.8, 0.8 should be right."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from vera_studio.ui.theme import plot_colors

_LEFT, _BOTTOM, _TOP, _RIGHT = 46, 38, 8, 20  # pixels around the plot
_COUNTS = 0.16  # of the height, for how many images there are


@dataclass(frozen=True)
class ReliabilityBin:
    """Images with a share from `low` to `high`."""

    low: float
    high: float
    count: int
    share: float  # mean; NaN without images
    right: float  # share of images that are right; NaN without images


class ReliabilityPlot(QWidget):
    """Bars for the network as it is, circles for the one before; below, how many images."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reliability_plot")
        self.setAccessibleName("How often a share is right, by the share")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 180)
        self._after: tuple[ReliabilityBin, ...] = ()
        self._before: tuple[ReliabilityBin, ...] = ()

    def sizeHint(self) -> QSize:
        return QSize(420, 340)

    def set_bins(self, after: Sequence[ReliabilityBin], before: Sequence[ReliabilityBin]) -> None:
        """Show the bins of both; `before` has none where there is nothing to compare with."""
        self._after, self._before = tuple(after), tuple(before)
        told = [_words(one) for one in self._after if one.count]
        self.setAccessibleDescription("; ".join(told))
        self.update()

    def _rects(self) -> tuple[QRectF, QRectF]:
        """Where the plot is, and below it the numbers of images."""
        room = QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)
        counts = room.height() * _COUNTS
        plot = room.adjusted(0, 0, 0, -counts - 6)
        return plot, QRectF(room.left(), room.bottom() - counts, room.width(), counts)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot, counts = self._rects()
        colors = plot_colors(self.palette())
        painter.fillRect(plot, colors.background)
        painter.fillRect(counts, colors.background)
        self._paint_axes(painter, plot, counts)
        bar = QColor(colors.target)
        bar.setAlphaF(0.55)
        most = max((one.count for one in self._after), default=0)
        for one in self._after:
            if one.count:
                painter.fillRect(_bar(plot, one, one.right), bar)
                painter.fillRect(_bar(counts, one, one.count / most), bar)
        painter.setPen(QPen(colors.text, 1, Qt.PenStyle.DashLine))
        painter.drawLine(plot.bottomLeft(), plot.topRight())
        painter.setPen(QPen(colors.other, 2))
        painter.setBrush(colors.background)
        for one in self._before:
            if one.count:
                at = QPointF(
                    plot.left() + one.share * plot.width(),
                    plot.bottom() - one.right * plot.height(),
                )
                painter.drawEllipse(at, 4, 4)

    def _paint_axes(self, painter: QPainter, plot: QRectF, counts: QRectF) -> None:
        colors, line = plot_colors(self.palette()), self.fontMetrics().height()
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        centre = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        for tick in (0, 0.25, 0.5, 0.75, 1):
            y, x = plot.bottom() - tick * plot.height(), plot.left() + tick * plot.width()
            painter.setPen(QPen(colors.grid, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colors.text)
            painter.drawText(QRectF(0, y - line / 2, _LEFT - 6, line), right, f"{tick:.0%}")
            painter.drawText(QRectF(x - 30, counts.bottom() + 2, 60, line), centre, f"{tick:.0%}")
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        below = QRectF(plot.left(), counts.bottom() + line + 2, plot.width(), line)
        painter.drawText(below, centre, "share of the likeliest class")
        inside = plot.adjusted(8, 6, 0, 0)
        start = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        painter.drawText(inside, start, "of these, right")
        painter.drawText(counts.adjusted(8, 0, 0, 0), start, "images")

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            plot, _ = self._rects()
            share = (event.pos().x() - plot.left()) / max(plot.width(), 1)
            found = [one for one in self._after if one.low <= share < one.high and one.count]
            tip = _words(found[0]) if found else ""
            QToolTip.showText(event.globalPos(), tip, self, QRect(event.pos(), QSize(1, 1)))
            return True
        return super().event(event)


def _bar(room: QRectF, one: ReliabilityBin, share: float) -> QRectF:
    left, right = (room.left() + at * room.width() for at in (one.low, one.high))
    height = share * room.height()
    return QRectF(left + 1, room.bottom() - height, right - left - 2, height)


def _words(one: ReliabilityBin) -> str:
    images = "1 image" if one.count == 1 else f"{one.count:,} images"
    return (
        f"{images} with a share of {one.low:.0%} to {one.high:.0%}: "
        f"{one.share:.1%} in the mean, {one.right:.1%} right"
    )
