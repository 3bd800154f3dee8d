"""How alike two adapters are: the angle between their changes of each layer."""

from collections.abc import Sequence

import torch
from torch import nn

from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.sites import find_sites


def similarities(
    first: AdapterFile,
    second: AdapterFile,
    network: nn.Module,
    class_names: Sequence[str],
    base: str = "",
) -> dict[str, float]:
    """The cosine of the two changes dW of each layer that either adapter is on.

    <dW1, dW2> / (|dW1| |dW2|) over all entries of a weight, in float64: 1 where both change it
    alike but for the strength, 0 where the changes are at right angles, -1 where they undo each
    other. NaN where one of the two leaves the weight as it is: it is not on the layer, it is
    not trained, or it trains the bias alone. Changes of biases do not count.

    Args:
        first: an adapter of any method.
        second: another one for the same network.
        network: the one that both were made for; it is not changed.
        class_names: the network's classes, in its order.
        base: digest of the network's weights, where it is known.

    Returns:
        Full name of the layer to cosine, in the network's order.

    Raises:
        AdapterError: one of the adapters was made for another network.
    """
    ones = _weight_changes(first, network, class_names, base)
    others = _weight_changes(second, network, class_names, base)
    return {
        name: _cosine(ones[name], others[name]) if name in ones and name in others else torch.nan
        for name in find_sites(network)
        if name in ones or name in others
    }


def _weight_changes(
    adapter: AdapterFile, network: nn.Module, class_names: Sequence[str], base: str
) -> dict[str, torch.Tensor]:
    """dW (out, in) of each adapted layer, in float64."""
    adapted = with_adapter(adapter, network, class_names, base).double()
    return {name: layer.delta_weight() for name, layer in attached_layers(adapted).items()}


def _cosine(one: torch.Tensor, other: torch.Tensor) -> float:
    # Each is divided by its own length first: the product of two small ones could be 0.
    one, other = one / one.norm(), other / other.norm()  # NaN where the length is 0
    return float((one * other).sum().clamp(-1, 1))
