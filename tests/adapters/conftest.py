"""Small seeded networks, and adapters that look trained."""

import copy

import pytest
import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import adapter_parameters, attach, detach
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.models.convnet import CLASS_NAMES, ConvNet
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


@pytest.fixture
def state_of():
    """A function that tells all that an unchanged network must still be."""

    def state_of(network: nn.Module):
        return (
            [(name, id(module)) for name, module in network.named_modules()],
            [(name, p.requires_grad, p._version) for name, p in network.named_parameters()],
        )

    return state_of


@pytest.fixture
def settings():
    """What `trained` has on."""
    return AdapterSettings(rank=32, seed=5, d_initial=0.2)


@pytest.fixture
def training():
    """Figures as a run of the studio has them."""
    told = {
        "before": [0.654321, 0.7] * 5,
        "after": [0.654321, 0.123456] * 5,
        "targets": ["bird", "cat", "dog"],
        "epochs": 6,
        "best_epoch": 5,
        "validation_accuracy": 0.654321,
        "data": "cifar10",
        "images": 15_000,
    }
    return TrainingRecord.from_json(told)


@pytest.fixture
def trained(convnet, settings, attach_trained):
    attach_trained(convnet, settings)
    return convnet


@pytest.fixture
def bare(trained):
    """The base of `trained`, without an adapter."""
    network = copy.deepcopy(trained)
    detach(network)
    return network


@pytest.fixture
def path(trained, settings, training, tmp_path):
    """An adapter file of `trained`."""
    path = tmp_path / "birds.safetensors"
    adapter_file.save(path, trained, CLASS_NAMES, training)
    return path
