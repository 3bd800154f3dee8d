"""How well a network does on a set of images."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F

from vera_studio.data.store import ImageSet
from vera_studio.errors import Cancelled
from vera_studio.models.model import Model
from vera_studio.runs.events import Evaluation, Part
from vera_studio.training.inputs import MOST_AT_ONCE, ImageInputs, Inputs, device_of
from vera_studio.training.memory import halve_when_out_of_memory, out_of_memory_told
from vera_studio.training.threads import in_parallel


@torch.inference_mode()
def predict(model: Model, images: torch.Tensor) -> torch.Tensor:
    """Logits (batch, classes) of uint8 `images` (batch, 3, h, w), on any device."""
    network = model.network
    logits: torch.Tensor = network(model.preprocessing(images.to(device_of(network))))
    return logits


def evaluate(
    model: Model,
    images: ImageSet,
    should_stop: Callable[[], bool] = lambda: False,
    part: Part = "",
) -> Evaluation:
    """Loss and accuracies of a model on `images`; NaN where there is no image.

    Args:
        model: its network, which may have an adapter on, is on the device that computes.
        images: on any device.
        should_stop: asked before every batch.
        part: which images they are.

    Raises:
        NotEnoughMemoryError: not even one image can be computed.
        Cancelled: `should_stop` said so.
    """
    with out_of_memory_told(device_of(model.network)):
        inputs = ImageInputs(model.network, model.preprocessing, images)
        return evaluate_inputs(inputs, len(model.class_names), should_stop, part)


@torch.inference_mode()
def evaluate_inputs(
    inputs: Inputs,
    classes: int,
    should_stop: Callable[[], bool] = lambda: False,
    part: Part = "",
) -> Evaluation:
    """Loss and accuracies on the unchanged images of `inputs`; NaN where there is no image.

    Args:
        inputs: whose network or part of one is in evaluation mode.
        classes: how many there are.
        should_stop: asked before every batch.
        part: which images they are.

    Raises:
        Cancelled: `should_stop` said so.
    """
    labels = inputs.labels.cpu()
    correct = torch.zeros(classes, dtype=torch.int64)
    losses = torch.zeros(classes, dtype=torch.float64)
    views = torch.arange(len(labels), device=inputs.index_device)
    done = 0
    for logits in _logits(inputs, views):
        if should_stop():
            raise Cancelled
        logits = logits.cpu()
        truth = labels[done : done + len(logits)]
        done += len(logits)
        of_images = F.cross_entropy(logits, truth, reduction="none").double()
        losses += torch.bincount(truth, of_images, minlength=classes)
        correct += torch.bincount(truth[logits.argmax(dim=1) == truth], minlength=classes)
    counts = torch.bincount(labels, minlength=classes)
    return _summary(losses.tolist(), correct.tolist(), counts.tolist(), part)


def _logits(inputs: Inputs, views: torch.Tensor) -> Iterator[torch.Tensor]:
    """Logits (some, classes) of some of the views after the others, in order."""

    @torch.inference_mode()  # which holds on one thread, and these may be others
    def compute(some: torch.Tensor) -> torch.Tensor:
        return inputs.logits(some)

    def compute_in_halves(some: torch.Tensor) -> torch.Tensor:
        return torch.cat(list(halve_when_out_of_memory(compute, some, len(some))))

    if inputs.labels.device.type == "cpu" and inputs.at_once < MOST_AT_ONCE and len(views):
        return in_parallel(compute_in_halves, torch.split(views, inputs.at_once))
    return halve_when_out_of_memory(compute, views, inputs.at_once)


def _summary(losses: list[float], correct: list[int], counts: list[int], part: Part) -> Evaluation:
    """Figures from sums a class."""
    total = sum(counts)
    return Evaluation(
        loss=math.fsum(losses) / total if total else math.nan,
        accuracy=sum(correct) / total if total else math.nan,
        per_class=_means(correct, counts),
        counts=tuple(counts),
        class_losses=_means(losses, counts),
        part=part,
    )


def _means(sums: Sequence[float], counts: Sequence[int]) -> tuple[float, ...]:
    pairs = zip(sums, counts, strict=True)
    return tuple(one / count if count else math.nan for one, count in pairs)
