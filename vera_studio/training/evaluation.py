"""How well a network does on a set of images."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import nn

from vera_studio.adapters.attach import temperature_of
from vera_studio.data.store import ImageSet, OnProgress, no_progress
from vera_studio.errors import Cancelled
from vera_studio.models.model import Model
from vera_studio.runs.events import Evaluation, Part
from vera_studio.training.answers import Answers
from vera_studio.training.inputs import MOST_AT_ONCE, ImageInputs, Inputs, device_of
from vera_studio.training.memory import device_failures_told, halve_when_out_of_memory
from vera_studio.training.threads import in_parallel


@torch.inference_mode()
def predict(model: Model, images: torch.Tensor) -> torch.Tensor:
    """Logits (batch, classes) of uint8 `images` (batch, 3, h, w), on any device.

    They are divided by the temperature of the adapter that is on, if it has one: their softmax
    are the shares to tell.
    """
    network = model.network
    logits: torch.Tensor = network(model.preprocessing(images.to(device_of(network))))
    return logits / temperature_of(network)


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
    (answers,) = answers_of([model.network], model, images, part, should_stop=should_stop)
    return answers.evaluation()


def answers_of(
    networks: Sequence[nn.Module],
    model: Model,
    images: ImageSet,
    part: Part = "",
    on_progress: OnProgress = no_progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[Answers, ...]:
    """What each of `networks` says of `images`, each of which is read once.

    Args:
        networks: on the device that computes.
        model: what images they take, and how many classes they tell.
        images, part, should_stop: as `evaluate`.
        on_progress: told how many of how many images are done.

    Raises:
        NotEnoughMemoryError, Cancelled: as `evaluate`.
    """
    with device_failures_told(device_of(networks[0])):
        inputs = ImageInputs(networks[0], model.preprocessing, images)
        logits = logits_of(networks, inputs, on_progress, should_stop)
        classes, truth = len(model.class_names), inputs.labels.cpu()
        return Answers.of_several(logits, len(networks), truth, classes, part)


def logits_of(
    networks: Sequence[nn.Module],
    inputs: ImageInputs,
    on_progress: OnProgress = no_progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Logits (some, classes) of each network, of some images after the others, on the CPU.

    Divided by the temperature of the adapter that a network has on.

    Raises:
        Cancelled: `should_stop` said so.
    """
    temperatures = [temperature_of(network) for network in networks]

    def compute(views: torch.Tensor) -> torch.Tensor:
        images = inputs.gather(views)
        pairs = zip(networks, temperatures, strict=True)
        return torch.stack([network(images) / one for network, one in pairs], dim=1)

    views = torch.arange(len(inputs.labels), device=inputs.index_device)
    done = 0
    for logits in on_each(inputs, views, compute):  # (some, networks, classes)
        done += len(logits)
        on_progress(done, len(views))
        if should_stop():
            raise Cancelled
        yield logits.cpu().unbind(dim=1)


@torch.inference_mode()
def predict_inputs(
    inputs: Inputs,
    classes: int,
    should_stop: Callable[[], bool] = lambda: False,
    part: Part = "",
) -> Answers:
    """What the network says of each of the unchanged images of `inputs`.

    Args:
        inputs: whose network or part of one is in evaluation mode.
        classes: how many there are.
        should_stop: asked before every batch.
        part: which images they are.

    Raises:
        Cancelled: `should_stop` said so.
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
