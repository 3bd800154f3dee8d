"""Which layers settings stand for on a network: names, patterns, and what it has by default."""

import dataclasses

import pytest
import torch
from torch import nn

from vera_studio.adapters import attach
from vera_studio.adapters.sites import find_sites
from vera_studio.errors import AdapterError
from vera_studio.models.model import Model, open_model
from vera_studio.models.registry import find
from vera_studio.recipe import AdapterSettings, ModelSettings


class Small(nn.Module):
    """A convolution with its norm, a linear layer that is not used and one that is."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.aside = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x: torch.Tensor = self.head(self.norm(self.stem(images)).mean((2, 3)))
        return x


@pytest.fixture
def small():
    network = Small().eval()
    kind = dataclasses.replace(find("convnet"), build=lambda classes: Small())
    unused = frozenset({"aside"})
    return Model(network, kind, ("a", "b"), "pretrained", "0" * 64, find_sites(network), unused)


def with_default(model, *layers):
    return dataclasses.replace(model, kind=dataclasses.replace(model.kind, layers=layers))


def test_what_the_network_does_not_use_is_in_no_default_and_no_pattern(small):
    assert small.layers_for(AdapterSettings()) == ("head",)
    assert small.layers_for(AdapterSettings(layers=("*",))) == ("stem", "head")
    with pytest.raises(AdapterError, match="does not use aside"):
        small.layers_for(AdapterSettings(layers=("aside", "head")))


def test_the_default_is_the_networks_and_suits_the_method(small):
    model = with_default(small, "stem", "head")
    assert model.layers_for(AdapterSettings()) == ("stem", "head")
    assert model.layers_for(AdapterSettings(method="bias")) == ("norm", "head")
    assert model.settings_for(AdapterSettings()).layers == ("stem", "head")


def test_all_linear_layers_need_no_names():
    model = open_model(ModelSettings())
    assert model.settings_for(AdapterSettings()) == AdapterSettings()
    assert model.layers_for(AdapterSettings()) == ("fc1", "fc2", "fc3", "fc4", "fc5")
    assert model.unused == {"conv3"}
    assert "conv3" not in model.layers_for(AdapterSettings(layers=("conv*",)))


def test_a_pattern_at_which_nothing_can_be_trained_is_refused(small):
    with pytest.raises(AdapterError, match="VeRA finds nothing to train in norm\\*"):
        small.layers_for(AdapterSettings(layers=("norm*",)))


def test_a_plan_counts_as_an_attached_adapter_does(small):
    settings = AdapterSettings(rank=3, layers=("*",))
    planned = attach.plan(small.network, small.settings_for(settings), small.sites, small.size)
    attach.attach(small.network, small.settings_for(settings))
    assert planned == attach.count(small.network)
