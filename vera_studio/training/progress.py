"""How far a run is: one value that its loop works on, that is written, and read back to go on from.

A run that goes on makes again all that comes before its first step, which its recipe decides,
and then takes what was written for its beginning: on a CPU it ends as if it had never been broken
off.
"""

import dataclasses
import io
import math
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from vera_studio.adapters import adapter_file
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import StudioError
from vera_studio.files import open_regular, reason
from vera_studio.runs.events import EpochDone, Evaluation
from vera_studio.runs.run_files import RunFiles
from vera_studio.runs.run_state import PROGRESS_FILE
from vera_studio.training.automatic import Course
from vera_studio.training.optimisation import restore_optimizer
from vera_studio.training.stopwatch import Stopwatch

FILE = PROGRESS_FILE
_VERSION = 2
_MOST_BYTES = 2**29  # four times the largest adapter, and what was told
_SECONDS = 10.0  # of training, at most, that are lost
# Epochs that are told again when a run goes on; of many classes fewer, for each has its figures.
_MOST_EPOCHS = 1000
_MOST_FIGURES = 200_000
_MOST_SHARE = 0.02  # of a run's time that writing may take, where those seconds allow it


@dataclass(eq=False)
class Best:
    """The best adapter so far."""

    epoch: int  # from 1; 0 for what there was before training
    score: tuple[float, float]  # accuracy, and the loss with its sign turned
    since: int  # epochs that were measured after it
    parameters: dict[str, torch.Tensor]
    record: TrainingRecord  # what its file tells of its training


@dataclass(kw_only=True, eq=False)
class _Figures:
    """What a run has become so far, beside what torch holds of it."""

    course: Course
    batch_size: int
    order: str  # digest of all images in their order
    best: Best
    drawn_from: torch.Tensor  # state of the generator before the epoch's order was drawn
    epoch: int = 1  # the one under way, from 1
    batches: int = 0  # of it that are trained
    step: int = 0  # in the whole run: so many are trained
    images: int = 0  # trained on
    training_seconds: float = 0.0  # up to the end of the last whole epoch
    epoch_seconds: float = 0.0  # of training, of the epoch under way
    epoch_loss: float = 0.0  # the sum of those of its steps
    has_told_huge: bool = False  # whether it was told that the loss is huge
    epochs_measured: int = 0  # on validation images
    history: list[EpochDone] = field(default_factory=list)  # epochs to tell again; the newest last


@dataclass(kw_only=True, eq=False)
class Saved(_Figures):
    """A run's progress as its file holds it."""

    seconds: float  # of the whole run, pauses not counted
    parameters: dict[str, torch.Tensor]  # of the adapter
    optimizer: dict[str, Any]  # as torch has its state
    schedule: dict[str, Any]  # likewise


@dataclass(kw_only=True, eq=False)
class Progress(_Figures):
    """A run's progress as the loop works on it."""

    network: nn.Module  # has the adapter on
    optimizer: torch.optim.Optimizer
    schedule: LRScheduler
    generator: torch.Generator  # of every draw
    clock: Stopwatch

    @property
    def is_out_of_patience(self) -> bool:
        """Whether as many epochs as were to be waited brought nothing better."""
        return 0 < self.course.patience <= self.best.since

    def note_epoch(self, event: EpochDone) -> None:
        """Take note of an epoch that was measured; of very many every second one is forgotten."""
        self.epochs_measured += bool(event.validation.images)
        self.history.append(event)
        classes = max(len(event.validation.per_class), 1)
        if len(self.history) > max(2, min(_MOST_EPOCHS, _MOST_FIGURES // classes)):
            self.history = self.history[::-2][::-1]

    def end_epoch(self) -> None:
        """Go on to the next epoch."""
        self.epoch, self.batches = self.epoch + 1, 0
        self.drawn_from = self.generator.get_state()

    def go_on(self, saved: Saved, steps_per_epoch: int) -> None:
        """Take up where a run was broken off.

        Raises:
            ValueError: what was written cannot be of this run; a KeyError, TypeError,
                RuntimeError or AdapterError tells the same.
        """
        is_here = saved.step == (saved.epoch - 1) * steps_per_epoch + saved.batches
        if saved.batches > steps_per_epoch or not is_here:
            raise ValueError("another place")
        for one in dataclasses.fields(_Figures):
            setattr(self, one.name, getattr(saved, one.name))
        restore_optimizer(
            self.optimizer, self.schedule, saved.optimizer, saved.schedule, saved.step
        )
        self.generator.set_state(saved.drawn_from)
        adapter_file.load_parameters(self.network, saved.best.parameters)  # have to fit as well
        adapter_file.load_parameters(self.network, saved.parameters)

    def content(self) -> bytes:
        """What its file holds."""
        figures = {one.name: getattr(self, one.name) for one in dataclasses.fields(_Figures)}
        changed = {
            "version": _VERSION,
            "course": vars(self.course),
            "best": vars(self.best) | {"record": self.best.record.to_json()},
            "history": [dataclasses.asdict(one) for one in self.history],
            "seconds": self.clock.seconds(),
            "parameters": adapter_file.parameters(self.network),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        buffer = io.BytesIO()
        torch.save(figures | changed, buffer)
        return buffer.getvalue()


def load(folder: Path) -> Saved:
    """Read what `Progress.content` gave.

    Raises:
        StudioError: the folder holds none, or a damaged one.
    """
    path = folder / FILE
    try:
        with open_regular(path, _MOST_BYTES) as file:
            _check_archive(file)
            values = torch.load(file, "cpu", weights_only=True)
        version = values.pop("version")
        if version not in (1, _VERSION):
            raise StudioError(f"{path} was written by another version of the studio.")
        found = _saved(_of_first_version(values) if version == 1 else values)
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


def _of_first_version(values: dict[str, Any]) -> dict[str, Any]:
    """What a file of version 1 holds, under the names of today."""
    place, told = values.pop("place"), values.pop("told")
    losses, total = told.pop("epoch_losses"), 0.0
    if len(losses) != place["batches"]:
        raise ValueError("place")
    for loss in losses:
        total += loss
    return {
        **values,
        **place,
        **told,
        "epoch_loss": total,
        "order": values["images"],
        "images": told["images"],
        "training_seconds": told["seconds"],
        "seconds": values["seconds"],
    }


def _saved(values: dict[str, Any]) -> Saved:
    best = values.pop("best")
    record = TrainingRecord.from_json(best.pop("record"))
    course, history = Course(**values.pop("course")), values.pop("history")
    return Saved(
        **values,
        course=course,
        best=Best(**best, record=record),
        history=[_epoch(**one) for one in history],
    )


def _epoch(validation: dict[str, Any], **others: Any) -> EpochDone:
    for name in ("per_class", "counts", "class_losses"):
        validation[name] = tuple(map(float if name != "counts" else int, validation[name]))
    return EpochDone(validation=Evaluation(**validation), **others)


def _check(found: Saved) -> None:
    """Raise a ValueError for numbers that cannot be; what does not fit the network shows there."""
    places = (found.epoch, found.batches, found.step, found.epochs_measured)
    whole = (*places, found.batch_size, found.course.epochs)
    if not all(isinstance(one, int) and 0 <= one < 10**9 for one in whole):
        raise ValueError("counts")
    if found.epoch < 1 or found.batch_size < 1:
        raise ValueError("place")
    times = (found.seconds, found.training_seconds, found.epoch_seconds, found.epoch_loss)
    if not all(isinstance(one, float | int) and math.isfinite(one) for one in times):
        raise ValueError("times")


class Saver:
    """Writes the progress of a run, often enough and not too often."""

    def __init__(self, files: RunFiles, clock: Callable[[], float] = time.perf_counter) -> None:
        """Begin now.

        Args:
            files: of the run.
            clock: gives seconds.
        """
        self._files, self._clock = files, clock
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
        content = progress.content()
        self._files.put(FILE, lambda: content, is_kept=False)
        self.has_saved = True
        self._written = self._clock()
        self._spent += self._written - start
