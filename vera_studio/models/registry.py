"""The built-in models: how each is built, what its images must be, where its weights are."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import safetensors
import torch
from torch import nn

from vera_studio import environment
from vera_studio.errors import ModelError
from vera_studio.models import convnet
from vera_studio.models.checkpoint import load_weights, never_stop
from vera_studio.recipe import ModelSettings


@dataclass(frozen=True)
class BuiltInModel:
    """A network that the studio knows, with pretrained weights in the resources folder."""

    name: str
    title: str  # for a person
    build: Callable[[], nn.Module]
    class_names: tuple[str, ...]
    image_size: int  # pixels, height and width
    mean: tuple[float, float, float]  # a colour channel, of pixels scaled to 0..1
    std: tuple[float, float, float]

    @property
    def weights_file(self) -> Path:
        """The pretrained weights, shipped with the studio."""
        return environment.resources_folder() / f"{self.name}.safetensors"


BUILT_IN = {
    "convnet": BuiltInModel(
        name="convnet",
        title="ConvNet",
        build=convnet.ConvNet,
        class_names=convnet.CLASS_NAMES,
        image_size=32,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )
}


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A network with its weights loaded, and what is known of it."""

    network: nn.Module
    kind: BuiltInModel
    weights: str  # "pretrained", or the name of the user's file
    notes: tuple[str, ...] = ()  # on how the file of weights was taken, a sentence each
    digest: str = ""  # of the weights, as `adapters.base_digest` has it; empty where not asked for

    @property
    def title(self) -> str:
        """What a person calls it: "the pretrained ConvNet", or the name of the user's file."""
        is_own = self.weights != "pretrained"
        return self.weights if is_own else f"the pretrained {self.kind.title}"


def find(name: str) -> BuiltInModel:
    """The built-in model called `name`.

    Raises:
        ModelError: there is none; lists those that there are.
    """
    if name not in BUILT_IN:
        raise ModelError(f"There is no model {name!r}; there are {', '.join(BUILT_IN)}.")
    return BUILT_IN[name]


def open_model(
    settings: ModelSettings, should_stop: Callable[[], bool] = never_stop
) -> OpenedModel:
    """Build the network that `settings` names and load its weights, on the CPU.

    Raises:
        ModelError: the name is unknown, or the file of weights does not fit.
        Cancelled: `should_stop` said so.
    """
    kind = find(settings.name)
    network = kind.build()
    path = Path(settings.weights).expanduser() if settings.weights else kind.weights_file
    network.eval()
    notes = load_weights(network, path, lambda: unused_parameters(network, kind), should_stop)
    return OpenedModel(network, kind, path.name if settings.weights else "pretrained", notes)


def unused_parameters(network: nn.Module, kind: BuiltInModel) -> frozenset[str]:
    """Full names of the parameters that play no part in what `network` computes."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    with torch.enable_grad():
        logits = network(torch.zeros(1, 3, kind.image_size, kind.image_size))
    slopes = torch.autograd.grad(logits.sum(), parameters, allow_unused=True)
    return frozenset(name for name, slope in zip(names, slopes, strict=True) if slope is None)


def pretrained_facts(kind: BuiltInModel) -> dict[str, object]:
    """What the pretrained weights say of how they were made; empty if they say nothing.

    Raises:
        ModelError: there are no pretrained weights.
    """
    try:
        with safetensors.safe_open(kind.weights_file, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (OSError, safetensors.SafetensorError) as error:
        raise ModelError(f"The pretrained weights cannot be read: {error}") from error
    return {key: json.loads(value) for key, value in metadata.items()}
