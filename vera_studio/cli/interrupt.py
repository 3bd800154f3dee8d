"""Ctrl+C, a request to end and a terminal that is gone: whatever goes on ends in order."""

import signal
from types import FrameType
from typing import Any

from vera_studio.cli.terminal import tell
from vera_studio.errors import Cancelled

# Windows has no SIGHUP.
_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Interrupted(KeyboardInterrupt):
    """A signal ended the program; raised wherever it is, so that no half of a file stays behind."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = 128 + number  # what a shell gives a program that a signal ended


class _Signals:
    """While entered, the signals that end a program call `_take`."""

    def __enter__(self) -> None:
        handlers = {number: signal.getsignal(number) for number in _SIGNALS}
        # What is ignored, as nohup has it with SIGHUP, stays so.
        self._before = {n: one for n, one in handlers.items() if one is not signal.SIG_IGN}
        for number in self._before:
            signal.signal(number, self._take)

    def __exit__(self, kind: type[BaseException] | None, error: Any, traceback: Any) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)


class Interruptible(_Signals):
    """While entered, each of the signals raises `Interrupted`."""


class StopOnSignal(_Signals):
    """While entered, the first signal asks a run to stop and a second one breaks it off.

    Left after a signal, or with the `Cancelled` that it led to, it raises `Interrupted`: what is
    to be told of the run is told before.

    Attributes:
        tells: whether it says that a signal came.
    """

    tells = True

    def __init__(self, kept: str) -> None:
        """Begin without a signal; `kept` says what stopping keeps."""
        self._number = 0
        self._told = False
        self._kept = kept

    def asked(self) -> bool:
        """Whether a signal came; says so the first time."""
        # Not from the handler, which may have broken into another line being printed.
        if self._number and self.tells and not self._told:
            self._told = True
            tell("", f"Stopping; {self._kept}")
        return self._number > 0

    def __exit__(self, kind: type[BaseException] | None, error: Any, traceback: Any) -> None:
        super().__exit__(kind, error, traceback)
        if self._number and (error is None or isinstance(error, Cancelled)):
            raise Interrupted(self._number) from None

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._number:
            raise Interrupted(number)
        self._number = number
