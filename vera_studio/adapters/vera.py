"""VeRA (Vector-based Random Matrix Adaptation) on a linear layer.

Kopiczko, Blankevoort and Asano, ICLR 2024, https://arxiv.org/abs/2310.11454.
"""

import torch
from torch import nn
from torch.nn.functional import linear

from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.projections import ProjectionPair


class VeraLinear(AdapterLayer):
    """A linear layer with dW = diag(b) B diag(d) A.

    A (rank, in) and B (out, rank) of `projections` are frozen; d (rank,) and b (out,) are
    trained. b starts at zero, so that nothing changes until it is trained. A pair that is
    shared with larger layers is sliced: the first `in` columns of A, the first `out` rows of B.

    Attributes:
        projections: the pair, the same object in every layer that shares it.
    """

    dimensions = {"d": ("rank",), "b": ("out",)}  # noqa: RUF012 - declared a ClassVar above

    def __init__(self, base: nn.Linear, projections: ProjectionPair, d_initial: float) -> None:
        super().__init__(base)
        rank = projections.A.shape[0]
        self.projections = projections
        self.d = nn.Parameter(base.weight.new_full((rank,), d_initial))
        self.b = nn.Parameter(base.weight.new_zeros(base.out_features))

    def sliced(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The parts A (rank, in) and B (out, rank) of the pair that this layer uses."""
        pair, base = self.projections, self.base
        # A pair of the layer's own shape is used as it is: slicing takes time at every step.
        A = pair.A if pair.A.shape[1] == base.in_features else pair.A[:, : base.in_features]  # noqa: N806
        B = pair.B if len(pair.B) == base.out_features else pair.B[: base.out_features]  # noqa: N806
        return A, B

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs (..., out) for inputs (..., in)."""
        A, B = self.sliced()  # noqa: N806 - the paper's
        inner = self.d * linear(x, A)  # (..., rank)
        return self.b * linear(inner, B)  # (..., out)

    def delta_weight(self) -> torch.Tensor:
        """dW (out, in) without gradient, computed in float64, with W's dtype and device."""
        # On the CPU, because Apple's MPS has no float64.
        A, B, d, b = (  # noqa: N806 - the paper's
            tensor.detach().cpu().double() for tensor in (*self.sliced(), self.d, self.b)
        )
        delta = (b[:, None] * B) @ (d[:, None] * A)  # (out, rank) @ (rank, in)
        return delta.to(self.base.weight)
