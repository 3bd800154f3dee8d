"""The baselines that adapters are measured by: all numbers of a linear layer, or its bias alone.

Both train a change that is added to what stays frozen, so that they go on and come off a network
as every adapter does.
"""

import torch
from torch import nn
from torch.nn.functional import linear

from vera_studio.adapters.layer import AdapterLayer


class FullLinear(AdapterLayer):
    """A linear layer whose weight and bias are trained whole."""

    dimensions = {"weight_change": ("out", "in"), "bias_change": ("out",)}  # noqa: RUF012
    of_bias = frozenset({"bias_change"})
    adds_numbers = False

    def __init__(self, base: nn.Linear) -> None:
        super().__init__(base)
        self.weight_change = nn.Parameter(torch.zeros_like(base.weight))
        has_bias = base.bias is not None
        self.bias_change = nn.Parameter(torch.zeros_like(base.bias)) if has_bias else None

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs (..., out) for inputs (..., in)."""
        return linear(x, self.weight_change, self.bias_change)

    def delta_weight(self) -> torch.Tensor:
        """dW (out, in), a copy without gradient."""
        return self.weight_change.detach().clone()

    def delta_bias(self) -> torch.Tensor | None:
        """What is added to the bias (out,), a copy without gradient; None without a bias."""
        return None if self.bias_change is None else self.bias_change.detach().clone()


class BiasLinear(AdapterLayer):
    """A linear layer whose bias alone is trained (BitFit).

    Ben Zaken, Goldberg and Ravfogel, ACL 2022, https://arxiv.org/abs/2106.10199, who train all
    biases of a network; here they are those of the chosen layers.
    """

    dimensions = {"bias_change": ("out",)}  # noqa: RUF012
    of_bias = frozenset({"bias_change"})
    adds_numbers = False

    def __init__(self, base: nn.Linear) -> None:
        super().__init__(base)
        self.bias_change = nn.Parameter(torch.zeros_like(base.bias))

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs (..., out) for inputs (..., in)."""
        return self.bias_change

    def delta_bias(self) -> torch.Tensor | None:
        """What is added to the bias (out,), a copy without gradient."""
        return self.bias_change.detach().clone()
