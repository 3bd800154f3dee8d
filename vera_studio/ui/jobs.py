"""The work that the window hands to its threads: plain functions around the engine.

Each takes what it needs, then `on_event` and `should_stop` from the runner. The engine is
imported inside them, for torch comes after the window is on screen.
"""

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vera_studio import environment
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    DataSource,
    Method,
    ModelSettings,
    Recipe,
)
from vera_studio.runs.comparison_results import Comparison, ComparisonSettings
from vera_studio.runs.events import Evaluation, RunResult
from vera_studio.ui.workspace import Devices, LoadedAdapter

if TYPE_CHECKING:
    from vera_studio.adapters.attach import Counts
    from vera_studio.adapters.inspection import TensorInfo
    from vera_studio.adapters.projections import ProjectionPair
    from vera_studio.data.store import ImageData
    from vera_studio.models.registry import OpenedModel

DOWNLOAD = "Downloading CIFAR-10"
OPEN_IMAGES = "Opening the images"
_THUMBNAILS = 40  # a class; as many as fit are shown
OnEvent = Callable[[object], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class Progress:
    """How far a job is that can be counted."""

    done: int
    total: int
    text: str


@dataclass(frozen=True)
class Plan:
    """What an adapter would come to, before it is trained."""

    counts: "Counts"
    file_bytes: int


@dataclass(frozen=True, eq=False)
class Inspection:
    """A network with an adapter on, laid open."""

    title: str
    tensors: "tuple[TensorInfo, ...]"
    counts: "Counts"
    before: dict[str, Any]  # name -> values (n,) as NumPy array, before training
    after: dict[str, Any]  # the same after training; empty when not trained
    network: Any  # kept alive: the memory addresses shown are its own


def find_devices(on_event: OnEvent, should_stop: ShouldStop) -> Devices:
    """What this machine can compute on; asking CUDA can take a second."""
    from vera_studio.training.devices import available_devices, choose_device

    return Devices(available_devices(), choose_device().reason)


def open_model(
    settings: ModelSettings, on_event: OnEvent, should_stop: ShouldStop
) -> "OpenedModel":
    """Open the network that `settings` names; here its digest too, which takes a while."""
    from vera_studio.adapters.base_digest import base_digest
    from vera_studio.models.registry import open_model

    model = open_model(settings)
    return dataclasses.replace(model, digest=base_digest(model.network))


def open_data(
    settings: DataSettings, model: "OpenedModel", on_event: OnEvent, should_stop: ShouldStop
) -> "ImageData":
    """Open the images that `settings` names, as `model` takes them."""
    from vera_studio.data.open_data import open_data

    def report(done: int, total: int) -> None:
        on_event(Progress(done, total, "Reading images"))

    names, size = model.kind.class_names, model.kind.image_size
    return open_data(settings, names, size, report, should_stop)


def first_data_settings(settings: DataSettings) -> DataSettings:
    """What to start with the first time: CIFAR-10 when it has been downloaded, else the sample."""
    source: DataSource = "cifar10" if cifar10_is_downloaded() else "sample"
    return dataclasses.replace(settings, source=source, folder="")


def cifar10_is_downloaded() -> bool:
    """Whether CIFAR-10 is there to be opened; a quick look, for the GUI thread."""
    from vera_studio.data.cifar10 import is_downloaded

    return is_downloaded(environment.cifar10_folder())


def download_cifar10(on_event: OnEvent, should_stop: ShouldStop) -> None:
    """Download CIFAR-10 to the studio's data folder."""
    from vera_studio.data.cifar10 import download

    def report(done: int, total: int) -> None:
        on_event(Progress(done, total, DOWNLOAD))

    download(environment.cifar10_folder(), report, should_stop)


def thumbnails(data: "ImageData") -> list[tuple[str, int, Any]]:
    """For each class its name, its number of images, and the first few (n, h, w, 3) uint8."""
    parts = (data.train, data.validation, data.test)
    counts = [part.counts(len(data.class_names)) for part in parts]
    shown = next((part for part in parts if len(part)), data.test)
    groups = []
    for index, name in enumerate(data.class_names):
        first = (shown.labels == index).nonzero().flatten()[:_THUMBNAILS]
        pixels = shown.images[first].permute(0, 2, 3, 1).contiguous().numpy()
        groups.append((name, sum(count[index] for count in counts), pixels))
    return groups


def measure(
    model: "OpenedModel",
    adapter: LoadedAdapter | None,
    data: "ImageData",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Evaluation:
    """Accuracy on the validation images: the test images are not to be chosen by.

    Where a folder has no training part, and so no validation images, its test images are
    all that there is to show.
    """
    from vera_studio.training.evaluation import evaluate

    _take_thread_count()
    images = data.validation if len(data.validation) else data.test
    return evaluate(_with_adapter(model, adapter), model.kind, images, should_stop)


def holds_weights(path: Path) -> bool:
    """Whether a safetensors file names layers' weights, as files of models do."""
    import safetensors

    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            names = file.keys()
    except (OSError, safetensors.SafetensorError):
        return False
    # PEFT's LoRA has names that end alike: whoever drops its file alone is to be told so.
    return any(name.endswith(".weight") and ".lora_" not in name for name in names)


def train(
    recipe: Recipe,
    folder: Path,
    model: "OpenedModel",
    data: "ImageData",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> RunResult:
    """Run `recipe` on a copy of the network, and on the images, that are open already."""
    from vera_studio.training.loop import train

    _take_thread_count()
    own = dataclasses.replace(model, network=copy.deepcopy(model.network))
    return train(recipe, folder, on_event, should_stop, data, own)


def compare(
    recipe: Recipe,
    settings: ComparisonSettings,
    folder: Path,
    model: "OpenedModel",
    data: "ImageData",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Comparison:
    """Compare methods on the network and the images that are open already."""
    from vera_studio.training.comparison import compare

    _take_thread_count()
    return compare(recipe, settings, folder, on_event, should_stop, data, model)


def plan(model: "OpenedModel", settings: AdapterSettings) -> Plan:
    """What `settings` would come to; fast enough to follow a slider on the GUI thread."""
    from vera_studio.adapters import adapter_file, attach

    return Plan(
        attach.plan(model.network, settings),
        adapter_file.file_bytes(model.network, settings, model.kind.class_names),
    )


def automatic_learning_rate(method: Method) -> float:
    """The rate that a run takes where the user sets none."""
    from vera_studio.training.optimisation import automatic_learning_rate

    return automatic_learning_rate(method)


def inspect_draft(
    model: "OpenedModel",
    settings: AdapterSettings,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Inspection:
    """The network with a new adapter on, as `settings` say."""
    network = _fresh(model, settings)
    return _inspection("The adapter as set up, before training", network, network)


def inspect_adapter(
    model: "OpenedModel",
    adapter: LoadedAdapter,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Inspection:
    """The network with `adapter` on."""
    content = adapter.content
    fresh = _fresh(model, content.info.settings, content.projections)
    return _inspection(adapter.title, _with_adapter(model, adapter), fresh)


def _inspection(title: str, network: Any, fresh: Any) -> Inspection:
    """`network` laid open; `fresh` is the same before training, or `network` itself."""
    from vera_studio.adapters.adapter_file import parameters
    from vera_studio.adapters.attach import count
    from vera_studio.adapters.inspection import tensors

    before, after = (
        {name: value.flatten().numpy() for name, value in parameters(one).items()}
        for one in (fresh, network)
    )
    trained = network is not fresh
    return Inspection(
        title, tensors(network), count(network), before, after if trained else {}, network
    )


def _fresh(
    model: "OpenedModel", settings: AdapterSettings, stored: "ProjectionPair | None" = None
) -> Any:
    """A copy of the model's network with a new adapter on."""
    from vera_studio.adapters.attach import attach

    network = copy.deepcopy(model.network)
    attach(network, settings, stored)
    return network


def _take_thread_count() -> None:
    """Have torch use as many cores as `load_engine` set.

    OpenMP counts for each thread that starts work: on a new one the first operations would
    take all cores, until torch initialises itself there, which this question has it do.
    """
    import torch

    torch.get_num_threads()


def _with_adapter(model: "OpenedModel", adapter: LoadedAdapter | None) -> Any:
    """A copy of the model's network with `adapter` on; the model itself stays bare."""
    from vera_studio.adapters import adapter_file

    network = copy.deepcopy(model.network)
    if adapter is not None:
        adapter_file.apply(adapter.content, network, model.kind.class_names)
    return network
