"""The proof that an adapter that was just put on changes nothing yet, and can change everything."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

from vera_studio.adapters.layer import AdapterLayer
from vera_studio.errors import AdapterError
from vera_studio.wording import listed

_TOLERANCE = 1e-5  # relative to the largest logit: by weight, sums may come in another order


@contextmanager
def noise_for_zeros(layers: Collection[AdapterLayer]) -> Iterator[None]:
    """Other values, for a while, where an adapted weight is all zeros, as that of a new head.

    Zeros hide whatever comes before them: until they are trained, nothing else has a part in the
    outputs. The numbers are put aside, not written over, for other networks may share them.
    """
    zeros = {
        layer.site.weight: layer.site.weight.data
        for layer in layers
        if is_zero(layer.site.weight) and layer.delta() is not None
    }
    generator = torch.Generator().manual_seed(0)
    try:
        for weight, values in zeros.items():
            # None of it negative: a ReLU that comes after it would hide what it cuts off.
            weight.data = torch.rand(values.shape, generator=generator).to(values)
        yield
    finally:
        for weight, values in zeros.items():
            weight.data = values


def is_zero(weight: torch.Tensor) -> bool:
    """Whether all of `weight` is zero."""
    if weight.is_meta:
        return False
    return not bool(weight.flatten()[:1].any()) and not bool(weight.any())  # mostly, one tells


def prove(
    network: nn.Module,
    layers: Mapping[str, AdapterLayer],
    images: torch.Tensor,
    before: torch.Tensor,
) -> None:
    """Prove that an adapter changes nothing yet and can change everything.

    Args:
        network: has the adapter on.
        layers: all of its adapted layers, by the full names of their sites.
        images: (batch, 3, height, width), as the network takes them.
        before: what it computed of these without the adapter.

    Raises:
        AdapterError: it changes something, or a layer has no part in the outputs; names it.
    """
    parameters = {
        f"{site}.{name}": layer.get_parameter(name)
        for site, layer in layers.items()
        for name in layer.adapter_parameter_names
    }
    with torch.enable_grad():
        after = network(images)
        # Fixed weights for the logits: their plain sum can have no gradient, behind a norm say.
        direction = torch.linspace(-1, 1, after.numel(), device=after.device).view_as(after)
        gradients = torch.autograd.grad(
            (after * direction).sum(), list(parameters.values()), allow_unused=True
        )
    moved = {
        name.rpartition(".")[0]
        for name, gradient in zip(parameters, gradients, strict=True)
        if gradient is not None and bool(gradient.any())
    }
    if idle := [name for name in layers if name not in moved]:
        raise AdapterError(
            f"An adapter on {listed(idle)} would change nothing: the network's outputs do not "
            "depend on it. Leave it out."
        )
    furthest = float((after.detach() - before).abs().max())
    if not furthest <= _TOLERANCE * max(1.0, float(before.abs().max())):
        raise AdapterError("With the untrained adapter on, the network computes something else.")
