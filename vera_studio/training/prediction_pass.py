"""One pass over images with an adapter and without it."""

import math

import torch
from torch import nn

from vera_studio.adapters.attach import attached_layers, detach, temperature_of
from vera_studio.adapters.copies import sharing_copy
from vera_studio.data.store import ImageSet, OnProgress, ShouldStop, never_stop, no_progress
from vera_studio.models.model import Model
from vera_studio.runs import prediction_figures
from vera_studio.runs.events import Part
from vera_studio.training.answers import Answers
from vera_studio.training.evaluation import answers_of, logits_of
from vera_studio.training.inputs import ImageInputs, device_of
from vera_studio.training.memory import device_failures_told

_MOST_LOGITS = 20_000_000  # that a temperature is fitted to


def predict_both(
    model: Model,
    images: ImageSet,
    part: Part = "",
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
) -> tuple[Answers, Answers | None]:
    """What a network says of each of `images`, and what it says with its adapter off.

    Each image is read once. There is nothing to compare with without an adapter, and where the
    adapter brought classes that the network itself does not know.

    Args:
        model: its network, with the adapter on, is on the device that computes.
        images: on any device.
        part: which images they are.
        on_progress: told how many of how many images are done.
        should_stop: asked before every batch.

    Raises:
        NotEnoughMemoryError: not even one image can be computed.
        Cancelled: `should_stop` said so.
    """
    networks = [model.network]
    if attached_layers(model.network) and not model.has_own_classes:
        networks.append(without_adapter(model.network))
    found = answers_of(networks, model, images, part, on_progress, should_stop)
    return found[0], found[1] if len(found) > 1 else None


def without_adapter(network: nn.Module) -> nn.Module:
    """A copy of `network` on the same frozen numbers, with no adapter on."""
    bare = sharing_copy(network)
    detach(bare)
    return bare


def fit_temperature(
    model: Model,
    images: ImageSet,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
) -> float:
    """By what to divide the logits of `model` so that shares mean what they say on `images`.

    Whatever temperature its adapter has makes no difference. Of many images with many classes
    some are left out, evenly: one number needs no more.

    Args:
        model: its network is on the device that computes.
        images: none of them trained or tested on.
        on_progress, should_stop: as for `predict_both`.

    Raises:
        NotEnoughMemoryError, Cancelled: as `predict_both`.
    """
    every = math.ceil(len(images) * len(model.class_names) / _MOST_LOGITS)
    some = images.subset(torch.arange(0, len(images), max(every, 1)))
    network = model.network
    with device_failures_told(device_of(network)):
        inputs = ImageInputs(network, model.preprocessing, some)
        batches = [one for (one,) in logits_of([network], inputs, on_progress, should_stop)]
    logits = torch.cat(batches) if batches else torch.empty(0, len(model.class_names))
    logits = logits * temperature_of(network)
    return prediction_figures.fit_temperature(logits.numpy(), some.labels.cpu().numpy())
