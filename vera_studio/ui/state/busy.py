"""Work that keeps other work of its kind from being started: opening and saving."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from vera_studio.runs.events import Stage
from vera_studio.ui.jobs.opening import FirstPictures
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.runner import Handling, Job, Runner

IMPORTING, EXPORTING = "Importing the adapter", "Exporting the adapter"
PUTTING_ON, KEEPING = "Putting the adapter on", "Keeping the adapter"
USUAL = Handling(at_once=True)
SHORT = Handling(can_stop=False, at_once=True)
SAVING = Handling(at_once=True, is_saving=True)
KEPT = Handling(can_stop=False, at_once=True, is_saving=True)  # what a run has trained


class BusyJobs(QObject):
    """Starts jobs that keep others of their kind from being started.

    Signals:
        changed(str): what is being worked on; empty for nothing.
        progress(Progress): how far that is.
        first_pictures(FirstPictures): of a folder that is being opened.
        failed(Exception): a job failed that nobody else takes the failure of.
    """

    changed = Signal(str)
    progress = Signal(object)
    first_pictures = Signal(object)
    failed = Signal(object)

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        self._jobs: list[Job] = []  # the newest last
        self._stage: dict[Job, str] = {}  # what a job is busy with, where it says so

    @property
    def is_busy(self) -> bool:
        """Whether something is being worked on."""
        return bool(self._jobs)

    @property
    def name(self) -> str:
        """What is being worked on; empty for nothing."""
        if not self._jobs:
            return ""
        newest = self._jobs[-1]
        return self._stage.get(newest, newest.name)

    def cancel(self) -> None:
        """Break off what the window can do without."""
        for job in [*self._jobs]:
            if job.handling.can_stop and not job.handling.is_saving:
                job.cancel()

    def start(
        self,
        name: str,
        function: Callable[..., Any],
        finished: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        handling: Handling = USUAL,
    ) -> None:
        """Run `function` on a thread, visibly; how it ends is told on this one."""
        job = self.runner.start(function, name=name, handling=handling)
        self._jobs.append(job)
        job.events.connect(partial(self._pass_on, job))
        job.finished.connect(finished)
        job.failed.connect(failed or self.failed)
        if cancelled:
            job.cancelled.connect(cancelled)
        job.ended.connect(lambda: self._ended(job))
        self.changed.emit(self.name)

    def _pass_on(self, job: Job, events: list[object]) -> None:
        for stage in [event for event in events if isinstance(event, Stage)][-1:]:
            self._stage[job] = stage.text
            self.changed.emit(self.name)
        for first in [event for event in events if isinstance(event, FirstPictures)][-1:]:
            self.first_pictures.emit(first)
        for progress in [event for event in events if isinstance(event, Progress)][-1:]:
            self.progress.emit(progress)

    def _ended(self, job: Job) -> None:
        self._jobs.remove(job)
        self._stage.pop(job, None)
        self.changed.emit(self.name)
