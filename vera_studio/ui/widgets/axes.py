"""Axes of the plots: whole numbers, percentages, logarithms, names of classes."""

import math
from collections.abc import Collection, Iterable, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsSceneResizeEvent

_GAP = 4
_END = 10  # pixels
_SLANT = 40  # degrees
_ROOMY_DECADE = 160  # pixels, for three numbers side by side


class WholeNumberAxis(pg.AxisItem):
    """Ticks at whole numbers only at the bottom, for steps, epochs and indices."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)
        self.setStyle(hideOverlappingLabels=False, maxTickLevel=1)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list:  # noqa: N803
        levels = super().tickSpacing(minVal, maxVal, size)
        whole = [(spacing, offset) for spacing, offset in levels if spacing >= 1]
        return whole or [(1, 0)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{value:,.0f}" for value in values]


class ValueAxis(pg.AxisItem):
    """The axis at the left, with the labels at its very ends too."""

    def __init__(self) -> None:
        super().__init__("left")
        self.enableAutoSIPrefix(False)
        self.setStyle(maxTickLevel=1)

    def boundingRect(self) -> QRectF:
        # pyqtgraph leaves out labels beyond this, and with a grid gives them no room.
        return super().boundingRect().adjusted(0, -_END, 0, _END)

    def drawPicture(self, p: QPainter, *specs: object) -> None:
        # Where the clip is no one rectangle, Qt 6.11 takes 0.25 ms for each translucent line of
        # the grid, 40 times as long, and drawing a plot half as long again.
        p.setClipRect(self.boundingRect())
        super().drawPicture(p, *specs)


class PercentAxis(ValueAxis):
    """Ticks of shares from 0 to 1, written as percentages."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        decimals = 0 if spacing >= 0.01 else 1
        return [f"{100 * value:.{decimals}f}%" for value in values]


class LogAxis(pg.AxisItem):
    """Logarithms to base 10 at the bottom, written as the numbers that they are of."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list:  # noqa: N803
        roomy = size / max(maxVal - minVal, 1e-9) > _ROOMY_DECADE
        written = _marks(minVal, maxVal, (1, 2, 5) if roomy else (1,))
        if len(written) < 2:  # zoomed in
            return super().tickValues(minVal, maxVal, size)[:1]
        between = [mark for mark in _marks(minVal, maxVal, range(2, 10)) if mark not in written]
        return [(1.0, written), (0.0, between)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{10**value:,.0f}" if spacing else "" for value in values]


class ClassAxis(pg.AxisItem):
    """A name under each whole number; targets stand in bold with the word "target".

    Where the names are too long to stand side by side they are all slanted.
    """

    def __init__(self) -> None:
        super().__init__("bottom")
        self._names: tuple[str, ...] = ()
        self._targets: frozenset[int] = frozenset()
        self._target_color = QColor()
        self._slanted = False
        self.setStyle(showValues=True, tickLength=0)

    def set_names(self, names: Sequence[str], targets: Collection[int]) -> None:
        """Put `names` at 0, 1, 2 and so on; `targets` are indices of them."""
        self._names, self._targets = tuple(names), frozenset(targets)
        self._fit()

    def set_target_color(self, color: QColor) -> None:
        """Colour of the word "target"."""
        self._target_color = color
        self._draw_anew()

    def resizeEvent(self, ev: QGraphicsSceneResizeEvent | None = None) -> None:
        super().resizeEvent(ev)
        if ev is not None and ev.oldSize().width() != ev.newSize().width():
            self._fit()

    def boundingRect(self) -> QRectF:
        # Slanted names reach out below the axis at its left.
        beyond = self.geometry().height() if self._slanted else 0
        return super().boundingRect().adjusted(-beyond, 0, 0, 0)

    def generateDrawSpecs(self, p: QPainter) -> tuple | None:
        specs = super().generateDrawSpecs(p)
        return None if specs is None else (specs[0], [], [])

    def drawPicture(self, p: QPainter, *specs: object) -> None:
        super().drawPicture(p, *specs)
        left, right = self.range
        slot = self.width() / max(right - left, 1e-9)
        for index in range(len(self._names)):
            if left <= index <= right:
                p.save()
                p.translate((index - left) * slot, _GAP)
                p.setFont(self._font(index))
                p.setPen(self.textPen())
                (self._draw_slanted if self._slanted else self._draw_upright)(p, index, slot)
                p.restore()

    def _fit(self) -> None:
        """Choose between upright and slanted names, and take the height that they need."""
        if not self._names or not self.width():
            return
        metrics = [QFontMetricsF(self._font(index)) for index in range(len(self._names))]
        widest = max(m.horizontalAdvance(n) for m, n in zip(metrics, self._names, strict=True))
        self._slanted = widest + _GAP > self.width() / (len(self._names) + 0.2)
        line = metrics[0].lineSpacing()
        if self._slanted:
            ends = (m.horizontalAdvance(self._label(i)) for i, m in enumerate(metrics))
            height = max(ends) * math.sin(math.radians(_SLANT)) + line
        else:
            height = line * (2 if self._targets else 1)
        self.setHeight(round(height) + 2 * _GAP)
        self._draw_anew()

    def _draw_upright(self, p: QPainter, index: int, slot: float) -> None:
        line = p.fontMetrics().lineSpacing()
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        p.drawText(QRectF(-slot / 2, 0, slot, line), int(centre), self._names[index])
        if index in self._targets:
            p.setPen(self._target_color)
            p.drawText(QRectF(-slot / 2, line, slot, line), int(centre), "target")

    def _draw_slanted(self, p: QPainter, index: int, _: float) -> None:
        line = p.fontMetrics().lineSpacing()
        p.rotate(-_SLANT)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        if index in self._targets:
            p.setPen(self._target_color)
        p.drawText(QRectF(-1000, 0, 1000, line), int(right), self._label(index))

    def _label(self, index: int) -> str:
        return f"{self._names[index]}, target" if index in self._targets else self._names[index]

    def _font(self, index: int) -> QFont:
        font = QFont(self.style["tickFont"] or QFont())
        font.setBold(index in self._targets)
        return font

    def _draw_anew(self) -> None:
        self.picture = None
        self.update()


def _marks(low: float, high: float, digits: Iterable[int]) -> list[float]:
    """Logarithms from `low` to `high` of numbers with one of `digits` and nothing but zeros."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    marks = (decade + math.log10(digit) for decade in decades for digit in digits)
    return [mark for mark in marks if low <= mark <= high]
