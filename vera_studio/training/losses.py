"""The losses of a run's steps: told some 10 times a second, and watched."""

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping

import torch

from vera_studio.errors import TrainingError
from vera_studio.runs.events import EpochDone, Evaluation, Notice, StepsDone
from vera_studio.training.processes import ALONE, Processes
from vera_studio.training.progress import Progress

_REPORT_SECONDS = 0.1  # often enough for the eye, and cheap
_MOST_TOLD = 10_000  # steps that are told at once of a run that goes on
_HUGE = 10  # times the loss before training: no run that learns comes near it


class Losses:
    """Gathers the losses of steps, on the device, and reports them now and then.

    Reading a loss waits for the device, which therefore is not done after every step. What was
    reported is part of the run's progress.
    """

    def __init__(
        self,
        progress: Progress,
        steps: int,
        before: Evaluation,
        advice: str,
        on_event: Callable[[StepsDone | Notice], None],
        processes: Processes = ALONE,
    ) -> None:
        """Begin where `progress` is.

        Args:
            progress: of the run; kept up to date.
            steps: in the whole run.
            before: the validation images' figures before training.
            advice: what to try where losses grow without bounds.
            on_event: told of steps and, once, that a loss is huge.
            processes: that all have these losses. The first tells, and is the one that ends a run
                whose losses are not finite.
        """
        guessing = math.log(len(before.counts))
        self._usual = max(guessing, before.loss) if math.isfinite(before.loss) else guessing
        self._progress = progress
        self._steps = steps
        self._advice = advice
        self._on_event, self._processes = on_event, processes
        self._pending: list[torch.Tensor] = []
        self._epoch_start = self._reported = 0.0

    def begin_epoch(self) -> None:
        """The next steps are those of an epoch, or of what is left of it."""
        self._epoch_start = self._progress.clock.seconds() - self._progress.epoch_seconds
        self._reported = time.perf_counter()

    def add(self, loss: torch.Tensor, images: int) -> None:
        """Take note of a step's loss (), the mean of so many images.

        Raises:
            TrainingError: it is time to report, and not all losses are finite.
        """
        self._pending.append(loss)
        self._progress.batches += 1
        self._progress.step += 1
        self._progress.images += images
        if self._processes.is_first and time.perf_counter() - self._reported >= _REPORT_SECONDS:
            self.report()

    def end_epoch(self) -> tuple[float, float]:
        """Report what is left; returns the epoch's mean loss and its seconds of training.

        Raises:
            TrainingError: not all losses are finite.
        """
        self.report()
        progress = self._progress
        seconds = progress.clock.seconds() - self._epoch_start
        mean = progress.epoch_loss / progress.batches
        progress.training_seconds += seconds
        progress.epoch_loss = progress.epoch_seconds = 0.0
        return mean, seconds

    def report(self) -> None:
        """Report the steps that have not been reported yet.

        Raises:
            TrainingError: not all losses are finite.
        """
        if not self._pending:
            return
        losses: tuple[float, ...] = tuple(torch.stack(self._pending).tolist())
        if not all(math.isfinite(loss) for loss in losses):
            raise self._not_finite()
        self._pending = []
        progress = self._progress
        for loss in losses:  # one by one: then it is the same however many are reported at once
            progress.epoch_loss += loss
        progress.epoch_seconds = progress.clock.seconds() - self._epoch_start
        seconds = progress.training_seconds + progress.epoch_seconds
        share = progress.step / self._steps
        self._on_event(
            StepsDone(
                epoch=progress.epoch,
                first_step=progress.step - len(losses) + 1,
                losses=losses,
                images_per_second=progress.images / max(seconds, 1e-9),
                progress=share,
                seconds_left=seconds * (1 - share) / share,
            )
        )
        self._reported = time.perf_counter()

    def check(
        self, parameters: Mapping[str, torch.Tensor], validation: Evaluation | None = None
    ) -> None:
        """Refuse what an epoch's last step did, whose loss is from before it.

        Args:
            parameters: of the adapter.
            validation: how it does, where that is known.

        Raises:
            TrainingError: not all is finite.
        """
        is_finite = all(bool(value.isfinite().all()) for value in parameters.values())
        has_loss = validation is not None and validation.images > 0
        if not is_finite or (validation and has_loss and not math.isfinite(validation.loss)):
            raise self._not_finite()

    def are_huge(self, *losses: float) -> bool:
        """Whether one of an epoch's is huge though finite; the first time that is told."""
        huge = [loss for loss in losses if loss > _HUGE * self._usual]
        if huge and not self._progress.has_told_huge:
            self._progress.has_told_huge = True
            grown = f"The loss has grown to {max(huge):.2g} in epoch {self._progress.epoch}."
            self._on_event(Notice(f"{grown} {self._advice}"))
        return bool(huge)

    def _not_finite(self) -> TrainingError:
        if not self._processes.is_first:
            self._processes.any(True)  # comes to nothing: the first ends instead, and says why
        epoch = self._progress.epoch
        return TrainingError(f"The loss is no longer finite in epoch {epoch}. {self._advice}")


def told_again(
    progress: Progress, losses: Iterator[tuple[int, float]], steps: int
) -> Iterator[StepsDone | EpochDone]:
    """The events of what came before a run was broken off.

    Args:
        progress: as it was then.
        losses: epoch and loss of each step that is written.
        steps: in the whole run.
    """
    seconds, last = max(progress.training_seconds + progress.epoch_seconds, 1e-9), 0
    for epoch in [*progress.history, None]:
        end = epoch.step if epoch else steps
        while some := list(itertools.islice(losses, min(end - last, _MOST_TOLD))):
            first, last = last + 1, last + len(some)
            yield StepsDone(
                epoch=some[0][0],
                first_step=first,
                losses=tuple(loss for _, loss in some),
                images_per_second=progress.images / seconds,
                progress=last / steps,
                seconds_left=seconds * (steps - last) / progress.step,
            )
        if epoch:
            yield epoch
