"""Training, comparing and measuring, on threads, with what is open already."""

from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio.errors import ShouldStop
from vera_studio.recipe import Recipe
from vera_studio.runs.comparison_results import Comparison, ComparisonSettings
from vera_studio.runs.events import RunResult
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.jobs.loading import take_thread_count
from vera_studio.ui.jobs.progress import OnEvent
from vera_studio.ui.state.workspace import LoadedAdapter, Measurement, Part

if TYPE_CHECKING:
    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model


def train(
    recipe: Recipe,
    folder: Path,
    model: "Model",
    data: "ImageData",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> RunResult:
    """Run `recipe` on a copy of the network, and on the images, that are open already."""
    from vera_studio.adapters.copies import sharing_copy
    from vera_studio.training.loop import train

    take_thread_count()
    own = model.with_network(sharing_copy(model.network))
    return train(recipe, folder, on_event, should_stop, data, own)


def compare(
    recipe: Recipe,
    settings: ComparisonSettings,
    folder: Path,
    model: "Model",
    data: "ImageData",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Comparison:
    """Compare methods on the network and the images that are open already."""
    from vera_studio.training.comparison import compare

    take_thread_count()
    return compare(recipe, settings, folder, on_event, should_stop, data, model)


def measure(
    model: "Model",
    adapter: LoadedAdapter | None,
    data: "ImageData",
    part: Part,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Measurement:
    """Accuracy of the network with `adapter` on, on one part of the images."""
    from vera_studio.training.evaluation import evaluate

    take_thread_count()
    images = data.validation if part == "validation" else data.test
    network = with_adapter(model, adapter)
    measured = evaluate(model.with_network(network), images, should_stop, part)
    return Measurement(part, measured)
