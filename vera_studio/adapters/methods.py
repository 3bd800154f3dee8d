"""The methods by name: which layer class each has, and making its layers for a network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from vera_studio.adapters.dense import BiasLinear, FullLinear
from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.lora import LoraLinear
from vera_studio.adapters.projections import ProjectionPair, make_lora_a, make_pair
from vera_studio.adapters.vera import VeraLinear
from vera_studio.recipe import AdapterSettings, Method

Bases = Mapping[str, nn.Linear]  # by full name
_PairKey = tuple[object, ...]


@dataclass(frozen=True)
class MethodKind:
    """What is to be known of a method."""

    title: str  # for a person
    layer: type[AdapterLayer]
    make: Callable[[Bases, AdapterSettings], dict[str, AdapterLayer]]


def make_layers(
    bases: Bases, settings: AdapterSettings, stored: ProjectionPair | None = None
) -> dict[str, AdapterLayer]:
    """A new adapted layer for each of `bases`, as `settings` say.

    Args:
        bases: the layers to adapt; they are not changed.
        settings: the method and what it needs.
        stored: a pair that takes the place of those that VeRA's seed makes, large enough for
            every layer.
    """
    if stored is not None:
        weight = next(iter(bases.values())).weight
        pair = ProjectionPair(*(part.to(weight, copy=True) for part in stored.buffers()))
        return {name: VeraLinear(base, pair, settings.d_initial) for name, base in bases.items()}
    return METHODS[settings.method].make(bases, settings)


def make_pairs(bases: Bases, settings: AdapterSettings) -> dict[str, ProjectionPair]:
    """VeRA's projections of each layer, one object for all that share it; dtype and device as W."""
    pairs: dict[_PairKey, ProjectionPair] = {}
    keys = pair_keys(bases, settings)
    for name, base in bases.items():
        if (key := keys[name]) not in pairs:
            in_features, out_features = pair_shape(bases, settings, name)
            pair = make_pair(settings.rank, in_features, out_features, settings.seed)
            pairs[key] = pair.to(base.weight)
    return {name: pairs[keys[name]] for name in bases}


def pair_keys(bases: Bases, settings: AdapterSettings) -> dict[str, _PairKey]:
    """Equal keys for layers that share a pair."""
    return {
        name: (*pair_shape(bases, settings, name), base.weight.dtype, base.weight.device)
        for name, base in bases.items()
    }


def pair_shape(bases: Bases, settings: AdapterSettings, name: str) -> tuple[int, int]:
    """Columns of A and rows of B in the pair that the layer `name` uses."""
    sharing = bases.values() if settings.sharing == "all" else (bases[name],)
    return max(base.in_features for base in sharing), max(base.out_features for base in sharing)


def _vera(bases: Bases, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    pairs = make_pairs(bases, settings)
    return {name: VeraLinear(base, pairs[name], settings.d_initial) for name, base in bases.items()}


def _lora(bases: Bases, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    return {
        name: LoraLinear(
            base,
            make_lora_a(settings.rank, base.in_features, settings.seed, number),
            settings.scale,
        )
        for number, (name, base) in enumerate(bases.items())
    }


def _full(bases: Bases, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    return {name: FullLinear(base) for name, base in bases.items()}


def _bias(bases: Bases, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    return {name: BiasLinear(base) for name, base in bases.items()}


METHODS: dict[Method, MethodKind] = {
    "vera": MethodKind("VeRA", VeraLinear, _vera),
    "lora": MethodKind("LoRA", LoraLinear, _lora),
    "full": MethodKind("Linear layers, full", FullLinear, _full),
    "bias": MethodKind("Biases only (BitFit)", BiasLinear, _bias),
}
