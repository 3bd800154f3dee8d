"""The ways to fine-tune that are compared: a first script, PEFT, and the studio."""

import copy
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

from vera_studio.data.store import ImageData, ImageSet, empty_set
from vera_studio.models.model import Model
from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs.events import RunResult
from vera_studio.training.devices import choose_device
from vera_studio.training.loop import train

TARGETS = ("bird", "cat", "dog")
RANK = 32
EPOCHS = 6
LAYERS = ["fc1", "fc2", "fc3", "fc4", "fc5"]
LEARNING_RATE = 0.02


@dataclass(frozen=True)
class Turn:
    """One training by one method."""

    seconds: float
    network: nn.Module  # trained


Method = Callable[[Model, ImageSet], Turn]


class _Photographs(Dataset):
    """Normalised images one by one, as a DataLoader wants them."""

    def __init__(self, images: ImageSet) -> None:
        self._images = images.read()
        self._labels = images.labels

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self._images[index] / 255.0
        return (image - 0.5) / 0.5, int(self._labels[index])


class _DenseVera(nn.Module):
    """VeRA as its formula reads: the whole dW, anew in every step."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        inputs, outputs = base.in_features, base.out_features
        self.base = base
        self.register_buffer("A", nn.init.kaiming_uniform_(torch.empty(RANK, inputs)))
        self.register_buffer("B", nn.init.kaiming_uniform_(torch.empty(outputs, RANK)))
        self.d = nn.Parameter(torch.full((RANK,), 0.1))
        self.b = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        delta = torch.diag(self.b) @ self.B @ torch.diag(self.d) @ self.A
        return F.linear(x, self.base.weight + delta, self.base.bias)


def write_up(model: Model, images: ImageSet) -> Turn:
    """A first fine-tuning script: dense product, batches of 4, two workers, SGD."""
    device = choose_device().device
    start = time.perf_counter()
    torch.manual_seed(0)
    network = copy.deepcopy(model.network).requires_grad_(False)
    for name in LAYERS:
        setattr(network, name, _DenseVera(getattr(network, name)))
    network.to(device)
    loader = DataLoader(_Photographs(images), batch_size=4, shuffle=True, num_workers=2)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.001, momentum=0.9)
    for _ in range(EPOCHS):
        for batch, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(network(batch.to(device)), labels.to(device)).backward()
            optimizer.step()
    return Turn(time.perf_counter() - start, network)


def peft(batch_size: int) -> Method:
    """PEFT's VeRA with a DataLoader; optimizer, rate and schedule are the studio's."""

    def turn(model: Model, images: ImageSet) -> Turn:
        from peft import VeraConfig, get_peft_model

        device = choose_device().device
        start = time.perf_counter()
        torch.manual_seed(0)
        config = VeraConfig(r=RANK, target_modules=LAYERS, d_initial=0.1)
        network = get_peft_model(copy.deepcopy(model.network), config).to(device)
        loader = DataLoader(
            _Photographs(images), batch_size=batch_size, shuffle=True, num_workers=2
        )
        trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0)
        steps = EPOCHS * len(loader)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(EPOCHS):
            for batch, labels in loader:
                optimizer.zero_grad()
                F.cross_entropy(network(batch.to(device)), labels.to(device)).backward()
                optimizer.step()
                schedule.step()
        return Turn(time.perf_counter() - start, network.eval())

    return turn


def studio(feature_cache: bool) -> Method:
    """The studio's own run, with its default batch size."""

    def turn(model: Model, images: ImageSet) -> Turn:
        own = replace(model, network=copy.deepcopy(model.network))
        start = time.perf_counter()
        run(own, images, feature_cache=feature_cache, target_classes=TARGETS)
        return Turn(time.perf_counter() - start, own.network)

    return turn


def run(model: Model, images: ImageSet, **training: object) -> RunResult:
    """A run on `images` alone: nothing is measured along the way, the last epoch is kept."""
    nothing = empty_set(model.preprocessing.size)
    names = model.class_names
    data = ImageData("folder", "Photographs", names, images, nothing, nothing)
    values = {"keep_others": 0.0, "epochs": EPOCHS, "flips": False}
    settings = TrainingSettings(**(values | {"learning_rate": LEARNING_RATE} | training))
    recipe = Recipe(adapter=AdapterSettings(rank=RANK), training=settings)
    with tempfile.TemporaryDirectory() as folder:
        return train(recipe, Path(folder) / "run", data=data, model=model)


METHODS: dict[str, Method] = {
    "write-up's loop, batch 4": write_up,
    "PEFT, batch 128": peft(128),
    "PEFT, batch 512": peft(512),
    "studio without cache": studio(feature_cache=False),
    "studio": studio(feature_cache=True),
}
