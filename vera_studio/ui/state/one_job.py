"""Work of which one piece goes on at a time, beside whatever else goes on."""

from PySide6.QtCore import QObject, Signal

from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.runner import Job


class OneJob(QObject):
    """Follows the job that goes on.

    Signals:
        progress(Progress): of what goes on.
        state_changed(): something goes on now, or nothing does any more.
    """

    progress = Signal(object)
    state_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None

    @property
    def is_going(self) -> bool:
        """Whether a job goes on."""
        return self._job is not None

    def stop(self) -> None:
        """Break off what goes on; what was done stays."""
        if self._job is not None:
            self._job.cancel()

    def _follow(self, job: Job) -> None:
        self._job = job
        job.events.connect(self._pass_on)
        job.ended.connect(self._forget)
        self.state_changed.emit()

    def _pass_on(self, events: list[object]) -> None:
        for progress in [event for event in events if isinstance(event, Progress)][-1:]:
            self.progress.emit(progress)

    def _forget(self) -> None:
        self._job = None
        self.state_changed.emit()
