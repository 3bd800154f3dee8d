"""Putting adapters on a network's weights, and taking them off again.

What is trained, saved and counted follows from what the adapted layers declare (see `layer`).
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import nn

from vera_studio.adapters.adapted import Adapted
from vera_studio.adapters.chosen import chosen_sites as chosen_sites
from vera_studio.adapters.layer import AdapterLayer, Reader
from vera_studio.adapters.methods import (
    Sites,
    layer_kind,
    make_layers,
    without_head,
)
from vera_studio.adapters.projections import ProjectionPair, pair_keys, pair_shapes
from vera_studio.adapters.proof import noise_for_zeros, prove
from vera_studio.adapters.sites import Place
from vera_studio.adapters.vera import VeraLayer
from vera_studio.adapters.wrapper import Wrapper
from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings


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


def attached_layers(network: nn.Module) -> dict[str, AdapterLayer]:
    """The adapted layers by the full names of their sites, in order; empty without an adapter."""
    layers = [module for module in network.modules() if isinstance(module, AdapterLayer)]
    return {layer.site.name: layer for layer in sorted(layers, key=lambda layer: layer.number)}


def attach(
    network: nn.Module,
    settings: AdapterSettings,
    stored: ProjectionPair | None = None,
    images: torch.Tensor | None = None,
    temperature: float = 1.0,
) -> Adapted:
    """Adapt the chosen weights in place and freeze all but the adapter.

    The network then computes exactly what it did.

    Args:
        network: to adapt.
        settings: which weights, how.
        stored: a pair for VeRA to use in place of those that its seed makes.
        images: some (batch, 3, height, width), as the network takes them, to prove on that the
            outputs are what they were and that every adapted weight has a part in them; None
            where that is known.
        temperature: by which whoever tells shares divides the logits; the network does not.

    Returns:
        How it was adapted; `adapted_with` tells it as well.

    Raises:
        AdapterError: the settings do not fit the network, it has an adapter already, or the
            proof fails; then the network is as it was.
    """
    if attached_layers(network):
        raise AdapterError("This network has an adapter already; detach that first.")
    chosen = chosen_sites(network, settings)
    layers = make_layers(chosen, settings, stored)
    trainable = frozenset(name for name, p in network.named_parameters() if p.requires_grad)
    pairs = dict.fromkeys(one.projections for one in layers.values() if isinstance(one, VeraLayer))
    settings = replace(settings, layers=tuple(without_head(chosen, settings)))
    adapted = Adapted(settings, tuple(pairs), stored is not None, temperature)
    for number, layer in enumerate(layers.values()):
        layer.number, layer.trainable_before, layer.adapted = number, trainable, adapted
    if images is None:
        _put_on(network, layers)
    else:
        with noise_for_zeros(layers.values()):
            with torch.no_grad():
                before = network(images)
            _put_on(network, layers)
            _prove_or_detach(network, layers, images, before)
    return adapted


def adapted_with(network: nn.Module) -> Adapted | None:
    """How `network` was adapted; None without an adapter."""
    return next((layer.adapted for layer in attached_layers(network).values()), None)


def temperature_of(network: nn.Module) -> float:
    """By what logits of `network` are to be divided before shares are told; 1 where not known."""
    adapted = adapted_with(network)
    return 1.0 if adapted is None else adapted.temperature


def detach(network: nn.Module) -> None:
    """Put the base layers back, as they were before `attach`; nothing without an adapter.

    The parameters of `network`, which must be the module that was given to `attach`, require
    gradients again where they did before.
    """
    layers = attached_layers(network).values()
    if not layers:
        return
    trainable = next(iter(layers)).trainable_before
    wrappers = [module for module in network.modules() if isinstance(module, Wrapper)]
    _replace(network, {one: one.base for one in wrappers if one.base is not None})
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in trainable)


def merge(network: nn.Module) -> None:
    """Add each layer's change to its base and detach; nothing without an adapter.

    The parameters stay the ones that they were, with numbers of their own memory: a network that
    shares its memory with this one (see `copies`) is left as it is. There is no way back.
    """
    with torch.no_grad():
        for layer in attached_layers(network).values():
            weight, bias = layer.site.weight, layer.site.bias
            weight.data = weight + layer.delta_weight().view_as(weight)  # (out, fan_in) -> W's
            if bias is not None and (delta_bias := layer.delta_bias()) is not None:
                bias.data = bias + delta_bias.view_as(bias)
    detach(network)


def freeze(network: nn.Module) -> None:
    """Let the adapter's parameters require gradients, and no others."""
    network.requires_grad_(False)
    for _, parameter in adapter_parameters(network):
        parameter.requires_grad_(True)


def adapter_parameters(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Full name, such as "fc1.d", and parameter of all that the adapted layers declare."""
    for site_name, layer in attached_layers(network).items():
        for name in layer.adapter_parameter_names:
            yield f"{site_name}.{name}", layer.get_parameter(name)


def count(network: nn.Module) -> Counts:
    """Count `network` as it is; without an adapter all of its parameters are base."""
    pairs = set(pairs_of(network))
    added = sum(
        layer.get_parameter(name).numel()
        for layer in attached_layers(network).values()
        if layer.adds_numbers
        for name in layer.adapter_parameter_names
    )
    return Counts(
        trainable=_adapter_size(network),
        total=base_size(network) + added,
        projections=sum(pair.A.numel() + pair.B.numel() for pair in pairs),
        pairs=len(pairs),
    )


def plan(
    network: nn.Module,
    settings: AdapterSettings,
    sites: Sites | None = None,
    size: int | None = None,
) -> Counts:
    """What `count` would tell after `attach`, without making anything.

    `network` may have an adapter on; that one does not count.

    Args:
        network: to adapt.
        settings: which weights, how.
        sites: the network's, where they are known; finding them takes time.
        size: how many numbers it has without an adapter, where that is known.

    Raises:
        AdapterError: the settings do not fit the network.
    """
    chosen = chosen_sites(network, settings, sites)
    trainable = added = 0
    for full_name, shape in planned_shapes(chosen, settings).items():
        trainable += math.prod(shape)
        if layer_kind(full_name.rpartition(".")[0], settings).adds_numbers:
            added += math.prod(shape)
    pairs: dict[object, tuple[int, int]] = {}
    if settings.method == "vera":
        body = without_head(chosen, settings)
        keys, shapes = pair_keys(body, settings), pair_shapes(body, settings)
        pairs = {keys[name]: shapes[name] for name in body}
    size = base_size(network) if size is None else size
    return Counts(
        trainable=trainable,
        total=size + added,
        projections=sum(settings.rank * sum(shape) for shape in pairs.values()),
        pairs=len(pairs),
    )


def planned_shapes(sites: Sites, settings: AdapterSettings) -> dict[str, tuple[int, ...]]:
    """Shape of each parameter, by full name, that an adapter on `sites` would have."""
    return {
        f"{site_name}.{name}": shape
        for site_name, site in sites.items()
        for name, shape in layer_kind(site_name, settings)
        .adapter_shapes(site, settings.rank)
        .items()
    }


def pairs_of(network: nn.Module) -> list[ProjectionPair]:
    """VeRA's projections of each adapted layer, in the network's order; none for other methods."""
    layers = attached_layers(network).values()
    return [layer.projections for layer in layers if isinstance(layer, VeraLayer)]


def _wrappers(layers: Mapping[str, AdapterLayer]) -> dict[nn.Module, nn.Module]:
    """What stands in place of each module that reads one of the adapted weights."""
    wrappers: dict[nn.Module, nn.Module] = {}
    readers: dict[nn.Module, list[tuple[str, Place, AdapterLayer]]] = defaultdict(list)
    for layer in layers.values():
        for place in layer.site.places:
            if place.module is layer.base:
                wrappers[place.module] = layer
            else:
                name = place.weight.removesuffix("weight").strip("._") or "shared"
                readers[place.module].append((name, place, layer))
    return wrappers | {module: Reader(module, found) for module, found in readers.items()}


def _put_on(network: nn.Module, layers: Mapping[str, AdapterLayer]) -> None:
    _replace(network, _wrappers(layers))
    freeze(network)


def _prove_or_detach(
    network: nn.Module,
    layers: Mapping[str, AdapterLayer],
    images: torch.Tensor,
    before: torch.Tensor,
) -> None:
    try:
        prove(network, layers, images, before)
    except Exception as error:
        detach(network)
        if isinstance(error, AttributeError):  # it met a wrapper where it looked for a weight
            raise AdapterError(
                "This network reads weights of layers that it does not call; adapters cannot "
                f"go on these ({error})."
            ) from error
        raise


def base_size(network: nn.Module) -> int:
    """How many numbers `network` has, those of an adapter not counted."""
    return sum(p.numel() for p in network.parameters()) - _adapter_size(network)


def _adapter_size(network: nn.Module) -> int:
    return sum(parameter.numel() for _, parameter in adapter_parameters(network))


def _replace(network: nn.Module, replacements: Mapping[nn.Module, nn.Module]) -> None:
    """Put the new modules where the old ones hang, also where one hangs in several places."""
    for parent in list(network.modules()):
        for name, child in list(parent._modules.items()):
            if child is not None and child in replacements and parent is not replacements[child]:
                setattr(parent, name, replacements[child])
