"""Small seeded networks, and adapters that look trained."""

import pytest
import torch
from torch import nn

from vera_studio.adapters.attach import adapter_parameters, attach
from vera_studio.models.convnet import ConvNet
from vera_studio.recipe import AdapterSettings


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture
def convnet():
    return ConvNet().eval()


@pytest.fixture
def images():
    return torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def small():
    """Two layers of one shape, one of another, nested."""
    body = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6))
    return nn.Sequential(body, nn.ReLU(), nn.Linear(6, 3))


@pytest.fixture
def attach_trained():
    """A function that attaches and gives d and b values as after training."""

    def attach_and_fill(network: nn.Module, settings: AdapterSettings) -> None:
        attach(network, settings)
        generator = torch.Generator().manual_seed(2)
        with torch.no_grad():
            for _, parameter in adapter_parameters(network):
                noise = torch.randn(parameter.shape, generator=generator)
                parameter += 0.1 * noise.to(parameter)

    return attach_and_fill
