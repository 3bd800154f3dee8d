"""Which classes a network gets, its own or the user's: for images, for an adapter."""

from collections.abc import Sequence
from pathlib import Path

from vera_studio.adapters.adapter_file import MAX_FILE_BYTES
from vera_studio.adapters.adapter_fit import other_base, other_classes
from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.data.class_names import known_classes
from vera_studio.data.folder_scan import look_at
from vera_studio.errors import AdapterError, ShouldStop, never_stop
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.head import find_head
from vera_studio.models.model import Model
from vera_studio.recipe import DataSettings


def suited(model: Model, settings: DataSettings, should_stop: ShouldStop = never_stop) -> Model:
    """The model with which the images that `settings` names are to be opened.

    It has the network's own last layer where that is asked for, or where the network knows all of
    the classes; else a new one for the folder's classes. What `model` has already is not made
    anew. CIFAR-10 and the sample are for the network's classes unless others are asked for.

    Args:
        model: the network, with any classes.
        settings: whose folder is looked at, if need be; no picture is read.
        should_stop: asked again and again.

    Raises:
        DataError: the folder cannot be read, or holds no classes.
        ModelError: the classes cannot be called so.
        Cancelled: `should_stop` said so.
    """
    if settings.classes == "network":
        return model.original
    if settings.source != "folder":
        return _own(model, CLASS_NAMES) if settings.classes == "own" else model.original
    found = look_at(Path(settings.folder).expanduser(), should_stop=should_stop).class_names
    if settings.classes == "auto" and knows_all(model, found):
        return model.original
    return _own(model, found)


def for_adapter(model: Model, info: AdapterInfo) -> Model:
    """The model that an adapter goes on: with classes of its own where it has such.

    Whether the adapter was made for that network, `obstacle` tells.

    Args:
        model: the network, with any classes; itself where these are the adapter's.
        info: of the adapter.

    Raises:
        AdapterError: it has more classes than a file of an adapter on this network could hold.
    """
    if not info.has_own_classes:
        return model.original
    weight = model.network.get_submodule(find_head(model.network)).get_parameter("weight")
    if info.classes.count * weight[0].numel() * weight.itemsize > MAX_FILE_BYTES:
        raise AdapterError(
            f"The adapter does not fit. It is for {info.classes.count:,} classes, too many for "
            f"the {model.kind.title}."
        )
    return _own(model, info.classes.names)


def obstacle(model: Model, info: AdapterInfo) -> str:
    """Why an adapter does not go on the network of `model`, a sentence; empty where it does.

    Which classes of the user's are open makes no difference: `for_adapter` gives it its own.
    """
    if not info.has_own_classes and (reason := other_classes(info, model.original.class_names)):
        return reason
    return other_base(info, model.digest, model.title)


def knows_all(model: Model, class_names: Sequence[str]) -> bool:
    """Whether the network itself has a class for each of `class_names`."""
    return len(known_classes(class_names, model.original.class_names)) == len(class_names)


def _own(model: Model, names: Sequence[str]) -> Model:
    """`model` with classes of its own called `names`, itself where it has them."""
    is_there = model.has_own_classes and model.class_names == tuple(names)
    return model if is_there else model.with_classes(names)
