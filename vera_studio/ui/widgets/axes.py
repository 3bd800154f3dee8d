"""Axes of the plots: whole numbers, percentages, names of classes."""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter


class WholeNumberAxis(pg.AxisItem):
    """Ticks at whole numbers only, for steps, epochs and indices."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list:  # noqa: N803
        levels = super().tickSpacing(minVal, maxVal, size)
        whole = [(spacing, offset) for spacing, offset in levels if spacing >= 1]
        return whole or [(1, 0)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{value:,.0f}" for value in values]


class PercentAxis(pg.AxisItem):
    """Ticks of shares from 0 to 1, written as percentages."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        decimals = 0 if spacing >= 0.01 else 1
        return [f"{100 * value:.{decimals}f} %" for value in values]


class ClassAxis(pg.AxisItem):
    """A name under each whole number; targets stand in bold with the word below."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._names: tuple[str, ...] = ()
        self._targets: frozenset[int] = frozenset()
        self._target_color = QColor()
        self.setStyle(showValues=True, tickLength=0)

    def set_names(self, names: Sequence[str], targets: set[int]) -> None:
        """Put `names` at 0, 1, 2 and so on; `targets` are indices of them."""
        self._names, self._targets = tuple(names), frozenset(targets)
        lines = 2 if targets else 1
        self.setHeight(round(lines * QFontMetricsF(self._font(0)).lineSpacing()) + 8)
        self.update_picture()

    def set_target_color(self, color: QColor) -> None:
        """Colour of the word "target"."""
        self._target_color = color
        self.update_picture()

    def update_picture(self) -> None:
        """Draw anew."""
        self.picture = None
        self.update()

    def generateDrawSpecs(self, p: QPainter) -> tuple | None:
        specs = super().generateDrawSpecs(p)
        return None if specs is None else (specs[0], [], [])

    def drawPicture(self, p: QPainter, axisSpec, tickSpecs, textSpecs) -> None:  # noqa: N803
        super().drawPicture(p, axisSpec, tickSpecs, textSpecs)
        left, right = self.range
        area = self.boundingRect()
        slot = self.width() / max(right - left, 1e-9)
        for index, name in enumerate(self._names):
            if left <= index <= right:
                middle = (index - left) * slot
                self._draw_name(p, index, name, QRectF(middle - slot / 2, 4, slot, area.height()))

    def _draw_name(self, p: QPainter, index: int, name: str, rect: QRectF) -> None:
        font = self._font(index)
        metrics = QFontMetricsF(font)
        top = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        p.setFont(font)
        p.setPen(self.textPen())
        p.drawText(
            rect, int(top), metrics.elidedText(name, Qt.TextElideMode.ElideRight, slot_of(rect))
        )
        if index in self._targets:
            p.setPen(self._target_color)
            below = rect.translated(0, metrics.lineSpacing())
            word = metrics.elidedText("target", Qt.TextElideMode.ElideRight, slot_of(rect))
            p.drawText(below, int(top), word)

    def _font(self, index: int) -> QFont:
        font = QFont(self.style["tickFont"] or QFont())
        font.setBold(index in self._targets)
        return font


def slot_of(rect: QRectF) -> float:
    """The width that a text in `rect` may take, with a little air at its sides."""
    return rect.width() - 4
