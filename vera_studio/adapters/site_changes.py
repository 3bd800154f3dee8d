"""What an adapter did to each weight: how much, in how many directions, and where.

Of a product of two small matrices nothing larger than a few rows of dW is ever made.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.conversion import factors
from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.lora import LoraLayer
from vera_studio.adapters.sites import SiteKind
from vera_studio.adapters.vera import VeraLayer
from vera_studio.errors import Cancelled, ShouldStop, never_stop

MOST_POINTS = 128  # of a heat map, a side
_MOST_AT_ONCE = 2**20  # numbers of dW that are made at once
_NEGLIGIBLE = 1e-12  # of the largest singular value

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SiteChange:
    """What an adapter did to one weight W (out, fan_in)."""

    name: str  # full name of the layer
    kind: SiteKind
    method: str  # "vera", "lora", "full" or "bias": how this weight is changed
    out: int
    fan_in: int
    rank: int | None  # of the two factors, where dW is a product
    shared_with: tuple[str, ...]  # names of the layers that use the same projections
    parameters: dict[str, Floats]  # what was trained, flat, such as "d" and "b"
    shape_of: dict[str, tuple[int, ...]]  # their shapes
    weight_norm: float  # Frobenius norm of W; 0 for a new last layer
    change_norm: float  # of dW
    effective_rank: float  # of dW, see `effective_rank`; NaN where nothing changed
    heat: Floats  # dW, at most MOST_POINTS a side, see `shrunk`

    @property
    def relative(self) -> float:
        """The norm of dW against that of W; NaN where W is zero."""
        return self.change_norm / self.weight_norm if self.weight_norm else math.nan


def site_changes(network: nn.Module, should_stop: ShouldStop = never_stop) -> Iterator[SiteChange]:
    """What the adapter that `network` has on did to each of its weights, one after the other.

    Raises:
        Cancelled: `should_stop` said so.
    """
    layers = attached_layers(network)
    for layer in layers.values():
        if should_stop():
            raise Cancelled
        yield _change_of(layer, layers, should_stop)


@contextmanager
def set_to_zero(network: nn.Module, names: set[str]) -> Iterator[None]:
    """Have the adapted layers called `names` compute, for a while, as if they were not adapted."""
    layers = [layer for name, layer in attached_layers(network).items() if name in names]
    trained = [
        layer.get_parameter(name) for layer in layers for name in layer.adapter_parameter_names
    ]
    before = [parameter.detach().clone() for parameter in trained]
    with torch.no_grad():
        for parameter in trained:
            parameter.zero_()
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(trained, before, strict=True):
                parameter.copy_(value)


def effective_rank(singular_values: torch.Tensor) -> float:
    """In how many directions a matrix acts: 1 if in one alone, its rank if in all alike.

    exp of the entropy of the singular values, each divided by their sum: Roy and Vetterli, "The
    effective rank: A measure of effective dimensionality", EUSIPCO 2007.

    Args:
        singular_values: (n,), at least 0.

    Returns:
        From 1 to n; NaN where all are zero.
    """
    total = float(singular_values.sum())
    if not total > 0:
        return math.nan
    shares = singular_values.double() / total
    shares = shares[shares > 0]
    return math.exp(-float((shares * shares.log()).sum()))


def shrunk(matrix: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """A matrix (n, m) as (rows, columns): of each block the number that is furthest from zero.

    The mean would show nothing, for changes of both signs lie side by side.

    Args:
        matrix: with at least so many rows and columns.
        rows, columns: of the result; blocks differ by one row or column at most.
    """
    return _fewer_rows(_fewer_rows(matrix, rows).T, columns).T


def _change_of(
    layer: AdapterLayer, layers: dict[str, AdapterLayer], should_stop: ShouldStop
) -> SiteChange:
    site, is_product = layer.site, isinstance(layer, VeraLayer | LoraLayer)
    if is_product:
        A, B = factors(layer)  # noqa: N806 - the paper's
        values = _product_singular_values(A, B)
        heat = _product_heat(A, B, should_stop)
    else:
        delta = layer.delta_weight().detach().cpu().double()
        values = _singular_values(delta)
        heat = shrunk(delta, *(min(size, MOST_POINTS) for size in delta.shape))
    trained = {name: layer.get_parameter(name) for name in layer.adapter_parameter_names}
    pair = layer.projections if isinstance(layer, VeraLayer) else None
    return SiteChange(
        name=site.name,
        kind=site.kind,
        method=type(layer).__name__.removesuffix("Layer").lower(),
        out=site.out,
        fan_in=site.fan_in,
        rank=len(A) if is_product else None,
        shared_with=tuple(
            name
            for name, other in layers.items()
            if pair is not None and other is not layer and _pair_of(other) is pair
        ),
        parameters={name: _flat(value) for name, value in trained.items()},
        shape_of={name: tuple(value.shape) for name, value in trained.items()},
        weight_norm=float(site.weight.detach().double().norm()),
        change_norm=float(values.norm()),
        effective_rank=effective_rank(values),
        heat=heat.float().numpy(),
    )


def _pair_of(layer: AdapterLayer) -> nn.Module | None:
    return layer.projections if isinstance(layer, VeraLayer) else None


def _flat(parameter: torch.Tensor) -> Floats:
    values: Floats = parameter.detach().cpu().float().flatten().numpy()
    return values


def _product_singular_values(
    A: torch.Tensor,  # noqa: N803 - the paper's
    B: torch.Tensor,  # noqa: N803
) -> torch.Tensor:
    """Of B A, from A (rank, in) and B (out, rank): B = Q1 R1 and A^T = Q2 R2 leave R1 R2^T."""
    left, right = torch.linalg.qr(B).R, torch.linalg.qr(A.T).R
    values: torch.Tensor = torch.linalg.svdvals(left @ right.T)
    return values


def _singular_values(matrix: torch.Tensor) -> torch.Tensor:
    """Of a matrix (n, m), from its product with itself: quicker by far where it is large."""
    wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    values = torch.linalg.eigvalsh(wide @ wide.T).clamp(min=0).sqrt()
    # What rounding leaves of zeros.
    return torch.where(values > _NEGLIGIBLE**0.5 * values.max(), values, 0.0)


def _product_heat(
    A: torch.Tensor,  # noqa: N803 - the paper's
    B: torch.Tensor,  # noqa: N803
    should_stop: ShouldStop,
) -> torch.Tensor:
    """B A, shrunk, some rows at a time."""
    rows, columns = min(len(B), MOST_POINTS), min(A.shape[1], MOST_POINTS)
    found = []
    for some in torch.split(B, max(_MOST_AT_ONCE // A.shape[1], 1)):
        if should_stop():
            raise Cancelled
        found.append(_fewer_rows((some @ A).T, columns).T)  # (some, columns)
    return _fewer_rows(torch.cat(found), rows)


def _fewer_rows(matrix: torch.Tensor, rows: int) -> torch.Tensor:
    """A matrix (n, m) as (rows, m): of each block of rows what is furthest from zero."""
    block = torch.arange(len(matrix)) * rows // len(matrix)
    places = block[:, None].expand_as(matrix)
    none = matrix.new_zeros(rows, matrix.shape[1])
    most = none.scatter_reduce(0, places, matrix, "amax", include_self=False)
    least = none.scatter_reduce(0, places, matrix, "amin", include_self=False)
    return torch.where(most >= -least, most, least)
