"""Attaching, sharing, freezing, counting, detaching and merging."""

import copy
import dataclasses
import time

import pytest
import torch
from torch import nn

from vera_studio.adapters.attach import (
    Counts,
    attach,
    attached_layers,
    count,
    detach,
    freeze,
    merge,
    plan,
)
from vera_studio.adapters.sites import find_sites
from vera_studio.errors import AdapterError
from vera_studio.recipe import MAX_RANK, AdapterSettings

FIVE = ["fc1", "fc2", "fc3", "fc4", "fc5"]


def linear_layers(network):
    """The linear layers that can be adapted, by full name."""
    sites = find_sites(network).items()
    return {name: site.places[0].module for name, site in sites if site.kind == "linear"}


def addresses(network):
    """Memory address of A and of B in each adapted layer."""
    return {
        name: (layer.projections.A.data_ptr(), layer.projections.B.data_ptr())
        for name, layer in attached_layers(network).items()
    }


def test_the_figures_of_the_convnet(convnet):
    attach(convnet, AdapterSettings(rank=32))
    counts = count(convnet)
    assert (counts.trainable, counts.total, counts.pairs) == (542, 89_660, 4)
    assert f"{counts.share:.2%}" == "0.60%"
    assert counts.projections == 32 * (400 + 120 + 120 + 84 + 84 + 84 + 84 + 10)


def test_without_an_adapter_all_is_base(convnet):
    assert count(convnet) == Counts(trainable=0, total=89_118, projections=0, pairs=0)
    assert count(nn.ReLU()).share == 0


@pytest.mark.parametrize("rank", [1, 7, 32, 64, MAX_RANK])
@pytest.mark.parametrize("layers", [None, ("fc3", "fc4"), ("fc5",), ("fc4", "fc1"), tuple(FIVE)])
def test_the_plan_is_what_comes_out(convnet, rank, layers):
    settings = AdapterSettings(rank=rank, layers=layers)
    planned = plan(convnet, settings)
    attach(convnet, settings)
    assert count(convnet) == planned
    assert plan(convnet, settings) == planned
    trained = sum(p.numel() for p in convnet.parameters() if p.requires_grad)
    assert trained == planned.trainable
    memory = {pair for pairs in addresses(convnet).values() for pair in pairs}
    assert len(memory) == 2 * planned.pairs


def test_planning_is_fast_enough_for_a_slider(convnet):
    attach(convnet, AdapterSettings())
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        plan(convnet, AdapterSettings(rank=MAX_RANK))
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.001


def test_an_untrained_adapter_changes_no_bit(convnet, images):
    before = convnet(images)
    attach(convnet, AdapterSettings(d_initial=2.5))
    assert torch.equal(convnet(images), before)


def test_lists_the_same_layers_with_and_without_an_adapter(convnet, small):
    assert list(linear_layers(small)) == ["0.0", "0.2", "2"]
    before = linear_layers(convnet)
    assert list(before) == FIVE
    attach(convnet, AdapterSettings(layers=("fc2", "fc4")))
    assert linear_layers(convnet) == before
    assert list(linear_layers(convnet)) == FIVE
    assert list(attached_layers(convnet)) == ["fc2", "fc4"]


def test_adapts_only_the_chosen_layers(convnet):
    bases = linear_layers(convnet)
    attach(convnet, AdapterSettings(rank=4, layers=("fc4", "fc1")))
    layers = attached_layers(convnet)
    assert list(layers) == ["fc1", "fc4"]
    assert all(layer.base is bases[name] for name, layer in layers.items())
    assert convnet.fc2 is bases["fc2"]


@pytest.mark.parametrize(
    "change",
    [
        lambda network: network,
        copy.deepcopy,
        lambda network: network.to(torch.float64),
        lambda network: copy.deepcopy(network).to(torch.float64).float(),
    ],
    ids=["as attached", "copied", "converted", "copied and converted"],
)
def test_layers_of_one_shape_share_memory(convnet, change):
    attach(convnet, AdapterSettings())
    network = change(convnet)
    found = addresses(network)
    assert found["fc3"] == found["fc4"]
    assert len(set(found.values())) == 4
    assert network.fc3.projections is network.fc4.projections
    assert {p.dtype for p in network.parameters()} == {network.fc3.projections.A.dtype}


def test_a_copy_shares_no_memory_with_the_original(convnet):
    attach(convnet, AdapterSettings())
    copied = copy.deepcopy(convnet)
    assert not set(addresses(copied).values()) & set(addresses(convnet).values())


def test_layers_of_one_shape_but_two_dtypes_do_not_share():
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4).double())
    settings = AdapterSettings(rank=2)
    planned = plan(network, settings)
    attach(network, settings)
    assert planned == count(network)
    assert planned.pairs == 2


def test_freezes_all_but_what_the_layers_declare(convnet):
    attach(convnet, AdapterSettings(layers=("fc1", "fc5")))
    convnet.requires_grad_(True)
    freeze(convnet)
    trained = {name for name, p in convnet.named_parameters() if p.requires_grad}
    assert trained == {"fc1.d", "fc1.b", "fc5.d", "fc5.b"}


def test_the_state_dict_has_no_projections(small):
    attach(small, AdapterSettings(rank=2, layers=("2",)))
    names = {name for name in small.state_dict() if name.startswith("2.")}
    assert names == {"2.base.weight", "2.base.bias", "2.d", "2.b"}


def test_detach_gives_back_the_very_network(convnet, images, attach_trained, state_of):
    convnet.conv1.requires_grad_(False)
    convnet.fc2.bias.requires_grad_(False)
    before, logits = state_of(convnet), convnet(images)
    attach_trained(convnet, AdapterSettings(rank=4))
    assert not torch.equal(convnet(images), logits)
    detach(convnet)
    assert state_of(convnet) == before
    assert torch.equal(convnet(images), logits)
    detach(convnet)
    assert state_of(convnet) == before


def test_detaching_a_copy_thaws_the_copy_alone(convnet):
    attach(convnet, AdapterSettings())
    copied = copy.deepcopy(convnet)
    detach(copied)
    assert all(p.requires_grad for p in copied.parameters())
    assert not convnet.conv1.weight.requires_grad


@pytest.mark.parametrize("rank", [1, 32, 256])
def test_merged_predicts_as_attached(convnet, images, attach_trained, rank):
    attach_trained(convnet, AdapterSettings(rank=rank))
    attached = convnet(images)
    merge(convnet)
    assert not attached_layers(convnet)
    assert all(type(layer) is nn.Linear for layer in linear_layers(convnet).values())
    torch.testing.assert_close(convnet(images), attached, rtol=0, atol=1e-5)


def test_merging_twice_is_merging_once(convnet, images, attach_trained, state_of):
    attach_trained(convnet, AdapterSettings())
    merge(convnet)
    once = convnet(images)
    before = state_of(convnet)
    merge(convnet)
    assert torch.equal(convnet(images), once)
    assert state_of(convnet) == before


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_merging_keeps_dtype_and_weight_object(small, attach_trained, dtype):
    small.to(dtype)
    weight = small[2].weight
    attach_trained(small, AdapterSettings(rank=2))
    merge(small)
    assert small[2].weight is weight
    assert weight.dtype == dtype
    assert weight.requires_grad


def test_a_second_adapter_is_refused(convnet, state_of):
    attach(convnet, AdapterSettings(layers=("fc1",)))
    before = state_of(convnet)
    with pytest.raises(AdapterError, match="has an adapter already"):
        attach(convnet, AdapterSettings(layers=("fc2",)))
    assert state_of(convnet) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            AdapterSettings(layers=("fc1", "fc9", "conv9")),
            "names fc9, conv9; the network has conv1",
        ),
        (AdapterSettings(layers=()), "at least one layer"),
        (AdapterSettings(rank=0), "Rank must be from 1 to 1,024, not 0"),
        (AdapterSettings(rank=MAX_RANK + 1), "not 1,025"),
        (AdapterSettings(seed=2**31), "Adapter seed"),
        (AdapterSettings(d_initial=float("nan")), "Initial value of d"),
    ],
)
@pytest.mark.parametrize("function", [attach, plan])
def test_settings_that_do_not_fit_change_nothing(convnet, function, settings, message, state_of):
    before = state_of(convnet)
    with pytest.raises(AdapterError, match=message):
        function(convnet, settings)
    assert state_of(convnet) == before


def test_all_problems_are_named_at_once(convnet):
    settings = AdapterSettings(rank=0, seed=-1, layers=("fc9",))
    with pytest.raises(AdapterError, match=r"(?s)Rank.*seed.*fc9"):
        attach(convnet, settings)


def test_a_network_without_linear_layers_is_refused():
    with pytest.raises(AdapterError, match="no linear layer"):
        attach(nn.Sequential(nn.Conv2d(3, 3, 1)), AdapterSettings())
    with pytest.raises(AdapterError, match="no linear layer"):
        attach(nn.Linear(2, 2), AdapterSettings())  # has no parent to be replaced in


def test_a_layer_that_hangs_in_two_places_is_adapted_in_both():
    layer = nn.Linear(4, 4)
    network = nn.Sequential(layer, nn.ReLU(), layer)
    attach(network, AdapterSettings(rank=2))
    assert network[0] is network[2]
    assert network[0].base is layer
    assert count(network).trainable == 2 + 4
    detach(network)
    assert network[0] is network[2] is layer


def test_linear_layers_that_others_read_the_weight_of_are_left_alone():
    attention = nn.MultiheadAttention(4, 2)
    network = nn.ModuleDict({"attention": attention, "head": nn.Linear(4, 2)})
    assert list(linear_layers(network)) == ["head"]


def test_hooks_on_a_base_layer_go_on_working(convnet, images):
    seen = []
    convnet.fc2.register_forward_hook(lambda *_: seen.append("fc2"))
    attach(convnet, AdapterSettings())
    convnet(images)
    assert seen == ["fc2"]


def test_counts_cannot_be_changed(convnet):
    with pytest.raises(dataclasses.FrozenInstanceError):
        count(convnet).total = 0
