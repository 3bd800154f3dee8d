"""The methods by name: which layer class each has, and making its layers for a network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vera_studio.adapters.dense import BiasLayer, FullLayer
from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.lora import LoraLayer
from vera_studio.adapters.projections import ProjectionPair, make_lora_a, make_pairs
from vera_studio.adapters.sites import Site
from vera_studio.adapters.vera import VeraLayer
from vera_studio.recipe import AdapterSettings, Method

Sites = Mapping[str, Site]  # by full name


@dataclass(frozen=True)
class MethodKind:
    """How the layers of a method are made; `vera_studio.methods` has what a person is told."""

    layer: type[AdapterLayer]
    make: Callable[[Sites, AdapterSettings], dict[str, AdapterLayer]]


def make_layers(
    sites: Sites, settings: AdapterSettings, stored: ProjectionPair | None = None
) -> dict[str, AdapterLayer]:
    """A new adapted layer for each of `sites`, as `settings` say.

    Args:
        sites: the weights to adapt, the head among them; they are not changed.
        settings: the method and what it needs.
        stored: a pair that takes the place of those that VeRA's seed makes, large enough for
            every site but the head.
    """
    body = without_head(sites, settings)
    if stored is not None:
        weight = next(iter(body.values())).weight
        pair = ProjectionPair(*(part.to(weight, copy=True) for part in stored.buffers()))
        made: dict[str, AdapterLayer] = {
            name: VeraLayer(site, pair, settings.d_initial) for name, site in body.items()
        }
    else:
        made = METHODS[settings.method].make(body, settings)
    return {name: made[name] if name in made else FullLayer(site) for name, site in sites.items()}


def without_head(sites: Sites, settings: AdapterSettings) -> Sites:
    """Those of `sites` that the method itself goes on."""
    return {name: site for name, site in sites.items() if name != settings.head}


def layer_kind(name: str, settings: AdapterSettings) -> type[AdapterLayer]:
    """The class of the layer that adapts the site called `name`: the head's is trained whole."""
    return FullLayer if name == settings.head else METHODS[settings.method].layer


def _vera(sites: Sites, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    pairs = make_pairs(sites, settings)
    return {name: VeraLayer(site, pairs[name], settings.d_initial) for name, site in sites.items()}


def _lora(sites: Sites, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    return {
        name: LoraLayer(
            site, make_lora_a(settings.rank, site.fan_in, settings.seed, number), settings.scale
        )
        for number, (name, site) in enumerate(sites.items())
    }


def _full(sites: Sites, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    return {name: FullLayer(site) for name, site in sites.items()}


def _none(sites: Sites, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    return {}


def _bias(sites: Sites, settings: AdapterSettings) -> dict[str, AdapterLayer]:
    return {name: BiasLayer(site) for name, site in sites.items()}


METHODS: dict[Method, MethodKind] = {
    "vera": MethodKind(VeraLayer, _vera),
    "lora": MethodKind(LoraLayer, _lora),
    "full": MethodKind(FullLayer, _full),
    "bias": MethodKind(BiasLayer, _bias),
    "head": MethodKind(FullLayer, _none),
}
