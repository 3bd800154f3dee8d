"""The baselines that adapters are measured by: all numbers of a weight, or biases and scales alone.

Both train a change that is added to what stays frozen, so that they go on and come off a network
as every adapter does.
"""

import torch
from torch import nn
from torch.nn.functional import linear

from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.sites import Site


class FullLayer(AdapterLayer):
    """A layer whose weight and bias are trained whole."""

    dimensions = {"weight_change": ("out", "in"), "bias_change": ("out",)}  # noqa: RUF012
    optional = frozenset({"bias_change"})
    adds_numbers = False

    def __init__(self, site: Site) -> None:
        super().__init__(site, is_factored=site.kind == "linear")
        weight = site.weight
        self.weight_change = nn.Parameter(weight.new_zeros(site.out, site.fan_in))
        self.bias_change = nn.Parameter(weight.new_zeros(site.out)) if _has_bias(site) else None

    @classmethod
    def parameter_names(cls, site: Site) -> tuple[str, ...]:
        """The weight's and, where there is one, the bias's."""
        return tuple(cls.dimensions) if _has_bias(site) else ("weight_change",)

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs (..., out) for inputs (..., in)."""
        return linear(x, self.weight_change, self.bias_change)

    def delta(self) -> torch.Tensor:
        """dW (out, fan_in) with gradient."""
        return self.weight_change

    def delta_weight(self) -> torch.Tensor:
        """dW (out, fan_in), a copy without gradient."""
        return self.weight_change.detach().clone()

    def bias_delta(self) -> torch.Tensor | None:
        """What is added to the bias (out,), with gradient; None without a bias."""
        return self.bias_change


class BiasLayer(AdapterLayer):
    """A layer whose bias alone is trained (BitFit); of a normalisation the scale as well.

    Ben Zaken, Goldberg and Ravfogel, ACL 2022, https://arxiv.org/abs/2106.10199, who train all
    biases of a network; here they are those of the chosen layers. The scales and shifts of batch
    norms alone already train much of a network: Frankle, Schwab and Morcos, ICLR 2021,
    https://arxiv.org/abs/2003.00152.
    """

    dimensions = {"weight_change": ("out",), "bias_change": ("out",)}  # noqa: RUF012
    optional = frozenset(dimensions)
    adds_numbers = False

    def __init__(self, site: Site) -> None:
        is_factored = site.kind != "norm" and site.places[0].is_called
        super().__init__(site, is_factored)
        names = self.parameter_names(site)
        self.weight_change = self.bias_change = None
        if "weight_change" in names:
            self.weight_change = nn.Parameter(site.weight.new_zeros(site.out))
        if "bias_change" in names:
            self.bias_change = nn.Parameter(site.weight.new_zeros(site.out))

    @classmethod
    def parameter_names(cls, site: Site) -> tuple[str, ...]:
        """The bias's where there is one, and the scale's of a normalisation."""
        has = {"weight_change": site.kind == "norm", "bias_change": _has_bias(site)}
        return tuple(name for name in cls.dimensions if has[name])

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to every output: (out,), or (out, 1, 1) for a convolution."""
        assert self.bias_change is not None
        is_convolution = self.site.kind == "convolution"
        return self.bias_change[:, None, None] if is_convolution else self.bias_change

    def delta(self) -> torch.Tensor | None:
        """The change of the scale (out,) of a normalisation, with gradient; None elsewhere."""
        return self.weight_change

    def delta_weight(self) -> torch.Tensor:
        """dW (out, fan_in), a copy without gradient: zeros but for a normalisation's scale."""
        if self.weight_change is None:
            return super().delta_weight()
        return self.weight_change.detach().clone()[:, None]  # (out, 1)

    def bias_delta(self) -> torch.Tensor | None:
        """What is added to the bias (out,), with gradient; None without a bias."""
        return self.bias_change


def _has_bias(site: Site) -> bool:
    return site.places[0].bias is not None
