"""What is in the cache file of a folder's images: read believing nothing, written whole."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vera_studio.data.image_cache import PIXELS
from vera_studio.errors import StudioError
from vera_studio.files import read_regular, write_atomically

_VERSION = 2
_MOST_BYTES = 2**29  # a million images take some 170 MB
_MOST = 2**62  # of any number in it
_DIGEST = 32  # bytes


@dataclass(frozen=True, slots=True)
class CachedImage:
    """An image in a cache, and the file that it was made from."""

    row: int  # of the file of pixels
    size: int  # bytes of the file
    time: int  # nanoseconds, when its content was last changed
    changed: int  # nanoseconds, when anything of it was, by the system's own account
    digest: bytes  # SHA-256 of the pixels


@dataclass(frozen=True)
class CacheIndex:
    """All images in a cache."""

    pixels: str  # name of the file that has them
    rows: int  # that were written to it, those of images no longer listed too
    images: dict[str, CachedImage]  # by the path of the file below the folder


def read_index(path: Path, maker: Sequence[object]) -> CacheIndex | None:
    """Read what `write_index` wrote.

    Args:
        path: of the file.
        maker: all that decides what pixels a file becomes.

    Returns:
        None where there is none, it was made otherwise, or it is not to be believed.
    """
    try:
        found = json.loads(read_regular(path, _MOST_BYTES))
        return _checked(found, maker, path.stem)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, MemoryError):
        return None


def write_index(path: Path, maker: Sequence[object], index: CacheIndex) -> None:
    """Write `index`, in place of the former one.

    Raises:
        StudioError: it cannot be written.
    """
    images = index.images.values()
    content = {
        "version": _VERSION,
        "maker": maker,
        "pixels": index.pixels,
        "rows": index.rows,
        "names": list(index.images),
        "places": [one.row for one in images],
        "sizes": [one.size for one in images],
        "times": [one.time for one in images],
        "changes": [one.changed for one in images],
        "digests": [one.digest.hex() for one in images],
    }
    try:
        # As ASCII: names on Linux may be any bytes, which JSON writes as escapes.
        write_atomically(path, json.dumps(content).encode("ascii"))
    except MemoryError as error:
        raise StudioError(f"Cannot write {path}: there is not enough memory.") from error


def _checked(found: Any, maker: Sequence[object], key: str) -> CacheIndex | None:
    """The index in `found`; errors of many kinds where it is none."""
    if found["version"] != _VERSION or found["maker"] != json.loads(json.dumps(maker)):
        return None
    pixels, rows, names = found["pixels"], found["rows"], found["names"]
    own = rf"{re.escape(key)}\.[0-9a-f]{{16}}{re.escape(PIXELS)}"
    if not _is_number(rows, 0, _MOST) or not re.fullmatch(own, pixels):
        return None
    numbers = [found[name] for name in ("places", "sizes", "times", "changes")]
    digests = [bytes.fromhex(one) for one in found["digests"]]
    columns = (names, *numbers, digests)
    is_sound = (
        all(isinstance(column, list) and len(column) == len(names) for column in columns)
        and all(isinstance(name, str) for name in names)
        and all(_is_number(one, 0, rows) for one in numbers[0])
        and all(_is_number(one, -_MOST, _MOST) for column in numbers[1:] for one in column)
        and all(len(one) == _DIGEST for one in digests)
    )
    if not is_sound:
        return None
    images = map(CachedImage, *numbers, digests)
    return CacheIndex(pixels, rows, dict(zip(names, images, strict=True)))


def _is_number(value: object, least: int, end: int) -> bool:
    return type(value) is int and least <= value < end
