"""What a page shows while it has nothing to show: why, and what to do about it."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFont, QIcon
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vera_studio.ui.widgets.plain_text import plain_tip

_ICON_SIDE = 40
_TEXT_WIDTH = 360


class EmptyState(QWidget):
    """An icon, a headline, a text and perhaps a button, in the middle.

    Args:
        icon: shown large above the headline.
        headline: what is missing, in a few words.
        text: why, and what brings it.
        action: text of the button; empty for none.

    Signals:
        action_triggered(): the button was pressed.
    """

    action_triggered = Signal()

    def __init__(
        self,
        icon: QIcon,
        headline: str,
        text: str = "",
        action: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon = icon
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._headline = _centred(headline)
        font = QFont(self._headline.font())
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setWeight(QFont.Weight.DemiBold)
        self._headline.setFont(font)
        self._text = _centred(text)
        self.button = QPushButton()
        self.button.setObjectName("empty_state_action")
        self.button.clicked.connect(self.action_triggered)
        self._lay_out()
        self.set_text(headline, text, action)
        self._recolor()

    def set_text(self, headline: str, text: str = "", action: str = "") -> None:
        """Show other words; an empty `action` hides the button."""
        self._headline.setText(headline)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        for label in (self._headline, self._text):
            # A centred label gets no more than its size hint, which knows nothing of its width.
            label.setMinimumHeight(max(label.heightForWidth(_TEXT_WIDTH), 0))
        self.button.setText(action)
        self.button.setAccessibleName(action.replace("&", "").rstrip("…"))
        self.button.setToolTip(plain_tip(text or headline))
        self.button.setVisible(bool(action))

    def add_button(self, button: QPushButton) -> None:
        """Put another button beside the first."""
        self._buttons.addWidget(button)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.DevicePixelRatioChange):
            self._recolor()
        return super().event(event)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(2)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addWidget(self._picture)
        layout.addWidget(self._headline, 0, centre)
        layout.addWidget(self._text, 0, centre)
        layout.addSpacing(4)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addWidget(self.button)
        layout.addLayout(self._buttons)
        layout.setAlignment(self._buttons, centre)
        layout.addStretch(3)

    def _recolor(self) -> None:
        ratio = self.devicePixelRatioF()
        size = QSize(_ICON_SIDE, _ICON_SIDE)
        self._picture.setPixmap(self._icon.pixmap(size, ratio, QIcon.Mode.Disabled))


def _centred(text: str) -> QLabel:
    label = QLabel(text, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFixedWidth(_TEXT_WIDTH)
    return label
