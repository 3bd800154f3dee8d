"""The folder that a run leaves: its recipe, its measurements, its adapters.

recipe.toml         what was run
losses.csv          the training loss of every step
metrics.csv         a row an epoch: losses, validation accuracies, learning rate; of many classes
                    those that there are validation images of
best.safetensors    the adapter of the best epoch by validation accuracy; missing where no epoch
                    beat the network before training
last.safetensors    the adapter as the last step left it
progress.pt         how far it is, to go on from; see training/progress.py
predictions-validation.csv, predictions-test.csv
                    what the best adapter, and the network before training, said of each image;
                    see predictions.py
state.json          whether it is going on, has ended or failed; see run_state.py
result.json         what was run on what and how it ended, with the test accuracies before and
                    after; of many classes those that there are test images of, and the targets
"""

import csv
import dataclasses
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from vera_studio import recipe_file
from vera_studio.errors import StudioError
from vera_studio.files import (
    check_folder,
    is_regular,
    read_regular,
    read_text,
    reason,
    write_atomically,
)
from vera_studio.recipe import Recipe
from vera_studio.runs.events import (
    EpochDone,
    Evaluation,
    RunResult,
    StepsDone,
    told_classes,
)
from vera_studio.runs.plain_values import from_plain, to_plain
from vera_studio.runs.run_files import RunFiles, new_folder

RECIPE, RESULT = "recipe.toml", "result.json"
LOSSES, METRICS = "losses.csv", "metrics.csv"
_MOST_BYTES = 2**30  # of a table: a row a step


def new_run_folder(parent: Path, now: datetime) -> Path:
    """A path under `parent` that nothing has yet, named after the time; not created."""
    return new_folder(parent, now.strftime("%Y-%m-%d_%H-%M-%S"))


def check_unused(path: Path) -> None:
    """Refuse a folder that holds a run or cannot be written to, and what is no folder.

    Raises:
        StudioError: it is such a one.
    """
    if is_regular(path):
        raise StudioError(f"{path} is a file; a run needs a folder.")
    if is_regular(path / RECIPE):
        raise StudioError(f"{path} holds a run already; choose another folder.")
    check_folder(path)


class RunFolder:
    """Writes a run's files as the run goes on."""

    def __init__(
        self,
        path: Path,
        recipe: Recipe,
        class_names: Sequence[str],
        told: Sequence[int] | None = None,
        going_on: tuple[int, int] | None = None,
        on_notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Create the folder and put the recipe and the heads of the tables into it.

        Of a run that goes on the tables keep what came before; its recipe and its result stay as
        they are until there is another result.

        Args:
            path: of the folder.
            recipe: what is run.
            class_names: the network's classes, in its order.
            told: those of them (indices) whose accuracies are written; None for all.
            going_on: the steps and the epochs that are done; None for a run that begins.
            on_notice: told once the run has begun, that the folder cannot be written to any more.

        Raises:
            StudioError: the folder holds a run already, or cannot be written to.
        """
        self.files = RunFiles(path, on_notice)
        if going_on is None:
            check_unused(path)
        steps, epochs = going_on or (0, 0)
        self._told = range(len(class_names)) if told is None else told
        self._recipe = recipe
        metrics = (
            ["epoch", "step", "train_loss", "validation_loss", "validation_accuracy"]
            + [f"accuracy_{class_names[index]}" for index in self._told]
            + ["learning_rate", "is_best", "seconds"]
            + ["validation_loss_targets", "validation_loss_others"]
        )
        tables = {
            LOSSES: self._table(LOSSES, ["step", "epoch", "loss"], steps),
            METRICS: self._table(METRICS, metrics, epochs),
        }
        own = recipe_file.to_bytes(recipe) if going_on is None else self._former_recipe()
        self.files.begin({RECIPE: own, **tables}, tables)
        self._targets = recipe.training.targets_among(class_names)
        targets = set(self._targets)
        self._others = [i for i in range(len(class_names)) if i not in targets]

    def add(self, event: object) -> None:
        """Append what an event of the run tells of steps, or of an epoch."""
        if isinstance(event, StepsDone):
            self.add_losses(event)
        if isinstance(event, EpochDone):
            self.add_epoch(event)

    def add_losses(self, event: StepsDone) -> None:
        """Append the losses of some steps."""
        rows = [
            [event.first_step + offset, event.epoch, f"{loss:.6g}"]
            for offset, loss in enumerate(event.losses)
        ]
        self.files.add(LOSSES, _csv(rows))

    def add_epoch(self, event: EpochDone) -> None:
        """Append the figures of an epoch."""
        validation = event.validation
        row = [event.epoch, event.step, f"{event.train_loss:.6g}", f"{validation.loss:.6g}"]
        shares = (validation.per_class[index] for index in self._told)
        row += [f"{share:.4f}" for share in (validation.accuracy, *shares)]
        row += [f"{event.learning_rate:.6g}", int(event.is_best), f"{event.seconds:.3f}"]
        row += [f"{validation.loss_over(some):.6g}" for some in (self._targets, self._others)]
        self.files.add(METRICS, _csv([row]))

    def add_result(self, result: RunResult) -> RunResult:
        """Write how the run ended, and the recipe, which may have got more epochs.

        Returns:
            The result, with the folder where all is now.

        Raises:
            NotSavedError: neither the run's folder nor another one can be written to.
        """
        self.files.put(RECIPE, lambda: recipe_file.to_bytes(self._recipe))
        self.files.put(RESULT, lambda: _result_bytes(result))
        self.files.finish()
        return dataclasses.replace(result, folder=self.files.folder)

    def losses(self) -> Iterator[tuple[int, float]]:
        """Epoch and loss of each step that is written, in order."""
        return ((int(epoch), float(loss)) for _, epoch, loss in self._rows(LOSSES))

    def _former_recipe(self) -> bytes:
        path = self.files.folder / RECIPE
        try:
            return read_regular(path)
        except OSError as error:
            raise StudioError(f"Cannot read {path}: {reason(error)}.") from error

    def _table(self, name: str, header: list[str], kept: int) -> bytes:
        """A table with the rows that it has already of the first `kept` steps or epochs."""
        try:
            rows = (row for row in self._rows(name) if int(row[0]) <= kept) if kept else ()
            return _csv(itertools.chain([header], rows))
        except (ValueError, IndexError) as error:
            raise StudioError(f"{self.files.folder / name} is damaged: {error}.") from error

    def _rows(self, name: str) -> Iterator[list[str]]:
        """The rows below the heading, one after the other: there may be a million."""
        path = self.files.folder / name
        try:
            text = read_text(path, _MOST_BYTES)
            # The last line may be half a one, of a run that was killed.
            rows = csv.reader(io.StringIO(text[: text.rfind("\n") + 1]))
            yield from itertools.islice(rows, 1, None)
        except (OSError, csv.Error) as error:
            raise StudioError(f"Cannot read {path}: {error}.") from error


def load_result(path: Path) -> RunResult:
    """Read back the result of the run in the folder `path`.

    What an older version did not write has its default, and what a newer one added is left out.

    Raises:
        StudioError: the folder holds no finished run.
    """
    try:
        values = json.loads(read_text(path / RESULT))
        result = from_plain(RunResult, {**values, "folder": str(path)})
        _check(result)
        return dataclasses.replace(result, folder=path)
    except OSError as error:
        raise StudioError(f"{path} holds no finished run: {reason(error)}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise StudioError(f"{path} holds no finished run: {error}.") from error


def _check(result: RunResult) -> None:
    """Raise a ValueError where what is told of classes does not go together."""
    classes = len(result.class_names)
    for evaluation in (result.before, result.after):
        per_class = (evaluation.per_class, evaluation.counts, evaluation.class_losses)
        if any(len(one) != classes for one in per_class if one) or any(
            count < 0 for count in evaluation.counts
        ):
            raise ValueError("the figures do not go with the classes")
    if len(result.before.counts) != classes or len(result.after.counts) != classes:
        raise ValueError("the figures do not go with the classes")
    if not all(0 <= index < classes for index in result.target_classes):
        raise ValueError("the targets are not among the classes")
    if not 0 <= result.best_epoch <= result.epochs_done:
        raise ValueError("the best epoch is not among those that were done")


def name_adapter(result: RunResult, name: str) -> RunResult:
    """Take note, in result.json too, of what the best adapter is called in the library.

    Raises:
        StudioError: the run folder cannot be written to.
    """
    named = dataclasses.replace(result, adapter_name=name)
    _write_result(named)
    return named


def _write_result(result: RunResult) -> None:
    write_atomically(result.folder / RESULT, _result_bytes(result))


def _result_bytes(result: RunResult) -> bytes:
    values = to_plain(_without_idle_classes(result))
    del values["folder"]
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    # Names of folders on Linux may have what UTF-8 cannot hold.
    return text.encode(errors="backslashreplace")


def _without_idle_classes(result: RunResult) -> RunResult:
    """`result` without what it says of classes that it tells nothing of, where they are many."""
    told = set(told_classes(result.before, result.after)) | set(result.target_classes)
    kept = sorted(told)
    if len(kept) == len(result.class_names):
        return result
    place = {index: number for number, index in enumerate(kept)}
    return dataclasses.replace(
        result,
        class_names=tuple(result.class_names[index] for index in kept),
        target_classes=tuple(place[index] for index in result.target_classes),
        before=_some_classes(result.before, kept),
        after=_some_classes(result.after, kept),
    )


def _some_classes(evaluation: Evaluation, kept: Sequence[int]) -> Evaluation:
    losses = evaluation.class_losses
    return dataclasses.replace(
        evaluation,
        per_class=tuple(evaluation.per_class[index] for index in kept),
        counts=tuple(evaluation.counts[index] for index in kept),
        class_losses=tuple(losses[index] for index in kept) if losses else (),
    )


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(errors="backslashreplace")
