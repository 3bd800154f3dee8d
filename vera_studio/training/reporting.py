"""Telling of a run's steps: some 10 times a second, however fast they are."""

import math
import time
from collections.abc import Callable

import torch

from vera_studio.runs.events import StepsDone
from vera_studio.training.progress import Told
from vera_studio.training.stopwatch import Stopwatch

_REPORT_SECONDS = 0.1  # often enough for the eye, and cheap


class LossNotFiniteError(Exception):
    """A reported loss is not a finite number."""


class StepReporter:
    """Gathers the losses of steps, on the device, and reports them now and then.

    Reading a loss waits for the device, which therefore is not done after every step.

    Attributes:
        step: steps done so far in the whole run.
        images: images trained on so far.
        seconds: of training so far, up to the last end of an epoch.
    """

    def __init__(
        self,
        steps: int,
        clock: Stopwatch,
        on_steps: Callable[[StepsDone], None],
    ) -> None:
        """Begin with nothing done.

        Args:
            steps: in the whole run.
            clock: counts seconds of work.
            on_steps: told of steps.
        """
        self.step = self.images = 0
        self.seconds = 0.0
        self._steps = steps
        self._clock = clock
        self._on_steps = on_steps
        self._pending: list[torch.Tensor] = []
        self._epoch = 0
        self._epoch_losses: list[float] = []
        self._left_over: Told | None = None  # of the epoch in which the run was broken off
        self._epoch_start = self._reported = 0.0

    def go_on(self, told: Told) -> None:
        """Take up where a run was broken off; its epoch is to be begun."""
        self.step, self.images, self.seconds = told.step, told.images, told.seconds
        self._left_over = told

    def told(self) -> Told:
        """What `go_on` takes; what is left to report is reported.

        Raises:
            LossNotFiniteError: not all losses are finite.
        """
        self.report()
        epoch_seconds = self._clock.seconds() - self._epoch_start if self._epoch_losses else 0.0
        return Told(self.step, self.images, self.seconds, epoch_seconds, [*self._epoch_losses])

    def begin_epoch(self, epoch: int) -> None:
        """The next steps are those of `epoch`, from 1."""
        self._epoch, self._epoch_losses = epoch, []
        self._epoch_start = self._clock.seconds()
        if self._left_over:
            self._epoch_losses += self._left_over.epoch_losses
            self._epoch_start -= self._left_over.epoch_seconds
            self._left_over = None
        self._reported = time.perf_counter()

    def add(self, loss: torch.Tensor, images: int) -> None:
        """Take note of a step's loss ().

        Raises:
            LossNotFiniteError: it is time to report, and not all losses are finite.
        """
        self._pending.append(loss)
        self.step += 1
        self.images += images
        if time.perf_counter() - self._reported >= _REPORT_SECONDS:
            self.report()

    def end_epoch(self) -> tuple[float, float]:
        """Report what is left; returns the epoch's mean loss and its seconds of training.

        Raises:
            LossNotFiniteError: not all losses are finite.
        """
        self.report()
        seconds = self._clock.seconds() - self._epoch_start
        self.seconds += seconds
        mean = math.fsum(self._epoch_losses) / len(self._epoch_losses)
        self._epoch_losses = []
        return mean, seconds

    def report(self) -> None:
        """Report the steps that have not been reported yet.

        Raises:
            LossNotFiniteError: not all losses are finite.
        """
        if not self._pending:
            return
        losses: tuple[float, ...] = tuple(torch.stack(self._pending).tolist())
        if not all(math.isfinite(loss) for loss in losses):
            raise LossNotFiniteError
        self._pending = []
        self._epoch_losses += losses
        seconds = self.seconds + self._clock.seconds() - self._epoch_start
        progress = self.step / self._steps
        self._on_steps(
            StepsDone(
                epoch=self._epoch,
                first_step=self.step - len(losses) + 1,
                losses=losses,
                images_per_second=self.images / max(seconds, 1e-9),
                progress=progress,
                seconds_left=seconds * (1 - progress) / progress,
            )
        )
        self._reported = time.perf_counter()
