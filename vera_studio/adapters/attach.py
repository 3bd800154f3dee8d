"""Putting adapters on a network's linear layers, and taking them off again.

What is trained, saved and counted follows from the names that the adapted layers declare in
`adapter_parameter_names`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from vera_studio.adapters.projections import ProjectionPair, make_pair
from vera_studio.adapters.vera import VeraLinear
from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings, Recipe, problems


@dataclass(frozen=True)
class Counts:
    """How many numbers a network with an adapter has."""

    trainable: int  # the adapter's own
    total: int  # base and adapter, without the projections
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


def attached_layers(network: nn.Module) -> dict[str, VeraLinear]:
    """The adapted layers by full name, in the network's order; empty without an adapter."""
    return {
        name: module for name, module in network.named_modules() if isinstance(module, VeraLinear)
    }


def attach(network: nn.Module, settings: AdapterSettings) -> None:
    """Adapt the chosen layers in place and freeze all but the adapter.

    Until it is trained the network computes exactly what it did.

    Raises:
        AdapterError: the settings do not fit the network, or it has an adapter already; then
            the network is as it was.
    """
    if attached_layers(network):
        raise AdapterError("This network has an adapter already; detach that first.")
    bases = chosen_layers(network, settings)
    pairs = make_pairs(bases, settings)
    trainable = frozenset(name for name, p in network.named_parameters() if p.requires_grad)
    replacements: dict[nn.Module, nn.Module] = {}
    for name, base in bases.items():
        layer = VeraLinear(base, pairs[name], settings.d_initial)
        layer.trainable_before = trainable
        replacements[base] = layer
    _replace(network, replacements)
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
    """Add each layer's dW to its base weight and detach; nothing without an adapter.

    The base weights change in place and keep their dtype. There is no way back: merge a
    `copy.deepcopy` of the network where the base is still wanted.
    """
    with torch.no_grad():
        for layer in attached_layers(network).values():
            layer.base.weight += layer.delta_weight()
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
    pairs = {layer.projections for layer in attached_layers(network).values()}
    return Counts(
        trainable=_adapter_size(network),
        total=sum(parameter.numel() for parameter in network.parameters()),
        projections=sum(pair.A.numel() + pair.B.numel() for pair in pairs),
        pairs=len(pairs),
    )


def plan(network: nn.Module, settings: AdapterSettings) -> Counts:
    """What `count` would tell after `attach`, without making anything.

    `network` may have an adapter on; that one does not count.

    Raises:
        AdapterError: the settings do not fit the network.
    """
    bases = chosen_layers(network, settings).values()
    trainable = sum(
        math.prod(shape)
        for base in bases
        for shape in VeraLinear.adapter_shapes(base, settings.rank).values()
    )
    base_total = sum(p.numel() for p in network.parameters()) - _adapter_size(network)
    pairs = {_sharing_key(base): base for base in bases}.values()
    return Counts(
        trainable=trainable,
        total=base_total + trainable,
        projections=sum(settings.rank * (b.in_features + b.out_features) for b in pairs),
        pairs=len(pairs),
    )


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
    chosen = settings.layers
    return {name: base for name, base in layers.items() if chosen is None or name in chosen}


def make_pairs(
    bases: Mapping[str, nn.Linear], settings: AdapterSettings
) -> dict[str, ProjectionPair]:
    """The projections of each layer, one object for all of a shape; dtype and device as W."""
    pairs: dict[object, ProjectionPair] = {}
    for base in bases.values():
        if (key := _sharing_key(base)) not in pairs:
            pair = make_pair(settings.rank, base.in_features, base.out_features, settings.seed)
            pairs[key] = pair.to(base.weight)
    return {name: pairs[_sharing_key(base)] for name, base in bases.items()}


def _sharing_key(base: nn.Linear) -> tuple[object, ...]:
    """Equal for layers that can share projections."""
    return base.in_features, base.out_features, base.weight.dtype, base.weight.device


def _adapter_size(network: nn.Module) -> int:
    return sum(parameter.numel() for _, parameter in adapter_parameters(network))


def _replace(network: nn.Module, replacements: Mapping[nn.Module, nn.Module]) -> None:
    """Put the new modules where the old ones hang, also where one hangs in several places."""
    for parent in list(network.modules()):
        for name, child in list(parent._modules.items()):
            if child is not None and child in replacements:
                setattr(parent, name, replacements[child])
