"""The axis under a chart of classes: their names, none cut off and none over another."""

import math
from collections.abc import Collection, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsSceneResizeEvent

_GAP = 4  # pixels
_SLANTS = (40, 90)  # degrees; the second for more classes than fit with the first
_LONGEST = 140  # pixels of a slanted name; the middle of a longer one is left out
_UPRIGHT = 0


class ClassAxis(pg.AxisItem):
    """A name under each whole number; targets stand in bold and in their colour.

    Names that are too long to stand side by side are all slanted, and if there are too many for
    that they stand on end. Where even so there is no room for all, targets come first.
    """

    def __init__(self) -> None:
        super().__init__("bottom")
        self._names: tuple[str, ...] = ()
        self._targets: frozenset[int] = frozenset()
        self._target_color = QColor()
        self._slant = _UPRIGHT  # degrees
        self.setStyle(showValues=True, tickLength=0)

    def set_names(self, names: Sequence[str], targets: Collection[int]) -> None:
        """Put `names` at 0, 1, 2 and so on; `targets` are indices of them."""
        self._names, self._targets = tuple(names), frozenset(targets)
        self.fit()

    def set_target_color(self, color: QColor) -> None:
        """Colour of the targets."""
        self._target_color = color
        self._draw_anew()

    def shown(self) -> dict[int, str]:
        """What is written, by the number of its class."""
        return {index: self._elided(index) for index in self._chosen()}

    def resizeEvent(self, ev: QGraphicsSceneResizeEvent | None = None) -> None:
        super().resizeEvent(ev)
        if ev is not None and ev.oldSize().width() != ev.newSize().width():
            self.fit()

    def boundingRect(self) -> QRectF:
        # Slanted names reach out below the axis at its left.
        beyond = self._room_at_left() if self._slant else 0
        return super().boundingRect().adjusted(-beyond, 0, 0, 0)

    def generateDrawSpecs(self, p: QPainter) -> tuple | None:
        specs = super().generateDrawSpecs(p)
        return None if specs is None else (specs[0], [], [])

    def drawPicture(self, p: QPainter, *specs: object) -> None:
        super().drawPicture(p, *specs)
        left, right = self.range
        for index, text in self.shown().items():
            if left <= index <= right:
                p.save()
                p.translate((index - left) * self._slot(), _GAP)
                p.setFont(self._font(index))
                is_target = index in self._targets
                p.setPen(self._target_color if is_target else self.textPen())
                (self._draw_slanted if self._slant else self._draw_upright)(p, index, text)
                p.restore()

    def fit(self) -> None:
        """Choose how the names stand, and take the height that they need."""
        if not self._names or not self.width():
            return
        widths = [self._metrics(index).horizontalAdvance(n) for index, n in enumerate(self._names)]
        line = self._metrics(0).lineSpacing()
        slot = self.width() / (len(self._names) + 0.2)
        if max(widths) + _GAP <= slot:
            self._slant, height = _UPRIGHT, line * (2 if self._targets else 1)
        else:
            fitting = (s for s in _SLANTS if slot * math.sin(math.radians(s)) >= line)
            self._slant = next(fitting, _SLANTS[-1])
            slant = math.radians(self._slant)
            longest = min(max(widths), _LONGEST)
            height = longest * math.sin(slant) + line * math.cos(slant)
        self.setHeight(round(height) + 2 * _GAP)
        self._draw_anew()

    def _chosen(self) -> list[int]:
        """The classes that there is room to name, targets before others."""
        if not self._slant:
            return list(range(len(self._names)))
        apart = self._metrics(0).lineSpacing() / math.sin(math.radians(self._slant))
        if self._slot() >= apart:
            return list(range(len(self._names)))
        chosen: list[int] = []
        taken: set[int] = set()  # numbers too near to one that is chosen
        reach = math.ceil(apart / max(self._slot(), 1e-6))
        for index in sorted(range(len(self._names)), key=lambda i: (i not in self._targets, i)):
            if index not in taken:
                chosen.append(index)
                taken.update(range(index - reach + 1, index + reach))
        return chosen

    def _elided(self, index: int) -> str:
        """The name of the class, without its middle where it would reach beyond the chart."""
        if not self._slant:
            return self._names[index]
        at = (index - self.range[0]) * self._slot() + self._room_at_left()
        cosine = math.cos(math.radians(self._slant))
        room = min(_LONGEST, at / cosine if cosine > 0.01 else _LONGEST)
        middle = Qt.TextElideMode.ElideMiddle
        return self._metrics(index).elidedText(self._names[index], middle, room)

    def _draw_upright(self, p: QPainter, index: int, text: str) -> None:
        line, slot = p.fontMetrics().lineSpacing(), self._slot()
        centre = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        p.setPen(self.textPen())
        p.drawText(QRectF(-slot / 2, 0, slot, line), centre, text)
        if index in self._targets:
            p.setPen(self._target_color)
            p.drawText(QRectF(-slot / 2, line, slot, line), centre, "target")

    def _draw_slanted(self, p: QPainter, _: int, text: str) -> None:
        line = p.fontMetrics().lineSpacing()
        p.rotate(-self._slant)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        # On end, a name's middle is under its class; slanted, the upper corner of its end.
        p.drawText(QRectF(-1000, -line / 2 if self._slant == 90 else 0, 1000, line), right, text)

    def _slot(self) -> float:
        """Pixels from one class to the next."""
        left, right = self.range
        return float(self.width() / max(right - left, 1e-9))

    def _room_at_left(self) -> float:
        """Pixels from the left edge of the chart to this axis."""
        return max(float(self.scenePos().x()) - _GAP, 0.0)

    def _metrics(self, index: int) -> QFontMetricsF:
        return QFontMetricsF(self._font(index))

    def _font(self, index: int) -> QFont:
        font = QFont(self.style["tickFont"] or QFont())
        font.setBold(index in self._targets)
        return font

    def _draw_anew(self) -> None:
        self.picture = None
        self.update()
