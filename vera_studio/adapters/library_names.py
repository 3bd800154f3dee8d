"""Names of adapters, and the file names made of them."""

import itertools
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from vera_studio.errors import StudioError

MAX_NAME = 100  # characters
SUFFIX = ".safetensors"
_MAX_STEM_BYTES = 180  # file systems take 255, a number and the name of a temporary file included
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def clean_name(name: str) -> str:
    """`name` on one line, without what cannot be shown, and no longer than names may be."""
    shown = "".join(character if character.isprintable() else " " for character in name)
    return " ".join(shown.split())[:MAX_NAME].strip()


def check_name(name: str) -> None:
    """Refuse what no adapter can be called.

    Raises:
        StudioError: it is empty or too long.
    """
    if not 0 < len(name.strip()) <= MAX_NAME:
        raise StudioError(f"A name needs 1 to {MAX_NAME} characters, not {len(name.strip()):,}.")


def untaken(name: str, taken: Collection[str]) -> str:
    """`name`, with a number behind it where it is one of `taken`."""
    endings = ("", *(f" {number}" for number in range(2, len(taken) + 2)))
    names = (name[: MAX_NAME - len(ending)] + ending for ending in endings)
    return next(one for one in names if one not in taken)


def claim(folder: Path, name: str) -> Path:
    """A new empty file in `folder` that is called much like `name`.

    It is made at once, so that no other program takes the same.

    Raises:
        StudioError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stem in _numbered(_stem(name)):
            path = folder / (stem + SUFFIX)
            try:
                path.open("xb").close()
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise StudioError(f"Cannot write to {folder}: {error.strerror or error}.") from error
    raise AssertionError("numbers do not end")


def _stem(name: str) -> str:
    stem = re.sub(r"[^\w.-]+", "-", name).encode(errors="ignore")[:_MAX_STEM_BYTES]
    text = stem.decode(errors="ignore").strip("-.") or "adapter"
    return f"adapter-{text}" if _RESERVED.fullmatch(text) else text


def _numbered(text: str) -> Iterator[str]:
    """`text`, then `text` with 2 behind it, and so on."""
    yield text
    yield from (f"{text} {number}" for number in itertools.count(2))
