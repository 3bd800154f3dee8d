"""A mean that follows the newest values, for curves that jump from one point to the next."""

from collections.abc import Iterable

_WINDOWS = 50  # in all values: the more there are, the more of them the mean goes over
_SHORTEST, _LONGEST = 8, 100  # values in a window


class Smoothing:
    """An exponential mean that begins as the mean of the first values.

    Begun with the first value alone it would take a whole window to forget it.

    Args:
        values: how many there will be in all.
    """

    def __init__(self, values: int) -> None:
        self._weight = 2 / (min(max(values / _WINDOWS, _SHORTEST), _LONGEST) + 1)  # of the newest
        self._first: list[float] = []  # values, until there are enough to begin with
        self._needed = min(_SHORTEST, max(values, 1))
        self._mean: float | None = None

    def add(self, values: Iterable[float]) -> list[float]:
        """Smooth `values`; the result is for those held back before, too, once there are enough."""
        smoothed: list[float] = []
        for value in values:
            if self._mean is None:
                smoothed += self._begin(value)
            else:
                self._mean += self._weight * (value - self._mean)
                smoothed.append(self._mean)
        return smoothed

    def _begin(self, value: float) -> list[float]:
        self._first.append(value)
        if len(self._first) < self._needed:
            return []
        self._mean = sum(self._first) / len(self._first)
        return [self._mean] * len(self._first)
