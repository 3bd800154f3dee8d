"""The frozen random projections of VeRA, the same bits on every machine.

They are never stored: an adapter file keeps their seed, and they are made anew from it. So
they come from the raw output of NumPy's Philox, which NumPy promises never to change (NEP 19),
and from arithmetic that IEEE 754 rounds in only one way.
"""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from vera_studio.adapters.tensor_digest import digest_tensors


class ProjectionPair(nn.Module):
    """A (rank, in) and B (out, rank), shared by every adapted layer of one shape.

    A module, not two tensors, so that whatever moves or copies a network meets one object
    and keeps it shared. The buffers are not part of a state dict.
    """

    A: torch.Tensor
    B: torch.Tensor

    def __init__(self, A: torch.Tensor, B: torch.Tensor) -> None:  # noqa: N803 - the paper's
        super().__init__()
        self.register_buffer("A", A, persistent=False)
        self.register_buffer("B", B, persistent=False)


def make_pair(rank: int, in_features: int, out_features: int, seed: int) -> ProjectionPair:
    """The float32 pair for layers (out, in), decided by the four numbers alone.

    Kaiming-uniform (He et al. 2015, arXiv 1502.01852) with gain sqrt(2) and the true fan-in,
    as VeRA's paper has it (arXiv 2310.11454): A within sqrt(6 / in), B within sqrt(6 / rank).

    Args:
        rank: from 1.
        in_features: columns of A.
        out_features: rows of B.
        seed: 0 to 2**31 - 1.
    """
    # One counter block of 2**64 draws for each matrix of each shape, so none ever overlap.
    shape = (rank, in_features << 32 | out_features)
    a = _centred_uniform(rank * in_features, seed, (0, *shape)) * math.sqrt(6 / in_features)
    b = _centred_uniform(out_features * rank, seed, (1, *shape)) * math.sqrt(6 / rank)
    return ProjectionPair(
        A=torch.from_numpy(a.astype(np.float32).reshape(rank, in_features)),
        B=torch.from_numpy(b.astype(np.float32).reshape(out_features, rank)),
    )


def make_lora_a(rank: int, in_features: int, seed: int, layer: int) -> torch.Tensor:
    """The float32 A (rank, in) that a LoRA layer starts with, within 1 / sqrt(in).

    As `torch.nn.Linear` draws its weights, which LoRA's own code does too
    (https://github.com/microsoft/LoRA); here from the generator of the projections.

    Args:
        rank: from 1.
        in_features: columns of A.
        seed: 0 to 2**31 - 1.
        layer: its number among the adapted ones; each has its own stream.
    """
    block = (2, rank << 32 | layer, in_features)
    values = _centred_uniform(rank * in_features, seed, block) / math.sqrt(in_features)
    return torch.from_numpy(values.astype(np.float32).reshape(rank, in_features))


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
