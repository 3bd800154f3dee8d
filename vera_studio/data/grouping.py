"""Groups of pictures that look alike, by what a network sees in them.

The features of each picture are brought to one length, so that it counts what is in a picture and
not how much of it, and down to their main directions. Then Ward's method joins what is nearest
until all is one (Ward, J. Am. Stat. Assoc. 58, 1963, doi 10.1080/01621459.1963.10500845): from
that tree any number of groups follows at once, each within one of the fewer before. How pure
groups are on real photographs is in tests/benchmarks/RESULTS.md.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vera_studio.errors import Cancelled

_DIRECTIONS = 64
_MOST_FOR_DIRECTIONS = 5000  # pictures that they are found from
# Ward's method takes time and memory with the square of the number: 0.7 s and 50 MB of so many.
_MOST_JOINED = 3000
_CENTRES = 2000  # of more, that they are brought together to before, by k-means
_ROUNDS = 5  # of k-means
_Features = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Grouping:
    """How alike the pictures of a heap are.

    Attributes:
        features: (count, width) float32: the main directions of what is seen in each.
    """

    features: _Features
    _tree: NDArray[np.float64] | None  # of the leaves, as SciPy has it; None of fewer than two
    _leaf: NDArray[np.intp]  # (count,): the leaf that each picture belongs to

    def groups(self, count: int) -> NDArray[np.intp]:
        """The group of each picture: (pictures,), 0 to `count` - 1 or fewer.

        Groups that are alike follow one another, and hold what they hold with fewer groups, parted.
        """
        if self._tree is None or count < 2:
            return np.zeros(len(self._leaf), dtype=np.intp)
        from scipy.cluster.hierarchy import fcluster, leaves_list

        of_leaf = fcluster(self._tree, count, "maxclust")
        order = of_leaf[leaves_list(self._tree)]
        first = np.sort(np.unique(order, return_index=True)[1])
        number = np.empty(of_leaf.max() + 1, dtype=np.intp)
        number[order[first]] = np.arange(len(first))
        of_each: NDArray[np.intp] = number[of_leaf][self._leaf]
        return of_each

    def parted(
        self, members: NDArray[np.intp], should_stop: Callable[[], bool] = lambda: False
    ) -> NDArray[np.intp]:
        """Which of two groups, 0 or 1, each of `members` (pictures) is in, if they are parted.

        All are in one where they look the same.

        Raises:
            Cancelled: `should_stop` said so.
        """
        return _grouped(self.features[members], should_stop).groups(2)

    def typical_first(self, members: NDArray[np.intp]) -> NDArray[np.intp]:
        """`members` (pictures), those nearest to their mean first: what does not fit comes last."""
        own = self.features[members]
        distances = np.linalg.norm(own - own.mean(axis=0), axis=1)
        return members[np.argsort(distances, kind="stable")]


def proposed_groups(pictures: int) -> int:
    """How many groups to begin with: few to look through, and rather pure."""
    return max(1, min(round(math.sqrt(pictures)), pictures))


def group(features: _Features, should_stop: Callable[[], bool] = lambda: False) -> Grouping:
    """Find out how alike pictures are.

    Args:
        features: (count, width): what comes into the last layer of a network for each.
        should_stop: asked again and again.

    Raises:
        Cancelled: `should_stop` said so.
    """
    main = _main_directions(features)
    if should_stop():
        raise Cancelled
    return _grouped(main, should_stop)


def _grouped(main: _Features, should_stop: Callable[[], bool]) -> Grouping:
    """Main directions, (count, width), joined; by way of centres where there are many."""
    if len(main) <= _MOST_JOINED:
        return _joined(main)
    centres, nearest = _centres(main, should_stop)
    of_centres = _joined(centres)
    return Grouping(main, of_centres._tree, nearest)


def _joined(features: _Features) -> Grouping:
    from scipy.cluster.hierarchy import ward

    tree = ward(features.astype(np.float64)) if len(features) > 1 else None
    return Grouping(features, tree, np.arange(len(features)))


def _main_directions(features: _Features) -> _Features:
    """(count, width) -> (count, at most _DIRECTIONS), by principal components."""
    rows = np.nan_to_num(features, posinf=0, neginf=0)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(min=1e-12)
    rows -= rows.mean(axis=0)
    step = -(-len(rows) // _MOST_FOR_DIRECTIONS) or 1
    some = rows[::step]
    _, directions = np.linalg.eigh(some.T @ some)  # the largest last
    return np.ascontiguousarray(rows @ directions[:, : -_DIRECTIONS - 1 : -1], dtype=np.float32)


def _centres(
    features: _Features, should_stop: Callable[[], bool]
) -> tuple[_Features, NDArray[np.intp]]:
    """Centres that hold pictures, and the one that each picture is nearest to."""
    from scipy.cluster.vq import kmeans2

    drawn = np.random.default_rng(0).choice(len(features), _CENTRES, replace=False)
    centres, nearest = features[drawn], np.empty(0, dtype=np.intp)
    for _ in range(_ROUNDS):
        if should_stop():
            raise Cancelled
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a centre without pictures stays
            centres, nearest = kmeans2(features, centres, iter=1, minit="matrix")
    used, places = np.unique(nearest, return_inverse=True)
    return centres[used], places
