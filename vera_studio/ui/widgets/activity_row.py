"""One thing that goes on: what it is, how far it is, and buttons to hold it and to stop it."""

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.reasons import allow

_STEPS = 1000
_BAR_WIDTH = 180  # pixels


class ActivityRow(QWidget):
    """A line with a text, a bar, and two buttons.

    Signals:
        pause_requested(): it is to be held, or, where it is held, to go on.
        stop_requested(): it is to be broken off.
    """

    pause_requested = Signal()
    stop_requested = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("activity_row")
        self._title = title
        self.text = ElidedLabel()
        self.text.setObjectName("activity_text")
        self.bar = QProgressBar(minimum=0, maximum=_STEPS)
        self.bar.setFixedWidth(_BAR_WIDTH)
        self.bar.setObjectName("activity_progress")
        self.bar.setAccessibleName(f"Progress of {title}")
        self.bar.setToolTip("How much of it is done, where that is known")
        self.pause_button = _button("pause_activity_button", "pause")
        self.pause_button.clicked.connect(self.pause_requested)
        self.stop_button = _button("stop_activity_button", "stop")
        self.stop_button.setAccessibleName(f"Stop {title}")
        self.stop_button.setToolTip("Break it off")
        self.stop_button.clicked.connect(self.stop_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        for widget in (self.bar, self.pause_button, self.stop_button):
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_progress(self, text: str, share: float) -> None:
        """Show how it is with it, and the share that is done, 0 to 1; NaN where nobody knows."""
        self.text.setText(text)
        self.bar.setRange(0, 0 if math.isnan(share) else _STEPS)
        if not math.isnan(share):
            self.bar.setValue(round(_STEPS * share))

    def allow(self, is_paused: bool, why_no_pause: str, why_no_stop: str) -> None:
        """Let the buttons be pressed where they would do something; else they say why not."""
        self.pause_button.setIcon(icon("resume" if is_paused else "pause"))
        word = "Resume" if is_paused else "Pause"
        self.pause_button.setAccessibleName(f"{word} {self._title}")
        self.pause_button.setToolTip("Let it go on" if is_paused else "Hold it")
        allow(self.pause_button, why_no_pause)
        allow(self.stop_button, why_no_stop)


def _button(object_name: str, icon_name: str) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setObjectName(object_name)
    button.setIcon(icon(icon_name))
    return button
