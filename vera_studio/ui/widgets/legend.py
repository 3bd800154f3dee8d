"""A plot's legend: entries that show and hide what they stand for."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from vera_studio.ui.widgets.flow_layout import FlowLayout
from vera_studio.ui.widgets.plain_text import plain_tip

_SWATCH = 18
_GAP = 6


class Legend(QWidget):
    """Entries side by side; a click on one shows or hides its series.

    Signals:
        toggled(str, bool): key of the entry and whether its series is to be shown.
    """

    toggled = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, _Entry] = {}
        self._flow = FlowLayout(self, spacing=12, line_spacing=2)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_entry(self, key: str, label: str, color: QColor, dashed: bool, bar: bool) -> None:
        """Add the entry `key`, or change it; `bar` draws a square in place of a line."""
        if key not in self._entries:
            entry = _Entry(self)
            entry.setObjectName(f"legend_{key}")
            entry.toggled.connect(lambda on, key=key: self.toggled.emit(key, on))
            self._entries[key] = entry
            self._flow.addWidget(entry)
        self._entries[key].show_as(label, color, dashed, bar)

    def entry(self, key: str) -> QAbstractButton:
        """The button of the entry `key`."""
        return self._entries[key]

    def clear(self) -> None:
        """Take all entries away."""
        for entry in self._entries.values():
            self._flow.removeWidget(entry)
            entry.hide()
            entry.deleteLater()
        self._entries = {}


class _Entry(QAbstractButton):
    """A swatch with a name; crossed out when its series is hidden."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, checkable=True, checked=True)
        self._color, self._dashed, self._bar = QColor(), False, False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_as(self, label: str, color: QColor, dashed: bool, bar: bool) -> None:
        self._color, self._dashed, self._bar = color, dashed, bar
        self.setText(label)
        self.setAccessibleName(f"Show {label}")
        self.setToolTip(plain_tip(f"Show or hide {label}"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(self.text())
        return QSize(_SWATCH + _GAP + width + 4, metrics.height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isChecked():
            painter.setOpacity(0.5)
        middle = self.height() / 2
        if self._bar:
            square = QRectF(3, middle - 5, 10, 10)
            painter.fillRect(square, self._color)
        else:
            style = Qt.PenStyle.DashLine if self._dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(self._color, 2.5, style))
            painter.drawLine(QPointF(1, middle), QPointF(_SWATCH - 1, middle))
        self._paint_label(painter)

    def _paint_label(self, painter: QPainter) -> None:
        font = self.font()
        font.setStrikeOut(not self.isChecked())
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect().adjusted(_SWATCH + _GAP, 0, 0, 0), int(left), self.text())
        if self.hasFocus():
            painter.setOpacity(1)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
