"""The built-in models: how each is built, what its images must be, where its weights are."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import safetensors
from torch import nn

from vera_studio import environment
from vera_studio.errors import ModelError
from vera_studio.models import convnet
from vera_studio.models.checkpoint import load_weights
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


def open_model(settings: ModelSettings) -> OpenedModel:
    """Build the network that `settings` names and load its weights, on the CPU.

    Raises:
        ModelError: the name is unknown, or the file of weights does not fit.
    """
    kind = find(settings.name)
    network = kind.build()
    path = Path(settings.weights).expanduser() if settings.weights else kind.weights_file
    load_weights(network, path)
    network.eval()
    return OpenedModel(network, kind, path.name if settings.weights else "pretrained")


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
