"""Putting adapters on a network's linear layers, and taking them off again.

What is trained, saved and counted follows from what the adapted layers declare (see `layer`).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.methods import METHODS, make_layers, pair_keys, pair_shape
from vera_studio.adapters.projections import ProjectionPair
from vera_studio.adapters.vera import VeraLinear
from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings, Recipe, problems


@dataclass(frozen=True)
class Counts:
    """How many numbers a network with an adapter has."""

    trainable: int  # the adapter's own
    total: int  # of the network, and what the adapter adds; without the projections
    projections: int  # frozen and made from a seed; a shared pair counts once
    pairs: int  # of projections

    @property
    def share(self) -> float:
        """Trainable share of the total, 0 to 1."""
        return self.trainable / self.total if self.total else 0.0


def linear_layers(network: nn.Module) -> dict[str, nn.Linear]:
    """The layers that can be adapted, by full name, in the network's order.

    Names and layers are the same whether an adapter is attached or not.
    """
    attached = attached_layers(network)
    bases = {layer.base for layer in attached.values()}
    # Not subclasses: who uses those, such as nn.MultiheadAttention, may read their weight
    # without calling them, and would not notice an adapter.
    return {
        name: attached[name].base if name in attached else module
        for name, module in network.named_modules()
        if name in attached or (name and type(module) is nn.Linear and module not in bases)
    }


def attached_layers(network: nn.Module) -> dict[str, AdapterLayer]:
    """The adapted layers by full name, in the network's order; empty without an adapter."""
    return {
        name: module for name, module in network.named_modules() if isinstance(module, AdapterLayer)
    }


def attach(
    network: nn.Module, settings: AdapterSettings, stored: ProjectionPair | None = None
) -> None:
    """Adapt the chosen layers in place and freeze all but the adapter.

    The network then computes exactly what it did.

    Args:
        network: to adapt.
        settings: which layers, how.
        stored: a pair for VeRA to use in place of those that its seed makes.

    Raises:
        AdapterError: the settings do not fit the network, or it has an adapter already; then
            the network is as it was.
    """
    if attached_layers(network):
        raise AdapterError("This network has an adapter already; detach that first.")
    layers = make_layers(chosen_layers(network, settings), settings, stored)
    trainable = frozenset(name for name, p in network.named_parameters() if p.requires_grad)
    for layer in layers.values():
        layer.trainable_before = trainable
    _replace(network, {layer.base: layer for layer in layers.values()})
    freeze(network)


def detach(network: nn.Module) -> None:
    """Put the base layers back, as they were before `attach`; nothing without an adapter.

    The parameters of `network`, which must be the module that was given to `attach`, require
    gradients again where they did before.
    """
    layers = attached_layers(network).values()
    if not layers:
        return
    trainable = next(iter(layers)).trainable_before
    _replace(network, {layer: layer.base for layer in layers})
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in trainable)


def merge(network: nn.Module) -> None:
    """Add each layer's change to its base and detach; nothing without an adapter.

    Base weights and biases change in place and keep their dtype. There is no way back: merge a
    `copy.deepcopy` of the network where the base is still wanted.
    """
    with torch.no_grad():
        for layer in attached_layers(network).values():
            layer.base.weight.add_(layer.delta_weight())
            if (delta_bias := layer.delta_bias()) is not None:
                layer.base.bias.add_(delta_bias)
    detach(network)


def freeze(network: nn.Module) -> None:
    """Let the adapter's parameters require gradients, and no others."""
    network.requires_grad_(False)
    for _, parameter in adapter_parameters(network):
        parameter.requires_grad_(True)


def adapter_parameters(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Full name, such as "fc1.d", and parameter of all that the adapted layers declare."""
    for layer_name, layer in attached_layers(network).items():
        for name in layer.adapter_parameter_names:
            yield f"{layer_name}.{name}", layer.get_parameter(name)


def count(network: nn.Module) -> Counts:
    """Count `network` as it is; without an adapter all of its parameters are base."""
    pairs = set(pairs_of(network))
    trainable = _adapter_size(network)
    adds = all(layer.adds_numbers for layer in attached_layers(network).values())
    return Counts(
        trainable=trainable,
        total=_base_size(network) + (trainable if adds else 0),
        projections=sum(pair.A.numel() + pair.B.numel() for pair in pairs),
        pairs=len(pairs),
    )


def plan(network: nn.Module, settings: AdapterSettings) -> Counts:
    """What `count` would tell after `attach`, without making anything.

    `network` may have an adapter on; that one does not count.

    Raises:
        AdapterError: the settings do not fit the network.
    """
    bases = chosen_layers(network, settings)
    trainable = sum(math.prod(shape) for shape in planned_shapes(bases, settings).values())
    adds = METHODS[settings.method].layer.adds_numbers
    pairs: dict[object, tuple[int, int]] = {}
    if settings.method == "vera":
        keys = pair_keys(bases, settings)
        pairs = {keys[name]: pair_shape(bases, settings, name) for name in bases}
    return Counts(
        trainable=trainable,
        total=_base_size(network) + (trainable if adds else 0),
        projections=sum(settings.rank * sum(shape) for shape in pairs.values()),
        pairs=len(pairs),
    )


def planned_shapes(
    bases: Mapping[str, nn.Linear], settings: AdapterSettings
) -> dict[str, tuple[int, ...]]:
    """Shape of each parameter, by full name, that an adapter on `bases` would have."""
    kind = METHODS[settings.method].layer
    return {
        f"{layer}.{name}": shape
        for layer, base in bases.items()
        for name, shape in kind.adapter_shapes(base, settings.rank).items()
    }


def pairs_of(network: nn.Module) -> list[ProjectionPair]:
    """VeRA's projections of each adapted layer, in the network's order; none for other methods."""
    layers = attached_layers(network).values()
    return [layer.projections for layer in layers if isinstance(layer, VeraLinear)]


def chosen_layers(network: nn.Module, settings: AdapterSettings) -> dict[str, nn.Linear]:
    """The layers that `settings` name, or all, in the network's order.

    Raises:
        AdapterError: names every value and every layer that does not fit.
    """
    layers = linear_layers(network)
    if not layers:
        raise AdapterError("This network has no linear layer that an adapter could go on.")
    if found := problems(Recipe(adapter=settings), layer_names=tuple(layers)):
        raise AdapterError("The adapter does not fit the network:\n- " + "\n- ".join(found))
    chosen = {
        name: base
        for name, base in layers.items()
        if settings.layers is None or name in settings.layers
    }
    _check_parameters(chosen, settings)
    return chosen


def _check_parameters(bases: Mapping[str, nn.Linear], settings: AdapterSettings) -> None:
    """Raise an AdapterError if the method has nothing to train in one of `bases`."""
    kind = METHODS[settings.method].layer
    without = [name for name, base in bases.items() if not kind.adapter_shapes(base, 1)]
    if without:
        raise AdapterError(
            f"The layers {', '.join(without)} have no bias, so there is nothing in them to train."
        )


def _base_size(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters()) - _adapter_size(network)


def _adapter_size(network: nn.Module) -> int:
    return sum(parameter.numel() for _, parameter in adapter_parameters(network))


def _replace(network: nn.Module, replacements: Mapping[nn.Module, nn.Module]) -> None:
    """Put the new modules where the old ones hang, also where one hangs in several places."""
    for parent in list(network.modules()):
        for name, child in list(parent._modules.items()):
            if child is not None and child in replacements:
                setattr(parent, name, replacements[child])
