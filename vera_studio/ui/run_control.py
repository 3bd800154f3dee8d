"""The one run: started, paused, stopped, and what it tells."""

import enum
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from vera_studio.errors import Cancelled
from vera_studio.runs.events import RunResult
from vera_studio.ui.runner import Job, OnEvent, Runner, ShouldStop


class RunState(enum.Enum):
    """Where the run is."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


class RunControl(QObject):
    """Holds the run that goes on, if any.

    Signals:
        state_changed(RunState): the run started, paused, went on, is stopping or ended.
        events(list): what the run reported since the last time, in order.
        finished(RunResult): it ended and is to be kept, stopped or not.
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
        self.state = RunState.IDLE
        self._runner = runner
        self._job: Job | None = None
        self._folder: Path | None = None
        self._discard, self._is_new = False, True

    def start(self, function: Callable[..., Any], folder: Path, is_new: bool = True) -> None:
        """Run `function(on_event, should_stop)`, which trains and leaves its files in `folder`.

        Of a run that is not new but goes on, nothing is deleted when it is discarded.
        """
        self._discard, self._is_new = False, is_new
        self._folder = folder

        def give_up_or(on_event: OnEvent, should_stop: ShouldStop) -> Any:
            def asked() -> bool:
                stops = should_stop()
                if stops and self._discard:
                    raise Cancelled  # what is thrown away is not measured first
                return stops

            return function(on_event, asked)

        self._job = job = self._runner.start(give_up_or, name="Fine-tuning")
        job.events.connect(self.events)
        job.finished.connect(self._finished)
        job.failed.connect(self.failed)
        job.cancelled.connect(self._cancelled)
        job.ended.connect(self._ended)
        self._set_state(RunState.RUNNING)
        self.message.emit("Fine-tuning started.")

    def pause(self) -> None:
        """Hold the run before its next step."""
        if self._job and self.state is RunState.RUNNING:
            self._job.pause()
            self._set_state(RunState.PAUSED)

    def resume(self) -> None:
        """Let a paused run go on."""
        if self._job and self.state is RunState.PAUSED:
            self._job.resume()
            self._set_state(RunState.RUNNING)

    def stop(self, discard: bool = False) -> None:
        """End the run after its present step; what was trained is kept, or thrown away."""
        if self._job:
            self._discard = discard
            self._set_state(RunState.STOPPING)
            self._job.cancel()

    def _cancelled(self) -> None:
        if not self._discard:
            self.message.emit("Stopped before training began.")

    def _finished(self, result: RunResult) -> None:
        if not self._discard:
            self.finished.emit(result)

    def _ended(self) -> None:
        if self._discard and not self._is_new:
            self.message.emit("Fine-tuning stopped; the run can go on another time.")
        elif self._discard and self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self.message.emit("Fine-tuning stopped; the run was discarded.")
        self._job = None
        self._set_state(RunState.IDLE)

    def _set_state(self, state: RunState) -> None:
        self.state = state
        self.state_changed.emit(state)
