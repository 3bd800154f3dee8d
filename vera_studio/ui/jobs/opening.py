"""Opening networks, images and single pictures, on threads.

The engine is imported inside the functions, for torch comes after the window is on screen.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vera_studio import environment
from vera_studio.errors import ShouldStop
from vera_studio.recipe import DataSettings, DataSource, ModelSettings
from vera_studio.ui.jobs.progress import OnEvent, Progress
from vera_studio.ui.state.workspace import Devices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model

DOWNLOAD = "Downloading CIFAR-10"
DOWNLOAD_WEIGHTS = "Downloading the weights"
OPEN_NETWORK = "Opening the network"
OPEN_IMAGES = "Opening the images"


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


def holds_weights(path: Path) -> bool:
    """Whether a file is one of weights, by a quick look at its content; no adapter is."""
    from vera_studio.models.weights_file import holds_weights

    return holds_weights(path)


def read_photograph(path: Path, side: int, on_event: OnEvent, should_stop: ShouldStop) -> Any:
    """The picture in a file, (side, side, 3) uint8, cut as for a network; None if there is none."""
    from vera_studio.data.image_file import UnreadableImage, read_image
    from vera_studio.data.preprocessing import square

    try:
        return read_image(path, square(side), should_stop)
    except (UnreadableImage, MemoryError):
        return None
