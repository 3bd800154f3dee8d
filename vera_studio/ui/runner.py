"""The only owner of threads: runs plain functions beside the window and tells how they go."""

import gc
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QObject, QThread, QTimer, Signal

from vera_studio.errors import Cancelled
from vera_studio.errors import ShouldStop as ShouldStop

_DELIVERY_MILLISECONDS = 100  # ten times a second: live to the eye, cheap for the window
# macOS gives threads other than the first 512 KB, too little for torch's recursions.
_STACK_BYTES = 16 * 1024 * 1024

OnEvent = Callable[[object], None]
Function = Callable[[OnEvent, ShouldStop], Any]


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
    """

    events = Signal(list)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    ended = Signal()

    def __init__(self, function: Function, name: str, runner: "Runner") -> None:
        # A child of the application, which outlives it: left to the garbage collector it might
        # be deleted on another thread, and a slot of its own may hold the runner's last
        # reference, so that the runner as its parent would delete it a second time.
        super().__init__(QCoreApplication.instance())
        self._name = name
        self._outbox: deque[object] = deque()
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._asked_to_stop = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._over = False
        self._thread = _Thread(self._work, function, self)
        # From the worker's thread to the runner's: Qt queues it.
        self._thread.finished.connect(runner.deliver)
        self._thread.start()

    @property
    def name(self) -> str:
        """What the job does, for a person to read."""
        return self._name

    @property
    def paused(self) -> bool:
        """Whether the function is held where it next asks `should_stop`."""
        return not self._may_go_on.is_set()

    @property
    def running(self) -> bool:
        """Whether the function has not returned yet; a paused one is running."""
        return not self._over

    def cancel(self) -> None:
        """Have `should_stop` answer yes from now on; also ends a pause."""
        self._asked_to_stop = True
        self._may_go_on.set()

    def pause(self) -> None:
        """Hold the function where it next asks `should_stop`, until resumed or cancelled."""
        if not self._asked_to_stop:
            self._may_go_on.clear()

    def resume(self) -> None:
        """Let a paused function go on."""
        self._may_go_on.set()

    def deliver_events(self) -> None:
        """Emit what was reported so far; for the runner."""
        # Counted before, lest a function that reports without a break holds the window here.
        events = [self._outbox.popleft() for _ in range(len(self._outbox))]
        if events:
            self.events.emit(events)

    def deliver_outcome(self) -> None:
        """Emit how the job, no longer running, ended, and have it deleted; for the runner."""
        self._thread.wait()
        # Else whoever keeps the job would keep the data that its function was given. It lives
        # on as the job's child: this may be a slot of its own signal.
        del self._thread
        result, error, self._result, self._error = self._result, self._error, None, None
        match error:
            case None:
                self.finished.emit(result)
            case Cancelled():
                self.cancelled.emit()
            case _:
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


class _Garbage:
    """While jobs go on, Python's cyclic garbage is collected on the GUI thread alone.

    It would be collected on whichever thread makes something new, and a widget or any other
    object of Qt's among it would be destroyed there, which ends the process.
    """

    def __init__(self) -> None:
        self._held: set[int] = set()  # runners with jobs

    def hold(self, runner: "Runner") -> None:
        """Let no other thread collect while `runner` has jobs."""
        self._held.add(id(runner))
        gc.disable()

    def collect(self) -> None:
        """Collect what Python would have by now; on the GUI thread."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation] > 0:
                gc.collect(generation)
                return

    def release(self, runner: "Runner") -> None:
        """The jobs of `runner` have ended."""
        self._held.discard(id(runner))
        if not self._held:
            gc.enable()


_garbage = _Garbage()


class Runner(QObject):
    """Starts jobs, delivers what they tell, and keeps them until they have ended.

    It must outlive its threads: call `cancel_all` and `wait` before letting go of it.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._timer = QTimer(self)
        self._timer.setInterval(_DELIVERY_MILLISECONDS)
        self._timer.timeout.connect(self.deliver)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that have not told their outcome yet, the oldest first."""
        return tuple(self._jobs)

    def start(self, function: Function, *, name: str) -> Job:
        """Call `function(on_event, should_stop)` on a thread of its own.

        Args:
            function: plain Python that touches no widget. It reports any value with
                `on_event`, and asks `should_stop` now and then, which waits while the job is
                paused; told yes, it returns what it has or raises `Cancelled`.
            name: what it does, for a person to read.
        """
        _garbage.hold(self)
        job = Job(function, name, self)
        self._jobs.append(job)
        self._timer.start()
        return job

    def cancel_all(self) -> None:
        """Ask every job to stop."""
        for job in self._jobs:
            job.cancel()

    def wait(self, milliseconds: int) -> bool:
        """Block until all jobs have ended and told so, those they lead to included.

        Args:
            milliseconds: how long at most; -1 for as long as it takes.

        Returns:
            Whether all have ended.
        """
        deadline = QDeadlineTimer(milliseconds)
        while self._jobs and self._jobs[0].wait(deadline):
            self.deliver()
        return not self._jobs

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
        if not self._jobs:
            self._timer.stop()
            _garbage.release(self)
