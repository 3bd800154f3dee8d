"""The frozen random projections of VeRA, the same bits on every machine.

They are never stored: an adapter file keeps their seed, and they are made anew from it. So
they come from the raw output of NumPy's Philox, which NumPy promises never to change (NEP 19),
and from arithmetic that IEEE 754 rounds in only one way.
"""

import math
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from vera_studio.adapters.sites import Site
from vera_studio.adapters.tensor_digest import digest_tensors
from vera_studio.recipe import AdapterSettings

_PairKey = tuple[object, ...]


class ProjectionPair(nn.Module):
    """A (rank, in) and B (out, rank), shared by every adapted weight of one shape.

    A module, not two tensors, so that whatever moves or copies a network meets one object
    and keeps it shared. The buffers are not part of a state dict.
    """

    A: torch.Tensor
    B: torch.Tensor

    def __init__(self, A: torch.Tensor, B: torch.Tensor) -> None:  # noqa: N803 - the paper's
        super().__init__()
        self.register_buffer("A", A, persistent=False)
        self.register_buffer("B", B, persistent=False)


def make_pair(rank: int, fan_in: int, out: int, seed: int) -> ProjectionPair:
    """The float32 pair for weights (out, in), decided by the four numbers alone.

    Kaiming-uniform (He et al. 2015, arXiv 1502.01852) with gain sqrt(2) and the true fan-in,
    as VeRA's paper has it (arXiv 2310.11454): A within sqrt(6 / in), B within sqrt(6 / rank).

    Args:
        rank: from 1.
        fan_in: columns of A.
        out: rows of B.
        seed: 0 to 2**31 - 1.
    """
    # One counter block of 2**64 draws for each matrix of each shape, so none ever overlap.
    shape = (rank, fan_in << 32 | out)
    a = _centred_uniform(rank * fan_in, seed, (0, *shape)) * math.sqrt(6 / fan_in)
    b = _centred_uniform(out * rank, seed, (1, *shape)) * math.sqrt(6 / rank)
    return ProjectionPair(
        A=torch.from_numpy(a.astype(np.float32).reshape(rank, fan_in)),
        B=torch.from_numpy(b.astype(np.float32).reshape(out, rank)),
    )


def make_lora_a(rank: int, fan_in: int, seed: int, layer: int) -> torch.Tensor:
    """The float32 A (rank, in) that a LoRA layer starts with, within 1 / sqrt(in).

    As `torch.nn.Linear` draws its weights, which LoRA's own code does too
    (https://github.com/microsoft/LoRA); here from the generator of the projections.

    Args:
        rank: from 1.
        fan_in: columns of A.
        seed: 0 to 2**31 - 1.
        layer: its number among the adapted ones; each has its own stream.
    """
    block = (2, rank << 32 | layer, fan_in)
    values = _centred_uniform(rank * fan_in, seed, block) / math.sqrt(fan_in)
    return torch.from_numpy(values.astype(np.float32).reshape(rank, fan_in))


def make_pairs(sites: Mapping[str, Site], settings: AdapterSettings) -> dict[str, ProjectionPair]:
    """VeRA's projections of each site, one object for all that share it; dtype and device as W."""
    pairs: dict[_PairKey, ProjectionPair] = {}
    keys, shapes = pair_keys(sites, settings), pair_shapes(sites, settings)
    for name, site in sites.items():
        if (key := keys[name]) not in pairs:
            pair = make_pair(settings.rank, *shapes[name], settings.seed)
            pairs[key] = pair.to(site.weight)
    return {name: pairs[keys[name]] for name in sites}


def pair_keys(sites: Mapping[str, Site], settings: AdapterSettings) -> dict[str, _PairKey]:
    """Equal keys for sites that share a pair: those of one (out, fan_in), whatever they are of."""
    shapes = pair_shapes(sites, settings)
    return {
        name: (*shapes[name], site.weight.dtype, site.weight.device) for name, site in sites.items()
    }


def pair_shapes(sites: Mapping[str, Site], settings: AdapterSettings) -> dict[str, tuple[int, int]]:
    """Columns of A and rows of B in the pair that each site uses."""
    if settings.sharing == "all":
        return dict.fromkeys(sites, largest(sites.values()))
    return {name: (site.fan_in, site.out) for name, site in sites.items()}


def largest(sites: Collection[Site]) -> tuple[int, int]:
    """The largest fan-in and the largest out of `sites`."""
    return max(site.fan_in for site in sites), max(site.out for site in sites)


def digest(pairs: Iterable[ProjectionPair]) -> str:
    """SHA-256, in hex, over the pairs in their order; a pair met again does not count."""
    return digest_tensors(
        (name, tensor) for pair in dict.fromkeys(pairs) for name, tensor in pair.named_buffers()
    )


def _centred_uniform(count: int, seed: int, block: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    """`count` values (count,) of 2**24 evenly spaced ones in (-1, 1), symmetric about 0."""
    counter = np.array((0, *block), dtype=np.uint64)
    words = np.random.Philox(key=seed, counter=counter).random_raw(count)
    top = (words >> np.uint64(40)).astype(np.float64)  # the upper 24 of 64 bits
    return (2.0 * top + 1.0) * 2.0**-24 - 1.0  # exact in float64
