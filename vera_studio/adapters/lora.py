"""LoRA (Low-Rank Adaptation) on a linear layer.

Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang and Chen, ICLR 2022, https://arxiv.org/abs/2106.09685.
"""

import torch
from torch import nn
from torch.nn.functional import linear

from vera_studio.adapters.layer import AdapterLayer


class LoraLinear(AdapterLayer):
    """A linear layer with dW = scale B A, where A (rank, in) and B (out, rank) are trained.

    B starts at zero, so that nothing changes until it is trained.

    Attributes:
        scale: alpha / rank.
    """

    dimensions = {"A": ("rank", "in"), "B": ("out", "rank")}  # noqa: RUF012 - a ClassVar above

    def __init__(self, base: nn.Linear, first_a: torch.Tensor, scale: float) -> None:
        """Adapt `base`.

        Args:
            base: the layer to adapt.
            first_a: A (rank, in) before training.
            scale: alpha / rank.
        """
        super().__init__(base)
        self.scale = scale
        self.A = nn.Parameter(first_a.to(base.weight))
        self.B = nn.Parameter(base.weight.new_zeros(base.out_features, len(first_a)))

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs (..., out) for inputs (..., in)."""
        inner = self.scale * linear(x, self.A)  # (..., rank)
        return linear(inner, self.B)  # (..., out)

    def delta_weight(self) -> torch.Tensor:
        """dW (out, in) without gradient, computed in float64, with W's dtype and device."""
        A, B = (tensor.detach().cpu().double() for tensor in (self.A, self.B))  # noqa: N806
        return (self.scale * (B @ A)).to(self.base.weight)
