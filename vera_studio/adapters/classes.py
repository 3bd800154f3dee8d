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
    names: tuple[str, ...]  # empty where there are more than `MOST_NAMED`

    @classmethod
    def of(cls, names: Sequence[str]) -> "Classes":
        """Those called `names`."""
        return _classes(tuple(names))


@functools.lru_cache(maxsize=8)
def _classes(names: tuple[str, ...]) -> Classes:
    """Kept: a library asks for the same thousand names once for each adapter."""
    digest = hashlib.sha256(json.dumps(list(names), separators=(",", ":")).encode())
    kept = names if len(names) <= MOST_NAMED else ()
    return Classes(len(names), digest.hexdigest(), kept)
