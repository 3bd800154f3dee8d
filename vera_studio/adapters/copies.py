"""Copies of a network, for what must leave the network itself bare."""

import copy
from collections.abc import Sequence

import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.attach import adapter_parameters


def sharing_copy(network: nn.Module) -> nn.Module:
    """A copy of `network` whose frozen numbers are the same memory; an adapter on it is copied.

    Every parameter is one of its own, so that the copy may be frozen, moved, adapted or merged
    without a trace in `network`. Who changes numbers in place needs a whole copy.
    """
    own = {parameter for _, parameter in adapter_parameters(network)}
    tensors = {*network.parameters(), *network.buffers()} - own
    return copy.deepcopy(network, {id(tensor): _view(tensor) for tensor in tensors})


def _view(tensor: torch.Tensor) -> torch.Tensor:
    """Another tensor, or parameter, on the same memory."""
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(tensor.detach(), tensor.requires_grad)
    return tensor.detach()


def with_adapter(
    adapter: AdapterFile,
    network: nn.Module,
    class_names: Sequence[str] | None = None,
    base: str = "",
) -> nn.Module:
    """A copy of `network`, on the CPU, with `adapter` on in place of what it may have on.

    Args:
        adapter: to put on.
        network: is not changed; the copy shares its frozen numbers.
        class_names: the network's classes, in its order; None where they are not known.
        base: digest of the network's weights, where it is known.

    Raises:
        AdapterError: the adapter was made for another network.
    """
    copied = sharing_copy(network).cpu()
    adapter_file.apply(adapter, copied, class_names, base)
    return copied
