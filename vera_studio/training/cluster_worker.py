"""What a worker of a Dask cluster does for a comparison; `cluster.py` asks it to."""

import dataclasses
import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import vera_studio
from vera_studio.adapters.copies import sharing_copy
from vera_studio.data.store import ImageData
from vera_studio.errors import Cancelled, StudioError
from vera_studio.models.model import Model
from vera_studio.models.own_classes import suited
from vera_studio.recipe import Recipe
from vera_studio.runs.comparison_results import Accuracies, Comparison, ComparisonSettings
from vera_studio.runs.events import Event, RunResult, RunStarted
from vera_studio.training.comparison import planned_comparison
from vera_studio.training.comparison_record import accuracies
from vera_studio.training.loop import train
from vera_studio.training.opening import ShouldStop, open_images, open_network

_NOT_MEASURED = Accuracies()


@dataclass(frozen=True)
class Order:
    """What all runs of a comparison share; the same for every worker."""

    token: str  # of the comparison: what was opened for another one may have changed since
    version: str  # of the studio that asks
    recipe: Recipe
    settings: ComparisonSettings


@dataclass(frozen=True)
class Ground:
    """What a worker opened for an order, and what the runs on it come to."""

    recipe: Recipe  # with its targets named
    planned: Comparison  # without a folder
    network: str  # digest of the weights
    images: str  # digest of the images, their classes and their order

    def difference(self, other: "Ground") -> str:
        """What `other` has otherwise, in a word or two; empty where nothing is."""
        if self.network != other.network:
            return "another network"
        return "other images" if self.images != other.images else ""


@dataclass(frozen=True)
class RunDone:
    """A run that ended; without a result, `problem` says why."""

    result: RunResult | None = None  # its folder is the worker's
    before: Accuracies = _NOT_MEASURED
    files: dict[str, bytes] = field(default_factory=dict)  # of the run folder, by name
    problem: str = ""


def look(order: Order) -> Ground | str:
    """Open network and images of `order` on this worker; a string says why that cannot be."""
    if vera_studio.__version__ != order.version:
        return f"it has VeRA Studio {vera_studio.__version__}, not {order.version}."
    try:
        return _opened(order)[0]
    except StudioError as error:
        return str(error)


def run(order: Order, ground: Ground, index: int, round_: int, name: str) -> RunDone:
    """Run candidate `index` in round `round_` of `order`.

    Args:
        order: the comparison.
        ground: what the other workers found.
        index: of the candidate.
        round_: from 0.
        name: of the run folder.

    Raises:
        Cancelled: whoever asked wants it no longer.
    """
    from distributed import get_worker

    found = look(order)
    if isinstance(found, str):
        return RunDone(problem=f"On the worker {get_worker().address}: {found}")
    if difference := ground.difference(found):
        return RunDone(problem=f"The worker {get_worker().address} finds {difference}.")
    _, model, data = _opened(order)
    recipe = order.settings.recipe(ground.recipe, index, round_)
    # Dask takes its own folder away, also one that a lost worker left.
    with tempfile.TemporaryDirectory(dir=get_worker().local_directory) as parent:
        return _train(recipe, Path(parent) / name, model, data)


def _train(recipe: Recipe, folder: Path, model: Model, data: ImageData) -> RunDone:
    before = _NOT_MEASURED

    def note(event: Event) -> None:
        nonlocal before
        if isinstance(event, RunStarted):
            before = accuracies(event.test, event)

    own = dataclasses.replace(model, network=sharing_copy(model.network))
    try:
        result = train(recipe, folder, note, _given_up(), data, own)
    except StudioError as error:
        return RunDone(None, before, _files_in(folder), str(error))
    return RunDone(result, before, _files_in(folder))


def _files_in(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _given_up() -> ShouldStop:
    """Asks whether the task that runs here is wanted, which Dask itself cannot interrupt.

    It is not where the comparison was stopped, the process that asked for it is gone, or the
    worker is told to end.
    """
    from distributed import Status, get_worker

    worker = get_worker()
    tasks: Callable[[str], Any] = worker.state.tasks.get
    key, ending = str(worker.get_current_task()), (Status.closing, Status.closed, Status.failed)

    def asked() -> bool:
        task = tasks(key)
        if task is None or task.state == "cancelled" or worker.status in ending:
            raise Cancelled
        return False

    return asked


@functools.lru_cache(maxsize=1)  # for all runs of a comparison that this worker does
def _opened(order: Order) -> tuple[Ground, Model, ImageData]:
    def ignore(event: Event) -> None:
        pass

    stop = _given_up()
    recipe, settings = order.recipe, order.settings
    model = suited(open_network(recipe, ignore, stop), recipe.data, stop)
    data = open_images(recipe, model, ignore, stop)
    recipe, planned = planned_comparison(recipe, settings, Path(), model, data)
    return Ground(recipe, planned, model.digest, f"{data.digest} {data.order}"), model, data
