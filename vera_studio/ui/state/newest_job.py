"""Work that is asked for faster than it can be done, as by a slider on its way."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from vera_studio.ui.runner import Function, Job, Runner

_Request = tuple[Function, Callable[[Any], None]]


class NewestJob(QObject):
    """One function goes and one waits at most, the newest; nothing else is kept from being done.

    Signals:
        events(list): what the newest reported since the last time, in order.
        failed(Exception): the newest failed.
        cancelled(): the user stopped the newest; nothing comes of it.
    """

    events = Signal(list)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, name: str, runner: Runner, parent: QObject | None = None) -> None:
        """Start nothing yet; `name` is what the job does, for a person to read."""
        super().__init__(parent)
        self._name, self._runner = name, runner
        self._job: Job | None = None
        self._is_wanted = False  # what comes of the one that goes
        self._waiting: _Request | None = None

    @property
    def is_going(self) -> bool:
        """Whether something is to come yet."""
        return self._is_wanted or self._waiting is not None

    def start(self, function: Function, then: Callable[[Any], None]) -> None:
        """Run `function` on a thread, in place of what waits, and give what it returns to `then`.

        The one that goes is out of date: it is told to stop, and nothing comes of it.
        """
        self._is_wanted, self._waiting = False, (function, then)
        if self._job is None:
            self._start_waiting()
        else:
            self._job.cancel()

    def forget(self) -> None:
        """Have nothing come of what was asked for; the one that goes is told to stop."""
        self._is_wanted, self._waiting = False, None
        if self._job is not None:
            self._job.cancel()

    def _start_waiting(self) -> None:
        if self._waiting is None:
            return
        (function, then), self._waiting, self._is_wanted = self._waiting, None, True
        self._job = job = self._runner.start(function, name=self._name)
        job.events.connect(self._pass_on)
        job.finished.connect(partial(self._tell, then))
        job.failed.connect(partial(self._tell, self.failed.emit))
        job.cancelled.connect(partial(self._tell, lambda _: self.cancelled.emit(), None))
        job.ended.connect(self._ended)

    def _pass_on(self, events: list[object]) -> None:
        if self._is_wanted:
            self.events.emit(events)

    def _tell(self, told: Callable[[Any], None], outcome: Any) -> None:
        if self._is_wanted:
            self._is_wanted = False
            told(outcome)

    def _ended(self) -> None:
        self._job, self._is_wanted = None, False  # it may have been broken off
        self._start_waiting()
