"""The weights of a network that an adapter can go on, each seen as a matrix (out, fan_in).

A *site* is one weight, however many modules read it. Most weights are read by the module that
has them, when it is called: linear layers, convolutions, normalisations. Attention reads some of
its weights without calling the layers that hold them; there the module that reads is known here.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

import torch
from torch import nn

from vera_studio.adapters.wrapper import Wrapper, bare_modules

SiteKind = Literal["linear", "convolution", "attention", "norm"]
_NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)


@dataclass(frozen=True, eq=False)
class Place:
    """Where a weight is read."""

    name: str  # in full, of the module that reads it
    module: nn.Module
    weight: str  # path of the parameter below the module
    bias: str | None  # of the one that goes with it

    @property
    def is_called(self) -> bool:
        """Whether the weight is the module's own, read when it is called."""
        return self.weight == "weight"


@dataclass(frozen=True, eq=False)
class Site:
    """A weight that can be adapted, seen as a matrix (out, fan_in)."""

    name: str  # in full, such as "fc1" or "layers.0.attention.in_proj"
    kind: SiteKind
    places: tuple[Place, ...]  # the first has its name; more where modules share the weight
    out: int
    fan_in: int  # numbers of the weight for each output; 1 where it scales
    groups: int = 1  # of a convolution

    @property
    def weight(self) -> nn.Parameter:
        """The frozen weight, of any shape that is (out, fan_in) when seen as a matrix."""
        first = self.places[0]
        weight = attrgetter(first.weight)(first.module)  # quicker than `get_parameter`
        assert isinstance(weight, nn.Parameter)
        return weight

    @property
    def bias(self) -> nn.Parameter | None:
        """The bias, `out` numbers, at the first place; None without one."""
        path = self.places[0].bias
        return None if path is None else self.places[0].module.get_parameter(path)


def find_sites(network: nn.Module) -> dict[str, Site]:
    """Every site by its full name, in the network's order; the same with an adapter on."""
    found: dict[nn.Parameter, list[tuple[str, SiteKind, Place]]] = {}
    within_attention: list[str] = []
    read: set[nn.Module] = set()
    for name, module in bare_modules(network):
        if "Attention" in type(module).__name__:
            within_attention.append(f"{name}." if name else "")
        for own_name, kind, place in _places(name, module):
            if place.is_called and module in read:
                continue
            if kind == "linear" and name.startswith(tuple(within_attention)):
                kind = "attention"
            weight = module.get_parameter(place.weight)
            found.setdefault(weight, []).append((own_name, kind, place))
            read.add(module.get_submodule(place.weight.rpartition(".")[0]))
    sites = (_site(weight, places) for weight, places in found.items())
    return {site.name: site for site in sites}


def called_site(network: nn.Module, name: str) -> Site | None:
    """The site of the layer called `name`, which no other module reads; None without it.

    Quick: nothing else of the network is looked at, which may have an adapter on.
    """
    try:
        module: nn.Module = network.get_submodule(name)
    except AttributeError:
        return None
    if isinstance(module, Wrapper) and module.base is not None:
        module = module.base
    found = [one for one in _places(name, module) if one[0] == name]
    return _site(found[0][2].module.get_parameter("weight"), found) if found else None


def unused_parameters(network: nn.Module, images: torch.Tensor) -> frozenset[str]:
    """Full names of the parameters that have no part in what `network` computes of `images`.

    Read off the graph that autograd keeps of one forward pass; nothing is computed backwards.

    Args:
        network: without an adapter.
        images: (batch, 3, height, width), as the network takes them.
    """
    required = {parameter: parameter.requires_grad for parameter in network.parameters()}
    network.requires_grad_(True)
    try:
        with torch.enable_grad():
            used = _leaves(network(images))
    finally:
        for parameter, flag in required.items():
            parameter.requires_grad_(flag)
    return frozenset(name for name, one in network.named_parameters() if one not in used)


def _leaves(output: torch.Tensor) -> set[torch.Tensor]:
    """The tensors that require gradients and that `output` was computed from."""
    leaves: set[torch.Tensor] = set()
    seen = {output.grad_fn}
    waiting = [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if (variable := getattr(node, "variable", None)) is not None:
            leaves.add(variable)
        following = {function for function, _ in node.next_functions} - seen
        seen |= following
        waiting += following
    return leaves


def _places(name: str, module: nn.Module) -> Iterator[tuple[str, SiteKind, Place]]:
    """Name, kind and place of each weight that `module` itself reads."""
    if isinstance(module, nn.MultiheadAttention):
        yield from _attention_places(name, module)
    elif type(module).__name__.startswith("ShiftedWindowAttention"):  # torchvision's Swin
        for layer in ("qkv", "proj"):
            bias = None if module.get_submodule(layer).bias is None else f"{layer}.bias"
            yield f"{name}.{layer}", "attention", Place(name, module, f"{layer}.weight", bias)
    elif name:
        kind: SiteKind | None = None
        if type(module) is nn.Linear:
            kind = "linear"
        elif isinstance(module, nn.Conv2d):
            kind = "convolution"
        elif isinstance(module, _NORMS) and module.weight is not None:
            kind = "norm"
        if kind is not None:
            bias = None if module.bias is None else "bias"
            yield name, kind, Place(name, module, "weight", bias)


def _attention_places(
    name: str, module: nn.MultiheadAttention
) -> Iterator[tuple[str, SiteKind, Place]]:
    """Of torch's attention, whose input projections are one matrix or three."""
    within = f"{name}." if name else ""
    biased = module.in_proj_bias is not None
    if module.in_proj_weight is not None:
        bias = "in_proj_bias" if biased else None
        yield f"{within}in_proj", "attention", Place(name, module, "in_proj_weight", bias)
    else:
        for one in ("q_proj", "k_proj", "v_proj"):
            yield f"{within}{one}", "attention", Place(name, module, f"{one}_weight", None)
    bias = "out_proj.bias" if module.out_proj.bias is not None else None
    yield f"{within}out_proj", "attention", Place(name, module, "out_proj.weight", bias)


def _site(weight: nn.Parameter, found: list[tuple[str, SiteKind, Place]]) -> Site:
    name, kind, first = found[0]
    return Site(
        name=name,
        kind=kind,
        places=tuple(place for _, _, place in found),
        out=weight.numel() if kind == "norm" else len(weight),
        fan_in=1 if kind == "norm" else math.prod(weight.shape[1:]),
        groups=first.module.groups if isinstance(first.module, nn.Conv2d) else 1,
    )
