"""LoRA (Low-Rank Adaptation) of any weight seen as a matrix.

Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang and Chen, ICLR 2022, https://arxiv.org/abs/2106.09685.
"""

import torch
from torch import nn

from vera_studio.adapters.factors import factored_pays, first_factor, second_factor
from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.sites import Site


class LoraLayer(AdapterLayer):
    """A weight with dW = scale B A, where A (rank, in) and B (out, rank) are trained.

    B starts at zero, so that nothing changes until it is trained.

    Attributes:
        scale: alpha / rank.
    """

    dimensions = {"A": ("rank", "in"), "B": ("out", "rank")}  # noqa: RUF012 - a ClassVar above

    def __init__(self, site: Site, first_a: torch.Tensor, scale: float) -> None:
        """Adapt the weight at `site`.

        Args:
            site: the weight to adapt.
            first_a: A (rank, in) before training.
            scale: alpha / rank.
        """
        super().__init__(site, factored_pays(site, len(first_a)))
        self.scale = scale
        self.A = nn.Parameter(first_a.to(site.weight))
        self.B = nn.Parameter(site.weight.new_zeros(site.out, len(first_a)))

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs (..., out) for inputs (..., in)."""
        inner = self.scale * first_factor(self.base, x, self.A)  # (..., rank)
        return second_factor(self.base, inner, self.B)

    def delta(self) -> torch.Tensor:
        """dW (out, fan_in) with gradient, in W's dtype."""
        return self.scale * (self.B @ self.A)

    def delta_weight(self) -> torch.Tensor:
        """dW (out, fan_in) without gradient, computed in float64, with W's dtype and device."""
        A, B = (tensor.detach().cpu().double() for tensor in (self.A, self.B))  # noqa: N806
        return (self.scale * (B @ A)).to(self.site.weight)
