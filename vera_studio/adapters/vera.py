"""VeRA (Vector-based Random Matrix Adaptation) on a linear layer.

Kopiczko, Blankevoort and Asano, ICLR 2024, https://arxiv.org/abs/2310.11454.
"""

from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import linear

from vera_studio.adapters.projections import ProjectionPair


class VeraLinear(nn.Module):
    """A frozen linear layer with weight W (out, in) that acts as W + dW.

    dW = diag(b) B diag(d) A, with the frozen A (rank, in) and B (out, rank) of `projections`
    and the trained d (rank,) and b (out,). b starts at zero, so that nothing changes until it
    is trained.

    Attributes:
        base: the layer that was there before, the very object.
        projections: the pair, the same object in every layer of this shape.
        trainable_before: full names of the parameters that required gradients before the
            adapter was attached; `attach` sets it for `detach` to go by.
    """

    adapter_parameter_names: ClassVar[tuple[str, ...]] = ("d", "b")

    def __init__(self, base: nn.Linear, projections: ProjectionPair, d_initial: float) -> None:
        super().__init__()
        rank = projections.A.shape[0]
        self.base = base
        self.projections = projections
        self.d = nn.Parameter(base.weight.new_full((rank,), d_initial))
        self.b = nn.Parameter(base.weight.new_zeros(base.out_features))
        self.trainable_before: frozenset[str] = frozenset()
        self.train(base.training)

    @classmethod
    def adapter_shapes(cls, base: nn.Linear, rank: int) -> dict[str, tuple[int, ...]]:
        """Shape of each adapter parameter that a layer around `base` would have."""
        return {"d": (rank,), "b": (base.out_features,)}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (..., out) of inputs (..., in)."""
        base: torch.Tensor = self.base(x)
        inner = self.d * linear(x, self.projections.A)  # (..., rank)
        return base + self.b * linear(inner, self.projections.B)  # (..., out)

    def delta_weight(self) -> torch.Tensor:
        """dW (out, in) without gradient, computed in float64, with W's dtype and device."""
        # On the CPU, because Apple's MPS has no float64.
        A, B, d, b = (  # noqa: N806 - the paper's
            tensor.detach().cpu().double()
            for tensor in (self.projections.A, self.projections.B, self.d, self.b)
        )
        delta = (b[:, None] * B) @ (d[:, None] * A)  # (out, rank) @ (rank, in)
        return delta.to(self.base.weight)
