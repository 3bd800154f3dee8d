"""Going on with runs, on threads: plain functions around the engine, as in `jobs`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio.errors import Cancelled, ShouldStop, StudioError
from vera_studio.files import is_regular
from vera_studio.recipe import Recipe
from vera_studio.runs.events import Event, RunResult
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.run_state import PROGRESS_FILE, broken_off, state_of
from vera_studio.ui.jobs.loading import take_thread_count
from vera_studio.ui.jobs.progress import OnEvent

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

    saved = progress.load(folder)
    is_over = state_of(folder) == "ended" and not load_result(folder).stopped
    return RunSoFar(folder, saved.epoch, saved.course.epochs, is_over)


def find_broken_off(
    parent: Path, passed_over: Sequence[str], on_event: OnEvent, should_stop: ShouldStop
) -> tuple[RunSoFar | None, list[str]]:
    """The newest run in `parent` that was broken off and can go on, and the names of all these.

    Those called as in `passed_over` do not count.
    """
    names = []
    newest: RunSoFar | None = None
    for folder in broken_off(parent):
        if should_stop():
            raise Cancelled
        if folder.name in passed_over:
            continue
        try:
            newest = newest or how_far(folder, on_event, should_stop)
        except StudioError:  # damaged: chosen by hand, it says so
            continue
        names.append(folder.name)
    return newest, names


def read_result(folder: Path, on_event: OnEvent, should_stop: ShouldStop) -> RunResult:
    """How the run in `folder` has ended.

    Raises:
        StudioError: it holds none.
    """
    return load_result(folder)


def can_go_on(folder: Path) -> bool:
    """Whether a run in `folder` was broken off and says how far it was; a quick look."""
    return is_regular(folder / PROGRESS_FILE) and state_of(folder) == "going on"


def run_entry(
    recipe: Recipe,
    folder: Path,
    is_new: bool,
    model: "Model | None",
    data: "ImageData | None",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> RunResult:
    """Run what had its turn in the queue, or go on with it.

    Args:
        recipe: of the run.
        folder: of the run.
        is_new: whether it is begun; else it goes on from where it was.
        model, data: what it is about, where that is open; else it is opened.
        on_event, should_stop: as for every job.
    """
    from vera_studio.adapters.copies import sharing_copy
    from vera_studio.training.loop import resume, train

    take_thread_count()
    if model is not None:
        model = model.with_network(sharing_copy(model.network))
    if is_new:
        return train(recipe, folder, on_event, should_stop, data, model)
    return resume(folder, on_event, should_stop, data, model)


def resume(
    folder: Path,
    epochs: int | None,
    model: "Model",
    data: "ImageData",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> RunResult:
    """Go on with the run in `folder`, on its network and its images, which are open.

    Args:
        folder: of the run.
        epochs: that it is to have in all; None for those that it was to have.
        model, data: what it is about.
        on_event, should_stop: as for every job.
    """
    from vera_studio.adapters.copies import sharing_copy
    from vera_studio.training.loop import resume

    take_thread_count()
    own = model.with_network(sharing_copy(model.network))
    return resume(folder, on_event, should_stop, data, own, epochs)


def with_event_files(
    function: Callable[[Callable[[Event], None], ShouldStop], RunResult],
    folder: Path,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> RunResult:
    """A run that `function` does in `folder`, told to TensorBoard too."""
    from vera_studio.training.event_files import written_too

    with written_too(folder, on_event) as told:
        return function(told, should_stop)
