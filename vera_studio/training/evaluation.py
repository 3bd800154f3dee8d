"""How well a network does on a set of images."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from vera_studio.data.batches import in_order, normalise
from vera_studio.data.store import ImageSet
from vera_studio.errors import Cancelled
from vera_studio.models.registry import BuiltInModel
from vera_studio.training.results import Evaluation

_BATCH_SIZE = 1000  # images; large enough for speed, 12 MB of input for 32 x 32 images


@torch.inference_mode()
def predict(
    network: nn.Module,
    kind: BuiltInModel,
    images: torch.Tensor,
) -> torch.Tensor:
    """Logits (batch, classes) of uint8 `images` (batch, 3, h, w), in evaluation mode.

    Args:
        network: on the device that computes.
        kind: tells how its images are normalised.
        images: on any device.
    """
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    logits: torch.Tensor = network(normalise(images.to(device), kind.mean, kind.std))
    network.train(was_training)
    return logits


@torch.inference_mode()
def evaluate(
    network: nn.Module,
    kind: BuiltInModel,
    images: ImageSet,
    should_stop: Callable[[], bool] = lambda: False,
) -> Evaluation:
    """Loss and accuracies of `network` on `images`; NaN where there is no image.

    Raises:
        Cancelled: `should_stop` said so.
    """
    classes = len(kind.class_names)
    correct = torch.zeros(classes, dtype=torch.int64)
    loss = 0.0
    for batch, labels in in_order(images, _BATCH_SIZE):
        if should_stop():
            raise Cancelled
        logits = predict(network, kind, batch).cpu()
        labels = labels.cpu()
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        hits = labels[logits.argmax(dim=1) == labels]
        correct += torch.bincount(hits, minlength=classes)
    return _summary(loss, correct.tolist(), images.counts(classes))


def _summary(loss: float, correct: list[int], counts: tuple[int, ...]) -> Evaluation:
    total = sum(counts)
    return Evaluation(
        loss=loss / total if total else math.nan,
        accuracy=sum(correct) / total if total else math.nan,
        per_class=tuple(
            hits / count if count else math.nan for hits, count in zip(correct, counts, strict=True)
        ),
        counts=counts,
    )
