"""The pictures that are tried, and what network and adapter take each for, at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from vera_studio.ui.jobs import trying as try_jobs
from vera_studio.ui.jobs.trying import Seen, Source, Tried
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.studio import Studio

MOST = 200  # pictures: for more there is the page that classifies folders


@dataclass(eq=False)
class TriedPicture:
    """A picture, and what is known of it so far."""

    number: int
    title: str
    source: Source
    pixels: Any = None  # (side, side, 3) uint8, once it is read
    tried: Tried | None = None  # with what is on now


class TryControl(QObject):
    """Keeps the pictures; each is named anew whenever another network or adapter is on.

    Signals:
        added(TriedPicture): a picture more.
        changed(TriedPicture): more is known of it.
        cleared(): there are none any more.

    Attributes:
        pictures: by number, in the order that they came.
        wanted: number of the one that comes first when all are named anew.
    """

    added = Signal(object)
    changed = Signal(object)
    cleared = Signal()

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.pictures: dict[int, TriedPicture] = {}
        self.wanted = 0
        self._next = 1
        self._job = NewestJob(try_jobs.TRY, studio.runner, self)
        self._job.events.connect(self._take)
        self._job.failed.connect(studio.failed)
        studio.workspace.model_changed.connect(self._forget)
        studio.workspace.adapter_changed.connect(self._forget)

    @property
    def is_going(self) -> bool:
        """Whether something is to be told yet."""
        return self._job.is_going

    def add(self, sources: Iterable[tuple[str, Source]]) -> int:
        """Take pictures, each with a title; how many there was no room for."""
        left = 0
        for title, source in sources:
            if len(self.pictures) >= MOST:
                left += 1
                continue
            picture = TriedPicture(self._next, title, source)
            self.pictures[picture.number] = picture
            self._next += 1
            self.added.emit(picture)
        self._start()
        return left

    def add_files(self, files: Iterable[Path]) -> int:
        """Take pictures from files; how many there was no room for."""
        return self.add((file.name, file) for file in files)

    def replace(self, number: int, content: bytes) -> None:
        """Have a picture show something else, as a camera's does."""
        picture = self.pictures[number]
        picture.source, picture.pixels, picture.tried = content, None, None
        self._start()

    def remove(self, number: int) -> None:
        """Let go of a picture."""
        self.pictures.pop(number, None)

    def clear(self) -> None:
        """Let go of all pictures."""
        self.pictures.clear()
        self._job.forget()
        self.cleared.emit()

    def _forget(self, _: object) -> None:
        """What was said of the pictures is of the past: another network or adapter is on."""
        for picture in self.pictures.values():
            picture.tried = None
        self._start()

    def _start(self) -> None:
        """Have all pictures named of which nothing is known yet, the wanted one first."""
        workspace = self._studio.workspace
        left = [one for one in self.pictures.values() if one.tried is None or one.pixels is None]
        if not left or workspace.model is None:
            return
        left.sort(key=lambda one: one.number != self.wanted)
        function = partial(
            try_jobs.try_pictures,
            [(one.number, one.source) for one in left],
            frozenset(one.number for one in left if one.pixels is None),
            workspace.model,
            workspace.adapter,
            workspace.recipe.training.device,
        )
        self._job.start(function, lambda _: None)

    def _take(self, events: list[object]) -> None:
        for event in events:
            if not isinstance(event, Seen | Tried):
                continue
            picture = self.pictures.get(event.number)
            if picture is None:
                continue
            if isinstance(event, Seen):
                picture.pixels = event.pixels
            else:
                picture.tried = event
            self.changed.emit(picture)
