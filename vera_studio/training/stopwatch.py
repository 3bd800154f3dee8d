"""Time that a run spent working."""

import time
from collections.abc import Callable

# Nobody looks at the clock for longer only while the machine sleeps: no batch takes so long. Linux
# and macOS leave sleep out by themselves; Windows, and a process that was halted, do not.
_ASLEEP_SECONDS = 300.0


class Stopwatch:
    """Counts seconds since it was made, without those spent in `outside` or asleep."""

    def __init__(self, before: float = 0.0) -> None:
        """Begin with the seconds `before`, of a run that goes on."""
        self._looked = time.perf_counter()
        self._worked = before

    def seconds(self) -> float:
        """Seconds of work so far."""
        now = time.perf_counter()
        passed, self._looked = now - self._looked, now
        if 0 < passed < _ASLEEP_SECONDS:
            self._worked += passed
        return self._worked

    def outside(self, ask: Callable[[], bool]) -> bool:
        """Call `ask`, which may wait for the user, off the clock."""
        self.seconds()
        answer = ask()
        self._looked = time.perf_counter()
        return answer
