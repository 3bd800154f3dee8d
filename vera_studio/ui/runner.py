"""The only owner of threads: runs plain functions beside the window and tells how they go."""

import enum
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QObject, QThread, QTimer, Signal

from vera_studio.errors import Cancelled
from vera_studio.errors import ShouldStop as ShouldStop
from vera_studio.ui.garbage import Garbage

_DELIVERY_MILLISECONDS = 100  # ten times a second: live to the eye, cheap for the window
_PATIENCE_MILLISECONDS = 700  # with a job that was told to stop: it is to end within a second
# macOS gives threads other than the first 512 KB, too little for torch's recursions.
_STACK_BYTES = 16 * 1024 * 1024

OnEvent = Callable[[object], None]
Function = Callable[[OnEvent, ShouldStop], Any]


class JobState(enum.Enum):
    """Where a job is; the last three are how it ended."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Handling:
    """How a job is to be treated while it goes on."""

    can_stop: bool = True  # by the user; closing the window stops any
    can_pause: bool = False
    is_main: bool = False  # a run or a comparison: what the window's title tells of
    is_saving: bool = False  # what it makes would be lost: closing waits for it
    at_once: bool = False  # to be shown from its beginning; others only if they take long
    is_quiet: bool = False  # nobody waits for it, as for thumbnails: never shown
    # Whether, told to stop, it is left to itself after a moment, in a call that asks nothing:
    # then nothing comes of it, and all that may have to be waited for is the end of its thread.
    may_be_left: bool = True


class _Thread(QThread):
    """Calls one function; apart from Job, whose `finished` differs from a thread's."""

    def __init__(
        self, body: Callable[[Function], None], function: Function, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.setStackSize(_STACK_BYTES)
        self._body = body
        self._function = function

    def run(self) -> None:
        self._body(self._function)


class Job(QObject):
    """One function on a thread; made by `Runner.start`.

    All signals arrive on the GUI thread, from its event loop or from `Runner.wait`, so that
    none is missed by connecting right after `start`. After `ended` the job is deleted.

    Signals:
        events(list): what the function reported since the last time, in order.
        finished(object): the function returned this, whether it was asked to stop or not.
        failed(BaseException): the function raised this, traceback included.
        cancelled(): the function raised `Cancelled`.
        ended(): always the last, after one of the three above.
        state_changed(JobState): it was paused, resumed or asked to stop.
    """

    events = Signal(list)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    ended = Signal()
    state_changed = Signal(object)

    def __init__(self, function: Function, name: str, handling: Handling, runner: "Runner") -> None:
        # A child of the application, which outlives it: left to the garbage collector it might
        # be deleted on another thread, and a slot of its own may hold the runner's last
        # reference, so that the runner as its parent would delete it a second time.
        super().__init__(QCoreApplication.instance())
        self._name = name
        self.handling = handling
        self._state = JobState.RUNNING
        self._outbox: deque[object] = deque()
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._asked_to_stop = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._over = False
        self._patience: QDeadlineTimer | None = None  # once it was asked to stop
        self._thread = _Thread(self._work, function, self)
        # From the worker's thread to the runner's: Qt queues it.
        self._thread.finished.connect(runner.deliver)
        self._thread.start()

    @property
    def name(self) -> str:
        """What the job does, for a person to read."""
        return self._name

    @property
    def state(self) -> JobState:
        """Where it is, as far as the GUI thread was told."""
        return self._state

    @property
    def paused(self) -> bool:
        """Whether the function is held where it next asks `should_stop`."""
        return self._state is JobState.PAUSED

    @property
    def running(self) -> bool:
        """Whether the function has not returned yet; a paused one is running."""
        return not self._over

    def cancel(self) -> None:
        """Have `should_stop` answer yes from now on; also ends a pause."""
        self._asked_to_stop = True
        self._may_go_on.set()
        self._patience = self._patience or QDeadlineTimer(_PATIENCE_MILLISECONDS)
        if self._state in (JobState.RUNNING, JobState.PAUSED):
            self._set_state(JobState.STOPPING)

    def pause(self) -> None:
        """Hold the function where it next asks `should_stop`, until resumed or cancelled."""
        if self._state is JobState.RUNNING:
            self._may_go_on.clear()
            self._set_state(JobState.PAUSED)

    def resume(self) -> None:
        """Let a paused function go on."""
        if self._state is JobState.PAUSED:
            self._may_go_on.set()
            self._set_state(JobState.RUNNING)

    def _set_state(self, state: JobState) -> None:
        self._state = state
        self.state_changed.emit(state)

    def deliver_events(self) -> None:
        """Emit what was reported so far; for the runner."""
        # Counted before, lest a function that reports without a break holds the window here.
        events = [self._outbox.popleft() for _ in range(len(self._outbox))]
        if events:
            self.events.emit(events)

    @property
    def is_overdue(self) -> bool:
        """Whether it was asked to stop, has not done so for a moment, and may be left."""
        late = self._patience is not None and self._patience.hasExpired()
        return late and self.handling.may_be_left

    def leave(self) -> None:
        """Tell that it was cancelled, though its thread is still busy; for the runner."""
        self._state = JobState.STOPPED
        self.cancelled.emit()
        self.ended.emit()

    def bury(self) -> None:
        """Have it, no longer running and left before, deleted; for the runner."""
        self._thread.wait()
        del self._thread
        self._result = self._error = None
        self.deleteLater()

    def deliver_outcome(self) -> None:
        """Emit how the job, no longer running, ended, and have it deleted; for the runner."""
        self._thread.wait()
        # Else whoever keeps the job would keep the data that its function was given. It lives
        # on as the job's child: this may be a slot of its own signal.
        del self._thread
        result, error, self._result, self._error = self._result, self._error, None, None
        match error:
            case None:
                # One that was asked to stop may have come to its end before it heard of it.
                stopped = getattr(result, "stopped", self._asked_to_stop)
                self._state = JobState.STOPPED if stopped else JobState.FINISHED
                self.finished.emit(result)
            case Cancelled():
                self._state = JobState.STOPPED
                self.cancelled.emit()
            case _:
                self._state = JobState.FAILED
                self.failed.emit(error)
        self.ended.emit()
        self.deleteLater()

    def wait(self, deadline: QDeadlineTimer) -> bool:
        """Block until the thread is over or `deadline` has passed; whether it is over."""
        return self._thread.wait(deadline)

    def _work(self, function: Function) -> None:
        # On the worker's thread: touches plain values only, no signal and no other Qt.
        try:
            self._result = function(self._outbox.append, self._should_stop)
        except BaseException as error:  # SystemExit too would vanish with the thread
            self._error = error
        self._over = True

    def _should_stop(self) -> bool:
        self._may_go_on.wait()
        return self._asked_to_stop


_garbage = Garbage()
_USUAL = Handling()


class Runner(QObject):
    """Starts jobs, delivers what they tell, and keeps them until they have ended.

    It must outlive its threads: call `cancel_all` and `wait` before letting go of it.

    Signals:
        started(Job): another job goes on.
        delivered(): what has come in from all jobs was emitted, as some 10 times a second.
    """

    started = Signal(object)
    delivered = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._left: list[Job] = []  # told to stop, in the midst of what asks nothing
        self._timer = QTimer(self)
        self._timer.setInterval(_DELIVERY_MILLISECONDS)
        self._timer.timeout.connect(self.deliver)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that have not told their outcome yet, the oldest first."""
        return tuple(self._jobs)

    @property
    def unfinished(self) -> tuple[Job, ...]:
        """The jobs whose threads go on, those too that were left after they were told to stop."""
        return (*self._jobs, *self._left)

    def start(self, function: Function, *, name: str, handling: Handling = _USUAL) -> Job:
        """Call `function(on_event, should_stop)` on a thread of its own.

        Args:
            function: plain Python that touches no widget. It reports any value with
                `on_event`, and asks `should_stop` now and then, which waits while the job is
                paused; told yes, it returns what it has or raises `Cancelled`.
            name: what it does, for a person to read.
            handling: what the user may do with it.
        """
        _garbage.hold(self)
        job = Job(function, name, handling, self)
        self._jobs.append(job)
        self._timer.start()
        self.started.emit(job)
        return job

    def cancel_all(self) -> None:
        """Ask every job to stop, but for those that are saving."""
        for job in self.jobs:
            if not job.handling.is_saving:
                job.cancel()

    def wait(self, milliseconds: int) -> bool:
        """Block until all jobs have ended and told so, those they lead to included.

        Args:
            milliseconds: how long at most; -1 for as long as it takes.

        Returns:
            Whether all have ended.
        """
        deadline = QDeadlineTimer(milliseconds)
        while (going := self.unfinished) and going[0].wait(deadline):
            self.deliver()
        return not self.unfinished

    def deliver(self) -> None:
        """Emit what has come in from all jobs."""
        _garbage.collect()
        for job in self.jobs:
            running = job.running  # asked first: nothing is reported after the end
            if job in self._jobs:  # no longer, where a slot waited or ran an event loop
                job.deliver_events()
            if not running and job in self._jobs:
                self._jobs.remove(job)
                job.deliver_outcome()
            elif job.is_overdue and job in self._jobs:
                self._jobs.remove(job)
                self._left.append(job)
                job.leave()
        for job in [one for one in self._left if not one.running]:
            self._left.remove(job)
            job.bury()
        self.delivered.emit()
        if not self.unfinished:
            self._timer.stop()
            _garbage.release(self)
