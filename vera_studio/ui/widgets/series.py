"""The points of one curve: a million of them at little cost, thinned out for drawing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FIRST_CAPACITY = 256


class Series:
    """Points with ascending x in buffers that double when they are full."""

    def __init__(self) -> None:
        self._buffer = np.empty((2, _FIRST_CAPACITY))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def xs(self) -> NDArray[np.float64]:
        """All x (count,), a view."""
        return self._buffer[0, : self._count]

    @property
    def ys(self) -> NDArray[np.float64]:
        """All y (count,), a view."""
        return self._buffer[1, : self._count]

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
        end = self._count + len(new_x)
        if end > self._buffer.shape[1]:
            grown = np.empty((2, max(end, 2 * self._buffer.shape[1])))
            grown[:, : self._count] = self._buffer[:, : self._count]
            self._buffer = grown
        self._buffer[0, self._count : end] = new_x
        self._buffer[1, self._count : end] = new_y
        self._count = end

    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Least and greatest x, and least and greatest y; None without a finite point."""
        finite = np.isfinite(self.ys)
        if not finite.any():
            return None
        ys = self.ys[finite]
        return (float(self.xs[0]), float(self.xs[-1])), (float(ys.min()), float(ys.max()))

    def thinned(
        self, left: float, right: float, buckets: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The points from `left` to `right` and one beyond either end, for drawing.

        More than `buckets` x 2 points are thinned: of each bucket of neighbours only the
        least and the greatest y are kept, so that no peak gets lost.
        """
        first = max(int(np.searchsorted(self.xs, left)) - 1, 0)
        last = min(int(np.searchsorted(self.xs, right, side="right")) + 1, self._count)
        xs, ys = self.xs[first:last], self.ys[first:last]
        if len(xs) <= 2 * buckets:
            return xs.copy(), ys.copy()
        starts = np.linspace(0, len(xs), buckets, endpoint=False).astype(int)
        thin_x = np.repeat(xs[starts], 2)
        thin_y = np.empty(2 * buckets)
        thin_y[0::2] = np.fmin.reduceat(ys, starts)
        thin_y[1::2] = np.fmax.reduceat(ys, starts)
        return thin_x, thin_y

    def nearest(self, x: float) -> tuple[float, float] | None:
        """The point whose x is nearest to `x`; None without points."""
        if not self._count:
            return None
        after = int(np.searchsorted(self.xs, x))
        near = [i for i in (after - 1, after) if 0 <= i < self._count]
        best = min(near, key=lambda i: abs(float(self.xs[i]) - x))
        return float(self.xs[best]), float(self.ys[best])
