"""One adapter in place of two: both active at once, each with a weight.

Changes of weights add up, so w1 dW1 + w2 dW2 is an adapter again. Two products of small
matrices, B1 A1 and B2 A2, add up to one of their ranks together: [w1 B1, w2 B2] [A1; A2].
"""

import math
from collections.abc import Sequence

import torch
from torch import nn

from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.conversion import check_finite, factors
from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.layer import AdapterLayer
from vera_studio.adapters.methods import METHODS, Sites, without_head
from vera_studio.adapters.sites import find_sites
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.recipe import MAX_RANK, AdapterSettings, Method
from vera_studio.wording import listed

_Layers = dict[str, AdapterLayer]
_Tensors = dict[str, torch.Tensor]


def combine(
    first: AdapterFile,
    second: AdapterFile,
    weights: tuple[float, float],
    network: nn.Module,
    class_names: Sequence[str],
    base: str = "",
) -> AdapterFile:
    """One adapter equal to both being active with `weights`.

    VeRA and LoRA in any mix become a LoRA of their ranks together, weights and scales being in
    its B; rows and columns of a layer that only one of the two is on are padded with zeros. Two
    adapters of biases alone become such a one; any other pair becomes one of whole weights. A
    layer that one of them has whole the result has whole; last layers for classes of the user's
    are classifiers, not changes of one, and are averaged by the weights.

    Everything is computed in float64 and rounded once to the dtype of the layer's weight.

    Args:
        first: an adapter of any method.
        second: another one for the same network.
        weights: what the changes of the first and of the second are multiplied by.
        network: the one that both were made for; it is not changed.
        class_names: the network's classes, in its order.
        base: digest of the network's weights, where it is known.

    Raises:
        AdapterError: the adapters were made for different networks or classes, a weight is not
            a finite number, the ranks together exceed the largest rank, or a result would not
            be finite.
    """
    _check(first, second, weights)
    # Attention's weights are not in the adapted layers: all of the copies is made float64.
    on_first, on_second = (
        attached_layers(with_adapter(one, network, class_names, base).double())
        for one in (first, second)
    )
    sites = {
        name: site
        for name, site in find_sites(network).items()
        if name in on_first or name in on_second
    }
    dtypes = {name: site.weight.dtype for name, site in sites.items()}
    settings = _outcome(first.info.settings, second.info.settings, tuple(sites))
    body = without_head(sites, settings)
    head = {name: site for name, site in sites.items() if name not in body}
    if settings.method == "lora":
        ranks = _rank(first.info.settings), _rank(second.info.settings)
        values = _low_rank(on_first, on_second, weights, ranks, body)
    else:
        values = _dense(on_first, on_second, weights, settings.method, body)
    averaged = _as_shares(weights) if first.info.has_own_classes else weights
    values |= _dense(on_first, on_second, averaged, "head", head)
    rounded = {name: value.to(dtypes[name.rpartition(".")[0]]) for name, value in values.items()}
    check_finite(rounded)
    return AdapterFile(_info(first, second, weights, settings), rounded)


def _check(first: AdapterFile, second: AdapterFile, weights: tuple[float, float]) -> None:
    """Raise an AdapterError that names everything that keeps the two apart."""
    found = []
    if not first.info.classes.are_the_same_as(second.info.classes):
        found.append("they are for different classes")
    if first.info.base_digest != second.info.base_digest:
        found.append("they were trained on networks with different weights")
    if not all(math.isfinite(weight) for weight in weights):
        found.append(f"their weights must be finite numbers, not {weights[0]} and {weights[1]}")
    settings = _outcome(first.info.settings, second.info.settings, ())
    if settings.method == "lora" and settings.rank > MAX_RANK:
        found.append(f"their ranks together are {settings.rank:,}, and {MAX_RANK:,} is the largest")
    found += _head_problems(first.info, second.info, weights)
    if found:
        raise AdapterError(f"The two adapters cannot be combined: {'; '.join(found)}.")


def _head_problems(
    first: AdapterInfo, second: AdapterInfo, weights: tuple[float, float]
) -> list[str]:
    """What keeps the layers apart that they have whole."""
    if first.has_own_classes != second.has_own_classes:
        return ["only one of them has a last layer of its own, for classes of its own"]
    heads = {first.settings.head, second.settings.head} - {None}
    if len(heads) > 1:
        return [f"they have different layers whole, {listed(sorted(map(str, heads)))}"]
    if first.has_own_classes and not sum(weights) > 0:
        return [
            "their last layers are averaged by the weights, which together must be more than 0, "
            f"not {sum(weights):g}"
        ]
    return []


def _as_shares(weights: tuple[float, float]) -> tuple[float, float]:
    """The weights as shares, that come to 1 together."""
    return weights[0] / sum(weights), weights[1] / sum(weights)


def _outcome(
    first: AdapterSettings, second: AdapterSettings, layers: tuple[str, ...]
) -> AdapterSettings:
    """What the combination has: method, rank where it has one, and layers."""
    head = first.head or second.head
    body = tuple(name for name in layers if name != head)
    methods = {first.method, second.method} - {"head"}
    if not methods:
        return AdapterSettings(method="head", layers=(), head=head)
    if methods <= {"vera", "lora"}:
        rank = _rank(first) + _rank(second)
        return AdapterSettings(method="lora", rank=rank, layers=body, head=head)
    method: Method = "bias" if methods == {"bias"} else "full"
    return AdapterSettings(method=method, layers=body, head=head)


def _rank(settings: AdapterSettings) -> int:
    """The adapter's rank, 0 for a last layer alone."""
    return settings.rank if settings.has_rank else 0


def _info(
    first: AdapterFile,
    second: AdapterFile,
    weights: tuple[float, float],
    settings: AdapterSettings,
) -> AdapterInfo:
    """What its file says: what the first one's does, and how it came about."""
    return AdapterInfo(
        settings=settings,
        classes=first.info.classes,
        base_digest=first.info.base_digest,
        projections_digest="",
        network=first.info.network or second.info.network,
        training=TrainingRecord(
            combined=((first.info.name, weights[0]), (second.info.name, weights[1]))
        ),
        has_own_classes=first.info.has_own_classes,
        images=first.info.images,
    )


def _low_rank(
    first: _Layers,
    second: _Layers,
    weights: tuple[float, float],
    ranks: tuple[int, int],
    sites: Sites,
) -> _Tensors:
    """A (r1 + r2, in) and B (out, r1 + r2) of each layer, in float64."""
    values = {}
    for name, site in sites.items():
        parts = []
        for layers, weight, rank in zip((first, second), weights, ranks, strict=True):
            A = torch.zeros(rank, site.fan_in, dtype=torch.float64)  # noqa: N806
            B = torch.zeros(site.out, rank, dtype=torch.float64)  # noqa: N806
            if name in layers:
                A, B = factors(layers[name])  # noqa: N806 - the paper's
            parts.append((A, weight * B))
        values[f"{name}.A"] = torch.cat([A for A, _ in parts], dim=0)
        values[f"{name}.B"] = torch.cat([B for _, B in parts], dim=1)
    return values


def _dense(
    first: _Layers,
    second: _Layers,
    weights: tuple[float, float],
    method: Method,
    sites: Sites,
) -> _Tensors:
    """The changes of each layer's weight (out, in) and bias (out,), in float64."""
    values = {}
    for name, site in sites.items():
        shapes = METHODS[method].layer.adapter_shapes(site, 0)
        for own, shape in shapes.items():
            values[f"{name}.{own}"] = torch.zeros(shape, dtype=torch.float64)
    for layers, weight in zip((first, second), weights, strict=True):
        for name in sites.keys() & layers.keys():
            _add_changes(values, name, layers[name], weight)
    return {name: value.detach().cpu() for name, value in values.items()}


def _add_changes(values: _Tensors, name: str, layer: AdapterLayer, weight: float) -> None:
    """Add a layer's weighted changes to those in `values`."""
    if (key := f"{name}.weight_change") in values:
        values[key] = values[key] + weight * layer.delta_weight().view_as(values[key])
    if (delta_bias := layer.delta_bias()) is not None:
        key = f"{name}.bias_change"
        values[key] = values[key] + weight * delta_bias
