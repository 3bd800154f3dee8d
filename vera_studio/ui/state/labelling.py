"""Which pictures of a heap have been named, and in which groups the others wait; all undone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

UNNAMED, LEFT_OUT = -1, -2
_MOST_UNDONE = 100
_Numbers = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _State:
    """All of it at one moment; arrays are never changed in place."""

    classes: tuple[str, ...]
    given: _Numbers  # (pictures,): index of a class, UNNAMED or LEFT_OUT
    groups: _Numbers  # (pictures,)
    group_count: int  # that were asked for last
    told: str = ""  # what led to it


class Labelling:
    """Names that a person gives to pictures, which are numbers here.

    Nothing of it is written anywhere; `is_saved` tells whether it has to be.
    """

    def __init__(self, groups: Sequence[int], classes: Sequence[str] = ()) -> None:
        """Begin with nothing named.

        Args:
            groups: of each picture.
            classes: that are offered from the start.
        """
        own = np.asarray(groups, dtype=np.int32)
        given = np.full(len(own), UNNAMED, dtype=np.int32)
        self._now = self._saved = _State(tuple(classes), given, own, len(np.unique(own)))
        self._before: list[_State] = []
        self._after: list[_State] = []

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self._now.given)

    # What there is

    @property
    def classes(self) -> tuple[str, ...]:
        """The names, in the order in which they came up."""
        return self._now.classes

    @property
    def group_count(self) -> int:
        """How many groups were asked for last, those included in which nothing waits any more."""
        return self._now.group_count

    def of_class(self, index: int) -> list[int]:
        """The pictures that were given a class, or LEFT_OUT."""
        return _numbers(np.flatnonzero(self._now.given == index))

    def in_group(self, group: int) -> list[int]:
        """The pictures of a group that have no name yet."""
        now = self._now
        return _numbers(np.flatnonzero((now.groups == group) & (now.given == UNNAMED)))

    def waiting(self) -> dict[int, int]:
        """How many pictures without a name each group has, those that have some."""
        now = self._now
        groups, counts = np.unique(now.groups[now.given == UNNAMED], return_counts=True)
        return dict(zip(groups.tolist(), counts.tolist(), strict=True))

    @property
    def named(self) -> int:
        """How many pictures have a name."""
        return int((self._now.given >= 0).sum())

    @property
    def left_out(self) -> int:
        """How many pictures are to have none."""
        return int((self._now.given == LEFT_OUT).sum())

    def name_of(self, picture: int) -> str:
        """The class of a picture; empty where it has none."""
        index = int(self._now.given[picture])
        return self.classes[index] if index >= 0 else ""

    def group_of(self, picture: int) -> int:
        """The group of a picture, whether it has a name or not."""
        return int(self._now.groups[picture])

    def pairs(self) -> list[tuple[int, str]]:
        """Every named picture with its class."""
        named = _numbers(np.flatnonzero(self._now.given >= 0))
        return [(picture, self.name_of(picture)) for picture in named]

    # What is done

    def name(self, pictures: Sequence[int], class_name: str) -> None:
        """Give pictures a class, which may be new."""
        classes = self.classes
        if class_name not in classes:
            classes = (*classes, class_name)
        index = classes.index(class_name)
        self._give(pictures, index, classes, f"{_count(len(pictures))} named {class_name}")

    def leave_out(self, pictures: Sequence[int]) -> None:
        """Let pictures be of no class."""
        self._give(pictures, LEFT_OUT, self.classes, f"{_count(len(pictures))} left out")

    def take_names(self, pictures: Sequence[int]) -> None:
        """Have pictures wait in their groups again."""
        self._give(pictures, UNNAMED, self.classes, f"{_count(len(pictures))} without a name again")

    def move(self, pictures: Sequence[int], group: int) -> None:
        """Put pictures into another group, in which they wait for a name."""
        given, groups = self._now.given.copy(), self._now.groups.copy()
        given[list(pictures)], groups[list(pictures)] = UNNAMED, group
        told = f"{_count(len(pictures))} moved to group {group + 1}"
        self._become(replace(self._now, given=given, groups=groups, told=told))

    def split(self, pictures: Sequence[int]) -> int:
        """Put pictures into a group of their own; which that is."""
        group = int(self._now.groups.max(initial=-1)) + 1
        groups = self._now.groups.copy()
        groups[list(pictures)] = group
        told = f"{_count(len(pictures))} in a group of their own"
        self._become(replace(self._now, groups=groups, told=told))
        return group

    def regroup(self, groups: Sequence[int]) -> None:
        """Have all pictures be in other groups; names stay."""
        own = np.asarray(groups, dtype=np.int32)
        count = len(np.unique(own))
        self._become(replace(self._now, groups=own, group_count=count, told=f"{count:,} groups"))

    def rename(self, index: int, class_name: str) -> None:
        """Call a class otherwise; one that is called so already takes its pictures."""
        old = self.classes[index]
        if class_name == old:
            return
        told, given = f"{old} renamed {class_name}", self._now.given
        classes = list(self.classes)
        if class_name in classes:
            into = classes.index(class_name)
            given = np.where(given == index, into, given)
            given = np.where(given > index, given - 1, given)
            del classes[index]
        else:
            classes[index] = class_name
        self._become(replace(self._now, classes=tuple(classes), given=given, told=told))

    # Back and forth

    @property
    def undo_text(self) -> str:
        """What `undo` would take back; empty for nothing."""
        return self._now.told if self._before else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would do again; empty for nothing."""
        return self._after[-1].told if self._after else ""

    def undo(self) -> list[int]:
        """Take the last step back; the pictures that lost their name by it."""
        then = self._now
        if self._before:
            self._after.append(then)
            self._now = self._before.pop()
        waits = self._now.given == UNNAMED
        return _numbers(np.flatnonzero((then.given != UNNAMED) & waits))

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._after:
            self._before.append(self._now)
            self._now = self._after.pop()

    @property
    def state(self) -> object:
        """All of it as it is now: another object after whatever is done."""
        return self._now

    @property
    def is_saved(self) -> bool:
        """Whether the names are as they were when they were last saved."""
        saved, now = self._saved, self._now
        return saved.classes == now.classes and np.array_equal(saved.given, now.given)

    def note_saved(self, state: object = None) -> None:
        """Take the names as they are now for saved, or as they were when this was the `state`."""
        self._saved = state if isinstance(state, _State) else self._now

    def _give(
        self, pictures: Sequence[int], index: int, classes: tuple[str, ...], told: str
    ) -> None:
        if len(pictures):
            given = self._now.given.copy()
            given[list(pictures)] = index
            self._become(replace(self._now, classes=classes, given=given, told=told))

    def _become(self, state: _State) -> None:
        self._before.append(self._now)
        del self._before[:-_MOST_UNDONE]
        self._after.clear()
        self._now = state


def _numbers(found: NDArray[np.intp]) -> list[int]:
    numbers: list[int] = found.tolist()
    return numbers


def _count(pictures: int) -> str:
    return "1 picture" if pictures == 1 else f"{pictures:,} pictures"
