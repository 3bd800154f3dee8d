"""The library of adapters as the window has it: what is in it, and what was deleted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from vera_studio import environment
from vera_studio.errors import StudioError

if TYPE_CHECKING:  # these modules import torch, which comes after the window
    from vera_studio.adapters.adapter_file import AdapterFile
    from vera_studio.adapters.library import Entry, Library

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Deletion:
    """What an undo brings back."""

    text: str  # for a person
    places: tuple[Path, ...]  # where the files are


@dataclass(frozen=True)
class Kept:
    """An adapter that the library holds now."""

    entry: "Entry"
    is_new: bool  # else an equal one was there already, under the name of `entry`


class Shelf(QObject):
    """Keeps, names and deletes adapters; a file takes milliseconds, so none of it is a job.

    Signals:
        changed(): `entries` or `problems` are others.
        entry_changed(Entry): an adapter has another name or other notes.
        deleted(tuple): adapters with these paths were deleted.
        undo_changed(str): what `undo_delete` would bring back now; empty for nothing.
        message(str): something was done, in a sentence.
        failed(Exception): something was not done.
    """

    changed = Signal()
    entry_changed = Signal(object)
    deleted = Signal(tuple)
    undo_changed = Signal(str)
    message = Signal(str)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()
        self.problems: tuple[str, ...] = ()
        self._library: Library | None = None
        self._deletions: list[_Deletion] = []  # the newest last

    @property
    def is_loaded(self) -> bool:
        """Whether the library was read."""
        return self._library is not None

    def load(self) -> None:
        """Read the library, once torch is in; what was deleted long ago is let go."""
        from vera_studio.adapters.library import Library

        self._library = Library(environment.library_folder())
        self._library.forget_deleted()
        self.refresh()

    def refresh(self) -> None:
        """Read the library again."""
        contents = self._there.contents()
        self.entries, self.problems = contents.entries, contents.problems
        self.changed.emit()

    def entry(self, path: Path) -> "Entry | None":
        """The adapter whose file is `path`."""
        return next((entry for entry in self.entries if entry.path == path), None)

    def content(self, path: Path) -> "AdapterFile | None":
        """An adapter read whole; None, and the failure told, where that cannot be done."""
        from vera_studio.adapters import adapter_file

        return self._try(lambda: adapter_file.load(path))

    def keep(self, content: "AdapterFile", name: str) -> Kept | None:
        """Add an adapter under `name`, unless an equal one is there already.

        Returns:
            Which entry it is; None, and the failure told, where it cannot be written.
        """

        def add() -> Kept:
            return Kept(*self._there.keep(content, name, datetime.now().astimezone()))

        kept = self._try(add)
        self.refresh()
        return kept

    def rename(self, path: Path, name: str) -> None:
        """Give an adapter another name."""
        entry = self.entry(path)
        if entry and name.strip() != entry.name:
            self._change(path, lambda: self._there.rename(path, name))

    def annotate(self, path: Path, notes: str) -> None:
        """Replace the notes on an adapter."""
        entry = self.entry(path)
        if entry and notes != entry.info.notes:
            self._change(path, lambda: self._there.annotate(path, notes))

    def keep_temperature(self, path: Path, temperature: float) -> bool:
        """Keep in an adapter by what to divide before shares are told; whether that was done."""
        try:
            self._there.keep_temperature(path, temperature)
        except StudioError as error:
            self.failed.emit(error)
            return False
        self.refresh()
        return True

    def delete(self, paths: Sequence[Path]) -> None:
        """Delete adapters, which `undo_delete` brings back."""
        entries = [entry for entry in self.entries if entry.path in paths]
        places = {
            entry.path: place
            for entry in entries
            if (place := self._try(partial(self._there.delete, entry.path)))
        }
        if places:
            names = [entry.name for entry in entries if entry.path in places]
            text = names[0] if len(names) == 1 else f"{len(names)} adapters"
            self._deletions.append(_Deletion(text, tuple(places.values())))
            self.refresh()
            self.deleted.emit(tuple(places))
            self.message.emit(f"Deleted {text}. Edit > Undo Delete brings it back.")
            self._tell_undo()

    def undo_delete(self) -> None:
        """Bring back what was deleted last."""
        if self._deletions:
            deletion = self._deletions.pop()
            restored = [self._try(partial(self._there.restore, p)) for p in deletion.places]
            self.refresh()
            if all(restored):
                self.message.emit(f"Brought back {deletion.text}.")
            self._tell_undo()

    def _change(self, path: Path, change: Callable[[], None]) -> None:
        """Change an adapter and tell so; where that fails, what was typed stays to be mended."""
        try:
            change()
        except StudioError as error:
            self.failed.emit(error)
            return
        self.refresh()
        if entry := self.entry(path):
            self.entry_changed.emit(entry)

    def _tell_undo(self) -> None:
        self.undo_changed.emit(self._deletions[-1].text if self._deletions else "")

    def _try(self, action: Callable[[], _Result]) -> _Result | None:
        try:
            return action()
        except StudioError as error:
            self.failed.emit(error)
            return None

    @property
    def _there(self) -> "Library":
        assert self._library is not None, "the library is used before it is loaded"
        return self._library
