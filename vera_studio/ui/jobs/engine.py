"""The work that the window hands to its threads: plain functions around the engine.

Each takes what it needs, then `on_event` and `should_stop` from the runner. The engine is
imported inside them, for torch comes after the window is on screen.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vera_studio import environment
from vera_studio.errors import ShouldStop as ShouldStop
from vera_studio.errors import go_on_unless
from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    DataSource,
    Method,
    ModelSettings,
    Recipe,
)
from vera_studio.runs.comparison_results import Comparison, ComparisonSettings
from vera_studio.runs.events import RunResult
from vera_studio.ui.jobs.loading import take_thread_count as take_thread_count
from vera_studio.ui.state.workspace import Devices, LoadedAdapter, Measurement, Part
from vera_studio.ui.widgets.layer_model import LayerRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vera_studio.adapters.attach import Counts
    from vera_studio.adapters.inspection import TensorInfo
    from vera_studio.adapters.projections import ProjectionPair
    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model

DOWNLOAD = "Downloading CIFAR-10"
DOWNLOAD_WEIGHTS = "Downloading the weights"
OPEN_NETWORK = "Opening the network"
OPEN_IMAGES = "Opening the images"
OnEvent = Callable[[object], None]


@dataclass(frozen=True)
class Progress:
    """How far a job is that can be counted."""

    done: int
    total: int
    text: str


@dataclass(frozen=True)
class NetworkRow:
    """A network that can be opened."""

    name: str  # as recipes have it
    title: str  # for a person
    parameters: int
    megabytes: float  # to download; 0 for one that comes with the studio
    accuracy: float | None  # share of ImageNet's validation images, 0 to 1
    pixels: int  # a side
    gflops: float | None
    is_here: bool  # its weights are on this machine


@dataclass(frozen=True, eq=False)
class FirstPictures:
    """The first images of a folder, long before all of them are open."""

    pictures: "tuple[tuple[NDArray[np.uint8], str], ...]"  # (height, width, 3), its class


@dataclass(frozen=True, eq=False)
class OpenedImages:
    """Images, and the model that they were opened for: the one before, or with other classes."""

    model: "Model"
    data: "ImageData"


@dataclass(frozen=True)
class Plan:
    """What an adapter would come to, before it is trained."""

    counts: "Counts"
    file_bytes: int
    in_head: int = 0  # numbers that are trained in a last layer


@dataclass(frozen=True)
class Cut:
    """Where a network is cut for the feature cache."""

    width: int  # numbers that the features of an image have
    place: str  # full name of the last layer that is computed once; empty if unknown
    share: float  # `width` among the numbers of the image itself
    problem: str = ""  # a clause on why it cannot be cut


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
    settings: ModelSettings, may_download: bool, on_event: OnEvent, should_stop: ShouldStop
) -> "Model":
    """Open the network that `settings` names.

    Raises:
        NotHereError: its weights are not here and must not be downloaded.
        ModelError: it cannot be opened.
        DownloadError: its weights did not come.
        Cancelled: told to stop.
    """
    from vera_studio.models.model import open_model

    def report(done: int, total: int) -> None:
        on_event(Progress(done, total, DOWNLOAD_WEIGHTS))

    return open_model(settings, report, should_stop, may_download)


def open_network(
    settings: ModelSettings,
    own_classes: tuple[str, ...],
    may_download: bool,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> "Model":
    """As `open_model`, with a new last layer where there are classes of the user's."""
    model = open_model(settings, may_download, on_event, should_stop)
    return model.with_classes(own_classes) if own_classes else model


def list_networks(on_event: OnEvent, should_stop: ShouldStop) -> tuple[NetworkRow, ...]:
    """Every network that can be opened; takes a second, for torchvision is imported."""
    from vera_studio.models.registry import every

    return tuple(
        NetworkRow(
            name=kind.name,
            title=kind.title,
            parameters=kind.parameters,
            megabytes=kind.download_megabytes,
            accuracy=kind.accuracy,
            pixels=kind.preprocessing.size,
            gflops=kind.gflops,
            is_here=kind.is_here,
        )
        for kind in every().values()
    )


def open_data(
    settings: DataSettings, model: "Model", on_event: OnEvent, should_stop: ShouldStop
) -> OpenedImages:
    """Open the images that `settings` names, as `model` takes them, with their classes if need be.

    Raises:
        DataError: they cannot be opened.
        NotEnoughMemoryError: there is not enough memory for them.
        Cancelled: told to stop.
    """
    from vera_studio.data.open_data import open_data
    from vera_studio.models.own_classes import suited

    def report(done: int, total: int) -> None:
        on_event(Progress(done, total, "Reading images"))

    def on_first(pictures: "Sequence[tuple[NDArray[np.uint8], str]]") -> None:
        on_event(FirstPictures(tuple(pictures)))

    fitting = suited(model, settings, should_stop)
    if (
        fitting.class_names == model.class_names
        and fitting.has_own_classes == model.has_own_classes
    ):
        fitting = model  # with what is on it
    form = fitting.preprocessing
    data = open_data(settings, fitting.class_names, form, report, should_stop, on_first)
    _ = data.digest  # found now, for it can take a second, and asked for by the window
    return OpenedImages(fitting, data)


def first_data_settings(settings: DataSettings) -> DataSettings:
    """What to start with: CIFAR-10 when it has been downloaded, else the sample."""
    source: DataSource = "cifar10" if cifar10_is_downloaded() else "sample"
    return dataclasses.replace(settings, source=source, folder="", classes="auto")


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


def read_photograph(path: Path, side: int, on_event: OnEvent, should_stop: ShouldStop) -> Any:
    """The picture in a file, (side, side, 3) uint8, cut as for a network; None if there is none."""
    from vera_studio.data.image_file import UnreadableImage, read_image
    from vera_studio.data.preprocessing import square

    try:
        return read_image(path, square(side), should_stop)
    except (UnreadableImage, MemoryError):
        return None


def holds_weights(path: Path) -> bool:
    """Whether a file is one of weights, by a quick look at its content; no adapter is."""
    from vera_studio.models.weights_file import holds_weights

    return holds_weights(path)


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


def plan(model: "Model", settings: AdapterSettings) -> Plan:
    """What `settings` would come to; fast enough to follow a slider on the GUI thread."""
    from vera_studio.adapters import adapter_file, attach

    settings, in_head = model.settings_for(settings), 0
    if settings.head is not None:
        layer = model.network.get_submodule(settings.head)
        in_head = sum(one.numel() for one in layer.parameters())
    return Plan(
        attach.plan(model.network, settings, model.sites, model.size),
        adapter_file.file_bytes(model.network, settings, model.class_names, model.sites),
        in_head,
    )


def layer_rows(model: "Model", method: Method) -> tuple[LayerRow, ...]:
    """Every layer of the network, and why `method` cannot go on it where it cannot."""
    from vera_studio.adapters.methods import METHODS

    layer, rows = METHODS[method].layer, []
    for name, site in model.sites.items():
        is_used, is_norm = name not in model.unused, site.kind == "norm"
        reason = ""
        if not is_used:
            reason = "The network does not use it."
        elif method == "head":
            reason = "The last layer is trained, and no other."
        elif not layer.parameter_names(site):
            reason = "It has no bias to train."
            if is_norm:
                reason = f"{METHOD_FACTS[method].title} changes matrices; this has none."
        columns = "" if is_norm else f" \N{MULTIPLICATION SIGN} {site.fan_in:,}"
        groups = f", {site.groups:,} groups" if site.groups > 1 else ""
        kind = "normalisation" if is_norm else site.kind
        rows.append(LayerRow(name, kind, f"{site.out:,}{columns}{groups}", reason, is_used))
    return tuple(rows)


def find_cut(
    model: "Model",
    settings: AdapterSettings,
    views: int,
    megabytes: int | None,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Cut:
    """Where a run would cut the network for its feature cache; takes some forward passes.

    Args:
        model: the network.
        settings: the adapter's.
        views: of all images, that would be kept.
        megabytes: that they may take; None for what suits.
        on_event, should_stop: as for every job.

    Raises:
        Cancelled: told to stop.
    """
    from vera_studio.models.model import example
    from vera_studio.training.devices import choose_device
    from vera_studio.training.frozen_part import CannotSplitError, planned_cut
    from vera_studio.training.open_inputs import cut_within, widest

    take_thread_count()
    network = _fresh(model, model.settings_for(settings), None, should_stop)
    image = example(model.kind)
    most = widest(views, megabytes, choose_device().device, image.numel())
    try:
        width, place = cut_within(partial(planned_cut, network, image), most, image.numel())
    except CannotSplitError as error:
        return Cut(0, "", 0, str(error))
    return Cut(width, place, width / image.numel())


def inspect_draft(
    model: "Model",
    settings: AdapterSettings,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Inspection:
    """The network with a new adapter on, as `settings` say.

    Raises:
        Cancelled: told to stop.
    """
    network = _fresh(model, model.settings_for(settings), None, should_stop)
    return _inspection("The adapter as set up, before training", network, _values(network), {})


def inspect_adapter(
    model: "Model",
    adapter: LoadedAdapter,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Inspection:
    """The network with `adapter` on.

    Raises:
        Cancelled: told to stop.
    """
    content = adapter.content
    # The copy goes before the next one is made.
    before = _values(_fresh(model, content.info.settings, content.projections, should_stop))
    go_on_unless(should_stop)
    network = with_adapter(model, adapter)
    go_on_unless(should_stop)
    return _inspection(adapter.title, network, before, _values(network))


def _inspection(
    title: str, network: Any, before: dict[str, Any], after: dict[str, Any]
) -> Inspection:
    """`network` laid open, with the adapter's values before training and after it."""
    from vera_studio.adapters.attach import count
    from vera_studio.adapters.inspection import tensors

    return Inspection(title, tensors(network), count(network), before, after, network)


def _values(network: Any) -> dict[str, Any]:
    """The adapter's parameters by full name, each flat as a NumPy array."""
    from vera_studio.adapters.adapter_file import parameters

    return {name: value.flatten().numpy() for name, value in parameters(network).items()}


def _fresh(
    model: "Model",
    settings: AdapterSettings,
    stored: "ProjectionPair | None",
    should_stop: ShouldStop,
) -> Any:
    """A copy of the model's network with a new adapter on."""
    from vera_studio.adapters.attach import attach
    from vera_studio.adapters.copies import sharing_copy

    go_on_unless(should_stop)
    network = sharing_copy(model.network)
    go_on_unless(should_stop)
    attach(network, settings, stored)
    go_on_unless(should_stop)
    return network


def with_adapter(model: "Model", adapter: LoadedAdapter | None) -> Any:
    """A copy of the model's network with `adapter` on; the model itself stays bare."""
    from vera_studio.adapters import adapter_file
    from vera_studio.adapters.copies import sharing_copy

    network = sharing_copy(model.network)
    if adapter is not None:
        adapter_file.apply(adapter.content, network, model.class_names, model.digest)
    return network
