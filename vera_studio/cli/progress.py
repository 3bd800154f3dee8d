"""What a run says of itself while it is going on."""

import math

from vera_studio.cli.terminal import Teller
from vera_studio.runs.events import EpochDone, Event, Notice, RunStarted, Stage, StepsDone


class ProgressLine:
    """Prints a run's events: one line that moves on a terminal, else a line an epoch."""

    def __init__(self) -> None:
        self._teller = Teller()
        self._stage = ""
        self._start: RunStarted | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Stage(text, done):
                self._show_stage(text, done)
            case Notice(text):
                self._teller.tell(text)
            case RunStarted():
                self._start = event
                self._teller.tell(_start_text(event))
                self._teller.tell(event.chosen_by)
            case StepsDone():
                self._teller.move(
                    f"{event.progress:6.1%}  loss {event.losses[-1]:.4f}  "
                    f"{event.images_per_second:,.0f} images/s  {event.seconds_left:.0f} s left"
                )
            case EpochDone():
                self._teller.tell(_epoch_text(event, self._start))

    def _show_stage(self, text: str, done: float | None) -> None:
        if text != self._stage:
            self._stage = text
            self._teller.tell(f"{text} ...")
        if done is not None:
            self._teller.move(f"{done:6.1%}  {text}")


def _start_text(event: RunStarted) -> str:
    share = event.trainable / event.total
    return (
        f"{event.device_reason}. {event.trainable:,} of {event.total:,} numbers are trained "
        f"({share:.2%}) on {event.train_images:,} images an epoch, {event.batch_size:,} a step."
    )


def _epoch_text(event: EpochDone, start: RunStarted | None) -> str:
    text = f"epoch {event.epoch}  loss {event.train_loss:.4g}"
    validation = event.validation
    if validation.images:
        text += f"  validation {validation.loss:.4g} {validation.accuracy:.2%}"
        others = validation.loss_over(start.other_classes) if start else math.nan
        if start and not math.isnan(others):
            targets = validation.loss_over(start.target_classes)
            text += f"  loss of targets {targets:.4g}, of others {others:.4g}"
    return f"{text}{'  best so far' if event.is_best else ''}"
