"""A new last layer begins with the means of the classes in what comes into it, not with chance.

So a network with classes of one's own is a working classifier before a step is trained.
"""

import threading
from collections.abc import Callable

import torch
from torch import nn

from vera_studio.adapters.dense import FullLayer
from vera_studio.data.split import members_of_each
from vera_studio.errors import Cancelled
from vera_studio.training.class_means import classifier_of
from vera_studio.training.evaluation import on_each
from vera_studio.training.inputs import Inputs

_MOST_IMAGES = 10_000  # looked at: their features take 50 MB of EfficientNet-Lite0's
_LEAST_IMAGES = 20  # of each class, however many classes there are


def start_head(
    network: nn.Module, head: str, train: Inputs, should_stop: Callable[[], bool]
) -> None:
    """Give the adapter's last layer the values that the training images' classes suggest.

    Args:
        network: has an adapter on.
        head: full name of the layer in it that gives the classes, trained whole; its own weight
            is zero.
        train: the training images; of each its view 0 is looked at.
        should_stop: asked again and again.

    Raises:
        Cancelled: `should_stop` said so.
    """
    layer = network.get_submodule(head)
    assert isinstance(layer, FullLayer)
    classes, labels = layer.site.out, train.labels.cpu()
    views = _some_of_each(labels, classes)
    features = _inputs_of(layer, train, views.to(train.index_device), should_stop)
    weight, bias = classifier_of(features, labels[views], classes)
    with torch.no_grad():
        layer.weight_change.copy_(weight)
        if layer.bias_change is not None:
            layer.bias_change.copy_(bias)


def _some_of_each(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Images (count,) of all classes: all of them, or of large classes some from all over."""
    most = max(_MOST_IMAGES // classes, _LEAST_IMAGES)
    chosen = []
    for own in members_of_each(labels):
        places = torch.linspace(0, len(own) - 1, min(most, len(own))).long()
        chosen.append(own[places])
    return torch.cat(chosen)


class _Seen(threading.local):
    """What last came into a layer, for each thread."""

    inputs: torch.Tensor


def _inputs_of(
    layer: nn.Module, inputs: Inputs, views: torch.Tensor, should_stop: Callable[[], bool]
) -> torch.Tensor:
    """What comes into `layer` for each of `views`: (views, width), on the CPU."""
    seen = _Seen()

    def note(_: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        seen.inputs = arguments[0]

    def compute(some: torch.Tensor) -> torch.Tensor:
        inputs.logits(some)
        features = seen.inputs
        # Of a convolution (batch, width, h, w): what it gives is averaged over places later.
        return (features.mean((2, 3)) if features.ndim == 4 else features).float().cpu()

    handle = layer.register_forward_pre_hook(note)
    rows: list[torch.Tensor] = []
    try:
        for some in on_each(inputs, views, compute):
            if should_stop():
                raise Cancelled
            rows.append(some)
    finally:
        handle.remove()
    return torch.cat(rows)
