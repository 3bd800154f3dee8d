"""The two small matrices of a low-rank change, as layers that follow each other."""

import torch
import torch.nn.functional as F
from torch import nn

from vera_studio.adapters.sites import Site

# By weight, dW is made and its gradient is that of a whole weight: about a product more of the
# layer's own size. An estimate; tests.benchmarks.networks shows what comes of it.
_COST_OF_WEIGHT = 1.0


def factored_pays(site: Site, rank: int) -> bool:
    """Whether two small layers compute a change of `rank` faster than a changed weight does."""
    if not site.places[0].is_called or site.groups > 1:
        return False
    if site.kind != "convolution":
        return True
    return rank * (site.fan_in + site.out) <= _COST_OF_WEIGHT * site.fan_in * site.out


def first_factor(base: nn.Module, x: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """`matrix` (rank, fan_in) applied to inputs as `base` applies its weight.

    Returns:
        (..., rank), or (batch, rank, h', w') where `base` is a convolution.
    """
    if not isinstance(base, nn.Conv2d):
        return F.linear(x, matrix)
    kernels = matrix.view(-1, base.in_channels, *base.kernel_size)  # (rank, in, kh, kw)
    # With the stride, the padding and the dilation of `base`.
    inner: torch.Tensor = base._conv_forward(x, kernels, None)
    return inner


def second_factor(base: nn.Module, inner: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """`matrix` (out, rank) applied to what `first_factor` gave: (..., out), (batch, out, h, w)."""
    if not isinstance(base, nn.Conv2d):
        return F.linear(inner, matrix)
    return F.conv2d(inner, matrix[:, :, None, None])  # a convolution of 1 x 1
