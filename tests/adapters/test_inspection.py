"""Every tensor of a network is listed, with the modules that it hangs in and its memory."""

import torch
from torch import nn

from vera_studio.adapters.attach import attach, count
from vera_studio.adapters.inspection import tensors
from vera_studio.recipe import AdapterSettings


def by_name(network):
    found = tensors(network)
    assert len({info.name for info in found}) == len(found)
    return {info.name: info for info in found}


def test_a_bare_network_lists_its_parameters(convnet):
    found = tensors(convnet)
    assert [info.name for info in found] == [name for name, _ in convnet.named_parameters()]
    assert sum(info.count for info in found) == 89_118
    assert all(info.trainable and info.kind == "Parameter" for info in found)
    assert all(info.shared_with == () for info in found)


def test_what_is_said_of_a_tensor(convnet):
    info = by_name(convnet)["fc1.weight"]
    assert info.module_kinds == ("Linear",)
    assert (info.shape, info.count, info.bytes) == ((120, 400), 48_000, 192_000)
    assert info.dtype == "float32"
    assert info.address == convnet.fc1.weight.data_ptr()


def test_sizes_follow_the_dtype(convnet):
    info = by_name(convnet.double())["fc5.bias"]
    assert (info.dtype, info.count, info.bytes) == ("float64", 10, 80)


def test_an_adapted_network_trains_only_d_and_b(convnet):
    attach(convnet, AdapterSettings(rank=32))
    found = tensors(convnet)
    trainable = [info for info in found if info.trainable]
    assert {info.name.rpartition(".")[2] for info in trainable} == {"d", "b"}
    assert sum(info.count for info in trainable) == count(convnet).trainable == 542
    assert all(info.module_kinds == ("VeraLayer",) for info in trainable)


def test_the_base_is_inside_the_adapted_layer(convnet):
    attach(convnet, AdapterSettings(rank=32))
    info = by_name(convnet)["fc1.base.weight"]
    assert info.module_kinds == ("VeraLayer", "Linear")
    assert not info.trainable


def test_projections_are_buffers_in_every_layer_of_a_shape(convnet):
    attach(convnet, AdapterSettings(rank=32))
    found = by_name(convnet)
    info = found["fc3.projections.A"]
    assert info.kind == "Buffer"
    assert info.module_kinds == ("VeraLayer", "ProjectionPair")
    assert info.shared_with == ("fc4.projections.A",)
    assert found["fc4.projections.A"].shared_with == ("fc3.projections.A",)
    assert found["fc4.projections.A"].address == info.address
    assert found["fc1.projections.A"].shared_with == ()


def test_each_address_once_makes_the_counts(convnet):
    attach(convnet, AdapterSettings(rank=32))
    once = {info.address: info for info in tensors(convnet)}.values()
    counts = count(convnet)
    assert sum(info.count for info in once) == counts.total + counts.projections


def test_tensors_nested_and_tied():
    tied = nn.Linear(3, 3, bias=False)
    network = nn.Sequential(nn.Sequential(tied, nn.BatchNorm1d(3)), tied)
    found = by_name(network)
    assert found["0.0.weight"].module_kinds == ("Sequential", "Linear")
    assert found["1.weight"].shared_with == ("0.0.weight",)
    assert found["0.1.running_mean"].kind == "Buffer"
    assert found["0.1.num_batches_tracked"].shape == ()
    assert found["0.1.num_batches_tracked"].dtype == "int64"


def test_a_network_without_tensors():
    assert tensors(nn.ReLU()) == ()


def test_own_tensors_of_the_network_itself():
    network = nn.Module()
    network.scale = nn.Parameter(torch.ones(2), requires_grad=False)
    (info,) = tensors(network)
    assert (info.name, info.module_kinds, info.trainable) == ("scale", (), False)
