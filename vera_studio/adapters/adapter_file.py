"""An adapter as a single safetensors file of some KB, and from it back onto a network.

The tensors are the adapter's parameters by full name, such as "fc1.d"; all else is in the
metadata (see `adapter_metadata`). The projections are made anew from their seed.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters import adapter_metadata
from vera_studio.adapters.adapter_metadata import FORMAT_VERSION as FORMAT_VERSION
from vera_studio.adapters.adapter_metadata import AdapterInfo as AdapterInfo
from vera_studio.adapters.attach import (
    adapter_parameters,
    attach,
    attached_layers,
    chosen_layers,
    detach,
    linear_layers,
    make_pairs,
)
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.projections import digest
from vera_studio.adapters.vera import VeraLinear
from vera_studio.errors import AdapterError
from vera_studio.files import write_atomically
from vera_studio.recipe import AdapterSettings

MAX_FILE_BYTES = 64 * 2**20
_DTYPES = ("F32", "F64", "F16", "BF16")


@dataclass(frozen=True, eq=False)
class AdapterFile:
    """What an adapter file holds."""

    info: AdapterInfo
    vectors: dict[str, torch.Tensor]  # by full name, such as "fc1.d"; one-dimensional, on the CPU


def save(
    path: Path,
    network: nn.Module,
    settings: AdapterSettings,
    class_names: Sequence[str],
    training: Mapping[str, Any],
) -> None:
    """Write the adapter that `network` has on; the same adapter gives the same bytes.

    Args:
        path: the file to write, whole or not at all.
        network: has an adapter attached.
        settings: those that it was attached with.
        class_names: the network's classes, in its order.
        training: figures for a person to read, as `json` takes them; floats are rounded to
            four decimals, and those that are not finite become null.

    Raises:
        AdapterError: `network` has no adapter, or one that `settings` would not make.
        StudioError: the file cannot be written.
    """
    layers = attached_layers(network)
    if not layers:
        raise AdapterError("There is no adapter on the network to save.")
    bases = {name: layer.base for name, layer in layers.items()}
    projections_digest = digest(layer.projections for layer in layers.values())
    if projections_digest != digest(make_pairs(bases, settings).values()):
        raise AdapterError("The adapter on the network was attached with other settings.")
    info = AdapterInfo(
        FORMAT_VERSION,
        settings.rank,
        settings.seed,
        settings.d_initial,
        tuple(layers),
        tuple(class_names),
        base_digest(network),
        projections_digest,
        dict(training),
    )
    write_atomically(path, _to_bytes(info, vectors(network)))


def file_bytes(network: nn.Module, settings: AdapterSettings, class_names: Sequence[str]) -> int:
    """Size, in bytes, of the file that `save` would write after training.

    Exact but for the training figures, which are taken to be two accuracies a class: names
    of data and target classes and the like add some 100 to 200 bytes.

    Raises:
        AdapterError: the settings do not fit the network.
    """
    bases = chosen_layers(network, settings)
    zeros = {
        f"{layer}.{name}": torch.zeros(shape, dtype=base.weight.dtype)
        for layer, base in bases.items()
        for name, shape in VeraLinear.adapter_shapes(base, settings.rank).items()
    }
    figures = [0.1234] * len(class_names)
    info = AdapterInfo(
        FORMAT_VERSION,
        settings.rank,
        settings.seed,
        settings.d_initial,
        tuple(bases),
        tuple(class_names),
        "0" * 64,
        "0" * 64,
        {"before": [*figures], "after": [*figures]},
    )
    return len(_to_bytes(info, zeros))


def inspect(path: Path) -> AdapterInfo:
    """What the adapter file says of itself; its vectors are not read.

    Raises:
        AdapterError: it is no adapter file that this version can read; says what was expected
            and what was found.
    """
    return _read(path, with_vectors=False).info


def load(path: Path) -> AdapterFile:
    """Read an adapter file whole.

    Raises:
        AdapterError: as `inspect`, and for vectors with values that are not finite.
    """
    return _read(path, with_vectors=True)


def apply(adapter: AdapterFile, network: nn.Module, class_names: Sequence[str]) -> None:
    """Attach a loaded adapter, in place of the one that `network` may have on.

    The network then predicts bit for bit as it did when the file was written.

    Raises:
        AdapterError: the adapter was made for another network, or its projections cannot be
            made here; then the network is as it was.
    """
    info = adapter.info
    if tuple(class_names) != info.class_names:
        raise AdapterError(
            f"The adapter is for other classes: expected {', '.join(class_names)}; "
            f"found {', '.join(info.class_names)}."
        )
    _check_layers(adapter, linear_layers(network))
    if (expected := base_digest(network)) != info.base_digest:
        raise AdapterError(
            "The adapter was trained on a network of the same shape with other weights: "
            f"expected a base with digest {expected[:12]}…, found {info.base_digest[:12]}…."
        )
    pairs = make_pairs(chosen_layers(network, info.settings), info.settings)
    if (expected := digest(pairs.values())) != info.projections_digest:
        raise AdapterError(
            "The adapter's projections cannot be made from its seed: expected their digest to "
            f"be {expected[:12]}…, found {info.projections_digest[:12]}…."
        )
    detach(network)
    attach(network, info.settings)
    load_vectors(network, adapter.vectors)


def vectors(network: nn.Module) -> dict[str, torch.Tensor]:
    """Copies, on the CPU, of the adapter's parameters by full name, such as "fc1.d"."""
    return {
        name: parameter.detach().cpu().clone() for name, parameter in adapter_parameters(network)
    }


def load_vectors(network: nn.Module, vectors: Mapping[str, torch.Tensor]) -> None:
    """Copy what `vectors` gave into the adapter that `network` has on.

    Raises:
        AdapterError: names or shapes are not those of the adapter; then it is as it was.
    """
    parameters = dict(adapter_parameters(network))
    expected = {name: tuple(parameter.shape) for name, parameter in parameters.items()}
    found = {name: tuple(vector.shape) for name, vector in vectors.items()}
    if expected != found:
        raise AdapterError(f"The vectors do not fit the adapter: {_difference(expected, found)}")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(vectors[name])


def _to_bytes(info: AdapterInfo, vectors: dict[str, torch.Tensor]) -> bytes:
    metadata = adapter_metadata.to_metadata(info)
    content = safetensors.torch.save(vectors, metadata)
    # safetensors 0.8 writes metadata in random order; in ours equal adapters are equal files.
    # The format: https://github.com/huggingface/safetensors#format
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = metadata
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def _read(path: Path, with_vectors: bool) -> AdapterFile:
    try:
        _check_size(path)
        with safetensors.safe_open(path, framework="pt") as file:
            info = adapter_metadata.from_metadata(file.metadata() or {})
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            _check_tensors(info, slices)
            # Copies: what safetensors gives may be the file itself, mapped into memory.
            found = {name: file.get_tensor(name).clone() for name in slices if with_vectors}
        _check_finite(found)
    except AdapterError as error:
        raise AdapterError(f"{path.name} cannot be used: {error}") from error
    except safetensors.SafetensorError as error:
        raise AdapterError(
            f"{path.name} cannot be used: expected a whole safetensors file, found something "
            f"else or a damaged one ({error})."
        ) from error
    except OSError as error:
        raise AdapterError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    return AdapterFile(info, found)


def _check_size(path: Path) -> None:
    if not path.is_file():
        raise AdapterError(f"expected a file, found {'a folder' if path.is_dir() else 'nothing'}.")
    size = path.stat().st_size
    if not 0 < size <= MAX_FILE_BYTES:
        raise AdapterError(
            f"expected a file of 1 to {MAX_FILE_BYTES:,} bytes, found one of {size:,}."
        )


def _check_tensors(info: AdapterInfo, slices: Mapping[str, Any]) -> None:
    """Raise an AdapterError unless the file's tensors are what its metadata promises."""
    names = VeraLinear.adapter_parameter_names
    expected = {f"{layer}.{name}" for layer in info.layers for name in names}
    if missing := expected - slices.keys():
        raise AdapterError(f"expected the tensors {_listed(missing)}, found none of that name.")
    if extra := slices.keys() - expected:
        raise AdapterError(f"expected no tensors but those of its layers, found {_listed(extra)}.")
    for name, tensor in slices.items():
        shape, dtype = tuple(tensor.get_shape()), tensor.get_dtype()
        if dtype not in _DTYPES:
            raise AdapterError(f"expected {name} as one of {', '.join(_DTYPES)}, found {dtype}.")
        wanted = (info.rank if name.endswith(".d") else math.prod(shape),)
        if shape != wanted:
            raise AdapterError(f"expected {name} with shape {wanted}, found {shape}.")


def _check_finite(vectors: Mapping[str, torch.Tensor]) -> None:
    wrong = [name for name, vector in vectors.items() if not bool(vector.isfinite().all())]
    if wrong:
        raise AdapterError(f"expected finite numbers, found others in {_listed(wrong)}.")


def _check_layers(adapter: AdapterFile, layers: Mapping[str, nn.Linear]) -> None:
    """Raise an AdapterError unless the network has the adapter's layers, in its shapes."""
    info = adapter.info
    if unknown := [name for name in info.layers if name not in layers]:
        raise AdapterError(
            f"The adapter is for another network: expected layers among {', '.join(layers)}; "
            f"found {_listed(unknown)}."
        )
    expected = {
        f"{layer}.{name}": _described(shape, layers[layer].weight.dtype)
        for layer in info.layers
        for name, shape in VeraLinear.adapter_shapes(layers[layer], info.rank).items()
    }
    found = {name: _described(v.shape, v.dtype) for name, v in adapter.vectors.items()}
    if expected != found:
        raise AdapterError(f"The adapter is for another network: {_difference(expected, found)}")


def _described(shape: Sequence[int], dtype: torch.dtype) -> str:
    return f"{str(dtype).removeprefix('torch.')} {tuple(shape)}"


def _difference(expected: Mapping[str, object], found: Mapping[str, object]) -> str:
    """The first difference, in words."""
    name = next(name for name in (*expected, *found) if expected.get(name) != found.get(name))
    return f"{name}: expected {expected.get(name, 'none')}, found {found.get(name, 'none')}."


def _listed(names: Any, most: int = 5) -> str:
    ordered = sorted(names)
    more = len(ordered) - most
    return ", ".join(ordered[:most]) + (f" and {more} more" if more > 0 else "")
