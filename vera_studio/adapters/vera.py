"""VeRA (Vector-based Random Matrix Adaptation) of any weight seen as a matrix.

Kopiczko, Blankevoort and Asano, ICLR 2024, https://arxiv.org/abs/2310.11454.
"""

import torch
from torch import nn
from torch.nn.functional import linear

from vera_studio.adapters.factors import factored_pays, first_factor, second_factor
from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.projections import ProjectionPair
from vera_studio.adapters.sites import Site


class VeraLayer(AdapterLayer):
    """A weight with dW = diag(b) B diag(d) A.

    A (rank, in) and B (out, rank) of `projections` are frozen; d (rank,) and b (out,) are
    trained. b starts at zero, so that nothing changes until it is trained. A pair that is
    shared with larger weights is sliced: the first `in` columns of A, the first `out` rows of B.

    Attributes:
        projections: the pair, the same object in every layer that shares it.
    """

    dimensions = {"d": ("rank",), "b": ("out",)}  # noqa: RUF012 - declared a ClassVar above

    def __init__(self, site: Site, projections: ProjectionPair, d_initial: float) -> None:
        rank = projections.A.shape[0]
        super().__init__(site, factored_pays(site, rank))
        self.projections = projections
        self.d = nn.Parameter(site.weight.new_full((rank,), d_initial))
        self.b = nn.Parameter(site.weight.new_zeros(site.out))

    def sliced(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The parts A (rank, in) and B (out, rank) of the pair that this layer uses."""
        pair, site = self.projections, self.site
        # A pair of the weight's own shape is used as it is: slicing takes time at every step.
        A = pair.A if pair.A.shape[1] == site.fan_in else pair.A[:, : site.fan_in]  # noqa: N806
        B = pair.B if len(pair.B) == site.out else pair.B[: site.out]  # noqa: N806
        return A, B

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs (..., out) for inputs (..., in)."""
        A, B = self.sliced()  # noqa: N806 - the paper's
        if isinstance(self.base, nn.Conv2d):
            # d and b go into B's few numbers, not over all pixels.
            scaled = self.b[:, None] * B * self.d  # (out, rank)
            return second_factor(self.base, first_factor(self.base, x, A), scaled)
        inner = self.d * linear(x, A)  # (..., rank)
        return self.b * linear(inner, B)  # (..., out)

    def delta(self) -> torch.Tensor:
        """dW (out, fan_in) with gradient, in W's dtype."""
        A, B = self.sliced()  # noqa: N806 - the paper's
        return (self.b[:, None] * B) @ (self.d[:, None] * A)  # (out, rank) @ (rank, fan_in)

    def delta_weight(self) -> torch.Tensor:
        """dW (out, fan_in) without gradient, computed in float64, with W's dtype and device."""
        # On the CPU, because Apple's MPS has no float64.
        A, B, d, b = (  # noqa: N806 - the paper's
            tensor.detach().cpu().double() for tensor in (*self.sliced(), self.d, self.b)
        )
        delta = (b[:, None] * B) @ (d[:, None] * A)  # (out, rank) @ (rank, fan_in)
        return delta.to(self.site.weight)
