"""How a comparison stands: told, and written into its folder's tables, after every run."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from vera_studio.errors import RecipeError, StudioError
from vera_studio.files import check_folder, is_folder, is_regular
from vera_studio.recipe import Recipe
from vera_studio.runs import comparison_tables as tables
from vera_studio.runs.candidates import short_name, title
from vera_studio.runs.comparison_file import COMPARISON_FILE, to_bytes
from vera_studio.runs.comparison_results import (
    Accuracies,
    ComparedRun,
    Comparison,
    ComparisonStands,
)
from vera_studio.runs.events import Evaluation, Event, Notice, RunResult, RunStarted
from vera_studio.runs.run_files import RunFiles

OnEvent = Callable[[Event | ComparisonStands], None]


class Record:
    """Takes note of what becomes of a comparison's runs.

    Attributes:
        comparison: how it stands.
    """

    def __init__(self, comparison: Comparison, on_event: OnEvent) -> None:
        self.comparison = comparison
        self._on_event = on_event
        self._files = RunFiles(comparison.folder, lambda text: on_event(Notice(text)))

    def begin(self) -> None:
        """Have the comparison be in its folder, without a run.

        Raises:
            StudioError: it cannot be written.
        """
        self._files.begin({COMPARISON_FILE: to_bytes(self.comparison)})

    def stop(self) -> None:
        """Take note that the user stopped it."""
        self.change(stopped=True)

    def keep(self, run: ComparedRun) -> None:
        """Add a run that finished or failed, to the tables too."""
        self.change(runs=(*self.comparison.runs, run))
        self._put()
        self.tell("")

    def finish(self) -> Comparison:
        """Write how it ended: where its folder takes nothing any more, into another one.

        Raises:
            NotSavedError: no folder takes it.
        """
        self._put()
        self._files.finish()
        self.change(folder=self._files.folder)
        return self.comparison

    def _put(self) -> None:
        """Have the comparison and both tables written anew."""
        comparison = self.comparison
        self._files.put(COMPARISON_FILE, lambda: to_bytes(comparison))
        if comparison.runs:
            runs, summary = tables.run_rows(comparison), tables.summary_rows(comparison)
            self._files.put(tables.RUNS_FILE, lambda: tables.csv_bytes(runs))
            self._files.put(tables.SUMMARY_FILE, lambda: tables.csv_bytes(summary))

    def tell(self, now: str) -> None:
        """Say how the comparison stands, and what runs `now`."""
        self._on_event(ComparisonStands(self.comparison, now))

    def change(self, **changes: object) -> None:
        """Have these fields of the comparison be others from now on."""
        self.comparison = dataclasses.replace(self.comparison, **changes)  # type: ignore[arg-type]


def name_of(recipe: Recipe) -> str:
    """A run, for a person to read."""
    return f"{title(recipe.adapter)}, seed {recipe.training.seed}"


def planned_run(index: int, number: int, recipe: Recipe, folder: Path) -> ComparedRun:
    """What is known of a run before it begins.

    Args:
        index: of its candidate.
        number: of the run, from 1.
        recipe: of the run.
        folder: of the comparison.
    """
    name = f"{number:03}_{short_name(recipe.adapter)}"
    return ComparedRun(
        candidate=index,
        seed=recipe.training.seed,
        adapter_seed=recipe.adapter.seed,
        folder=folder / name.replace(":", "-"),  # a colon is not for Windows' file names
    )


def with_result(run: ComparedRun, result: RunResult) -> ComparedRun:
    """`run` with how it ended; its adapters are in its folder."""
    kept = result.best_adapter if result.has_adapter else result.last_adapter
    return dataclasses.replace(
        run,
        folder=result.folder,  # another one, where the run could not be written there
        after=accuracies(result.after, result),
        file_bytes=kept.stat().st_size,
        best_epoch=result.best_epoch,
        seconds=result.seconds,
        device=result.device,
    )


def accuracies(evaluation: Evaluation, run: RunStarted | RunResult) -> Accuracies:
    """Of the run's targets, and of its other classes."""
    classes = range(len(run.class_names))
    others = [index for index in classes if index not in run.target_classes]
    return Accuracies(evaluation.mean_over(run.target_classes), evaluation.mean_over(others))


def check(problems: list[str]) -> None:
    """Refuse what cannot be compared.

    Raises:
        RecipeError: there are problems; names them all.
    """
    if problems:
        raise RecipeError("These methods cannot be compared:\n- " + "\n- ".join(problems))


def check_unused(folder: Path) -> None:
    """Refuse a folder with anything in it or that cannot be written to, and what is no folder.

    Raises:
        StudioError: it is such a one.
    """
    if is_regular(folder):
        raise StudioError(f"{folder} is a file; a comparison needs a folder.")
    check_folder(folder)
    if is_folder(folder) and any(folder.iterdir()):
        raise StudioError(f"{folder} is not empty; a comparison needs a folder of its own.")
