"""What a run tells, as TensorBoard's event files too, to be watched while it goes on.

    tensorboard --logdir RUNS

Everything is over the steps of the run: the loss of each step, and of each epoch the losses, the
accuracies on the validation images, of all and of each class, and the learning rate.
"""

import contextlib
import importlib.util
import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio.errors import StudioError
from vera_studio.files import reason
from vera_studio.runs.events import (
    EpochDone,
    Evaluation,
    Event,
    Notice,
    RunStarted,
    StepsDone,
    told_classes,
)
from vera_studio.wording import printable

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"  # in a run's own
MISSING = (
    "TensorBoard's files need the package tensorboard, which is not installed: "
    "pip install 'vera-studio[tensorboard]'."
)
_log = logging.getLogger(__name__)
OnEvent = Callable[[Event], None]


def can_write() -> bool:
    """Whether the package is installed that this needs."""
    return importlib.util.find_spec("tensorboard") is not None


@contextlib.contextmanager
def written_too(run_folder: Path, on_event: OnEvent) -> Iterator[OnEvent]:
    """What is to be told in place of `on_event`, which is told the same.

    A run that goes on tells again what was: that takes the place of what the files had. Where
    they cannot be written any more, the run goes on without.

    Raises:
        StudioError: the package is not installed.
    """
    if not can_write():
        raise StudioError(MISSING)
    files = _EventFiles(run_folder / FOLDER, on_event)
    try:
        yield files
    finally:
        files.close()


class _EventFiles:
    """Writes events to files, and passes them on."""

    def __init__(self, folder: Path, on_event: OnEvent) -> None:
        self._folder, self._on_event = folder, on_event
        self._writer: SummaryWriter | None = None  # from when the run has started
        self._tags: dict[int, str] = {}  # of the classes that are told of

    def __call__(self, event: Event) -> None:
        self._on_event(event)
        try:
            self._write(event)
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Write what is left."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            except OSError as error:
                _log.warning("%s: %s", self._folder, error)

    def _write(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._begin(event)
            case StepsDone(first_step=first):
                for offset, loss in enumerate(event.losses):
                    self._add("loss/every step", loss, first + offset)
                self._add("images a second", event.images_per_second, first + len(event.losses) - 1)
            case EpochDone():
                self._add("loss/training", event.train_loss, event.step)
                self._add("learning rate", event.learning_rate, event.step)
                self._add_measured(event.validation, event.step)

    def _begin(self, event: RunStarted) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.close()
        # From step 0 on what other files here have counts no more.
        self._writer = SummaryWriter(str(self._folder), purge_step=0)
        self._tags = _tags(event)
        self._add_measured(event.validation, 0)

    def _add_measured(self, measured: Evaluation, step: int) -> None:
        self._add("loss/validation", measured.loss, step)
        self._add("accuracy/all", measured.accuracy, step)
        for index, tag in self._tags.items():
            self._add(tag, measured.per_class[index], step)

    def _add(self, tag: str, number: float, step: int) -> None:
        if self._writer is not None and math.isfinite(number):
            self._writer.add_scalar(tag, number, step)

    def _give_up(self, error: OSError) -> None:
        self.close()
        self._on_event(
            Notice(
                f"TensorBoard's files cannot be written any more: {reason(error)}. The run goes "
                "on without."
            )
        )


def _tags(event: RunStarted) -> dict[int, str]:
    """A name for the curve of each class; two classes may be called alike."""
    found: dict[int, str] = {}
    for index in told_classes(event.validation):
        tag = f"accuracy of a class/{printable(event.class_names[index])}"
        found[index] = f"{tag} ({index})" if tag in found.values() else tag
    return found
