"""What the studio did, line by line."""

from datetime import datetime

from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from vera_studio.runs.events import Notice
from vera_studio.ui.studio import Studio

_MOST_LINES = 2000


class ActivityPage(QWidget):
    """A log of messages, newest last, for reading and copying."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = QPlainTextEdit(readOnly=True)
        self._log.setObjectName("activity_log")
        self._log.setAccessibleName("Activity")
        self._log.setToolTip("What the studio did since it was opened")
        self._log.setPlaceholderText("What the studio does is listed here.")
        self._log.setMaximumBlockCount(_MOST_LINES)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._log)
        studio.message.connect(self._add)
        studio.failed.connect(self._add_failure)
        studio.download_failed.connect(self._add)
        studio.run.events.connect(self._add_notices)

    def text(self) -> str:
        """Everything logged so far."""
        return self._log.toPlainText()

    def _add(self, text: str) -> None:
        self._log.appendPlainText(f"{datetime.now():%H:%M:%S}  {text}")

    def _add_notices(self, events: list[object]) -> None:
        for event in events:
            if isinstance(event, Notice):
                self._add(event.text)

    def _add_failure(self, error: Exception) -> None:
        self._add(str(error).splitlines()[0] if str(error) else type(error).__name__)
