"""The points of one curve: a million of them at the cost of a thousand, thinned for drawing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FIRST_CAPACITY = 256
_BLOCK = 16  # entries of a level that one entry of the next level stands for
_MOST = 2**17  # points that are kept, some 2 MB: 500 for each pixel of a wide plot
_FOUR = 4  # neighbours of which two are kept when there are more

Floats = NDArray[np.float64]


class Series:
    """Points with ascending x, as many as can be told apart.

    Where more come in, of each four neighbours the least and the greatest y are kept, all over
    the curve: it takes no more memory however long it grows, and no peak gets lost.

    Beside the points there are levels of extremes: the least and the greatest y of every block
    of 16 points, of every block of 16 such blocks, and so on. What is drawn is made from the
    level that is just fine enough, so that drawing costs the same however many points there are.
    """

    def __init__(self) -> None:
        self._points = _Columns()
        self._levels: list[_Columns] = []
        self._low, self._high = np.inf, -np.inf

    def __len__(self) -> int:
        return self._points.count

    @property
    def xs(self) -> Floats:
        """All x (count,), a view."""
        return self._points.first

    @property
    def ys(self) -> Floats:
        """All y (count,), a view."""
        return self._points.second

    def append(self, xs: ArrayLike | Sequence[float], ys: ArrayLike | Sequence[float]) -> None:
        """Add points; a y that is not finite leaves a gap in the curve.

        Raises:
            ValueError: not as many x as y, or an x that is not greater than the one before.
        """
        new_x, new_y = np.asarray(xs, dtype=float), np.asarray(ys, dtype=float)
        if new_x.ndim != 1 or new_x.shape != new_y.shape:
            raise ValueError(f"x of shape {new_x.shape} and y of shape {new_y.shape} do not match")
        with_last = np.concatenate((self.xs[-1:], new_x))
        if not np.all(np.diff(with_last) > 0):
            raise ValueError("each x must be greater than the one before")
        self._points.write(self._points.count, new_x, new_y)
        finite = new_y[np.isfinite(new_y)]
        if len(finite):
            self._low = min(self._low, float(finite.min()))
            self._high = max(self._high, float(finite.max()))
        self._bring_levels_up_to_date()
        while len(self) > _MOST:
            self._halve()

    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Least and greatest x, and least and greatest y; None without a finite point."""
        if self._low > self._high:
            return None
        return (float(self.xs[0]), float(self.xs[-1])), (self._low, self._high)

    def thinned(self, left: float, right: float, buckets: int) -> tuple[Floats, Floats]:
        """The points from `left` to `right` and one or more beyond either end, for drawing.

        More than `buckets` x 2 points are thinned: of each bucket of neighbours only the
        least and the greatest y are kept, so that no peak gets lost. They stand at its first and
        its middle x, in the order that follows the curve.
        """
        first = max(int(np.searchsorted(self.xs, left)) - 1, 0)
        last = min(int(np.searchsorted(self.xs, right, side="right")) + 1, len(self))
        if last - first <= 2 * buckets:
            return self.xs[first:last].copy(), self.ys[first:last].copy()
        low, high, size = self._extremes(last - first, buckets)
        start, end = first // size, -(-last // size)
        starts = start + np.linspace(0, end - start, buckets, endpoint=False).astype(int)
        least = np.fmin.reduceat(low[start:end], starts - start)
        greatest = np.fmax.reduceat(high[start:end], starts - start)
        ends = np.append(starts[1:], end)
        first_points, last_points = starts * size, np.minimum(ends * size, len(self)) - 1
        falls = self.ys[first_points] > self.ys[last_points]
        thin_x, thin_y = np.empty(2 * buckets), np.empty(2 * buckets)
        thin_x[0::2] = self.xs[first_points]
        thin_x[1::2] = self.xs[(first_points + last_points + 1) // 2]
        thin_y[0::2] = np.where(falls, greatest, least)
        thin_y[1::2] = np.where(falls, least, greatest)
        return thin_x, thin_y

    def nearest(self, x: float) -> tuple[float, float] | None:
        """The point whose x is nearest to `x`; None without points."""
        if not len(self):
            return None
        after = int(np.searchsorted(self.xs, x))
        near = [i for i in (after - 1, after) if 0 <= i < len(self)]
        best = min(near, key=lambda i: abs(float(self.xs[i]) - x))
        return float(self.xs[best]), float(self.ys[best])

    def _extremes(self, points: int, buckets: int) -> tuple[Floats, Floats, int]:
        """Least and greatest y of the largest blocks that still make two a bucket, and their size.

        One point is its own least and greatest.
        """
        low, high, size = self.ys, self.ys, 1
        for level in self._levels:
            if points // (size * _BLOCK) < 2 * buckets:
                break
            low, high, size = level.first, level.second, size * _BLOCK
        return low, high, size

    def _halve(self) -> None:
        """Keep two of four neighbours, but for the first and the last ones."""
        end = len(self) - len(self) % _FOUR - _FOUR
        xs, ys = self.xs, self.ys
        fours = ys[_FOUR:end].reshape(-1, _FOUR)  # (blocks, 4)
        # Gaps are the first to go; of four gaps, or of equals, the outer ones stay.
        least = np.where(np.isnan(fours), np.inf, fours).argmin(axis=1)
        greatest = _FOUR - 1 - np.where(np.isnan(fours), -np.inf, fours)[:, ::-1].argmax(axis=1)
        two = np.sort(np.stack([least, greatest], axis=1), axis=1)  # (blocks, 2)
        two[two[:, 0] == two[:, 1]] = 0, _FOUR - 1
        kept = (np.arange(_FOUR, end, _FOUR)[:, None] + two).ravel()
        kept = np.concatenate((np.arange(_FOUR), kept, np.arange(end, len(self))))
        self._points, self._levels = _Columns(), []
        self._points.write(0, xs[kept], ys[kept])
        self._bring_levels_up_to_date()

    def _bring_levels_up_to_date(self) -> None:
        """Make each level anew from the first block that was not full before."""
        low, high = self.ys, self.ys
        for level in self._levels:
            low, high = _update(level, low, high)
        while len(low) > _BLOCK:
            self._levels.append(_Columns())
            low, high = _update(self._levels[-1], low, high)


class _Columns:
    """Two columns of equal length in one buffer that doubles when it is full."""

    def __init__(self) -> None:
        self._buffer = np.empty((2, _FIRST_CAPACITY))
        self.count = 0

    @property
    def first(self) -> Floats:
        return self._buffer[0, : self.count]

    @property
    def second(self) -> Floats:
        return self._buffer[1, : self.count]

    def write(self, start: int, first: Floats, second: Floats) -> None:
        """Let the columns end with these values, from row `start` on."""
        end = start + len(first)
        if end > self._buffer.shape[1]:
            grown = np.empty((2, max(end, 2 * self._buffer.shape[1])))
            grown[:, :start] = self._buffer[:, :start]
            self._buffer = grown
        self._buffer[0, start:end] = first
        self._buffer[1, start:end] = second
        self.count = end


def _update(level: _Columns, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Make the last entry of `level`, and those that are missing, from the level below."""
    start = max(level.count - 1, 0)
    blocks = np.arange(start * _BLOCK, len(low), _BLOCK)
    if len(blocks):
        below = blocks[0]
        level.write(
            start,
            np.fmin.reduceat(low[below:], blocks - below),
            np.fmax.reduceat(high[below:], blocks - below),
        )
    return level.first, level.second
