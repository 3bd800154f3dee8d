"""Ctrl+C while a run is going on."""

import signal
from types import FrameType

from vera_studio.cli.terminal import tell


class StopOnInterrupt:
    """While entered, the first Ctrl+C asks the run to stop and a second one breaks it off."""

    def __init__(self) -> None:
        self._asked = False

    def asked(self) -> bool:
        return self._asked

    def __enter__(self) -> None:
        self._previous = signal.signal(signal.SIGINT, self._stop)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        tell("", "Stopping; what was trained so far is kept.")
