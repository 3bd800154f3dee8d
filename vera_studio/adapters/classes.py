"""The classes of a network as an adapter's file tells them: by name, or by a digest if many."""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

MOST_NAMED = 100  # classes that a file has the names of: ImageNet's thousand take 20 KB


@dataclass(frozen=True)
class Classes:
    """A network's classes, in its order."""

    count: int
    digest: str  # SHA-256, in hex, over all names
    names: tuple[str, ...]  # empty where there are many that others know as well

    @classmethod
    def of(cls, names: Sequence[str], are_all_told: bool = False) -> "Classes":
        """Those called `names`, which are kept where they are few, or all told."""
        return _classes(tuple(names), are_all_told)

    def are_the_same_as(self, other: "Classes") -> bool:
        """Whether they have the same names in the same order, told or not."""
        return (self.count, self.digest) == (other.count, other.digest)


@functools.lru_cache(maxsize=8)
def _classes(names: tuple[str, ...], are_all_told: bool) -> Classes:
    """Kept: a library asks for the same thousand names once for each adapter."""
    digest = hashlib.sha256(json.dumps(list(names), separators=(",", ":")).encode())
    kept = names if are_all_told or len(names) <= MOST_NAMED else ()
    return Classes(len(names), digest.hexdigest(), kept)
