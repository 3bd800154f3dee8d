"""Whether the tensors of an adapter file are what its metadata promises."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.methods import layer_kind
from vera_studio.errors import AdapterError
from vera_studio.wording import listed

STORED = ("projections.A", "projections.B")  # names of a pair that is in the file
_DTYPES = ("F32", "F64", "F16", "BF16")


def check_tensors(info: AdapterInfo, slices: Mapping[str, Any]) -> None:
    """Raise an AdapterError unless the file's tensors are what its metadata promises."""
    kinds = {layer: layer_kind(layer, info.settings) for layer in info.all_layers}
    expected = {
        f"{layer}.{name}": dimensions
        for layer, kind in kinds.items()
        for name, dimensions in kind.dimensions.items()
    }
    optional = {f"{layer}.{name}" for layer, kind in kinds.items() for name in kind.optional}
    if info.stores_projections:
        expected |= dict(zip(STORED, (("rank", "in"), ("out", "rank")), strict=True))
    if missing := expected.keys() - slices.keys() - optional:
        raise AdapterError(f"expected the tensors {listed(missing)}, found none of that name.")
    if extra := slices.keys() - expected.keys():
        raise AdapterError(f"expected no tensors but those of its layers, found {listed(extra)}.")
    for name, tensor in slices.items():
        shape, dtype = tuple(tensor.get_shape()), tensor.get_dtype()
        if dtype not in _DTYPES:
            raise AdapterError(f"expected {name} as one of {', '.join(_DTYPES)}, found {dtype}.")
        _check_shape(name, shape, expected[name], info.settings.rank)
    _check_outputs(info, slices)


def _check_outputs(info: AdapterInfo, slices: Mapping[str, Any]) -> None:
    """Raise an AdapterError unless a last layer for own classes has an output for each of them."""
    name = f"{info.settings.head}.weight_change"
    outputs = slices[name].get_shape()[0] if info.has_own_classes else info.classes.count
    if outputs != info.classes.count:
        raise AdapterError(
            f"expected {name} with an output for each of {info.classes.count:,} classes, found "
            f"{outputs:,}."
        )


def _check_shape(name: str, shape: tuple[int, ...], dimensions: Sequence[str], rank: int) -> None:
    """Raise an AdapterError unless `shape` has `dimensions`; only the rank is known here."""
    given = [rank if dimension == "rank" else None for dimension in dimensions]
    fits = len(shape) == len(given) and all(
        size == known or known is None for size, known in zip(shape, given, strict=True)
    )
    if not fits:
        wanted = ", ".join(
            dimension if known is None else str(known)
            for dimension, known in zip(dimensions, given, strict=True)
        )
        comma = "," if len(dimensions) == 1 else ""  # as Python writes what was found
        raise AdapterError(f"expected {name} with shape ({wanted}{comma}), found {shape}.")


def check_finite(tensors: Mapping[str, torch.Tensor]) -> None:
    wrong = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if wrong:
        raise AdapterError(f"expected finite numbers, found others in {listed(wrong)}.")
