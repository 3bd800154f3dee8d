"""What a run says of itself while it is going on."""

import sys

from vera_studio.runs.events import EpochDone, Event, Notice, RunStarted, Stage, StepsDone


class ProgressLine:
    """Prints a run's events: one line that moves on a terminal, else a line an epoch."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._stage = ""

    def __call__(self, event: Event) -> None:
        match event:
            case Stage(text, done):
                self._show_stage(text, done)
            case Notice(text):
                self._print(text)
            case RunStarted():
                self._print(_start_text(event))
            case StepsDone() if self._moves:
                line = (
                    f"{event.progress:6.1%}  loss {event.losses[-1]:.4f}  "
                    f"{event.images_per_second:,.0f} images/s  {event.seconds_left:.0f} s left"
                )
                print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            case EpochDone():
                self._print(_epoch_text(event))

    def _show_stage(self, text: str, done: float | None) -> None:
        if text != self._stage:
            self._stage = text
            self._print(f"{text} ...")
        if done is not None and self._moves:
            print(f"\r\x1b[K{done:6.1%}  {text}", end="", file=sys.stderr, flush=True)

    def _print(self, line: str) -> None:
        print(("\r\x1b[K" if self._moves else "") + line, file=sys.stderr, flush=True)


def _start_text(event: RunStarted) -> str:
    share = event.trainable / event.total
    return (
        f"{event.device_reason}. {event.trainable:,} of {event.total:,} numbers are trained "
        f"({share:.2%}) on {event.train_images:,} images an epoch, {event.batch_size:,} a step."
    )


def _epoch_text(event: EpochDone) -> str:
    return (
        f"epoch {event.epoch}  loss {event.train_loss:.4f}  "
        f"validation {event.validation.loss:.4f} {event.validation.accuracy:.2%}"
        f"{'  best so far' if event.is_best else ''}"
    )
