"""The pretrained network, images, and PEFT, which takes seconds to import."""

import pytest
import torch
from torch import nn

from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture
def model():
    return open_model(ModelSettings())


@pytest.fixture
def convnet(model):
    return model.network


@pytest.fixture
def images():
    return torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="session")
def peft():
    """The module; imported here, so that tests without it start at once."""
    import peft

    return peft


class Twins(nn.Module):
    """Two layers of which one's name is the end of the other's."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 4)
        self.body = nn.ModuleDict({"fc1": nn.Linear(5, 6), "fcx1": nn.Linear(6, 6)})

    def forward(self, x):
        return self.fc1(self.body["fcx1"](torch.relu(self.body["fc1"](x))))


@pytest.fixture
def twins():
    return Twins().eval()
