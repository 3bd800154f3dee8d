"""What the window asks about a network and its adapter: where it looked, what was changed.

Plain functions like those of `jobs`; the engine is imported inside them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vera_studio.errors import DataError, ShouldStop, go_on_unless
from vera_studio.recipe import AdapterSettings
from vera_studio.runs.events import Evaluation
from vera_studio.ui.jobs import parameters as parameter_jobs
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.jobs.loading import take_thread_count
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.state.workspace import LoadedAdapter, Part, shown_part

if TYPE_CHECKING:
    from torch import nn

    from vera_studio.adapters.site_changes import SiteChange
    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model

OnEvent = Callable[[object], None]
_TOLD = 3  # classes


@dataclass(frozen=True, eq=False)
class Seen:
    """What one network made of a picture."""

    heat: Any  # (h, w) float32 NumPy array, 0 to 1: where it looked for the class
    told: tuple[tuple[str, float], ...]  # its likeliest classes with their shares


@dataclass(frozen=True, eq=False)
class Looked:
    """Where the network, and the network with its adapter, looked in a picture."""

    pixels: Any  # (height, width, 3) uint8 NumPy array, as the network takes it
    class_name: str  # that the maps are of
    base: Seen | None  # None where the network itself knows none of these classes
    adapted: Seen | None  # None without an adapter


@dataclass(frozen=True)
class Without:
    """How the model does with a layer set to zero."""

    name: str  # of the layer
    evaluation: Evaluation


@dataclass(frozen=True, eq=False)
class WhatItDid:
    """What the adapter on the model did to each weight."""

    title: str  # of the adapter, for a person
    changes: "tuple[SiteChange, ...]"
    before: dict[str, Any]  # parameters before training by full name, flat NumPy arrays


def look(
    model: "Model",
    adapter: LoadedAdapter | None,
    picture: Any,
    label: int | None,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Looked:
    """Where the network looked in a picture, and where it looks with `adapter` on.

    Args:
        model: the network, without an adapter.
        adapter: to put on a copy; None for none.
        picture: pixels (height, width, 3) uint8 as the network takes them, a file's path, or the
            content of one.
        label: the class to look for, as an index; None for the likeliest.
        on_event, should_stop: of the job.

    Raises:
        ModelError: no map can be made of this network.
        DataError: the file holds no picture that can be read.
        Cancelled: told to stop.
    """
    import torch

    from vera_studio.models.model import example
    from vera_studio.training.class_activation import last_place
    from vera_studio.training.prediction_pass import without_adapter

    take_thread_count()
    is_file = isinstance(picture, Path | bytes)
    pixels = _read(picture, model, should_stop) if is_file else picture
    network = with_adapter(model, adapter)
    bare = without_adapter(network)  # nobody else computes with it
    place = last_place(bare, example(model.kind))
    # (height, width, 3) -> (1, 3, height, width)
    image = model.preprocessing(torch.tensor(pixels).permute(2, 0, 1)[None])
    go_on_unless(should_stop)
    if label is None:
        label = _likeliest(network, image)
    adapted = _seen(network, place, image, label, model.class_names) if adapter else None
    go_on_unless(should_stop)
    is_known = not model.has_own_classes
    base = _seen(bare, place, image, label, model.class_names) if is_known else None
    return Looked(pixels, model.class_names[label], base, adapted)


def what_it_did(
    model: "Model",
    adapter: LoadedAdapter | None,
    settings: AdapterSettings,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> WhatItDid:
    """What an adapter did to each weight of the network.

    Args:
        model: the network, without an adapter.
        adapter: the one to look at; None for a new one, before training.
        settings: of that.
        on_event, should_stop: of the job.

    Raises:
        Cancelled: told to stop.
    """
    from vera_studio.adapters.attach import attached_layers
    from vera_studio.adapters.site_changes import site_changes

    take_thread_count()
    if adapter is None:
        inspection = parameter_jobs.inspect_draft(model, settings, on_event, should_stop)
    else:
        inspection = parameter_jobs.inspect_adapter(model, adapter, on_event, should_stop)
    found, layers = [], len(attached_layers(inspection.network))
    for change in site_changes(inspection.network, should_stop):
        found.append(change)
        on_event(Progress(len(found), layers, "Looking at each layer"))
    return WhatItDid(inspection.title, tuple(found), inspection.before)


def measure_without(
    model: "Model",
    adapter: LoadedAdapter,
    data: "ImageData",
    names: Sequence[str],
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> tuple[Part, Evaluation, tuple[Without, ...]]:
    """How the network does with `adapter` on, and with one layer of it at a time set to zero.

    Measured on a copy: the adapter on the model stays as it is.

    Args:
        model: the network, without an adapter.
        adapter: to put on the copy.
        data: whose validation images are measured on; a folder without any, on its test images.
        names: of the layers.
        on_event, should_stop: of the job.

    Returns:
        Which images they were, how all of it does, and how it does without each layer.

    Raises:
        Cancelled: told to stop.
    """
    from vera_studio.adapters.site_changes import set_to_zero
    from vera_studio.training.evaluation import evaluate

    take_thread_count()
    part = shown_part(data)
    images = data.validation if part == "validation" else data.test
    adapted = model.with_network(with_adapter(model, adapter))
    whole = evaluate(adapted, images, should_stop, part)
    found: list[Without] = []
    for name in names:
        on_event(Progress(len(found), len(names), f"Measuring without {name}"))
        with set_to_zero(adapted.network, {name}):
            found.append(Without(name, evaluate(adapted, images, should_stop, part)))
    return part, whole, tuple(found)


def _read(picture: Path | bytes, model: "Model", should_stop: ShouldStop) -> Any:
    from vera_studio.data.image_file import UnreadableImage, read_image, read_picture

    try:
        if isinstance(picture, bytes):
            return read_picture(picture, model.preprocessing, should_stop)
        return read_image(picture, model.preprocessing, should_stop)
    except UnreadableImage as error:
        name = "This" if isinstance(picture, bytes) else picture.name
        raise DataError(f"{name} is no picture that can be read: {error}") from error


def _likeliest(network: "nn.Module", image: Any) -> int:
    import torch

    with torch.inference_mode():
        return int(network(image).argmax())


def _seen(
    network: "nn.Module", place: str, image: Any, label: int, class_names: Sequence[str]
) -> Seen:
    import torch

    from vera_studio.adapters.attach import temperature_of
    from vera_studio.training.answers import likeliest
    from vera_studio.training.class_activation import activation_maps, scaled

    maps, logits = activation_maps(network, place, image, torch.tensor([label]))
    told, shares = likeliest(logits / temperature_of(network))
    pairs = zip(told[0].tolist(), shares[0].tolist(), strict=True)
    return Seen(
        scaled(maps)[0].numpy(), tuple((class_names[i], share) for i, share in pairs)[:_TOLD]
    )
