"""Copies of pictures, sorted into a folder a class; nothing is moved, nothing overwritten."""

import contextlib
import itertools
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from vera_studio.errors import StudioError
from vera_studio.files import open_new, open_regular, reason

UNSURE = "unsure"  # the folder of copies below the threshold
_NOT_IN_NAMES = '/\\:*?"<>|'  # of files and folders, on one system or another
_LONGEST = 100  # bytes of a folder's name: systems take 255
_DEVICES = {"con", "prn", "aux", "nul"} | {  # what Windows takes for no folder
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}


def folder_names(class_names: Sequence[str]) -> list[str]:
    """A name of a folder for each class, whatever is in its own; no two alike, none `UNSURE`."""
    taken, folders = {UNSURE}, []
    for name in class_names:
        safe = _safe(name)
        others = (f"{safe} ({number})" for number in itertools.count(2))
        every = itertools.chain([safe], others)
        folders.append(next(one for one in every if one.casefold() not in taken))
        taken.add(folders[-1].casefold())
    return folders


class SortedCopies:
    """Copies files into folders; a copy is there whole or not at all."""

    def __init__(self) -> None:
        self._numbers: dict[Path, int] = {}  # the last that the second of a name and so on got

    def copy(self, file: Path, folder: Path) -> Path:
        """Copy `file` into `folder`, which is made if need be; where its copy is.

        What is there already stays, under its name.

        Raises:
            StudioError: it cannot be read, or not be written there.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return next(self._copies(file, folder))
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise StudioError(f"Cannot copy {file} to {folder}: {why}.") from error

    def _copies(self, file: Path, folder: Path) -> Iterator[Path]:
        for target in self._free_names(folder / file.name):
            with contextlib.suppress(FileExistsError):
                _copy_new(file, target)
                yield target

    def _free_names(self, target: Path) -> Iterator[Path]:
        yield target
        first = self._numbers.get(target, 1) + 1
        for number in itertools.count(first):
            self._numbers[target] = number
            yield target.with_name(f"{target.stem} ({number}){target.suffix}")


def _copy_new(file: Path, target: Path) -> None:
    """Copy a file to where none is, with the time of its last change.

    Raises:
        FileExistsError: there is one.
        OSError: it cannot be read or written.
    """
    with open_regular(file, sys.maxsize) as source:
        with open_new(target) as copy:
            try:
                shutil.copyfileobj(source, copy)
            except BaseException:  # a full disk, or Ctrl+C in the midst of it
                copy.close()
                target.unlink()
                raise
        status = os.fstat(source.fileno())
        with contextlib.suppress(OSError):  # not every disk keeps times
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _safe(name: str) -> str:
    """`name` as that of a folder on any system."""
    safe = "".join("_" if one in _NOT_IN_NAMES or not one.isprintable() else one for one in name)
    safe = safe.encode(errors="replace")[:_LONGEST].decode(errors="ignore").strip(" .") or "_"
    return f"{safe}_" if safe.partition(".")[0].casefold() in _DEVICES else safe
