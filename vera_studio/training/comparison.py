"""Comparing methods: every candidate with several seeds, on the same network and images."""

import dataclasses
import logging
import math
from collections.abc import Callable
from pathlib import Path

from vera_studio.adapters import adapter_file, attach
from vera_studio.adapters.copies import sharing_copy
from vera_studio.data.store import ImageData
from vera_studio.errors import Cancelled, RecipeError, StudioError
from vera_studio.files import check_folder, is_folder, is_regular, write_atomically
from vera_studio.models.model import Model
from vera_studio.models.own_classes import suited
from vera_studio.recipe import Recipe
from vera_studio.runs import comparison_tables as tables
from vera_studio.runs.candidates import short_name, title
from vera_studio.runs.comparison_file import save_comparison
from vera_studio.runs.comparison_results import (
    Accuracies,
    Candidate,
    ComparedRun,
    Comparison,
    ComparisonSettings,
    ComparisonStands,
)
from vera_studio.runs.events import Evaluation, Event, RunResult, RunStarted
from vera_studio.runs.run_state import going_on
from vera_studio.training.automatic import automatic_learning_rate
from vera_studio.training.loop import train
from vera_studio.training.opening import ShouldStop, open_images, open_network, with_targets

OnEvent = Callable[[Event | ComparisonStands], None]
_log = logging.getLogger(__name__)


def compare(
    recipe: Recipe,
    settings: ComparisonSettings,
    folder: Path,
    on_event: OnEvent = lambda event: None,
    should_stop: ShouldStop = lambda: False,
    data: ImageData | None = None,
    model: Model | None = None,
) -> Comparison:
    """Run every candidate with every seed and leave a folder with a run folder each.

    All candidates run with the first seed, then all with the second, so that a comparison that
    is stopped is as even as can be. `comparison.csv` and `summary.csv` (see
    `comparison_tables`) are written anew after each run.

    Args:
        recipe: what all runs share: images, classes, layers, epochs. Where it sets no learning
            rate, each method has the one that suits it.
        settings: the candidates, and how many seeds.
        folder: where everything goes; made if need be.
        on_event: told how the comparison stands before and after each run, and in between the
            run's own events.
        should_stop: as for `train`. A run that it breaks off does not count; those before do.
        data: the recipe's images, where they are open already.
        model: the recipe's network, where it is open already; it stays as it is.

    Returns:
        How it ended, stopped or not. A run that failed is in it, with the reason.

    Raises:
        RecipeError: the recipe or the settings cannot be used; names every problem.
        ModelError, DataError: the network or the images cannot be opened.
        AdapterError: a candidate does not fit the network.
        StudioError: the folder is not empty, or cannot be written to.
    """
    _check(settings.problems(recipe))
    _check_unused(folder)
    if model is None:
        model = suited(open_network(recipe, on_event, should_stop), recipe.data, should_stop)
    _check(settings.problems(recipe, model.class_names, tuple(model.sites)))
    candidates = plan(recipe, settings, model)
    if data is None:
        data = open_images(recipe, model, on_event, should_stop)
    recipe = with_targets(recipe, model.class_names, data)
    wanted = recipe.training.target_classes
    targets = tuple(n for n in model.class_names if wanted is None or n in wanted)
    size = attach.count(model.network).total
    empty = Comparison(folder, data.title, targets, size, settings.seeds, candidates)
    with going_on(folder):
        return _Comparing(recipe, settings, empty, model, data, on_event, should_stop).go()


def plan(recipe: Recipe, settings: ComparisonSettings, model: Model) -> tuple[Candidate, ...]:
    """What each candidate would come to on `model`.

    Raises:
        AdapterError: one does not fit the network.
    """
    planned = []
    for settings_of_one in settings.candidates:
        own = model.settings_for(settings_of_one)
        counts = attach.plan(model.network, own, model.sites, model.size)
        method = settings_of_one.method
        rate = recipe.training.learning_rate or automatic_learning_rate(
            method, model.has_own_classes
        )
        size = adapter_file.file_bytes(model.network, own, model.class_names, model.sites)
        planned.append(Candidate(settings_of_one, rate, counts.trainable, counts.total, size))
    return tuple(planned)


class _Comparing:
    """The runs of one comparison, one after the other."""

    def __init__(
        self,
        recipe: Recipe,
        settings: ComparisonSettings,
        comparison: Comparison,
        model: Model,
        data: ImageData,
        on_event: OnEvent,
        should_stop: ShouldStop,
    ) -> None:
        self._recipe = recipe
        self._settings = settings
        self._comparison = comparison
        self._model = model
        self._data = data
        self._on_event = on_event
        self._should_stop = should_stop

    def go(self) -> Comparison:
        save_comparison(self._comparison)
        for round_ in range(self._settings.seeds):
            for index in range(len(self._settings.candidates)):
                if self._should_stop() or not self._run(index, round_):
                    self._change(stopped=True)
                    save_comparison(self._comparison)
                    return self._comparison
        return self._comparison

    def _run(self, index: int, round_: int) -> bool:
        """Run a candidate; returns whether the run counts, which it does not when stopped."""
        recipe = self._settings.recipe(self._recipe, index, round_)
        self._tell(f"{title(recipe.adapter)}, seed {recipe.training.seed}")
        name = f"{len(self._comparison.runs) + 1:03}_{short_name(recipe.adapter)}"
        run = ComparedRun(
            candidate=index,
            seed=recipe.training.seed,
            adapter_seed=recipe.adapter.seed,
            # A colon is not for Windows' file names.
            folder=self._comparison.folder / name.replace(":", "-"),
        )
        try:
            result = self._train(recipe, run.folder)
        except Cancelled:
            return False
        except StudioError as error:
            _log.warning("%s failed: %s", run.folder.name, error)
            self._keep(dataclasses.replace(run, problem=str(error)))
            return True
        self._keep(_with_result(run, result))
        return True

    def _train(self, recipe: Recipe, folder: Path) -> RunResult:
        """Train on a copy: the next run starts from the same network."""
        own = dataclasses.replace(self._model, network=sharing_copy(self._model.network))
        return train(recipe, folder, self._pass_on, self._gives_up, self._data, own)

    def _gives_up(self) -> bool:
        """Give a run up at once where the user stops the comparison: it would not count."""
        if self._should_stop():
            raise Cancelled
        return False

    def _pass_on(self, event: Event) -> None:
        if isinstance(event, RunStarted) and math.isnan(self._comparison.before.targets):
            self._change(before=_accuracies(event.test, event))
        self._on_event(event)

    def _keep(self, run: ComparedRun) -> None:
        """Take note of a run that ended, in the tables too."""
        self._change(runs=(*self._comparison.runs, run))
        folder, comparison = self._comparison.folder, self._comparison
        for name, rows in (
            (tables.RUNS_FILE, tables.run_rows(comparison)),
            (tables.SUMMARY_FILE, tables.summary_rows(comparison)),
        ):
            write_atomically(folder / name, tables.to_csv(rows).encode())
        save_comparison(comparison)
        self._tell("")

    def _tell(self, now: str) -> None:
        self._on_event(ComparisonStands(self._comparison, now))

    def _change(self, **changes: object) -> None:
        self._comparison = dataclasses.replace(self._comparison, **changes)  # type: ignore[arg-type]


def _with_result(run: ComparedRun, result: RunResult) -> ComparedRun:
    kept = result.best_adapter if result.has_adapter else result.last_adapter
    return dataclasses.replace(
        run,
        after=_accuracies(result.after, result),
        file_bytes=kept.stat().st_size,
        best_epoch=result.best_epoch,
        seconds=result.seconds,
        device=result.device,
    )


def _accuracies(evaluation: Evaluation, run: RunStarted | RunResult) -> Accuracies:
    classes = range(len(run.class_names))
    others = [index for index in classes if index not in run.target_classes]
    return Accuracies(evaluation.mean_over(run.target_classes), evaluation.mean_over(others))


def _check(problems: list[str]) -> None:
    if problems:
        raise RecipeError("These methods cannot be compared:\n- " + "\n- ".join(problems))


def _check_unused(folder: Path) -> None:
    """Refuse a folder with anything in it or that cannot be written to, and what is no folder.

    Raises:
        StudioError: it is such a one.
    """
    if is_regular(folder):
        raise StudioError(f"{folder} is a file; a comparison needs a folder.")
    check_folder(folder)
    if is_folder(folder) and any(folder.iterdir()):
        raise StudioError(f"{folder} is not empty; a comparison needs a folder of its own.")
