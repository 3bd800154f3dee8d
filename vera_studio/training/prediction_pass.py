"""One pass over images with an adapter and without it."""

from collections.abc import Iterator

import torch
from torch import nn

from vera_studio.adapters.attach import attached_layers, detach
from vera_studio.adapters.copies import sharing_copy
from vera_studio.data.store import ImageSet, OnProgress, ShouldStop, never_stop, no_progress
from vera_studio.errors import Cancelled
from vera_studio.models.model import Model
from vera_studio.runs.events import Part
from vera_studio.training.answers import Answers
from vera_studio.training.evaluation import on_each
from vera_studio.training.inputs import ImageInputs, device_of
from vera_studio.training.memory import out_of_memory_told


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
    with out_of_memory_told(device_of(model.network)), torch.inference_mode():
        inputs = ImageInputs(model.network, model.preprocessing, images)
        logits = _each(networks, inputs, on_progress, should_stop)
        count, truth = len(networks), inputs.labels.cpu()
        found = Answers.of_several(logits, count, truth, len(model.class_names), part)
    return found[0], found[1] if len(found) > 1 else None


def without_adapter(network: nn.Module) -> nn.Module:
    """A copy of `network` on the same frozen numbers, with no adapter on."""
    bare = sharing_copy(network)
    detach(bare)
    return bare


def _each(
    networks: list[nn.Module],
    inputs: ImageInputs,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Logits of each network, of some images after the others, on the CPU."""

    def compute(views: torch.Tensor) -> torch.Tensor:
        images = inputs.gather(views)
        return torch.stack([network(images) for network in networks], dim=1)

    views = torch.arange(len(inputs.labels), device=inputs.index_device)
    done = 0
    for logits in on_each(inputs, views, compute):  # (some, networks, classes)
        done += len(logits)
        on_progress(done, len(views))
        if should_stop():
            raise Cancelled
        yield logits.cpu().unbind(dim=1)
