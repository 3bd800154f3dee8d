"""The ConvNet that the studio starts from: a small LeNet for 32 x 32 colour images."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from vera_studio import environment
from vera_studio.data.preprocessing import square
from vera_studio.models.checkpoint import load_weights
from vera_studio.models.kind import NetworkKind

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


class ConvNet(nn.Module):
    """Two convolutions and five linear layers; 89,118 parameters.

    `conv3` is defined but not part of the forward pass, as in the network that the
    studio's figures refer to; its weights count and are saved all the same.
    """

    def __init__(self, classes: int = len(CLASS_NAMES)) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, kernel_size=5)
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.conv3 = nn.Conv2d(16, 32, kernel_size=5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 84)
        self.fc4 = nn.Linear(84, 84)
        self.fc5 = nn.Linear(84, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (batch, classes) of normalised images (batch, 3, 32, 32)."""
        x = self.pool(F.relu(self.conv1(images)))  # (batch, 6, 14, 14)
        x = self.pool(F.relu(self.conv2(x)))  # (batch, 16, 5, 5)
        x = torch.flatten(x, start_dim=1)  # (batch, 400)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        x = F.relu(self.fc4(x))
        logits: torch.Tensor = self.fc5(x)
        return logits


def kind() -> NetworkKind:
    """The ConvNet with the weights that are shipped with the studio."""
    return NetworkKind(
        name="convnet",
        title="ConvNet",
        build=ConvNet,
        load=_load,
        class_names=CLASS_NAMES,
        preprocessing=square(32),
        parameters=89_118,
        shipped=environment.resources_folder() / "convnet.safetensors",
    )


def _load(network: nn.Module, path: Path) -> None:
    load_weights(network, path)
