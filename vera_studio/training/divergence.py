"""Losses that grow without bounds: told, with what to try."""

import math
from collections.abc import Callable

from vera_studio.errors import TrainingError
from vera_studio.runs.events import Evaluation

_HUGE = 10  # times the loss before training: no run that learns comes near it


class LossWatch:
    """Watches the losses of a run, an epoch at a time."""

    def __init__(self, before: Evaluation, advice: str, on_notice: Callable[[str], None]) -> None:
        """Begin with the validation images' figures `before` training, and what is advised."""
        guessing = math.log(len(before.counts))
        self._usual = max(guessing, before.loss) if math.isfinite(before.loss) else guessing
        self._advice = advice
        self._on_notice = on_notice
        self.has_told = False

    def look(self, epoch: int, *losses: float) -> bool:
        """Whether a loss is huge though finite; the first time that is told."""
        huge = [loss for loss in losses if loss > _HUGE * self._usual]
        if huge and not self.has_told:
            self.has_told = True
            grown = f"The loss has grown to {max(huge):.2g} in epoch {epoch}."
            self._on_notice(f"{grown} {self._advice}")
        return bool(huge)

    def not_finite(self, epoch: int) -> TrainingError:
        """What to raise where a loss, or what is trained, is no longer finite."""
        return TrainingError(f"The loss is no longer finite in epoch {epoch}. {self._advice}")
