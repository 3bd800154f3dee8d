"""Buttons that stay down: the style draws one that is down in the dark as one that is not."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QPushButton, QToolButton

_TINT, _LINE = 0.28, 2.0  # share of the accent; pixels of the line at the lower edge


class TickedToolButton(QToolButton):
    """Tinted and underlined while it is down."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        _paint_down(self)


class TickedPushButton(QPushButton):
    """Tinted and underlined while it is down."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        _paint_down(self)


def _paint_down(button: QAbstractButton) -> None:
    if not button.isChecked():
        return
    painter = QPainter(button)
    accent = button.palette().color(QPalette.ColorRole.Accent)
    inside = QRectF(button.rect()).adjusted(1, 1, -1, -1)
    painter.setOpacity(_TINT)
    painter.fillRect(inside, accent)
    painter.setOpacity(1)
    painter.fillRect(inside.adjusted(2, inside.height() - _LINE, -2, 0), accent)
