"""What all adapted layers have in common, whatever the method."""

from typing import ClassVar

import torch
from torch import nn


class AdapterLayer(nn.Module):
    """A frozen linear layer with weight W (out, in) that acts as W + dW, and its bias likewise.

    A method is a subclass: it declares its parameters in `dimensions`, and what is trained,
    saved, counted and checked follows from that. Before training dW is zero.

    Attributes:
        base: the layer that was there before, the very object.
        trainable_before: full names of the parameters that required gradients before the
            adapter was attached; `attach` sets it for `detach` to go by.
    """

    # Each parameter's name and shape, in terms of "rank", "in" and "out".
    dimensions: ClassVar[dict[str, tuple[str, ...]]]
    # Those of them that a layer without a bias does not have.
    of_bias: ClassVar[frozenset[str]] = frozenset()
    # Whether the parameters come on top of the network's, or are changes of these one by one.
    adds_numbers: ClassVar[bool] = True

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.trainable_before: frozenset[str] = frozenset()
        self.train(base.training)

    @classmethod
    def adapter_shapes(cls, base: nn.Linear, rank: int) -> dict[str, tuple[int, ...]]:
        """Shape of each adapter parameter that a layer around `base` would have."""
        sizes = {"rank": rank, "in": base.in_features, "out": base.out_features}
        return {
            name: tuple(sizes[dimension] for dimension in dimensions)
            for name, dimensions in cls.dimensions.items()
            if base.bias is not None or name not in cls.of_bias
        }

    @property
    def adapter_parameter_names(self) -> tuple[str, ...]:
        """The names of what is trained."""
        return tuple(self.adapter_shapes(self.base, 0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (..., out) of inputs (..., in)."""
        base: torch.Tensor = self.base(x)
        return base + self.change(x)

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs (..., out) for inputs (..., in)."""
        raise NotImplementedError

    def delta_weight(self) -> torch.Tensor:
        """dW (out, in) without gradient, computed in float64, with W's dtype and device."""
        return torch.zeros_like(self.base.weight, requires_grad=False)

    def delta_bias(self) -> torch.Tensor | None:
        """What is added to the bias (out,), without gradient; None for nothing."""
        return None
