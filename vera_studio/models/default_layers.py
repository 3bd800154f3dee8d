"""Which layers of a network are adapted where nobody names any."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from vera_studio.adapters.methods import METHODS
from vera_studio.adapters.sites import Site
from vera_studio.layer_names import last_stage
from vera_studio.models.kind import NetworkKind
from vera_studio.recipe import Method


def default_layers(
    sites: Mapping[str, Site], kind: NetworkKind, method: Method, has_own_classes: bool
) -> tuple[str, ...]:
    """Names of the sites that `method` adapts by default, in the network's order.

    Where it has nothing to train, the normalisation that comes right after takes the place: what
    is convolved without a bias gets its scale and its shift there.

    Args:
        sites: what an adapter can go on and the network uses.
        kind: which says what is adapted; what it does not say is found by the layers' kinds.
        method: of the adapter.
        has_own_classes: whether the last layer is a new one, which is none of the sites.
    """
    wanted = _wanted(sites, kind, has_own_classes)
    layer, found, waits = METHODS[method].layer, [], False
    names, patterns = set(wanted), [name for name in wanted if "*" in name]
    for name, site in sites.items():
        is_wanted = name in names or any(fnmatchcase(name, pattern) for pattern in patterns)
        has_something = bool(layer.parameter_names(site))
        if has_something and (is_wanted or (waits and site.kind == "norm")):
            found.append(name)
        waits = is_wanted and not has_something
    return tuple(found)


def _wanted(sites: Mapping[str, Site], kind: NetworkKind, has_own_classes: bool) -> Sequence[str]:
    """Names or patterns of what is adapted, whatever the method."""
    named = kind.own_layers if has_own_classes else kind.layers
    if named is not None:
        return named
    linear = [name for name, site in sites.items() if site.kind == "linear"]
    if linear or not has_own_classes:
        return linear
    return [name for name in last_stage(list(sites)) if sites[name].kind == "convolution"]
