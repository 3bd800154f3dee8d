"""A library of adapters: a folder of adapter files, and nothing beside them.

Name, notes and date are in each file, so that they travel with it, and a file that is put into
the folder by hand is in the library.
"""

import contextlib
import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.errors import AdapterError, StudioError

MAX_NAME = 100  # characters
MAX_NOTES = 10_000  # characters
_DELETED = ".deleted"


@dataclass(frozen=True)
class Entry:
    """An adapter in the library."""

    path: Path
    name: str
    info: AdapterInfo
    bytes: int  # of the file
    added: datetime


@dataclass(frozen=True)
class Contents:
    """What a library holds."""

    entries: tuple[Entry, ...]  # the newest first
    problems: tuple[str, ...]  # files that cannot be read, a sentence each


class Library:
    """The adapters in a folder."""

    def __init__(self, folder: Path) -> None:
        """Take `folder`, which need not be there yet."""
        self.folder = folder

    def contents(self) -> Contents:
        """All adapters, the newest first; the tensors in them are not read."""
        entries, problems = [], []
        for path in sorted(self.folder.glob("*.safetensors")):
            try:
                entries.append(_entry(path))
            except StudioError as error:
                problems.append(str(error))
        entries.sort(key=lambda entry: entry.added, reverse=True)
        return Contents(tuple(entries), tuple(problems))

    def find(self, name: str) -> Path:
        """The file of the adapter called `name`, or whose file is.

        Raises:
            AdapterError: there is none; lists those that there are.
        """
        entries = self.contents().entries
        for entry in entries:
            if name in (entry.name, entry.path.name, entry.path.stem):
                return entry.path
        names = ", ".join(entry.name for entry in entries) or "none at all"
        raise AdapterError(f"The library has no adapter {name!r}; it has {names}.")

    def find_same(self, adapter: AdapterFile) -> Entry | None:
        """The entry that holds the same numbers, whatever its name and notes; None without one."""
        return next((e for e in self.contents().entries if _holds(e, adapter)), None)

    def add(self, adapter: AdapterFile, name: str, when: datetime) -> Entry:
        """Add an adapter; a number is put behind a name that is taken.

        Args:
            adapter: to add.
            name: for the user; what is too long of it is cut off.
            when: it was trained or imported, with its time zone.

        Raises:
            StudioError: the file cannot be written.
        """
        name = " ".join(name.split())[:MAX_NAME] or "Adapter"
        taken = {entry.name for entry in self.contents().entries}
        name = next(one for one in _numbered(name) if one not in taken)
        stems = _numbered(re.sub(r"[^\w.-]+", "-", name).strip("-.") or "adapter")
        paths = (self.folder / f"{stem}.safetensors" for stem in stems)
        path = next(path for path in paths if not path.exists())
        added = when.isoformat(timespec="seconds")
        info = dataclasses.replace(adapter.info, name=name, added=added)
        adapter_file.write(path, dataclasses.replace(adapter, info=info))
        return _entry(path)

    def rename(self, path: Path, name: str) -> None:
        """Give an adapter another name.

        Raises:
            StudioError: the name is empty, too long or taken; or the file cannot be changed.
        """
        name = name.strip()
        if not 0 < len(name) <= MAX_NAME:
            raise StudioError(f"A name needs 1 to {MAX_NAME} characters, not {len(name):,}.")
        if any(entry.name == name and entry.path != path for entry in self.contents().entries):
            raise StudioError(f"There is another adapter called {name}; choose another name.")
        _change(path, lambda info: dataclasses.replace(info, name=name))

    def annotate(self, path: Path, notes: str) -> None:
        """Replace the notes on an adapter.

        Raises:
            StudioError: the notes are too long; or the file cannot be changed.
        """
        if len(notes) > MAX_NOTES:
            raise StudioError(f"Notes may have {MAX_NOTES:,} characters, not {len(notes):,}.")
        _change(path, lambda info: dataclasses.replace(info, notes=notes))

    def delete(self, path: Path) -> Path:
        """Put an adapter aside, from where `restore` brings it back; returns where it is.

        Raises:
            StudioError: the file cannot be moved.
        """
        aside = self.folder / _DELETED
        names = (aside / f"{stem}.safetensors" for stem in _numbered(path.stem))
        place = next(one for one in names if not one.exists())
        _move(path, place)
        return place

    def restore(self, deleted: Path) -> Path:
        """Bring back what `delete` put at `deleted`; returns where it is now.

        Raises:
            StudioError: the file cannot be moved.
        """
        names = (self.folder / f"{stem}.safetensors" for stem in _numbered(deleted.stem))
        place = next(one for one in names if not one.exists())
        _move(deleted, place)
        return place

    def deleted(self) -> "Library":
        """What was deleted and can be restored."""
        return Library(self.folder / _DELETED)

    def forget_deleted(self) -> None:
        """Let go of what was deleted; it cannot be restored any more."""
        for path in (self.folder / _DELETED).glob("*.safetensors"):
            with contextlib.suppress(OSError):  # another day, then
                path.unlink()


def _numbered(text: str) -> Iterator[str]:
    """`text`, then `text` with 2 behind it, and so on."""
    yield text
    yield from (f"{text} {number}" for number in itertools.count(2))


def _entry(path: Path) -> Entry:
    info = adapter_file.inspect(path)
    try:
        status = path.stat()
    except OSError as error:
        raise AdapterError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    return Entry(path, info.name or path.stem, info, status.st_size, _added(info, status.st_mtime))


def _holds(entry: Entry, adapter: AdapterFile) -> bool:
    """Whether the file of `entry` computes what `adapter` does, number for number."""
    one, other = entry.info, adapter.info
    if (one.settings, one.base_digest, one.class_names, one.projections_digest) != (
        other.settings,
        other.base_digest,
        other.class_names,
        other.projections_digest,
    ):
        return False
    try:
        values = adapter_file.load(entry.path).parameters
    except AdapterError:  # it holds numbers that are not finite, or was damaged just now
        return False
    return values.keys() == adapter.parameters.keys() and all(
        torch.equal(value, adapter.parameters[name]) for name, value in values.items()
    )


def _added(info: AdapterInfo, changed: float) -> datetime:
    """When the adapter was added; for a file that was put there by hand, when that was changed."""
    try:
        added = datetime.fromisoformat(info.added)
    except ValueError:
        added = datetime.fromtimestamp(changed)
    return added.astimezone()


def _change(path: Path, edit: Callable[[AdapterInfo], AdapterInfo]) -> None:
    adapter = adapter_file.load(path)
    adapter_file.write(path, dataclasses.replace(adapter, info=edit(adapter.info)))


def _move(source: Path, destination: Path) -> None:
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        source.rename(destination)
    except OSError as error:
        raise StudioError(f"Cannot move {source}: {error.strerror or error}") from error
