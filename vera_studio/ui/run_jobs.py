"""Going on with runs, on threads: plain functions around the engine, as in `jobs`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio import recipe_file
from vera_studio.errors import StudioError
from vera_studio.files import is_regular
from vera_studio.recipe import Recipe
from vera_studio.runs.events import RunResult
from vera_studio.runs.run_folder import broken_off, load_result
from vera_studio.ui.jobs import OnEvent, ShouldStop, take_thread_count

if TYPE_CHECKING:
    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model


@dataclass(frozen=True)
class RunSoFar:
    """How far a run is."""

    folder: Path
    epoch: int  # the next one to be trained, or the one to be gone on with, from 1
    epochs: int  # that it is to have in all
    is_over: bool  # whether it came to its end


def how_far(folder: Path, on_event: OnEvent, should_stop: ShouldStop) -> RunSoFar:
    """How far the run in `folder` is.

    Raises:
        StudioError: it holds none that can go on.
    """
    from vera_studio.training import progress

    start = progress.load(folder)
    is_over = is_regular(folder / "result.json") and not load_result(folder).stopped
    return RunSoFar(folder, start.place.epoch, start.epochs, is_over)


def find_broken_off(parent: Path, on_event: OnEvent, should_stop: ShouldStop) -> list[RunSoFar]:
    """The runs in `parent` that were broken off and can go on, the newest first."""
    found = []
    for folder in broken_off(parent):
        try:
            found.append(how_far(folder, on_event, should_stop))
        except StudioError:  # damaged: chosen by hand, it says so
            continue
    return found


def resume(
    folder: Path,
    epochs: int | None,
    opened: Recipe,
    model: "Model",
    data: "ImageData | None",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> RunResult:
    """Go on with the run in `folder`, on what is open where it is about that.

    Args:
        folder: of the run.
        epochs: that it is to have in all; None for those that it was to have.
        opened: names the network and the images that are open.
        model, data: these.
        on_event, should_stop: as for every job.
    """
    from vera_studio.adapters.copies import sharing_copy
    from vera_studio.training.loop import resume

    take_thread_count()
    asked = recipe_file.load(folder / "recipe.toml")
    is_open = data is not None and (asked.model, asked.data) == (opened.model, opened.data)
    if not is_open:
        return resume(folder, on_event, should_stop, epochs=epochs)
    own = model.with_network(sharing_copy(model.network))
    return resume(folder, on_event, should_stop, data, own, epochs)
