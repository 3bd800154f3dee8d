"""The last layer in a PEFT folder, where it was trained whole: PEFT's `modules_to_save`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from vera_studio.adapters.attach import attached_layers, detach
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.conversion import check_finite
from vera_studio.adapters.copies import sharing_copy
from vera_studio.errors import AdapterError
from vera_studio.exchange.peft_names import LAYER_PREFIX
from vera_studio.exchange.peft_places import INSTEAD
from vera_studio.models.checkpoint import MOST_CLASSES
from vera_studio.models.head import find_head, set_classes
from vera_studio.models.safetensors_file import CLASS_NAMES_KEY, named_classes
from vera_studio.recipe import class_names_problem
from vera_studio.wording import listed

_Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class SavedHead:
    """A last layer out of a PEFT folder, as the studio's adapters have it."""

    name: str  # of the layer, in full
    classes: Classes
    parameters: _Tensors  # by full name, as of an adapter on a new last layer


def head_tensors(adapted: nn.Module) -> _Tensors:
    """The layer that `adapted` has whole, under PEFT's names; empty without one."""
    return {
        f"{LAYER_PREFIX}{layer.site.name}.{name}": value.detach().cpu().clone().contiguous()
        for layer in attached_layers(adapted).values()
        if layer.is_head
        for name, value in layer.changed(layer.site.places[0]).items()
    }


def check_head(network: nn.Module, head: str) -> None:
    """Refuse a last layer that PEFT would not find by its name alone.

    Raises:
        AdapterError: another layer's name ends like it; names that one.
    """
    alike = [name for name, _ in network.named_modules() if name != head and name.endswith(head)]
    if alike:
        raise AdapterError(f"PEFT would take {listed(alike)} for the last layer too. {INSTEAD}")


def metadata(class_names: Sequence[str]) -> dict[str, str]:
    """What a file of tensors says of the classes; PEFT does not read it."""
    return {CLASS_NAMES_KEY: json.dumps(list(class_names))}


def take_head(
    tensors: _Tensors,
    saved: Sequence[str],
    network: nn.Module,
    class_names: Sequence[str],
    told: Mapping[str, str],
) -> SavedHead:
    """Take the last layer out of `tensors`, which PEFT named.

    Args:
        tensors: all in the folder; those of the last layer are taken out.
        saved: names, or ends of names, of the layers that were trained whole.
        network: the one that the adapter is for; it is not changed.
        class_names: its classes, for a last layer of as many outputs that tells no names.
        told: the metadata of the file of tensors.

    Raises:
        AdapterError: other layers were trained whole, or the tensors cannot be the last layer's.
    """
    head = find_head(network)
    if not all(head.endswith(name) for name in saved):
        raise AdapterError(
            f"it holds layers that were trained whole, {listed(saved)}; the studio has the last "
            f"one alone so, {head}"
        )
    values = {
        part: tensors.pop(key)
        for part in ("weight", "bias")
        if (key := f"{LAYER_PREFIX}{head}.{part}") in tensors
    }
    module = _new_head(network, head, len(values.get("weight", ())))
    expected = {name: tuple(own.shape) for name, own in module.named_parameters()}
    found = {name: tuple(value.shape) for name, value in values.items()}
    if expected != found:
        raise AdapterError(f"the last layer {head} should have {expected}, and has {found}")
    parameters = {}
    for name, own in module.named_parameters():
        change = values[name].to(own.dtype) - own.detach().cpu()
        key = f"{head}.{name}_change"
        parameters[key] = change.flatten(1) if name == "weight" else change  # (out, fan_in)
    check_finite(parameters)
    names = _class_names(len(values["weight"]), class_names, told)
    return SavedHead(head, Classes.of(names, are_all_told=True), parameters)


def _new_head(network: nn.Module, head: str, classes: int) -> nn.Module:
    """The last layer that an adapter with `classes` of its own goes on."""
    if not 1 <= classes <= MOST_CLASSES:
        raise AdapterError(f"there are no tensors of the last layer {head}")
    copied = sharing_copy(network)
    detach(copied)
    set_classes(copied, classes, zeros=True)
    return copied.get_submodule(head)


def _class_names(
    count: int, class_names: Sequence[str], told: Mapping[str, str]
) -> tuple[str, ...]:
    """As the file tells them, as the network has them, or numbers."""
    for names in (named_classes(told), tuple(class_names)):
        if len(names) == count and not class_names_problem(names):
            return names
    return tuple(map(str, range(count)))
