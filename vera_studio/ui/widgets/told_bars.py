"""The classes that a network took a picture for, each with a bar as long as its share."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from vera_studio.ui.theme import plot_colors

_GAP = 4


@dataclass(frozen=True)
class Told:
    """A class and its share."""

    name: str
    share: float  # 0 to 1
    is_true: bool  # the class that the picture is of


class ToldBars(QWidget):
    """A title and a line a class, the likeliest first."""

    def __init__(self, title: str, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._lines = title, lines
        self.told: tuple[Told, ...] = ()
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(150, (self._lines + 1) * (self.fontMetrics().height() + _GAP))

    def minimumSizeHint(self) -> QSize:
        return QSize(110, self.sizeHint().height())

    def set_told(self, told: Sequence[Told]) -> None:
        """Show these."""
        self.told = tuple(told[: self._lines])
        words = [f"{one.name} {one.share:.0%}" for one in self.told]
        self.setAccessibleDescription(", ".join(words))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        height = self.fontMetrics().height() + _GAP
        middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(QRectF(0, 0, self.width(), height), middle, self._title)
        for row, one in enumerate(self.told, 1):
            self._paint_line(painter, QRectF(0, row * height, self.width(), height - 1), one)

    def _paint_line(self, painter: QPainter, line: QRectF, one: Told) -> None:
        colors = plot_colors(self.palette())
        tint = QColor(colors.target if one.is_true else colors.loss)
        tint.setAlphaF(0.3)
        painter.fillRect(
            QRectF(line.left(), line.top(), line.width() * one.share, line.height()), tint
        )
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if one.is_true else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        share = f"{one.share:.0%}"
        room = line.width() - painter.fontMetrics().horizontalAdvance(share) - 12
        name = painter.fontMetrics().elidedText(
            one.name, Qt.TextElideMode.ElideRight, round(max(room, 0))
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        inner = line.adjusted(4, 0, -4, 0)
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | middle), name)
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignRight | middle), share)
        painter.setFont(self.font())
