"""Whether an adapter that was read fits a network."""

from collections.abc import Sequence

import torch
from torch import nn

from vera_studio.adapters.adapter_content import AdapterFile
from vera_studio.adapters.attach import chosen_sites, planned_shapes
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.methods import Sites
from vera_studio.adapters.projections import ProjectionPair, digest, largest, make_pairs
from vera_studio.adapters.sites import find_sites
from vera_studio.errors import AdapterError
from vera_studio.wording import difference, listed


def check_fit(adapter: AdapterFile, network: nn.Module, class_names: Sequence[str]) -> None:
    """Refuse an adapter that was made for another network.

    Args:
        adapter: to be put on.
        network: may have another adapter on.
        class_names: the network's classes, in its order.

    Raises:
        AdapterError: it was, or its projections cannot be made here.
    """
    info = adapter.info
    if tuple(class_names) != info.class_names:
        raise AdapterError(
            f"The adapter is for other classes: expected {', '.join(class_names)}; "
            f"found {', '.join(info.class_names)}."
        )
    _check_layers(adapter, find_sites(network))
    if (expected := base_digest(network)) != info.base_digest:
        raise AdapterError(
            "The adapter was trained on a network of the same shape with other weights: "
            f"expected a base with digest {expected[:12]}…, found {info.base_digest[:12]}…."
        )
    if info.settings.method == "vera":
        _check_projections(adapter, network)


def _check_layers(adapter: AdapterFile, sites: Sites) -> None:
    """Raise an AdapterError unless the network has the adapter's layers, in its shapes."""
    info = adapter.info
    if unknown := [name for name in info.layers if name not in sites]:
        raise AdapterError(
            f"The adapter is for another network: this one has no layer {listed(unknown)}."
        )
    chosen = {name: sites[name] for name in info.layers}
    expected = {
        name: _described(shape, chosen[name.rpartition(".")[0]].weight.dtype)
        for name, shape in planned_shapes(chosen, info.settings).items()
    }
    found = {name: _described(v.shape, v.dtype) for name, v in adapter.parameters.items()}
    if expected != found:
        raise AdapterError(f"The adapter is for another network: {difference(expected, found)}")


def _check_projections(adapter: AdapterFile, network: nn.Module) -> None:
    """Raise an AdapterError unless the adapter's projections are those that it was trained with."""
    info, sites = adapter.info, chosen_sites(network, adapter.info.settings)
    if adapter.projections is not None:
        _check_stored_size(adapter.projections, sites)
        expected = digest([adapter.projections])
        how = "in its file are damaged"
    else:
        expected = digest(make_pairs(sites, info.settings).values())
        how = "cannot be made from its seed"
    if expected != info.projections_digest:
        raise AdapterError(
            f"The adapter's projections {how}: expected their digest to "
            f"be {expected[:12]}…, found {info.projections_digest[:12]}…."
        )


def _check_stored_size(pair: ProjectionPair, sites: Sites) -> None:
    wanted = largest(sites.values())
    found = (pair.A.shape[1], len(pair.B))
    if found[0] < wanted[0] or found[1] < wanted[1]:
        raise AdapterError(
            f"The adapter's projections are too small: expected {wanted[0]} columns of A and "
            f"{wanted[1]} rows of B, found {found[0]} and {found[1]}."
        )


def _described(shape: Sequence[int], dtype: torch.dtype) -> str:
    return f"{str(dtype).removeprefix('torch.')} {tuple(shape)}"
