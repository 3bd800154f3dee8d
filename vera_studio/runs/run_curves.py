"""The curves of a run, read from its metrics.csv; `RunFolder.add_epoch` writes that."""

import csv
import io
import itertools
import math
from dataclasses import dataclass
from pathlib import Path

from vera_studio.errors import StudioError
from vera_studio.files import read_text, reason

_MOST_BYTES = 2**27  # 10,000 epochs of 1,000 classes take 70 MB
_CLASS = "accuracy_"  # before the name of a class


@dataclass(frozen=True)
class RunCurves:
    """A figure for each epoch that was measured, in their order; NaN for what is not known."""

    epochs: tuple[int, ...] = ()  # from 1
    steps: tuple[int, ...] = ()  # done by then in the whole run
    train_loss: tuple[float, ...] = ()  # mean over the epoch
    validation_loss: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()  # 0 to 1
    per_class: tuple[tuple[str, tuple[float, ...]], ...] = ()  # name; accuracies, 0 to 1
    learning_rate: tuple[float, ...] = ()
    best_epoch: int = 0  # the last that was the best when it was measured; 0 without
    seconds: float = 0.0  # of training, without the evaluations

    def mean_over(self, names: frozenset[str]) -> tuple[float, ...]:
        """Mean of the accuracies of the classes called so, an epoch each; NaN without any."""
        chosen = [shares for name, shares in self.per_class if name in names]
        return tuple(_mean(shares) for shares in zip(*chosen, strict=True)) or (math.nan,) * len(
            self.epochs
        )


def load_curves(folder: Path) -> RunCurves:
    """The curves of the run in `folder`, up to now where it is going on.

    Raises:
        StudioError: they are not there, or damaged.
    """
    path = folder / "metrics.csv"
    try:
        text = read_text(path, _MOST_BYTES)
        # The last line may be half a one, of a run that is going on or was killed.
        rows = list(csv.reader(io.StringIO(text[: text.rfind("\n") + 1])))
        return _curves(rows) if rows else RunCurves()
    except OSError as error:
        raise StudioError(f"Cannot read {path}: {reason(error)}.") from error
    except (ValueError, KeyError, OverflowError, csv.Error) as error:
        raise StudioError(f"{path} is damaged: {error}.") from error


def _curves(rows: list[list[str]]) -> RunCurves:
    head, *body = rows
    if any(len(row) != len(head) for row in body):
        raise ValueError("its rows have not all the same length")
    columns: dict[str, tuple[str, ...]] = {
        name: tuple(row[number] for row in body) for number, name in enumerate(head)
    }
    epochs = tuple(int(text) for text in columns["epoch"])
    if any(later <= earlier for earlier, later in itertools.pairwise(epochs)):
        raise ValueError("its epochs do not follow each other")
    best = [
        epoch for epoch, is_best in zip(epochs, columns["is_best"], strict=True) if is_best == "1"
    ]
    return RunCurves(
        epochs=epochs,
        steps=tuple(int(text) for text in columns["step"]),
        train_loss=_numbers(columns["train_loss"]),
        validation_loss=_numbers(columns["validation_loss"]),
        validation_accuracy=_numbers(columns["validation_accuracy"]),
        per_class=_classes(head, body),
        learning_rate=_numbers(columns["learning_rate"]),
        best_epoch=best[-1] if best else 0,
        seconds=math.fsum(filter(math.isfinite, _numbers(columns["seconds"]))),
    )


def _classes(head: list[str], body: list[list[str]]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """By where they stand: a class may be called as another column is."""
    end = head.index("learning_rate") if "learning_rate" in head else len(head)
    first = head.index("validation_accuracy") + 1
    return tuple(
        (head[number].removeprefix(_CLASS), _numbers(tuple(row[number] for row in body)))
        for number in range(first, end)
    )


def _numbers(texts: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(map(float, texts))


def _mean(shares: tuple[float, ...]) -> float:
    known = [share for share in shares if not math.isnan(share)]
    return math.fsum(known) / len(known) if known else math.nan
