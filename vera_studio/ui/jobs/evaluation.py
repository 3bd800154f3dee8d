"""What the page Evaluate has done on threads: plain functions, as in `jobs`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio import recipe_file
from vera_studio.errors import ShouldStop, StudioError
from vera_studio.recipe import DataSettings
from vera_studio.runs.prediction_figures import (
    Calibration,
    PerClass,
    accuracy,
    calibration,
    confused_pairs,
    per_class,
)
from vera_studio.runs.predictions import Classes, Predictions, load, predictions_file
from vera_studio.runs.predictions import Shares as Shares
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.jobs.loading import take_thread_count
from vera_studio.ui.jobs.progress import OnEvent, Progress
from vera_studio.ui.state.workspace import LoadedAdapter, Part

if TYPE_CHECKING:
    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model

PARTS: tuple[Part, ...] = ("validation", "test")


@dataclass(frozen=True, eq=False)
class Side:
    """How one network does: the adapted one, or the one before it."""

    told: Classes  # (n, k), the likeliest first
    shares: Shares  # (n, k)
    accuracy: float
    classes: PerClass
    calibration: Calibration
    pairs: dict[tuple[int, int], int]  # class and what it was taken for: mistakes, by how many


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Everything that the page shows of one pass over a part of the images."""

    predictions: Predictions
    after: Side
    before: Side | None  # None where there is nothing to compare with
    data: DataSettings  # where the images are


def parts_of_run(folder: Path) -> tuple[Part, ...]:
    """The parts of the images of which a run kept what was said."""
    return tuple(part for part in PARTS if predictions_file(folder, part).is_file())


def evaluate_run(folder: Path, part: Part, on_event: OnEvent, should_stop: ShouldStop) -> Evaluated:
    """What a run kept.

    Raises:
        StudioError: it kept nothing, or that is damaged.
    """
    return _evaluated(load(folder, part), recipe_file.load(folder / "recipe.toml").data)


def evaluate_network(
    model: "Model",
    adapter: LoadedAdapter | None,
    data: "ImageData",
    settings: DataSettings,
    part: Part,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Evaluated:
    """One pass over a part of the images that are open, with what the network has on and without.

    Raises:
        Cancelled: told to stop.
    """
    from vera_studio.training.answers import side_by_side
    from vera_studio.training.prediction_pass import predict_both

    def report(done: int, total: int) -> None:
        on_event(Progress(done, total, f"Evaluating the {part} images"))

    take_thread_count()
    images = data.validation if part == "validation" else data.test
    adapted = model.with_network(with_adapter(model, adapter))
    answers, base = predict_both(adapted, images, part, report, should_stop)
    said = side_by_side(answers, base, model.class_names, images.names)
    return _evaluated(said, settings)


def fit_temperature(
    model: "Model",
    adapter: LoadedAdapter,
    data: "ImageData",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> float:
    """By what to divide the logits so that shares mean what they say on the validation images.

    Raises:
        Cancelled: told to stop.
        StudioError: there are no validation images.
    """
    from vera_studio.training.prediction_pass import fit_temperature

    if not len(data.validation):
        raise StudioError(f"{data.title} has no validation images to fit a temperature to.")
    take_thread_count()
    adapted = model.with_network(with_adapter(model, adapter))
    return fit_temperature(adapted, data.validation, should_stop=should_stop)


def _evaluated(one: Predictions, settings: DataSettings) -> Evaluated:
    after = _side(one, one.told, one.shares)
    before = _side(one, one.base_told, one.base_shares) if one.has_base else None
    return Evaluated(one, after, before, settings)


def _side(one: Predictions, told: Classes, shares: Shares) -> Side:
    classes, right = len(one.class_names), told[:, 0] == one.truth
    pairs = confused_pairs(one.truth, told, classes)
    return Side(
        told,
        shares,
        accuracy(right),
        per_class(one.truth, told, classes),
        calibration(shares, right),
        {(true, other): count for true, other, count in pairs},
    )
