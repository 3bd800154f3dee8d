"""Time that a run spent working."""

import time
from collections.abc import Callable


class Stopwatch:
    """Counts seconds since it was made, without those spent in `outside`."""

    def __init__(self, before: float = 0.0) -> None:
        """Begin with the seconds `before`, of a run that goes on."""
        self._start = time.perf_counter() - before
        self._outside = 0.0

    def seconds(self) -> float:
        """Seconds of work so far."""
        return time.perf_counter() - self._start - self._outside

    def outside(self, ask: Callable[[], bool]) -> bool:
        """Call `ask`, which may wait for the user, off the clock."""
        before = time.perf_counter()
        answer = ask()
        self._outside += time.perf_counter() - before
        return answer
