"""What all adapted weights have in common, whatever the method."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import nn
from torch.func import functional_call

from vera_studio.adapters.adapted import Adapted
from vera_studio.adapters.sites import Place, Site
from vera_studio.adapters.wrapper import Wrapper

_SWAPPING = threading.RLock()


class AdapterLayer(Wrapper):
    """Has a frozen weight W, seen as a matrix (out, fan_in), act as W + dW, its bias likewise.

    A method is a subclass: it declares its parameters in `dimensions`, and what is trained,
    saved, counted and checked follows from that. Before training dW is zero.

    There are two ways to compute. *Factored*, the layer adds `change(x)` to what its module
    computes: dW itself is never made. *By weight*, the module computes with W + dW in place of
    W: of use for any module, whatever it does with its weight.

    Attributes:
        site: the weight.
        is_factored: which of the two ways it goes.
        number: its place among the adapted layers, in the network's order.
        trainable_before: full names of the parameters that required gradients before the
            adapter was attached; `attach` sets it for `detach` to go by.
        adapted: how the whole network was adapted; `attach` sets it.
    """

    # Each parameter's name and shape, in terms of "rank", "in" and "out".
    dimensions: ClassVar[dict[str, tuple[str, ...]]]
    # Those of them that not every site has.
    optional: ClassVar[frozenset[str]] = frozenset()
    # Whether the parameters come on top of the network's, or are changes of these one by one.
    adds_numbers: ClassVar[bool] = True

    def __init__(self, site: Site, is_factored: bool) -> None:
        first = site.places[0]
        super().__init__(first.module if first.is_called else None)
        self.site = site
        self.is_factored = is_factored
        self.number = 0
        self.trainable_before: frozenset[str] = frozenset()
        self.adapted: Adapted | None = None
        self.train(first.module.training)

    @classmethod
    def parameter_names(cls, site: Site) -> tuple[str, ...]:
        """The names of what would be trained at `site`; empty where there is nothing."""
        return () if site.kind == "norm" else tuple(cls.dimensions)

    @classmethod
    def adapter_shapes(cls, site: Site, rank: int) -> dict[str, tuple[int, ...]]:
        """Shape of each adapter parameter that a layer at `site` would have."""
        sizes = {"rank": rank, "in": site.fan_in, "out": site.out}
        return {
            name: tuple(sizes[dimension] for dimension in cls.dimensions[name])
            for name in cls.parameter_names(site)
        }

    @property
    def is_head(self) -> bool:
        """Whether it is trained whole beside the others, or alone: the last layer."""
        return self.adapted is not None and self.adapted.settings.head == self.site.name

    @property
    def adapter_parameter_names(self) -> tuple[str, ...]:
        """The names of what is trained."""
        return self.parameter_names(self.site)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes with the adapted weight."""
        if self.is_factored:
            return self.base(*args) + self.change(*args)
        place = self.site.places[0]
        if isinstance(place.module, nn.Conv2d):  # is told its weight: nothing has to be swapped
            tensors = self.changed(place)
            weight = tensors.get("weight", place.module.weight)
            bias = tensors.get("bias", place.module.bias)
            return place.module._conv_forward(args[0], weight, bias)
        return _call_swapped(place.module, lambda: self.changed(place), args, kwargs)

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """What the adapter adds to the outputs for inputs `x`, where it is factored.

        Linear layers take (..., in) and give (..., out), convolutions (batch, in, h, w) and
        (batch, out, h', w').
        """
        raise NotImplementedError

    def delta(self) -> torch.Tensor | None:
        """dW (out, fan_in) with gradient, in W's dtype; None for nothing."""
        return None

    def delta_weight(self) -> torch.Tensor:
        """dW (out, fan_in) without gradient, computed in float64, with W's dtype and device."""
        return self.site.weight.new_zeros(self.site.out, self.site.fan_in)

    def bias_delta(self) -> torch.Tensor | None:
        """What is added to the bias (out,), with gradient; None for nothing."""
        return None

    def delta_bias(self) -> torch.Tensor | None:
        """What is added to the bias (out,), a copy without gradient; None for nothing."""
        delta = self.bias_delta()
        return None if delta is None else delta.detach().clone()

    def changed(self, place: Place) -> dict[str, torch.Tensor]:
        """The adapted weight and bias as `place` reads them, by their paths there."""
        tensors: dict[str, torch.Tensor] = {}
        weight = place.module.get_parameter(place.weight)
        if (delta := self.delta()) is not None:
            tensors[place.weight] = weight + delta.view_as(weight)  # (out, fan_in) -> W's shape
        delta_bias = self.bias_delta()
        if place is self.site.places[0] and place.bias is not None and delta_bias is not None:
            bias = place.module.get_parameter(place.bias)
            tensors[place.bias] = bias + delta_bias.view_as(bias)
        return tensors


class Reader(Wrapper):
    """Stands in place of a module that reads adapted weights which are not its own to be called.

    Attention has such, and a module that shares its weight with another one.
    """

    def __init__(self, base: nn.Module, layers: Sequence[tuple[str, Place, AdapterLayer]]) -> None:
        """Wrap `base`.

        Args:
            base: the module that reads.
            layers: a name below the wrapper, the place and the adapter of each weight.
        """
        super().__init__(base)
        self._places = tuple((name, place) for name, place, _ in layers)
        for name, _, layer in layers:
            self.add_module(name, layer)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes with its adapted weights."""
        return _call_swapped(self.base, self._changed, args, kwargs)

    def _changed(self) -> dict[str, torch.Tensor]:
        """All adapted weights and biases, by their paths below the base."""
        tensors: dict[str, torch.Tensor] = {}
        for name, place in self._places:
            layer = self.get_submodule(name)
            assert isinstance(layer, AdapterLayer)
            tensors |= layer.changed(place)
        return tensors


def _call_swapped(
    module: nn.Module,
    changed: Callable[[], dict[str, torch.Tensor]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """What `module` computes with other tensors in place of its own, which come back after it.

    While they are away, another thread that computes with the same module would find the wrong
    ones, and leave them there.
    """
    with _SWAPPING:
        return functional_call(module, changed(), args, kwargs)
