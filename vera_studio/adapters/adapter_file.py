"""An adapter as a single safetensors file of some KB, and from it back onto a network.

The tensors are the adapter's parameters by full name, such as "fc1.d"; all else is in the
metadata (see `adapter_metadata`). VeRA's projections are made anew from their seed, but for
those of another program's making: these are in the file. Whoever wants to read the format
without this code finds it written down in resources/adapter-format.md.
"""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters import adapter_metadata
from vera_studio.adapters.adapter_content import AdapterFile as AdapterFile
from vera_studio.adapters.adapter_fit import check_fit
from vera_studio.adapters.adapter_metadata import FORMAT_VERSION as FORMAT_VERSION
from vera_studio.adapters.adapter_metadata import AdapterInfo as AdapterInfo
from vera_studio.adapters.adapter_tensors import STORED, check_finite, check_tensors
from vera_studio.adapters.attach import (
    adapted_with,
    adapter_parameters,
    attach,
    attached_layers,
    detach,
)
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.file_size import MAX_FILE_BYTES as MAX_FILE_BYTES
from vera_studio.adapters.file_size import MAX_HEADER_BYTES as MAX_HEADER_BYTES
from vera_studio.adapters.file_size import check_header, check_size, header_text
from vera_studio.adapters.file_size import check_plan as check_plan
from vera_studio.adapters.file_size import file_bytes as file_bytes
from vera_studio.adapters.projections import ProjectionPair
from vera_studio.adapters.proof import is_zero
from vera_studio.adapters.training_record import JSON, TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.file_kinds import HEAD_BYTES, other_kind
from vera_studio.files import open_regular, reason, write_atomically
from vera_studio.wording import difference

_NOT_WHOLE = "expected a whole safetensors file, found something else or a damaged one"


def save(
    path: Path,
    network: nn.Module,
    class_names: Sequence[str],
    training: TrainingRecord,
    base: str = "",
    network_name: str = "",
    images: Mapping[str, JSON] | None = None,
) -> None:
    """Write the adapter that `network` has on; the same adapter gives the same bytes.

    Args:
        path: the file to write, whole or not at all.
        network: has an adapter attached.
        class_names: the network's classes, in its order.
        training: for a person to read; figures are rounded to four decimals, and those that are
            not finite become null.
        base: digest of the network's weights, where it is known; it takes a second for 500 MB.
        network_name: what the command line calls the network, where it is one that the studio has.
        images: what pictures must become, told where the adapter has a last layer whole.

    Raises:
        AdapterError: `network` has no adapter.
        StudioError: the file cannot be written.
    """
    write(path, of_network(network, class_names, training, base, network_name, images))


def of_network(
    network: nn.Module,
    class_names: Sequence[str],
    training: TrainingRecord,
    base: str = "",
    network_name: str = "",
    images: Mapping[str, JSON] | None = None,
    values: Mapping[str, torch.Tensor] | None = None,
) -> AdapterFile:
    """The adapter that `network` has on, as a file has it.

    Args:
        network, class_names, training, base, network_name, images: as for `save`.
        values: what `parameters` gave, where they are not to be copied again.

    Raises:
        AdapterError: `network` has no adapter.
    """
    adapted = adapted_with(network)
    if adapted is None:
        raise AdapterError("There is no adapter on the network to save.")
    head = next((one for one in attached_layers(network).values() if one.is_head), None)
    info = AdapterInfo(
        adapted.settings,
        Classes.of(class_names, are_all_told=head is not None),
        base or base_digest(network),
        adapted.projections_digest,
        training,
        network=network_name,
        has_own_classes=head is not None and is_zero(head.site.weight),
        images={} if head is None else images or {},
        temperature=adapted.temperature,
    )
    stored = adapted.pairs[0] if adapted.is_stored else None
    own = dict(parameters(network) if values is None else values)
    return AdapterFile(info, own, stored)


def write(path: Path, adapter: AdapterFile) -> None:
    """Write an adapter as it is; the same adapter gives the same bytes.

    Raises:
        AdapterError: it is larger than what `load` takes.
        StudioError: the file cannot be written.
    """
    write_atomically(path, checked_bytes(adapter))


def checked_bytes(adapter: AdapterFile) -> bytes:
    """As `to_bytes`, of an adapter that can be read again.

    Raises:
        AdapterError: it is larger than what `load` takes.
    """
    content = to_bytes(adapter)
    check_size(len(content))
    check_header(int.from_bytes(content[:8], "little"))
    return content


def inspect(path: Path) -> AdapterInfo:
    """What the adapter file says of itself; its tensors are not read.

    Raises:
        AdapterError: it is no adapter file that this version can read; says what was expected
            and what was found.
    """
    return look(path)[0]


def look(path: Path) -> tuple[AdapterInfo, int]:
    """As `inspect`, and how many numbers were trained."""
    adapter, count = _read(path, with_tensors=False)
    return adapter.info, count


def load(path: Path) -> AdapterFile:
    """Read an adapter file whole.

    Raises:
        AdapterError: as `inspect`, and for tensors with values that are not finite.
    """
    return _read(path, with_tensors=True)[0]


def apply(
    adapter: AdapterFile, network: nn.Module, class_names: Sequence[str] | None, base: str = ""
) -> None:
    """Attach a loaded adapter, in place of the one that `network` may have on.

    The network then predicts bit for bit as it did when the file was written.

    Args:
        adapter: to put on.
        network: to adapt.
        class_names: the network's classes, in its order; None where they are not known.
        base: digest of the network's weights, where it is known.

    Raises:
        AdapterError: the adapter was made for another network, or its projections cannot be
            made here; then the network is as it was.
    """
    check_fit(adapter, network, class_names, digest=base)
    detach(network)
    info = adapter.info
    attach(network, info.settings, adapter.projections, temperature=info.temperature)
    load_parameters(network, adapter.parameters)


def keep_temperature(path: Path, temperature: float) -> None:
    """Write into an adapter file by what logits are to be divided before shares are told.

    Raises:
        AdapterError: it is no adapter file, or the temperature is not from 0.01 to 100.
        StudioError: the file cannot be written; it is as it was.
    """
    low, high = adapter_metadata.MIN_TEMPERATURE, adapter_metadata.MAX_TEMPERATURE
    if not low <= temperature <= high:
        raise AdapterError(f"A temperature is from {low} to {high:g}, not {temperature:g}.")
    adapter = load(path)
    info = dataclasses.replace(adapter.info, temperature=temperature)
    write(path, dataclasses.replace(adapter, info=info))


def parameters(network: nn.Module) -> dict[str, torch.Tensor]:
    """Copies, on the CPU, of the adapter's parameters by full name, such as "fc1.d"."""
    return {
        name: parameter.detach().cpu().clone() for name, parameter in adapter_parameters(network)
    }


def load_parameters(network: nn.Module, values: Mapping[str, torch.Tensor]) -> None:
    """Copy what `parameters` gave into the adapter that `network` has on.

    Raises:
        AdapterError: names or shapes are not those of the adapter; then it is as it was.
    """
    own = dict(adapter_parameters(network))
    expected = {name: tuple(parameter.shape) for name, parameter in own.items()}
    found = {name: tuple(value.shape) for name, value in values.items()}
    if expected != found:
        raise AdapterError(f"The values do not fit the adapter: {difference(expected, found)}")
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(values[name])


def to_bytes(adapter: AdapterFile) -> bytes:
    """The content of the file that `write` writes."""
    stores = adapter.projections is not None
    info = dataclasses.replace(adapter.info, stores_projections=stores)
    metadata = adapter_metadata.to_metadata(info)
    tensors = dict(adapter.parameters)
    if adapter.projections is not None:
        tensors |= dict(zip(STORED, adapter.projections.buffers(), strict=True))
    content = safetensors.torch.save(tensors, metadata)
    # safetensors 0.8 writes metadata in random order; in ours equal adapters are equal files.
    # The format: https://github.com/huggingface/safetensors#format
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = metadata
    text = header_text(header)
    return len(text).to_bytes(8, "little") + text + content[end:]


def _read(path: Path, with_tensors: bool) -> tuple[AdapterFile, int]:
    """The adapter, and how many numbers the header says were trained."""
    try:
        _check_head(path)
        with safetensors.safe_open(path, framework="pt") as file:
            info = adapter_metadata.from_metadata(file.metadata() or {})
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            check_tensors(info, slices)
            own = slices.keys() - (STORED if info.stores_projections else ())
            count = sum(math.prod(slices[name].get_shape()) for name in own)
            # Copies: what safetensors gives may be the file itself, mapped into memory.
            found = {name: file.get_tensor(name).clone() for name in slices if with_tensors}
        check_finite(found)
    except AdapterError as error:
        raise AdapterError(f"{path.name} cannot be used: {error}") from error
    except safetensors.SafetensorError as error:
        raise AdapterError(f"{path.name} cannot be used: {_NOT_WHOLE}.") from error
    except OSError as error:
        raise AdapterError(f"{path.name} cannot be read: {reason(error)}.") from error
    stored = [found.pop(name) for name in STORED if name in found and info.stores_projections]
    return AdapterFile(info, found, ProjectionPair(*stored) if stored else None), count


def _check_head(path: Path) -> None:
    """Refuse what is no regular file or too large, before a library maps it into memory."""
    try:
        with open_regular(path, MAX_FILE_BYTES) as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise AdapterError("expected a file, found nothing.") from error
    if other := other_kind(head):
        raise AdapterError(f"it is {other}.")
    # What a file says of itself is read on every look into the library: it may not take long.
    if int.from_bytes(head[:8], "little") > MAX_HEADER_BYTES:
        raise AdapterError(f"{_NOT_WHOLE}.")
