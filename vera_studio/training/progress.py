"""How far a run is: one value that is written while it goes, and read back to go on from there.

A run that goes on makes again all that comes before its first step, which its recipe decides,
and then takes this value for its beginning: on a CPU it ends as if it had never been broken off.
"""

import dataclasses
import io
import math
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch

from vera_studio.errors import StudioError
from vera_studio.files import open_regular, reason, write_atomically
from vera_studio.runs.events import EpochDone, Evaluation
from vera_studio.runs.run_state import PROGRESS_FILE
from vera_studio.training.automatic import Course

FILE = PROGRESS_FILE
_VERSION = 1
_MOST_BYTES = 2**29  # four times the largest adapter, and what was told
_SECONDS = 10.0  # of training, at most, that are lost
_MOST_SHARE = 0.02  # of a run's time that writing may take, where those seconds allow it


@dataclass(frozen=True, eq=False)
class Best:
    """The best adapter so far."""

    epoch: int  # from 1; 0 for what there was before training
    score: tuple[float, float]  # accuracy, and the loss with its sign turned
    since: int  # epochs that were measured after it
    parameters: dict[str, torch.Tensor]
    record: dict[str, Any]  # what its file tells of its training


@dataclass(frozen=True, eq=False)
class Told:
    """What was told of the steps so far."""

    step: int  # in the whole run
    images: int
    seconds: float  # of training, up to the end of the last whole epoch
    epoch_seconds: float  # of the epoch under way
    epoch_losses: list[float]


@dataclass(frozen=True, eq=False)
class Place:
    """Between which two steps a run is."""

    epoch: int  # the one under way, from 1
    batches: int  # of it that are trained
    drawn_from: torch.Tensor  # state of the generator before the epoch's order was drawn


@dataclass(frozen=True, eq=False)
class Progress:
    """All that a run has become so far."""

    place: Place
    course: Course
    batch_size: int
    parameters: dict[str, torch.Tensor]  # of the adapter
    optimizer: dict[str, Any]  # as torch has its state
    schedule: dict[str, Any]  # likewise
    told: Told
    best: Best
    epochs_measured: int
    has_told_huge: bool  # whether it was told that the loss is huge
    seconds: float  # of the whole run, pauses not counted
    images: str  # digest of all images in their order
    history: list[EpochDone]  # the epochs that were measured

    def save(self, folder: Path) -> None:
        """Write it into a run's folder, whole or not at all.

        Raises:
            StudioError: it cannot be written.
        """
        buffer = io.BytesIO()
        values = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        for name in _PARTS:
            values[name] = vars(values[name])
        values["history"] = [dataclasses.asdict(one) for one in self.history]
        torch.save(values | {"version": _VERSION}, buffer)
        write_atomically(folder / FILE, buffer.getvalue())


def load(folder: Path) -> Progress:
    """Read what `save` wrote.

    Raises:
        StudioError: the folder holds none, or a damaged one.
    """
    path = folder / FILE
    try:
        with open_regular(path, _MOST_BYTES) as file:
            _check_archive(file)
            values = torch.load(file, "cpu", weights_only=True)
        if values.pop("version") != _VERSION:
            raise StudioError(f"{path} was written by another version of the studio.")
        parts = {name: kind(**values.pop(name)) for name, kind in _PARTS.items()}
        history = [_epoch(**one) for one in values.pop("history")]
        found = Progress(**values, **parts, history=history)
        _check(found)
        return found
    except OSError as error:
        raise StudioError(f"{folder} holds no run that can go on: {reason(error)}.") from error
    except StudioError:
        raise
    except Exception as error:  # of torch's reader and of what was in the file
        raise damaged(folder) from error


def damaged(folder: Path) -> StudioError:
    """What to raise where the progress in `folder` cannot be right."""
    return StudioError(f"{folder / FILE} is damaged: the run cannot go on from it.")


def _check_archive(file: BinaryIO) -> None:
    """Refuse an archive that takes more memory than the file has; torch compresses none."""
    with zipfile.ZipFile(file) as archive:
        if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
            raise ValueError("compressed")
    file.seek(0)


def _check(found: Progress) -> None:
    """Raise a ValueError for numbers that cannot be; what does not fit the network shows there."""
    place, told = found.place, found.told
    whole = (place.epoch, place.batches, found.batch_size, found.course.epochs, told.step)
    if not all(isinstance(one, int) and 0 <= one < 10**9 for one in whole):
        raise ValueError("counts")
    if place.epoch < 1 or found.batch_size < 1 or len(told.epoch_losses) != place.batches:
        raise ValueError("place")
    times = (found.seconds, told.seconds, told.epoch_seconds, *told.epoch_losses)
    if not all(isinstance(one, float | int) and math.isfinite(one) for one in times):
        raise ValueError("times")


_PARTS: dict[str, Any] = {"place": Place, "course": Course, "told": Told, "best": Best}


def _epoch(validation: dict[str, Any], **others: Any) -> EpochDone:
    for name in ("per_class", "counts", "class_losses"):
        validation[name] = tuple(map(float if name != "counts" else int, validation[name]))
    return EpochDone(validation=Evaluation(**validation), **others)


class Saver:
    """Writes the progress of a run, often enough and not too often."""

    def __init__(
        self,
        folder: Path,
        on_notice: Callable[[str], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Begin now.

        Args:
            folder: of the run.
            on_notice: told once where it cannot be written to; the run goes on.
            clock: gives seconds.
        """
        self._folder, self._clock = folder, clock
        self._on_notice, self._has_failed = on_notice, False
        self._began = self._written = clock()
        self._spent = 0.0  # seconds of writing
        self.has_saved = False

    @property
    def is_overdue(self) -> bool:
        """Whether as much was trained as may be lost."""
        return self._clock() - self._written >= _SECONDS

    @property
    def is_cheap(self) -> bool:
        """Whether writing has taken no more of the time so far than it may."""
        return self._spent <= _MOST_SHARE * (self._clock() - self._began)

    def save(self, progress: Progress) -> None:
        """Write `progress` now."""
        start = self._clock()
        try:
            progress.save(self._folder)
        except StudioError as error:  # what was written before is still whole
            if not self._has_failed:
                self._on_notice(f"{error} The run goes on; broken off now, it would lose more.")
            self._has_failed = True
        self.has_saved = True
        self._written = self._clock()
        self._spent += self._written - start
