"""What a run reports while it goes and when it ends: plain values, free of torch.

The window draws these and the command line prints them; neither needs the engine for it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Evaluation:
    """How a network does on a set of images.

    A class of which the set has no image has the accuracy NaN.
    """

    loss: float  # mean cross entropy, nats
    accuracy: float  # share of images, 0 to 1
    per_class: tuple[float, ...]  # share a class, 0 to 1
    counts: tuple[int, ...]  # images a class

    def mean_over(self, classes: Sequence[int]) -> float:
        """Mean of the accuracies of `classes` (indices) that have images; NaN if none has."""
        known = [self.per_class[i] for i in classes if not math.isnan(self.per_class[i])]
        return sum(known) / len(known) if known else math.nan


@dataclass(frozen=True)
class Stage:
    """What the run is busy with now, for a person to read."""

    text: str
    done: float | None = None  # share of it, 0 to 1; None where that is not known


@dataclass(frozen=True)
class Notice:
    """What the user should know of how the run goes, a sentence or two."""

    text: str


@dataclass(frozen=True)
class RunStarted:
    """Data and network are open, the adapter is attached, the first step is next."""

    device: str  # "cuda", "mps" or "cpu"
    device_reason: str
    class_names: tuple[str, ...]
    target_classes: tuple[int, ...]  # indices into class_names
    epochs: int
    steps_per_epoch: int
    batch_size: int  # images
    train_images: int  # in one epoch
    validation_images: int
    test_images: int
    trainable: int  # numbers
    total: int  # numbers, projections not counted
    validation: Evaluation  # before training
    test: Evaluation  # before training


@dataclass(frozen=True)
class StepsDone:
    """Training steps since the last such event."""

    epoch: int  # from 1
    first_step: int  # of this event, from 1, counted over the whole run
    losses: tuple[float, ...]  # a step
    images_per_second: float  # over the run so far, pauses not counted
    progress: float  # of the whole run, 0 to 1
    seconds_left: float


@dataclass(frozen=True)
class EpochDone:
    """An epoch was trained, evaluated and written to the run folder."""

    epoch: int  # from 1
    step: int  # steps done so far in the whole run
    train_loss: float  # mean over the epoch
    validation: Evaluation
    learning_rate: float
    is_best: bool
    seconds: float  # of training, without the evaluation


Event = Stage | Notice | RunStarted | StepsDone | EpochDone


@dataclass(frozen=True)
class RunResult:
    """How a run ended; also written to the run folder as result.json."""

    folder: Path
    stopped: bool  # by the user, before its last epoch
    epochs_done: int
    best_epoch: int  # from 1; 0 where no step was trained
    class_names: tuple[str, ...]
    target_classes: tuple[int, ...]
    before: Evaluation  # on the test images
    after: Evaluation  # on the test images, with the best epoch's adapter
    images_per_second: float
    seconds: float  # of the whole run, pauses not counted
    device: str

    @property
    def best_adapter(self) -> Path:
        """The adapter of the best epoch by validation accuracy."""
        return self.folder / "best.safetensors"

    @property
    def last_adapter(self) -> Path:
        """The adapter as the last step left it."""
        return self.folder / "last.safetensors"
