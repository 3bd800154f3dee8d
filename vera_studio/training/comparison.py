"""Comparing methods: every candidate with several seeds, on the same network and images."""

import dataclasses
import logging
import math
from pathlib import Path

from vera_studio.adapters import adapter_file, attach
from vera_studio.adapters.copies import sharing_copy
from vera_studio.data.store import ImageData
from vera_studio.errors import Cancelled, StudioError
from vera_studio.models.model import Model
from vera_studio.models.own_classes import suited
from vera_studio.recipe import Recipe
from vera_studio.runs.comparison_results import Candidate, Comparison, ComparisonSettings
from vera_studio.runs.events import Event, RunResult, RunStarted
from vera_studio.runs.run_state import going_on
from vera_studio.training.automatic import automatic_learning_rate
from vera_studio.training.comparison_record import (
    OnEvent,
    Record,
    accuracies,
    check,
    check_unused,
    name_of,
    planned_run,
    with_result,
)
from vera_studio.training.loop import train
from vera_studio.training.opening import ShouldStop, open_images, open_network, with_targets

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
        How it ended, stopped or not, and where: elsewhere if need be. A run that failed is in it,
        with the reason.

    Raises:
        RecipeError: the recipe or the settings cannot be used; names every problem.
        ModelError, DataError: the network or the images cannot be opened.
        AdapterError: a candidate does not fit the network.
        StudioError: the folder is not empty, or cannot be written to.
        NotSavedError: the folder cannot be written to any more, and no other one either.
    """
    check(settings.problems(recipe))
    check_unused(folder)
    if model is None:
        model = suited(open_network(recipe, on_event, should_stop), recipe.data, should_stop)
    if data is None:
        check(settings.problems(recipe, model.class_names, tuple(model.sites)))
        plan(recipe, settings, model)  # what does not fit is told before images are decoded
        data = open_images(recipe, model, on_event, should_stop)
    recipe, planned = planned_comparison(recipe, settings, folder, model, data)
    with going_on(folder):
        return _Comparing(recipe, settings, planned, model, data, on_event, should_stop).go()


def planned_comparison(
    recipe: Recipe, settings: ComparisonSettings, folder: Path, model: Model, data: ImageData
) -> tuple[Recipe, Comparison]:
    """The recipe that all runs share, with its targets named, and a comparison without a run.

    Raises:
        RecipeError: they cannot be used with this network; names every problem.
        AdapterError: a candidate does not fit it.
    """
    check(settings.problems(recipe, model.class_names, tuple(model.sites)))
    candidates = plan(recipe, settings, model)
    recipe = with_targets(recipe, model.class_names, data)
    wanted = recipe.training.target_classes
    targets = tuple(n for n in model.class_names if wanted is None or n in wanted)
    size = attach.count(model.network).total
    return recipe, Comparison(folder, data.title, targets, size, settings.seeds, candidates)


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
        self._record = Record(comparison, on_event)
        self._model = model
        self._data = data
        self._on_event = on_event
        self._should_stop = should_stop

    def go(self) -> Comparison:
        self._record.begin()
        for round_ in range(self._settings.seeds):
            for index in range(len(self._settings.candidates)):
                if self._should_stop() or not self._run(index, round_):
                    self._record.stop()
                    return self._record.finish()
        return self._record.finish()

    def _run(self, index: int, round_: int) -> bool:
        """Run a candidate; returns whether the run counts, which it does not when stopped."""
        recipe = self._settings.recipe(self._recipe, index, round_)
        comparison = self._record.comparison
        self._record.tell(name_of(recipe))
        run = planned_run(index, len(comparison.runs) + 1, recipe, comparison.folder)
        try:
            result = self._train(recipe, run.folder)
        except Cancelled:
            return False
        except StudioError as error:
            _log.warning("%s failed: %s", run.folder.name, error)
            self._record.keep(dataclasses.replace(run, problem=str(error)))
            return True
        self._record.keep(with_result(run, result))
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
        if isinstance(event, RunStarted) and math.isnan(self._record.comparison.before.targets):
            self._record.change(before=accuracies(event.test, event))
        self._on_event(event)
