"""Copies of a network that share what is frozen."""

import copy

import torch
from torch import nn

from vera_studio.adapters.attach import adapter_parameters, attach, merge
from vera_studio.adapters.copies import sharing_copy
from vera_studio.recipe import AdapterSettings


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 5))


def addresses(network):
    return [t.data_ptr() for t in (*network.parameters(), *network.buffers())]


def test_a_copy_has_the_same_memory_and_the_same_outputs():
    network, images = make_network().eval(), torch.randn(2, 3, 8, 8)
    copied = sharing_copy(network)
    assert addresses(copied) == addresses(network)
    assert torch.equal(copied(images), network(images))


def test_what_is_done_to_the_copy_leaves_the_network_as_it_was():
    network = make_network().eval()
    before = copy.deepcopy(network.state_dict())
    copied = sharing_copy(network)
    attach(copied, AdapterSettings(rank=2, layers=("0", "3")))
    with torch.no_grad():
        for _, parameter in adapter_parameters(copied):
            parameter += 1
    merge(copied)
    assert not torch.equal(copied[3].weight, network[3].weight)
    copied.double()
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert list(network.state_dict()) == list(before)
    for name, value in network.state_dict().items():
        assert value.dtype == before[name].dtype
        assert torch.equal(value, before[name])


def test_weights_that_are_shared_stay_shared():
    network = make_network()
    network.append(nn.Linear(5, 5))
    network[4].weight = nn.Parameter(torch.eye(5))
    network.append(nn.Linear(5, 5))
    network[5].weight = network[4].weight
    copied = sharing_copy(network)
    assert copied[5].weight is copied[4].weight
    assert copied[5].weight is not network[5].weight


def test_the_adapter_itself_is_copied():
    network = make_network().eval()
    attach(network, AdapterSettings(rank=2, layers=("3",)))
    copied = sharing_copy(network)
    own = {name: p.data_ptr() for name, p in adapter_parameters(network)}
    assert own
    for name, parameter in adapter_parameters(copied):
        assert parameter.data_ptr() != own[name]
        assert parameter.requires_grad
    base = copied[3].base.weight
    assert base.data_ptr() == network[3].base.weight.data_ptr()
