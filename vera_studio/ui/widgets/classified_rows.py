"""What a network said of many pictures, and what a person says of them; sorted and filtered.

Arrays of NumPy throughout: of 100,000 pictures the order is found in some hundredths of a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

COLUMNS = PICTURE, FILE, CLASS, SHARE, STATE, SECOND = range(6)
NOBODY = -1  # the class that a person has not given
Which = Literal["all", "unsure", "corrected"]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class View:
    """Which pictures are shown, and in what order."""

    column: int = FILE  # one of COLUMNS
    is_descending: bool = False
    class_index: int | None = None  # None for all
    which: Which = "all"
    text: str = ""  # somewhere in the file's name, capitals or not


class ClassifiedRows:
    """Grows row by row; a row's id is its number as they came.

    Attributes:
        class_names: the network's, in its order.
        files: below their folder, one a row.
        threshold: share below which a picture is unsure, unless a person gave it a class.
    """

    def __init__(self, class_names: Sequence[str] = (), told: int = 5) -> None:
        """Begin without a picture; of each, `told` classes will be told at most."""
        self.class_names = tuple(class_names)
        self.files: list[str] = []
        self.threshold = 0.0
        most = min(told, len(self.class_names))
        self._told = np.empty((0, most), dtype=np.int32)
        self._shares = np.empty((0, most), dtype=np.float32)
        self._given = np.empty(0, dtype=np.int32)
        names = [name.casefold() for name in self.class_names]
        self._rank = np.empty(len(names), dtype=np.int32)  # of each class by its name
        self._rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))

    def __len__(self) -> int:
        return len(self.files)

    def add(
        self, files: Sequence[str], told: NDArray[np.integer], shares: NDArray[np.floating]
    ) -> None:
        """Take so many pictures more.

        Args:
            files: of the pictures.
            told: (n, k) classes, the likeliest first.
            shares: (n, k) of these, 0 to 1.
        """
        start, end = len(self.files), len(self.files) + len(files)
        if end > len(self._given):  # twice the room, so that most of the time none is copied
            room = max(end, 2 * len(self._given), 1024)
            self._told = _grown(self._told, room)
            self._shares = _grown(self._shares, room)
            self._given = _grown(self._given, room)
        self._told[start:end], self._shares[start:end] = told, shares
        self._given[start:end] = NOBODY
        self.files += files

    def copy(self) -> "ClassifiedRows":
        """The rows as they are now, for a thread to read while others come."""
        copied = ClassifiedRows(self.class_names)
        copied.threshold = self.threshold
        copied.add(self.files, self._told[: len(self)], self._shares[: len(self)])
        copied._given = self._given[: len(self)].copy()
        return copied

    def told(self, row: int) -> list[tuple[int, float]]:
        """The likeliest classes of a picture with their shares, the most first."""
        return list(zip(self._told[row].tolist(), self._shares[row].tolist(), strict=True))

    def given(self, row: int) -> int:
        """The class that a person gave a picture, or `NOBODY`."""
        return int(self._given[row])

    def class_of(self, row: int) -> int:
        """The class that a person gave a picture, else the likeliest."""
        return self.given(row) if self.given(row) != NOBODY else int(self._told[row, 0])

    def is_unsure(self, row: int) -> bool:
        """Whether the network is, and nobody has said what it is."""
        return self.given(row) == NOBODY and bool(self._shares[row, 0] < self.threshold)

    def give(self, rows: Sequence[int] | Ids, class_index: int) -> None:
        """Have pictures be of a class, whatever the network says; of its own with `NOBODY`."""
        self._given[np.asarray(rows, dtype=np.int64)] = class_index

    def confirm(self, rows: Sequence[int] | Ids) -> None:
        """Have pictures be of the classes that they are taken for."""
        wanted = np.asarray(rows, dtype=np.int64)
        self._given[wanted] = self.classes()[wanted]

    def classes(self) -> Ids:
        """(n,): the class of each picture, as `class_of` has it."""
        given, told = self._given[: len(self)], self._told[: len(self)]
        best = told[:, 0] if told.shape[1] else given
        return np.where(given != NOBODY, given, best).astype(np.int64)

    def unsure(self) -> NDArray[np.bool_]:
        """(n,): whether each is unsure, as `is_unsure` has it."""
        shares = self._shares[: len(self), :1]
        return (self._given[: len(self)] == NOBODY) & (shares < self.threshold).any(axis=1)

    def corrected(self) -> NDArray[np.bool_]:
        """(n,): whether a person gave each a class."""
        return self._given[: len(self)] != NOBODY

    def ids(self, view: View, first: int = 0) -> Ids:
        """The rows that `view` shows, from the row `first` on, in its order."""
        shown = np.ones(len(self), dtype=np.bool_)
        if view.which != "all":
            shown &= self.unsure() if view.which == "unsure" else self.corrected()
        if view.class_index is not None:
            shown &= self.classes() == view.class_index
        if text := view.text.strip().casefold():
            shown &= np.fromiter((text in name.casefold() for name in self.files), np.bool_)
        shown[:first] = False
        found = np.flatnonzero(shown)
        keys = self._keys(view.column)[found]
        return found[np.argsort(-keys if view.is_descending else keys, kind="stable")]

    def _keys(self, column: int) -> NDArray[np.float64]:
        """What the pictures are sorted by: numbers; files come sorted."""
        if not len(self) or column in (PICTURE, FILE):
            return np.arange(len(self), dtype=np.float64)
        if column == CLASS:
            return self._rank[self.classes()].astype(np.float64)
        if column == STATE:
            return np.where(self.corrected(), 2.0, self.unsure().astype(np.float64))
        if column == SECOND:
            second = self._rank[self._told[: len(self), 1:2]].astype(np.float64)
            return second[:, 0] if second.shape[1] else np.zeros(len(self))
        return self._shares[: len(self), 0].astype(np.float64)


def _grown(array: NDArray[Any], room: int) -> NDArray[Any]:
    """`array` with more rows, whose content is arbitrary."""
    grown = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
