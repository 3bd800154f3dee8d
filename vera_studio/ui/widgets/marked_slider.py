"""A slider that marks its default."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider

_MARK_WIDTH, _MARK_HEIGHT = 8.0, 5.0


class MarkedSlider(QSlider):
    """A horizontal slider of whole steps with a small triangle below its default."""

    def __init__(self, least: int, most: int, default: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(least, most)
        self.setMinimumHeight(self.sizeHint().height() + round(_MARK_HEIGHT))
        self._default = default

    def mark_place(self) -> QPointF:
        """The tip of the triangle."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, control = self.style(), QStyle.ComplexControl.CC_Slider
        groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, self)
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        at = QStyle.sliderPositionFromValue(
            self.minimum(), self.maximum(), self._default, groove.width() - handle.width()
        )
        left = groove.left() + at + handle.width() / 2
        return QPointF(left, self.height() - _MARK_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        tip, half = self.mark_place(), _MARK_WIDTH / 2
        below = QPointF(0, _MARK_HEIGHT)
        corners = [tip, tip + below + QPointF(half, 0), tip + below - QPointF(half, 0)]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().placeholderText())
        painter.drawPolygon(QPolygonF(corners))
