"""The likeliest classes of a picture as bars, the most first."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.plain_text import plain_tip

_GAP = 6
_BAR = 5  # pixels high
_CENTRE = Qt.AlignmentFlag.AlignVCenter


class ShareBars(QWidget):
    """A name, a share and a bar for each class.

    Args:
        most: classes that there is room for.
    """

    def __init__(self, most: int = 5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = most
        self._told: tuple[tuple[str, float], ...] = ()
        self._is_muted = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("share_bars")
        self.setAccessibleName("Likeliest classes")

    def show_shares(self, told: Sequence[tuple[str, float]], is_muted: bool = False) -> None:
        """Show these classes with their shares, 0 to 1; in grey where `is_muted`."""
        self._told, self._is_muted = tuple(told)[: self._most], is_muted
        text = "\n".join(f"{name}: {share:.1%}" for name, share in self._told)
        self.setToolTip(plain_tip(text))
        self.setAccessibleDescription(text)
        self.update()

    @property
    def told(self) -> tuple[tuple[str, float], ...]:
        """What is shown."""
        return self._told

    def sizeHint(self) -> QSize:
        return QSize(220, self._most * self._row_height() - _GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors, line = plot_colors(self.palette()), self.fontMetrics().height()
        for row, (name, share) in enumerate(self._told):
            font = QFont(self.font())
            font.setWeight(QFont.Weight.DemiBold if row == 0 else QFont.Weight.Normal)
            painter.setFont(font)
            painter.setPen(colors.muted if self._is_muted else colors.text)
            place = QRect(0, row * self._row_height(), self.width(), line)
            figure = f"{share:.1%}"
            room = self.width() - painter.fontMetrics().horizontalAdvance(figure) - 2 * _GAP
            middle = Qt.TextElideMode.ElideMiddle
            text = painter.fontMetrics().elidedText(name, middle, room)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | _CENTRE), text)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | _CENTRE), figure)
            bar = QRectF(0, place.bottom() + 2, self.width(), _BAR)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.grid)
            painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
            bar.setWidth(max(self.width() * min(share, 1.0), _BAR if share > 0 else 0))
            painter.setBrush(colors.other if self._is_muted or row else colors.target)
            painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + _BAR + 2 + _GAP
