"""Training all weights of a built-in model from nothing: how the shipped weights were made."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors.torch
import torch
import torch.nn.functional as F
from torch.optim.lr_scheduler import OneCycleLR

from vera_studio.data.augmentation import Augmentation
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.errors import Cancelled, TrainingError
from vera_studio.files import write_atomically
from vera_studio.models.kind import NetworkKind
from vera_studio.recipe import Device
from vera_studio.runs.events import Evaluation
from vera_studio.training.devices import choose_device
from vera_studio.training.evaluation import predict_inputs
from vera_studio.training.inputs import ImageInputs
from vera_studio.training.memory import device_failures_told
from vera_studio.training.optimisation import make_optimizer


@dataclass(frozen=True)
class PretrainSettings:
    """How the weights are trained; SGD with Nesterov momentum, one-cycle."""

    epochs: int = 90
    batch_size: int = 128  # images
    learning_rate: float = 0.05  # at its peak
    weight_decay: float = 5e-4
    shift: int = 2  # pixels, at most, that an image is moved in each direction
    seed: int = 0


def pretrain(
    kind: NetworkKind,
    data: ImageData,
    path: Path,
    settings: PretrainSettings,
    device: Device = "auto",
    on_epoch: Callable[[int, float, float], None] = lambda epoch, loss, seconds: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Evaluation:
    """Train a new network of `kind` on all training images and write its weights.

    The last epoch's weights are kept: no image takes part in choosing them, and the test
    images are used once, at the end, for the figures in the file's metadata.

    Args:
        kind: which network.
        data: its training and validation parts are both trained on.
        path: the safetensors file to write.
        settings: how to train.
        device: what to compute on.
        on_epoch: told the epoch (from 1), its mean loss and its seconds.
        should_stop: asked before every step, and every batch of the evaluation.

    Returns:
        How the new weights do on the test images.

    Raises:
        TrainingError: the device is missing, or there is nothing to train on or no epoch.
        NotEnoughMemoryError: not even one batch fits.
        Cancelled: `should_stop` said so; nothing is written.
    """
    chosen = choose_device(device).device
    with device_failures_told(chosen):
        return _pretrain(kind, data, path, settings, chosen, on_epoch, should_stop)


def _pretrain(
    kind: NetworkKind,
    data: ImageData,
    path: Path,
    settings: PretrainSettings,
    device: torch.device,
    on_epoch: Callable[[int, float, float], None],
    should_stop: Callable[[], bool],
) -> Evaluation:
    torch.manual_seed(settings.seed)  # the layers' own initialisation takes no generator
    network = kind.build(len(kind.class_names)).to(device)
    images = data.train.joined(data.validation)
    if not len(images) or settings.epochs < 1:
        raise TrainingError("Pretraining needs at least one training image and one epoch.")
    _fit(network, kind, images, settings, on_epoch, should_stop)
    network.eval()
    inputs = ImageInputs(network, kind.preprocessing, data.test)
    result = predict_inputs(inputs, len(kind.class_names), should_stop, "test").evaluation()
    weights = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    facts = {
        "model": kind.name,
        "class_names": kind.class_names,
        "recipe": asdict(settings) | {"optimizer": "sgd", "schedule": "one-cycle"},
        "data": data.title,
        "train_images": len(images),
        "test_images": len(data.test),
        "test_accuracy": round(result.accuracy, 4),
        "test_accuracy_per_class": [
            None if math.isnan(share) else round(share, 4) for share in result.per_class
        ],
    }
    metadata = {key: json.dumps(value) for key, value in facts.items()}
    write_atomically(path, safetensors.torch.save(weights, metadata))
    return result


def _fit(
    network: torch.nn.Module,
    kind: NetworkKind,
    images: ImageSet,
    settings: PretrainSettings,
    on_epoch: Callable[[int, float, float], None],
    should_stop: Callable[[], bool],
) -> None:
    generator = torch.Generator().manual_seed(settings.seed)
    device = next(network.parameters()).device
    images, labels = images.on(device), images.labels.to(device)
    steps = -(-len(images) // settings.batch_size) * settings.epochs
    optimizer = make_optimizer(
        "sgd", network.parameters(), settings.learning_rate, settings.weight_decay
    )
    # Unlike a fine-tuning run's schedule torch's goes through a cycle of momentum as well.
    schedule = OneCycleLR(optimizer, settings.learning_rate, total_steps=steps)
    augmentation = Augmentation(flips=True, shift=settings.shift)
    network.train()
    for epoch in range(1, settings.epochs + 1):
        start, total = time.perf_counter(), torch.zeros((), device=device)
        order = torch.randperm(len(images), generator=generator)
        for indices in torch.split(order, settings.batch_size):
            if should_stop():
                raise Cancelled
            variants = augmentation.draw(len(indices), generator).to(device)
            pixels = images.read(indices.to(images.device)).to(device)
            batch = augmentation.apply(pixels, variants)
            logits = network(kind.preprocessing(batch))
            loss = F.cross_entropy(logits, labels[indices.to(device)])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.detach() * len(indices)
        on_epoch(epoch, total.item() / len(images), time.perf_counter() - start)
