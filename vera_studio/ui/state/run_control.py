"""The one run and the one comparison: started, paused, stopped, and what they tell."""

import enum
import shutil
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from vera_studio import environment
from vera_studio.errors import Cancelled
from vera_studio.runs.comparison_results import Comparison, ComparisonSettings
from vera_studio.runs.events import RunResult
from vera_studio.runs.run_folder import new_run_folder
from vera_studio.ui.jobs import runs as run_jobs
from vera_studio.ui.jobs import training as training_jobs
from vera_studio.ui.runner import Function, Handling, Job, JobState, OnEvent, Runner, ShouldStop
from vera_studio.ui.state.workspace import Workspace

_MAIN = Handling(can_pause=True, is_main=True, at_once=True, may_be_left=False)


class RunState(enum.Enum):
    """Where a run or a comparison is."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


_STATES = {
    JobState.PAUSED: RunState.PAUSED,
    JobState.STOPPING: RunState.STOPPING,
}


class MainControl(QObject):
    """Holds the job that one waits for, if any: at most one of its kind goes on.

    Signals:
        state_changed(RunState): it started, paused, went on, is stopping or ended.
        events(list): what it reported since the last time, in order.
        finished(object): it ended and is to be kept, stopped or not.
        failed(Exception): it ended with an error.
        message(str): something was done, in a sentence.
    """

    state_changed = Signal(object)
    events = Signal(list)
    finished = Signal(object)
    failed = Signal(object)
    message = Signal(str)

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._job: Job | None = None

    @property
    def state(self) -> RunState:
        """Where it is; idle only once all is told of how it ended."""
        return (
            RunState.IDLE if self._job is None else _STATES.get(self._job.state, RunState.RUNNING)
        )

    @property
    def is_going(self) -> bool:
        """Whether it goes on; one that is stopping does."""
        return self._job is not None

    @property
    def can_stop(self) -> bool:
        """Whether `stop` would do anything."""
        return self.state in (RunState.RUNNING, RunState.PAUSED)

    def pause(self) -> None:
        """Hold it before its next step."""
        if self._job:
            self._job.pause()

    def resume(self) -> None:
        """Let it go on, if it is paused."""
        if self._job:
            self._job.resume()

    def stop(self) -> None:
        """End it after its present step; what was done is kept."""
        if self._job:
            self._job.cancel()

    def _begin(self, function: Function, name: str) -> Job:
        self._job = job = self._runner.start(function, name=name, handling=_MAIN)
        job.state_changed.connect(lambda _: self.state_changed.emit(self.state))
        job.events.connect(self.events)
        job.failed.connect(self.failed)
        return job

    def _end(self) -> None:
        self._job = None
        self.state_changed.emit(RunState.IDLE)


class RunControl(MainControl):
    """Holds the run that goes on, if any.

    Attributes:
        folder: of the run that goes on, or else the last one.
        writes_event_files: whether runs are told to TensorBoard too.
    """

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(runner, parent)
        self.folder: Path | None = None
        self.writes_event_files = False
        self._discard, self._is_new = False, True

    def start(
        self,
        function: Callable[..., Any],
        folder: Path,
        is_new: bool = True,
        title: str = "",
    ) -> None:
        """Run `function(on_event, should_stop)`, which trains and leaves its files in `folder`.

        Of a run that is not new but goes on, nothing is deleted when it is discarded. `title`
        says which of several it is.
        """
        if self.is_going:
            return
        self._discard, self._is_new = False, is_new
        self.folder = folder
        if self.writes_event_files:
            function = partial(run_jobs.with_event_files, function, folder)

        def give_up_or(on_event: OnEvent, should_stop: ShouldStop) -> Any:
            def asked() -> bool:
                stops = should_stop()
                if stops and self._discard:
                    raise Cancelled  # what is thrown away is not measured first
                return stops

            return function(on_event, asked)

        name = f"Fine-tuning {title}".strip()
        job = self._begin(give_up_or, name)
        job.finished.connect(self._finished)
        job.cancelled.connect(self._cancelled)
        job.ended.connect(self._ended)
        self.state_changed.emit(RunState.RUNNING)
        self.message.emit(f"{name} started.")

    def stop(self, discard: bool = False) -> None:
        """End the run after its present step; what was trained is kept, or thrown away."""
        self._discard = discard
        super().stop()

    def _cancelled(self) -> None:
        if not self._discard:
            self.message.emit("Stopped before training began.")

    def _finished(self, result: RunResult) -> None:
        if not self._discard:
            self.finished.emit(result)

    def _ended(self) -> None:
        if self._discard and not self._is_new:
            self.message.emit("Fine-tuning stopped; the run can go on another time.")
        elif self._discard and self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.message.emit("Fine-tuning stopped; the run was discarded.")
        self._end()


class ComparisonControl(MainControl):
    """Holds the comparison that goes on, if any; of one that fails the tables so far are kept."""

    def __init__(self, workspace: Workspace, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(runner, parent)
        self._workspace = workspace

    def start(self, settings: ComparisonSettings) -> None:
        """Compare on the network and the images that are open, as the draft says."""
        workspace = self._workspace
        assert workspace.model is not None
        assert workspace.data is not None
        # Among the runs, but in a folder of their own: those are many, and of a kind.
        folder = new_run_folder(environment.runs_folder() / "comparisons", datetime.now())
        function = partial(
            training_jobs.compare,
            workspace.recipe,
            settings,
            folder,
            workspace.model,
            workspace.data,
        )
        job = self._begin(function, "Comparing methods")
        job.finished.connect(self._finished)
        job.ended.connect(self._end)
        self.state_changed.emit(RunState.RUNNING)
        self.message.emit(f"Comparing methods: {settings.runs} runs.")

    def _finished(self, comparison: Comparison) -> None:
        done = len(comparison.runs)
        if comparison.stopped:
            text = f"Comparison stopped; {done} of {comparison.total} runs are kept."
        else:
            text = f"Comparison finished: {done} runs."
        self.message.emit(text)
        self.finished.emit(comparison)
