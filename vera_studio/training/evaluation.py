"""How well a network does on a set of images."""

from collections.abc import Callable, Iterator

import torch

from vera_studio.data.store import ImageSet
from vera_studio.errors import Cancelled
from vera_studio.models.model import Model
from vera_studio.runs.events import Evaluation, Part
from vera_studio.training.answers import Answers
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
    return predict_inputs(inputs, classes, should_stop, part).evaluation()


@torch.inference_mode()
def predict_inputs(
    inputs: Inputs,
    classes: int,
    should_stop: Callable[[], bool] = lambda: False,
    part: Part = "",
) -> Answers:
    """What the network says of each of the unchanged images of `inputs`.

    Args, Raises: as `evaluate_inputs`.
    """
    views = torch.arange(len(inputs.labels), device=inputs.index_device)

    def each() -> Iterator[torch.Tensor]:
        for logits in on_each(inputs, views, inputs.logits):
            if should_stop():
                raise Cancelled
            yield logits.cpu()

    return Answers.of(each(), inputs.labels.cpu(), classes, part)


def on_each(
    inputs: Inputs, views: torch.Tensor, compute: Callable[[torch.Tensor], torch.Tensor]
) -> Iterator[torch.Tensor]:
    """`compute` of some of `views` after the others, in order, as many at once as suits `inputs`.

    Without gradient; on a CPU perhaps on several threads.
    """

    no_gradient = torch.inference_mode()(compute)  # it holds on one thread; these may be others

    def in_halves(some: torch.Tensor) -> torch.Tensor:
        return torch.cat(list(halve_when_out_of_memory(no_gradient, some, len(some))))

    if inputs.labels.device.type == "cpu" and inputs.at_once < MOST_AT_ONCE and len(views):
        return in_parallel(in_halves, torch.split(views, inputs.at_once))
    return halve_when_out_of_memory(no_gradient, views, inputs.at_once)
