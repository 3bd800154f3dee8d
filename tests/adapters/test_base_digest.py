"""The fingerprint of the base."""

import copy

import pytest
import torch
from torch import nn

from vera_studio.adapters.attach import merge
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.tensor_digest import digest_tensors
from vera_studio.recipe import AdapterSettings


def test_covers_every_parameter_and_buffer_by_name():
    network = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    expected = digest_tensors(sorted(network.state_dict().items()))
    assert base_digest(network) == expected


def test_is_the_same_with_an_adapter_on(convnet, attach_trained):
    before = base_digest(convnet)
    attach_trained(convnet, AdapterSettings(layers=("fc1", "fc4")))
    assert base_digest(convnet) == before
    merge(convnet)
    assert base_digest(convnet) != before


@pytest.mark.parametrize("name", ["conv3.weight", "fc5.bias"])
def test_depends_on_every_bit(convnet, name):
    changed = copy.deepcopy(convnet)
    with torch.no_grad():
        values = changed.get_parameter(name).view(-1)
        values[-1] = torch.nextafter(values[-1], torch.tensor(9.0))
    assert base_digest(changed) != base_digest(convnet)


def test_depends_on_names_and_dtype(small):
    before = base_digest(small)
    assert base_digest(nn.ModuleDict({"inner": small})) != before
    assert base_digest(small.double()) != before
