"""Whether an adapter that was read fits a network."""

from collections.abc import Sequence

import torch
from torch import nn

from vera_studio.adapters.adapter_content import AdapterFile
from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.attach import chosen_sites, planned_shapes
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.library_names import clean_name
from vera_studio.adapters.methods import Sites, without_head
from vera_studio.adapters.projections import ProjectionPair, digest, largest, make_pairs
from vera_studio.adapters.proof import is_zero
from vera_studio.adapters.sites import find_sites
from vera_studio.errors import AdapterError
from vera_studio.wording import difference, listed

_FEW = 10  # names of classes in a message


def check_fit(
    adapter: AdapterFile,
    network: nn.Module,
    class_names: Sequence[str] | None,
    opened: str = "",
    digest: str = "",
) -> None:
    """Refuse an adapter that was made for another network.

    Args:
        adapter: to be put on.
        network: may have another adapter on.
        class_names: the network's classes, in its order; None where they are not known.
        opened: what a person calls the network, where that is known.
        digest: of the network's weights, where it is known; it takes a second for 500 MB.

    Raises:
        AdapterError: it was, or its projections cannot be made here.
    """
    info = adapter.info
    if class_names is not None and (reason := other_classes(info, class_names)):
        raise AdapterError(f"The adapter does not fit. {reason}")
    if info.has_own_classes and not _has_new_head(info, network):
        raise AdapterError(
            "The adapter does not fit. It has a last layer of its own, for classes of its own, and "
            "goes on the network with a new one."
        )
    reason = other_base(info, digest or base_digest(network), opened)
    if not (reason and _trained_on(info)):  # else that says more than a layer that is not there
        _check_layers(adapter, find_sites(network))
    if reason:
        raise AdapterError(f"The adapter does not fit. {reason}")
    if info.settings.method == "vera":
        _check_projections(adapter, network)


def _has_new_head(info: AdapterInfo, network: nn.Module) -> bool:
    """Whether the layer that the adapter has whole holds nothing yet."""
    head = find_sites(network).get(info.settings.head or "")
    return head is None or is_zero(head.weight)  # without one, its absence is told


def other_classes(info: AdapterInfo, class_names: Sequence[str]) -> str:
    """A sentence where an adapter is for other classes than `class_names`; else empty."""
    classes, opened = info.classes, Classes.of(class_names)
    if opened.are_the_same_as(classes):
        return ""
    if not classes.names:
        return _other_count(classes.count, opened.count)
    its, open_ones = set(classes.names), set(class_names)
    lacks = [
        f"{which} lacks {_few(names)}"
        for which, names in (
            ("the network", [name for name in classes.names if name not in open_ones]),
            ("the adapter", [name for name in class_names if name not in its]),
        )
        if names
    ]
    how = ", and ".join(lacks) or "they are the same ones in another order"
    return f"It is for other classes: {how}."


def _other_count(its: int, open_ones: int) -> str:
    if its == open_ones:
        return f"It is for {its:,} classes, which are called otherwise or come in another order."
    return f"It is for {its:,} classes, and the network that is open has {open_ones:,}."


def other_base(info: AdapterInfo, digest: str, opened: str = "") -> str:
    """A sentence where an adapter was trained on other weights than those open; else empty.

    Args:
        info: of the adapter.
        digest: of the network that is open.
        opened: what a person calls that, where it is known.
    """
    if info.base_digest == digest:
        return ""
    trained_on = _trained_on(info)
    if not trained_on:
        of = f"those of {opened}, which is open" if opened else "those that are open"
        return f"It was trained on other weights than {of}."
    if not opened:
        return f"It was trained on {trained_on}; open are other weights."
    if trained_on == opened:
        return f"It was trained on {trained_on}, but with other weights than are open."
    return f"It was trained on {trained_on}; open is {opened}."


def _trained_on(info: AdapterInfo) -> str:
    """What the network was called that an adapter was trained on; empty if its file says not."""
    return clean_name(info.training.network)


def _few(names: Sequence[str]) -> str:
    more = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {more} more" if more > 0 else "")


def _check_layers(adapter: AdapterFile, sites: Sites) -> None:
    """Raise an AdapterError unless the network has the adapter's layers, in its shapes."""
    info = adapter.info
    if unknown := [name for name in info.all_layers if name not in sites]:
        raise AdapterError(
            f"The adapter is for another network: this one has no layer {listed(unknown)}."
        )
    chosen = {name: sites[name] for name in info.all_layers}
    expected = {
        name: _described(shape, chosen[name.rpartition(".")[0]].weight.dtype)
        for name, shape in planned_shapes(chosen, info.settings).items()
    }
    found = {name: _described(v.shape, v.dtype) for name, v in adapter.parameters.items()}
    if expected != found:
        raise AdapterError(f"The adapter is for another network: {difference(expected, found)}")


def _check_projections(adapter: AdapterFile, network: nn.Module) -> None:
    """Raise an AdapterError unless the adapter's projections are those that it was trained with."""
    info = adapter.info
    sites = without_head(chosen_sites(network, info.settings), info.settings)
    if adapter.projections is not None:
        _check_stored_size(adapter.projections, sites)
        expected = digest([adapter.projections])
        how = "in its file are damaged: they are not those that it was trained with"
    else:
        expected = digest(make_pairs(sites, info.settings).values())
        how = "cannot be made from its seed: others than it was trained with come out"
    if expected != info.projections_digest:
        raise AdapterError(f"The adapter's projections {how}.")


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
