"""What a run reports while it goes and when it ends: plain values, free of torch.

The window draws these and the command line prints them; neither needs the engine for it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vera_studio.wording import chosen_by

FEW_CLASSES = 20  # of a network; of more, those without images are not told of
Part = Literal["validation", "test", ""]  # empty where nobody said which images they are


@dataclass(frozen=True)
class Evaluation:
    """How a network does on a set of images.

    A class of which the set has no image has the accuracy NaN.
    """

    loss: float  # mean cross entropy, nats
    accuracy: float  # share of images, 0 to 1
    per_class: tuple[float, ...]  # share a class, 0 to 1
    counts: tuple[int, ...]  # images a class
    class_losses: tuple[float, ...] = ()  # mean cross entropy a class; empty in older files
    # Which images they are makes no other figures of them.
    part: Part = field(default="", compare=False)

    @staticmethod
    def nothing(classes: int, part: Part = "") -> "Evaluation":
        """What is known where nothing was measured."""
        unknown = (math.nan,) * classes
        return Evaluation(math.nan, math.nan, unknown, (0,) * classes, unknown, part)

    @property
    def images(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def loss_over(self, classes: Sequence[int]) -> float:
        """Mean cross entropy of the images of `classes` (indices); NaN if none has any."""
        known = [i for i in classes if self.class_losses and self.counts[i]]
        total = math.fsum(self.class_losses[i] * self.counts[i] for i in known)
        return total / sum(self.counts[i] for i in known) if known else math.nan

    def mean_over(self, classes: Sequence[int]) -> float:
        """Mean of the accuracies of `classes` (indices) that have images; NaN if none has."""
        known = [self.per_class[i] for i in classes if not math.isnan(self.per_class[i])]
        return sum(known) / len(known) if known else math.nan


def told_classes(*evaluations: Evaluation) -> tuple[int, ...]:
    """The classes (indices) to tell of: all where they are few, else those there are images of."""
    counts = [max(images) for images in zip(*(one.counts for one in evaluations), strict=True)]
    return tuple(i for i, images in enumerate(counts) if images or len(counts) <= FEW_CLASSES)


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
class RunSubject:
    """Which network, images and adapter a run is about; empty where an older file does not say."""

    run: str = ""  # name of its folder
    network: str = ""  # title, such as "ConvNet"
    weights: str = ""  # "pretrained", or the name of the user's file
    data: str = ""  # title of the images
    method: str = ""  # key, such as "vera"
    rank: int | None = None  # where the method has one
    adapter: str = ""  # for a person, such as "VeRA, rank 32"
    # Files among the images that could not be used: how many for each reason.
    skipped: dict[str, int] = field(default_factory=dict)


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
    learning_rate: float = math.nan  # the peak, if it changes
    keep_others: float = math.nan  # share, 0 to 1, of the other classes' images mixed in
    by_classes: bool = False  # whether the best epoch goes by the mean over classes
    has_own_classes: bool = False  # a last layer of its own
    subject: RunSubject = RunSubject()

    @property
    def other_classes(self) -> tuple[int, ...]:
        """The classes that are no targets, as indices."""
        return _others(self)

    @property
    def chosen_by(self) -> str:
        """By what the best epoch is chosen, for a person to read."""
        has_others = any(self.validation.counts[index] for index in self.other_classes)
        return chosen_by(
            self.validation_images,
            self.keep_others,
            has_others,
            self.by_classes,
            is_last=self.has_own_classes,
        )


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
    # From 1; 0 where none beat the network before training, or none was measured.
    best_epoch: int
    class_names: tuple[str, ...]
    target_classes: tuple[int, ...]
    before: Evaluation  # on the test images
    after: Evaluation  # on the test images, with the best epoch's adapter; as before without one
    images_per_second: float
    seconds: float  # of the whole run, pauses not counted
    device: str
    # What came later; files of older versions have nothing of it.
    learning_rate: float = math.nan  # the peak, if it changed
    epochs_measured: int | None = None  # on the validation images; None in older files
    subject: RunSubject = RunSubject()
    adapter_name: str = ""  # of its best adapter in the library
    gave_up: bool = False  # ended before its last epoch, for nothing better came for long
    has_own_classes: bool = False  # a last layer of its own, which is of use before training
    images_digest: str = ""  # of the images that were used; the same for the same images
    # Of a CPU that computed, and processes that shared the images: the last digits may depend on
    # how many they were at the end.
    threads: int | None = None
    processes: int = 1

    @property
    def is_repeatable(self) -> bool:
        """Whether the same recipe gives the same bytes: on a CPU, with as many of both."""
        return self.device == "cpu"

    @property
    def improved(self) -> bool:
        """Whether an epoch beat the network before training."""
        return self.best_epoch > 0

    @property
    def has_adapter(self) -> bool:
        """Whether there is a best adapter, of an epoch or of the means that training began with."""
        return self.improved or self.has_own_classes

    @property
    def fell_short(self) -> bool:
        """Whether it was trained and measured, and no epoch beat the network before training."""
        measured = self.epochs_done if self.epochs_measured is None else self.epochs_measured
        return not self.improved and measured > 0

    @property
    def other_classes(self) -> tuple[int, ...]:
        """The classes that are no targets, as indices."""
        return _others(self)

    @property
    def fallen(self) -> tuple[int, ...]:
        """Target classes that do worse on the test images than before, as indices."""
        before, after = self.before.per_class, self.after.per_class
        return tuple(index for index in self.target_classes if after[index] < before[index])

    @property
    def best_adapter(self) -> Path:
        """The adapter of the best epoch by validation accuracy; there where `has_adapter`."""
        return self.folder / "best.safetensors"

    @property
    def last_adapter(self) -> Path:
        """The adapter as the last step left it."""
        return self.folder / "last.safetensors"


def _others(run: RunStarted | RunResult) -> tuple[int, ...]:
    targets = set(run.target_classes)
    return tuple(index for index in range(len(run.class_names)) if index not in targets)
