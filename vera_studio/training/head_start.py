"""A new last layer begins with the means of the classes in what comes into it, not with chance.

So a network with classes of one's own is a working classifier before a step is trained.
"""

from collections.abc import Callable

import torch
from torch import nn

from vera_studio.adapters.dense import FullLayer
from vera_studio.data.split import members_of_each
from vera_studio.training.class_means import classifier_of
from vera_studio.training.inputs import Inputs
from vera_studio.training.layer_inputs import layer_inputs
from vera_studio.training.processes import ALONE, Processes

_MOST_IMAGES = 10_000  # looked at: their features take 50 MB of EfficientNet-Lite0's
_LEAST_IMAGES = 20  # of each class, however many classes there are


def start_head(
    network: nn.Module,
    head: str,
    train: Inputs,
    labels: torch.Tensor,
    should_stop: Callable[[], bool],
    processes: Processes = ALONE,
) -> None:
    """Give the adapter's last layer the values that the training images' classes suggest.

    Args:
        network: has an adapter on.
        head: full name of the layer in it that gives the classes, trained whole; its own weight
            is zero.
        train: the training images of this process; of each its view 0 is looked at.
        labels: (count,) int64 of all training images, on the host.
        should_stop: asked again and again.
        processes: that share the images.

    Raises:
        Cancelled: `should_stop` said so.
    """
    layer = network.get_submodule(head)
    assert isinstance(layer, FullLayer)
    classes = layer.site.out
    images = _some_of_each(labels, classes)
    places = processes.places_of_own(images)
    views = processes.own_numbers(images[places]).to(train.index_device)
    own = torch.empty(0, layer.site.fan_in)
    if len(views):
        own = layer_inputs(layer, train, views, should_stop)
    features = processes.put_together(own, places, len(images))
    weight, bias = processes.from_first(lambda: classifier_of(features, labels[images], classes))
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
