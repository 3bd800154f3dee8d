"""How large the file of an adapter may be, and will be, before there is one."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from vera_studio.adapters import adapter_metadata
from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.attach import planned_shapes
from vera_studio.adapters.chosen import chosen_sites
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.methods import Sites, without_head
from vera_studio.adapters.proof import is_zero
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings

MAX_FILE_BYTES = 64 * 2**20
MAX_HEADER_BYTES = 2**20  # names, notes and figures of adapters for 1,000 classes take 100 KB
_OTHER_TEXTS = 2**17  # bytes, at most, of what a header tells beside the names of classes


def check_plan(
    network: nn.Module,
    settings: AdapterSettings,
    sites: Sites | None = None,
    class_names: Sequence[str] = (),
) -> None:
    """Refuse an adapter that no file could hold, before it is trained.

    Args:
        network: to adapt.
        settings: which weights, how.
        sites: the network's, where they are known; finding them takes time.
        class_names: of the network, which the file tells where a last layer is trained whole.

    Raises:
        AdapterError: it would be too large, or the settings do not fit the network.
    """
    if settings.head is not None:
        check_header(len(json.dumps(list(class_names))) + _OTHER_TEXTS)
    check_size(_numbers_bytes(chosen_sites(network, settings, sites), settings) + MAX_HEADER_BYTES)


def file_bytes(
    network: nn.Module,
    settings: AdapterSettings,
    class_names: Sequence[str],
    sites: Sites | None = None,
) -> int:
    """Size, in bytes, of the file that `save` would write after training; makes nothing.

    Exact but for the training figures, which are taken to be two accuracies a class: names
    of data and target classes and the like, and what pictures must become, add some 100 to 300
    bytes.

    Args:
        network: to adapt.
        settings: which weights, how.
        class_names: the network's classes, in its order.
        sites: the network's, where they are known; finding them takes time.

    Raises:
        AdapterError: as `check_plan`.
    """
    chosen = chosen_sites(network, settings, sites)
    numbers = _numbers_bytes(chosen, settings)
    check_size(numbers + MAX_HEADER_BYTES)
    figures = Accuracies.of([0.1234] * len(class_names), ())
    info = AdapterInfo(
        dataclasses.replace(settings, layers=tuple(without_head(chosen, settings))),
        Classes.of(class_names, are_all_told=settings.head is not None),
        "0" * 64,
        "0" * 64 if settings.method == "vera" else "",
        TrainingRecord(before=figures, after=figures),
        has_own_classes=settings.head is not None and is_zero(chosen[settings.head].weight),
    )
    header: dict[str, object] = {"__metadata__": adapter_metadata.to_metadata(info)}
    end = 0
    for name, shape in sorted(planned_shapes(chosen, settings).items()):
        start, end = end, end + math.prod(shape) * _itemsize(chosen, name)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    return 8 + len(header_text(header)) + numbers


def _numbers_bytes(sites: Sites, settings: AdapterSettings) -> int:
    shapes = planned_shapes(sites, settings)
    return sum(math.prod(shape) * _itemsize(sites, name) for name, shape in shapes.items())


def _itemsize(sites: Sites, parameter: str) -> int:
    return sites[parameter.rpartition(".")[0]].weight.dtype.itemsize


def header_text(header: Mapping[str, Any]) -> bytes:
    """The header of a safetensors file, as long as its tensors want it."""
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return text + b" " * (-len(text) % 8)


def check_header(size: int) -> None:
    """Refuse a header of so many bytes.

    Raises:
        AdapterError: no file can have it.
    """
    if size > MAX_HEADER_BYTES:
        raise AdapterError(
            "Names and notes of the adapter would take more than the "
            f"{MAX_HEADER_BYTES / 2**10:,.0f} KiB that its file can have of them. Choose fewer "
            "classes, or shorter names."
        )


def check_size(size: int) -> None:
    """Refuse a file of so many bytes.

    Raises:
        AdapterError: it is larger than what is read.
    """
    if size > MAX_FILE_BYTES:
        raise AdapterError(
            f"The adapter would take {size / 2**20:,.0f} MiB, and its file can have "
            f"{MAX_FILE_BYTES / 2**20:,.0f} MiB. Choose fewer layers, a smaller rank or another "
            "method."
        )
