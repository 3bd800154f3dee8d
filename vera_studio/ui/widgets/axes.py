"""Axes of the plots: whole numbers, values, percentages, logarithms."""

import math
from collections.abc import Iterable, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

_END = 10  # pixels
_ROOMY_DECADE = 160  # pixels, for three numbers side by side
_HAIR = 1e-9  # shares that are off by the last digits of their floats


class WholeNumberAxis(pg.AxisItem):
    """Ticks at whole numbers from 0 only at the bottom, for steps, epochs and indices."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)
        self.setStyle(hideOverlappingLabels=False, maxTickLevel=1)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list:  # noqa: N803
        levels = super().tickSpacing(minVal, maxVal, size)
        whole = [(spacing, offset) for spacing, offset in levels if spacing >= 1]
        return whole or [(1, 0)]

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list:  # noqa: N803
        return _within(super().tickValues(minVal, maxVal, size), 0, math.inf)

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

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list:  # noqa: N803
        return _within(super().tickValues(minVal, maxVal, size), 0, 1)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        decimals = max(0, math.ceil(round(-math.log10(100 * spacing), 6)))
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


def _within(levels: list, least: float, most: float) -> list:
    """`levels` of ticks without those below `least` or above `most`."""
    low, high = least - _HAIR, most + _HAIR
    return [(spacing, [v for v in values if low <= v <= high]) for spacing, values in levels]


def _marks(low: float, high: float, digits: Iterable[int]) -> list[float]:
    """Logarithms from `low` to `high` of numbers with one of `digits` and nothing but zeros."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    marks = (decade + math.log10(digit) for decade in decades for digit in digits)
    return [mark for mark in marks if low <= mark <= high]
