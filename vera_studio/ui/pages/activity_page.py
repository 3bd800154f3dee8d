"""What goes on, and what the studio did, line by line."""

import math
from datetime import datetime

from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from vera_studio.runs.events import Notice
from vera_studio.ui.runner import JobState
from vera_studio.ui.state.activities import Activity
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.activity_row import ActivityRow
from vera_studio.ui.widgets.run_progress import format_seconds

_MOST_LINES = 2000


class ActivityPage(QWidget):
    """A row for all that goes on, above a log of messages, newest last, to read and to copy."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._activities = studio.activities
        self._rows: dict[Activity, ActivityRow] = {}
        self._log = QPlainTextEdit(readOnly=True)
        self._log.setObjectName("activity_log")
        self._log.setAccessibleName("Activity")
        self._log.setToolTip("What the studio did since it was opened")
        self._log.setPlaceholderText("What the studio does is listed here.")
        self._log.setMaximumBlockCount(_MOST_LINES)
        self._going = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.addLayout(self._going)
        layout.addWidget(self._log, 1)
        studio.message.connect(self._add)
        studio.failed.connect(self._add_failure)
        studio.download_failed.connect(self._add)
        studio.run.events.connect(self._add_notices)
        studio.activities.listed.connect(self._list)
        studio.activities.told.connect(self._follow)
        studio.activities.ended.connect(self._add_end)

    def text(self) -> str:
        """Everything logged so far."""
        return self._log.toPlainText()

    def _list(self) -> None:
        """Have a row for each of what goes on, in its order."""
        going = self._activities.going
        for activity in [one for one in self._rows if one not in going]:
            row = self._rows.pop(activity)
            self._going.removeWidget(row)
            row.hide()
            row.deleteLater()
        for activity in going:
            if activity not in self._rows:
                self._rows[activity] = self._new_row(activity)
                self._follow(activity)

    def _new_row(self, activity: Activity) -> ActivityRow:
        row = ActivityRow(activity.title, self)
        row.pause_requested.connect(activity.pause_or_resume)
        row.stop_requested.connect(activity.stop)
        self._going.addWidget(row)
        return row

    def _follow(self, activity: Activity) -> None:
        if (row := self._rows.get(activity)) is None:
            return
        share = activity.stage_share if math.isnan(activity.share) else activity.share
        parts = dict.fromkeys((activity.sentence, activity.stage))
        row.show_progress(" \N{MIDDLE DOT} ".join(filter(None, parts)), share)
        is_paused = activity.state is JobState.PAUSED
        row.allow(is_paused, activity.why_no_pause, activity.why_no_stop)

    def _add(self, text: str) -> None:
        self._log.appendPlainText(f"{datetime.now():%H:%M:%S}  {text}")

    def _add_end(self, activity: Activity) -> None:
        if not activity.handling.is_main:  # whose end is told in more words
            self._add(f"{activity.sentence} after {format_seconds(activity.seconds)}.")

    def _add_notices(self, events: list[object]) -> None:
        for event in events:
            if isinstance(event, Notice):
                self._add(event.text)

    def _add_failure(self, error: Exception) -> None:
        self._add(str(error).splitlines()[0] if str(error) else type(error).__name__)
