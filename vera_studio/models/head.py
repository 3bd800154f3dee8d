"""The last layer of a network, which has an output for each class."""

from typing import Any

import torch
from torch import nn

from vera_studio.errors import ModelError

# SqueezeNet cuts off what of its logits is negative: nothing that starts from zero could be learnt.
# A constant that all logits have makes no difference to the shares of the classes.
ABOVE_RELU = 100.0


def find_head(network: nn.Module) -> str:
    """Full name of the layer that gives the logits: the last linear layer or convolution.

    Raises:
        ModelError: there is no such layer.
    """
    layers = (nn.Linear, nn.Conv2d)
    names: list[str] = [
        name for name, module in network.named_modules() if isinstance(module, layers)
    ]
    if not names:
        raise ModelError("This network has no last layer that gives a number for each class.")
    return names[-1]


def set_classes(network: nn.Module, classes: int, zeros: bool = False) -> None:
    """Give `network`, which has no adapter on, a new last layer with `classes` outputs.

    Args:
        network: is changed.
        classes: how many outputs.
        zeros: whether all its values are zero; else they are what torch draws for a new layer.
            Where a ReLU comes after it, the bias is `ABOVE_RELU` instead of zero.
    """
    name = find_head(network)
    old: Any = network.get_submodule(name)
    options: dict[str, Any] = {
        "bias": old.bias is not None,
        "device": old.weight.device,
        "dtype": old.weight.dtype,
    }
    new: nn.Module
    if isinstance(old, nn.Linear):
        new = nn.Linear(old.in_features, classes, **options)
    else:
        same = {name: getattr(old, name) for name in ("stride", "padding", "dilation", "groups")}
        new = nn.Conv2d(old.in_channels, classes, old.kernel_size, **same, **options)
    parent, _, own = name.rpartition(".")
    if zeros:
        with torch.no_grad():
            for parameter in new.parameters():
                parameter.zero_()
            if new.bias is not None and _relu_follows(network.get_submodule(parent), own):
                new.bias.fill_(ABOVE_RELU)
    setattr(network.get_submodule(parent), own, new.train(old.training))


def _relu_follows(parent: nn.Module, name: str) -> bool:
    """Whether `parent` gives what its layer called `name` computes to a ReLU."""
    if not isinstance(parent, nn.Sequential):
        return False
    names = list(parent._modules)
    following = names[names.index(name) + 1 :][:1]
    return any(isinstance(parent._modules[one], nn.ReLU) for one in following)
