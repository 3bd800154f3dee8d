"""The one comparison of methods: started, stopped, and what it tells."""

from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, Signal

from vera_studio import environment
from vera_studio.runs.comparison_results import Comparison, ComparisonSettings
from vera_studio.runs.run_folder import new_run_folder
from vera_studio.ui import jobs
from vera_studio.ui.runner import Job, Runner
from vera_studio.ui.workspace import Workspace


class ComparisonControl(QObject):
    """Holds the comparison that goes on, if any.

    Signals:
        state_changed(): it began, is stopping, or ended.
        events(list): what it reported since the last time, in order.
        finished(Comparison): it ended, stopped or not.
        failed(Exception): it ended with an error; what had finished is in its folder.
        message(str): something was done, in a sentence.
    """

    state_changed = Signal()
    events = Signal(list)
    finished = Signal(object)
    failed = Signal(object)
    message = Signal(str)

    def __init__(self, workspace: Workspace, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._runner = runner
        self._job: Job | None = None
        self._stopping = False

    @property
    def is_going(self) -> bool:
        """Whether a comparison goes on; one that is stopping does."""
        return self._job is not None

    @property
    def can_stop(self) -> bool:
        """Whether `stop` would do anything."""
        return self.is_going and not self._stopping

    def start(self, settings: ComparisonSettings) -> None:
        """Compare on the network and the images that are open, as the draft says."""
        workspace = self._workspace
        assert workspace.model is not None
        assert workspace.data is not None
        # Among the runs, but in a folder of their own: those are many, and of a kind.
        folder = new_run_folder(environment.runs_folder() / "comparisons", datetime.now())
        function = partial(
            jobs.compare, workspace.recipe, settings, folder, workspace.model, workspace.data
        )
        self._stopping = False
        self._job = job = self._runner.start(function, name="Comparing methods")
        job.events.connect(self.events)
        job.finished.connect(self._finished)
        job.failed.connect(self.failed)
        job.ended.connect(self._ended)
        self.state_changed.emit()
        self.message.emit(f"Comparing methods: {settings.runs} runs.")

    def stop(self) -> None:
        """End it after the present step; the runs that have finished are kept."""
        if self._job:
            self._stopping = True
            self._job.cancel()
            self.state_changed.emit()

    def _finished(self, comparison: Comparison) -> None:
        done = len(comparison.runs)
        if comparison.stopped:
            text = f"Comparison stopped; {done} of {comparison.total} runs are kept."
        else:
            text = f"Comparison finished: {done} runs."
        self.message.emit(text)
        self.finished.emit(comparison)

    def _ended(self) -> None:
        self._job = None
        self.state_changed.emit()
