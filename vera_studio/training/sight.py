"""What a network sees in pictures, and which of them it sees alike."""

import torch

from vera_studio.data.grouping import Grouping, group
from vera_studio.data.store import ImageSet, OnProgress, ShouldStop, never_stop, no_progress
from vera_studio.models.head import find_head
from vera_studio.models.model import Model
from vera_studio.training.inputs import ImageInputs
from vera_studio.training.layer_inputs import layer_inputs


def see(
    model: Model,
    images: ImageSet,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
) -> Grouping:
    """Group images by what comes into the last layer of a network.

    Args:
        model: its network, which has no adapter on, is on the device that computes. Of which
            classes it is makes no difference.
        images: as the network takes them.
        on_progress: told how many images are done.
        should_stop: asked before every batch.

    Raises:
        NotEnoughMemoryError: not even one image can be computed.
        Cancelled: `should_stop` said so.
    """
    network = model.network
    inputs = ImageInputs(network, model.preprocessing, images)
    head = network.get_submodule(find_head(network))
    views = torch.arange(len(images), device=inputs.index_device)
    features = layer_inputs(head, inputs, views, should_stop, on_progress)
    return group(features.numpy(), should_stop)
