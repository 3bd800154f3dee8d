"""How far a run is, as a bar and in words."""

import math

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QWidget

_STEPS = 1000


_BAR_HEIGHT, _GAP = 8, 4  # pixels


class RunProgress(QWidget):
    """A progress bar with a line such as "Epoch 3 of 6 · 10,250 images/s · 0:12 left".

    It places its two parts itself: in a layout each new text would have the whole window laid
    out and drawn anew, plots included, many times a second.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self._value = 0  # of the bar, which forgets it while nobody knows how long it takes
        self.bar = QProgressBar(minimum=0, maximum=_STEPS, textVisible=False)
        self.bar.setObjectName("run_progress_bar")
        self.bar.setAccessibleName("Progress of the run")
        self.bar.setToolTip("How much of the run is done")
        self.bar.setParent(self)
        self.label = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self.label.setObjectName("run_progress_text")
        self.label.setAccessibleName("Progress of the run in words")
        self.set_idle()
        self._take_height()

    def set_progress(
        self,
        fraction: float,
        epoch: int,
        epochs: int,
        images_per_second: float,
        seconds_left: float,
    ) -> None:
        """Show a run that goes on; NaN for a speed or a time that is not known yet."""
        parts = [f"Epoch {epoch} of {epochs}"]
        if math.isfinite(images_per_second):
            parts.append(f"{images_per_second:,.0f} images/s")
        if math.isfinite(seconds_left):
            parts.append(f"{format_seconds(seconds_left)} left")
        self.set_share(fraction, " · ".join(parts))

    def set_share(self, fraction: float, text: str) -> None:
        """Show how much is done of what is told in words of its own."""
        self._words = text
        self._show(round(fraction * _STEPS), text)

    def set_busy(self, text: str, done: float | None = None) -> None:
        """Show that something goes on beside the training.

        Args:
            text: what.
            done: share of it, 0 to 1; None where nobody knows how long it takes.
        """
        self.label.setText(text)
        if done is None:
            self.bar.setRange(0, 0)
        else:  # of something else than the run, which keeps its own share
            self.bar.setRange(0, _STEPS)
            self.bar.setValue(round(done * _STEPS))

    def set_paused(self) -> None:
        """Say that the run waits; the bar stays where it is."""
        self._show(self._value, f"Paused · {self._words}" if self._words else "Paused")

    def set_finished(self, text: str = "Finished") -> None:
        """Fill the bar."""
        self._words = ""
        self._show(_STEPS, text)

    def set_stopped(self, text: str = "Stopped") -> None:
        """Leave the bar where the run ended."""
        self._words = ""
        self._show(self._value, text)

    def set_idle(self, text: str = "No run yet") -> None:
        """Empty the bar."""
        self._words = ""
        self._show(0, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        line = self.height() - _BAR_HEIGHT - _GAP
        self.label.setGeometry(0, 0, self.width(), line)
        self.bar.setGeometry(0, line + _GAP, self.width(), _BAR_HEIGHT)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._take_height()

    def _take_height(self) -> None:
        self.setFixedHeight(self.label.sizeHint().height() + _GAP + _BAR_HEIGHT)

    def _show(self, value: int, text: str) -> None:
        self._value = max(0, min(value, _STEPS))
        self.bar.setRange(0, _STEPS)
        self.bar.setValue(self._value)
        self.label.setText(text)


def format_seconds(seconds: float) -> str:
    """Minutes and seconds such as "0:12", with hours from one hour on: "1:02:03"."""
    minutes, rest = divmod(max(0, math.ceil(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
