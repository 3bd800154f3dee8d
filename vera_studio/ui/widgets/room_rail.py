"""A column of rooms: where one is, and where one can go, always in sight."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

_WIDTH, _HEIGHT, _ICON = 78, 58, 22  # pixels
_BAR = 3.0  # pixels, the mark of the room one is in
_TINT = 0.14  # how much of the accent is in its ground


class RoomRail(QWidget):
    """Buttons, one of which is down; arrow keys go from one to the next.

    Signals:
        chosen(str): the name of the room that the user goes to.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("room_rail")
        self.setAccessibleName("Rooms")
        self._buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(2)
        self._column.addStretch()

    def add_room(self, name: str, title: str, picture: QIcon, tip: str) -> QToolButton:
        """Put a room below the others; it is not shown as a place to go to before `allow_room`."""
        button = _RoomButton(title, picture)
        button.setObjectName(f"room_{name}")
        button.setAccessibleName(title)
        button.setToolTip(tip)
        button.clicked.connect(lambda: self.chosen.emit(name))
        button.hide()
        self._group.addButton(button)
        self._buttons[name] = button
        self._column.insertWidget(self._column.count() - 1, button)
        return button

    def allow_room(self, name: str) -> None:
        """Offer the room `name`, which has something in it now."""
        self._buttons[name].show()

    def set_room(self, name: str) -> None:
        """Show that one is in the room `name`."""
        self._buttons[name].setChecked(True)


class _RoomButton(QToolButton):
    """Drawn flat: the room one is in has a tinted ground and a bar at its edge."""

    def __init__(self, title: str, picture: QIcon) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setText(title)
        self.setIcon(picture)
        self.setIconSize(QSize(_ICON, _ICON))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(_WIDTH, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        accent = self.palette().color(QPalette.ColorRole.Accent)
        if self.isChecked():
            painter.setOpacity(_TINT)
            painter.fillRect(self.rect(), accent)
            painter.setOpacity(1)
            painter.fillRect(QRectF(0, 0, _BAR, self.height()), accent)
        elif self.underMouse():
            painter.setOpacity(_TINT / 2)
            painter.fillRect(self.rect(), self.palette().windowText())
            painter.setOpacity(1)
        self._paint_content(painter)

    def _paint_content(self, painter: QPainter) -> None:
        text_height = self.fontMetrics().height()
        top = (self.height() - _ICON - 3 - text_height) // 2
        left = (self.width() - _ICON) // 2
        self.icon().paint(painter, left, top, _ICON, _ICON)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        below = self.rect().adjusted(0, top + _ICON + 3, 0, 0)
        aligned = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(below, int(aligned), self.text())
        if self.hasFocus():
            painter.setPen(self.palette().color(QPalette.ColorRole.Accent))
            painter.drawRect(self.rect().adjusted(4, 1, -2, -2))
