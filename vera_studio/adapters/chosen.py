"""Which weights of a network an adapter goes on."""

from fnmatch import fnmatchcase

from torch import nn

from vera_studio.adapters.methods import METHODS, Sites, without_head
from vera_studio.adapters.sites import called_site, find_sites
from vera_studio.errors import AdapterError
from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import AdapterSettings, Recipe, problems
from vera_studio.wording import listed


def chosen_sites(
    network: nn.Module, settings: AdapterSettings, sites: Sites | None = None
) -> Sites:
    """The sites that `settings` name, the head among them, in the network's order.

    Where `settings` name no layers, these are all linear ones. A name with "*" in it stands for
    every site that it matches and that the method can train.

    Args:
        network: to adapt.
        settings: which weights, how.
        sites: the network's, where they are known, with or without its head.

    Raises:
        AdapterError: names every value and every layer that does not fit.
    """
    sites = find_sites(network) if sites is None else sites
    head = _head_site(network, settings, sites)
    chosen = {} if settings.method == "head" else _chosen_layers(settings, sites)
    return {
        name: site for name, site in {**sites, **head}.items() if name in chosen or name in head
    }


def _head_site(network: nn.Module, settings: AdapterSettings, sites: Sites) -> Sites:
    """The site of the layer that is trained whole; empty without one."""
    if settings.head is None:
        if settings.method == "head":
            raise AdapterError("Name the layer to train: the one that gives the classes.")
        return {}
    found = sites.get(settings.head) or called_site(network, settings.head)
    if found is None:
        raise AdapterError(f"This network has no layer {settings.head} to train whole.")
    if settings.head in (settings.layers or ()):
        raise AdapterError(f"{settings.head} is trained whole; leave it out of the other layers.")
    return {settings.head: found}


def _chosen_layers(settings: AdapterSettings, sites: Sites) -> Sites:
    """The sites that the method itself goes on."""
    sites = without_head(sites, settings)
    kind, title = METHODS[settings.method].layer, METHOD_FACTS[settings.method].title
    if found := problems(Recipe(adapter=settings), layer_names=tuple(sites)):
        raise AdapterError("The adapter does not fit the network:\n- " + "\n- ".join(found))
    wanted = settings.layers
    if wanted is None:
        chosen = {name: site for name, site in sites.items() if site.kind == "linear"}
        if not chosen:
            raise AdapterError("This network has no linear layer; name the layers to adapt.")
    else:
        names, patterns = set(wanted), [name for name in wanted if "*" in name]
        chosen = {
            name: site
            for name, site in sites.items()
            if name in names
            or (
                kind.parameter_names(site)
                and any(fnmatchcase(name, pattern) for pattern in patterns)
            )
        }
    if without := [name for name, site in chosen.items() if not kind.parameter_names(site)]:
        raise AdapterError(f"{title} finds nothing to train in {listed(without)}.")
    if not chosen:
        raise AdapterError(f"{title} finds nothing to train in {listed(wanted or ())}.")
    return chosen
