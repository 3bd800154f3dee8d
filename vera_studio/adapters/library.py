"""A library of adapters: a folder of adapter files, and nothing beside them.

Name, notes and date are in each file, so that they travel with it, and a file that is put into
the folder by hand is in the library. Of several programs that change it, one does at a time.
"""

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.library_names import MAX_NAME as MAX_NAME
from vera_studio.adapters.library_names import SUFFIX, check_name, claim, clean_name, untaken
from vera_studio.errors import AdapterError, StudioError
from vera_studio.files import reason, writing_in
from vera_studio.wording import first_of

MAX_NOTES = 10_000  # characters
DAYS_KEPT = 30  # that what was deleted can be restored
_DELETED = ".deleted"


@dataclass(frozen=True)
class Entry:
    """An adapter in the library."""

    path: Path
    name: str
    info: AdapterInfo
    bytes: int  # of the file
    added: datetime
    count: int  # of the numbers that were trained


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
        try:
            paths = sorted(path for path in self.folder.iterdir() if path.suffix == SUFFIX)
        except FileNotFoundError:  # nothing was added yet
            paths = []
        except OSError as error:
            return Contents((), (f"The library {self.folder} cannot be read: {reason(error)}.",))
        for path in paths:
            try:
                if _is_claimed(path):
                    continue
                entries.append(_entry(path))
            except StudioError as error:
                if os.path.lexists(path):  # else another program has just moved it away
                    problems.append(str(error))
        entries.sort(key=lambda entry: entry.added, reverse=True)
        return Contents(tuple(entries), tuple(problems))

    def find(self, name: str) -> Path:
        """The file of the adapter called `name`; without one, the one whose file is.

        Raises:
            AdapterError: there is none; lists those that there are.
        """
        entries = self.contents().entries
        found = [entry for entry in entries if entry.name == name]
        found += [entry for entry in entries if name in (entry.path.name, entry.path.stem)]
        if found:
            return found[0].path
        names = first_of([entry.name for entry in entries]) or "none at all"
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
        with writing_in(self.folder):
            name = untaken(clean_name(name) or "Adapter", self._names())
            added = when.isoformat(timespec="seconds")
            info = dataclasses.replace(adapter.info, name=name, added=added)
            path = claim(self.folder, name)
            try:
                adapter_file.write(path, dataclasses.replace(adapter, info=info))
            except StudioError:
                path.unlink(missing_ok=True)
                raise
            return _entry(path)

    def keep(self, adapter: AdapterFile, name: str, when: datetime) -> tuple[Entry, bool]:
        """Add an adapter, unless one that holds the same numbers is there already.

        Returns:
            Its entry, and whether that is new.

        Raises:
            StudioError: the file cannot be written.
        """
        with writing_in(self.folder):
            if known := self.find_same(adapter):
                return known, False
            return self.add(adapter, name, when), True

    def rename(self, path: Path, name: str) -> None:
        """Give an adapter another name.

        Raises:
            StudioError: the name is empty, too long or taken; or the file cannot be changed.
        """
        check_name(name)
        name = clean_name(name)
        with writing_in(self.folder):
            if name in self._names(but=path):
                raise StudioError(f"There is another adapter called {name}; choose another name.")
            _change(path, lambda info: dataclasses.replace(info, name=name))

    def annotate(self, path: Path, notes: str) -> None:
        """Replace the notes on an adapter.

        Raises:
            StudioError: the notes are too long; or the file cannot be changed.
        """
        if len(notes) > MAX_NOTES:
            raise StudioError(f"Notes may have {MAX_NOTES:,} characters, not {len(notes):,}.")
        with writing_in(self.folder):
            _change(path, lambda info: dataclasses.replace(info, notes=notes))

    def keep_temperature(self, path: Path, temperature: float) -> None:
        """Keep in an adapter by what logits are to be divided before shares are told.

        Raises:
            StudioError: as `adapter_file.keep_temperature`.
        """
        with writing_in(self.folder):
            adapter_file.keep_temperature(path, temperature)

    def delete(self, path: Path) -> Path:
        """Put an adapter aside, from where `restore` brings it back; returns where it is.

        Raises:
            StudioError: the file cannot be moved.
        """
        with writing_in(self.folder):
            place = _move(path, self.folder / _DELETED)
            with contextlib.suppress(OSError):  # it is only let go of a little earlier then
                os.utime(place)  # when it was deleted
            return place

    def restore(self, deleted: Path) -> Path:
        """Bring back what `delete` put at `deleted`; returns where it is now.

        A number is put behind its name where that was taken meanwhile.

        Raises:
            StudioError: the file cannot be moved.
        """
        with writing_in(self.folder):
            name = _entry(deleted).name
            restored = _move(deleted, self.folder)
            free = untaken(name, self._names(but=restored))
            if free != name:
                self.rename(restored, free)
            return restored

    def deleted(self) -> "Library":
        """What was deleted and can be restored."""
        return Library(self.folder / _DELETED)

    def forget_deleted(self) -> None:
        """Let go of what was deleted more than `DAYS_KEPT` days ago.

        By age, for another window may be about to restore what was deleted just now.
        """
        oldest = time.time() - DAYS_KEPT * 24 * 60 * 60
        for path in (self.folder / _DELETED).glob(f"*{SUFFIX}"):
            with contextlib.suppress(OSError):  # another day, then
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _names(self, but: Path | None = None) -> set[str]:
        """The names that are taken, but for that of the adapter in `but`."""
        return {entry.name for entry in self.contents().entries if entry.path != but}


def _entry(path: Path) -> Entry:
    info, count = adapter_file.look(path)
    try:
        status = path.stat()
    except OSError as error:
        raise AdapterError(f"{path.name} cannot be read: {reason(error)}.") from error
    name = clean_name(info.name) or path.stem
    return Entry(path, name, info, status.st_size, _added(info, status.st_mtime), count)


def _holds(entry: Entry, adapter: AdapterFile) -> bool:
    """Whether the file of `entry` computes what `adapter` does, number for number."""
    if _computed_with(entry.info) != _computed_with(adapter.info):
        return False
    try:
        values = adapter_file.load(entry.path).parameters
    except AdapterError:  # it holds numbers that are not finite, or was damaged just now
        return False
    return values.keys() == adapter.parameters.keys() and all(
        torch.equal(value, adapter.parameters[name]) for name, value in values.items()
    )


def _computed_with(info: AdapterInfo) -> tuple[object, ...]:
    """All that goes into what an adapter computes, beside its own numbers.

    Not where d began, nor the seed: what came of it is in the numbers and the projections.
    """
    scale = info.settings.scale if info.settings.method == "lora" else None
    return (
        (info.settings.method, info.layers, scale, info.projections_digest),
        (info.settings.head, info.has_own_classes, info.base_digest, info.classes),
    )


def _added(info: AdapterInfo, changed: float) -> datetime:
    """When the adapter was added; for a file that was put there by hand, when that was changed."""
    try:
        return datetime.fromisoformat(info.added).astimezone()
    except (ValueError, OverflowError, OSError):  # no date, or none that has a local time
        return datetime.fromtimestamp(changed).astimezone()


def _change(path: Path, edit: Callable[[AdapterInfo], AdapterInfo]) -> None:
    adapter = adapter_file.load(path)
    adapter_file.write(path, dataclasses.replace(adapter, info=edit(adapter.info)))


def _is_claimed(path: Path) -> bool:
    """Whether the file is a name that was claimed, and has not been written yet."""
    try:
        return path.stat().st_size == 0
    except OSError:  # gone, or not to be read: what reads it will tell
        return False


def _move(source: Path, folder: Path) -> Path:
    """Move a file to `folder`, under a name that nothing there has; returns where it is."""
    destination = claim(folder, source.stem)
    try:
        source.replace(destination)
    except OSError as error:
        destination.unlink(missing_ok=True)
        raise StudioError(f"Cannot move {source}: {reason(error)}") from error
    return destination
