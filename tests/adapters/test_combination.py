"""Two adapters in one: the weighted sum of their changes, whatever their methods."""

import dataclasses
import itertools
import math

import pytest
import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attached_layers, merge
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.combination import combine
from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError
from vera_studio.models.head import set_classes
from vera_studio.recipe import MAX_RANK, AdapterSettings

NAMES = ("a", "b", "c")
SETTINGS = {
    "vera": AdapterSettings(rank=3, seed=1),
    "vera of fc1 and fc3": AdapterSettings(rank=5, sharing="all", layers=("0.0", "2")),
    "lora": AdapterSettings(rank=2, method="lora", alpha=5.0),
    "full of one": AdapterSettings(method="full", layers=("0.2",)),
    "bias": AdapterSettings(method="bias"),
    "vera and the last": AdapterSettings(rank=3, head="2"),
    "the last": AdapterSettings(method="head", head="2"),
}


def reference(first, second, weights, network):
    """Weight and bias of each linear layer with both adapters on, in float64."""
    found = {}
    for name, tensor in network.state_dict().items():
        found[name] = tensor.double()
    for adapter, weight in ((first, weights[0]), (second, weights[1])):
        adapted = with_adapter(adapter, network).double()
        merge(adapted)
        for name, tensor in adapted.state_dict().items():
            found[name] = found[name] + weight * (tensor - network.state_dict()[name].double())
    return found


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.combinations_with_replacement(SETTINGS, 2))
)
def test_is_the_weighted_sum(small, make_adapter, one, other):
    first = make_adapter(small, SETTINGS[one], NAMES)
    second = make_adapter(small, SETTINGS[other], NAMES, seed=7)
    weights = (0.7, -1.6)
    both = combine(first, second, weights, small, NAMES)
    assert not attached_layers(small)
    merged = with_adapter(both, small, NAMES)
    merge(merged)
    expected = reference(first, second, weights, small)
    for name, tensor in merged.state_dict().items():
        torch.testing.assert_close(tensor.double(), expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "method", "rank"),
    [
        ("vera", "lora", "lora", 5),
        ("vera", "vera", "lora", 6),
        ("vera", "bias", "full", 32),
        ("full of one", "lora", "full", 32),
        ("bias", "bias", "bias", 32),
        ("vera and the last", "lora", "lora", 5),
        ("the last", "vera and the last", "lora", 3),
        ("the last", "the last", "head", 32),
        ("the last", "bias", "bias", 32),
    ],
)
def test_has_the_smallest_method_that_holds_both(
    small, make_adapter, tmp_path, one, other, method, rank
):
    first, second = (make_adapter(small, SETTINGS[key], NAMES) for key in (one, other))
    both = combine(first, second, (1.0, 0.5), small, NAMES)
    assert (both.info.settings.method, both.info.settings.rank) == (method, rank)
    assert both.info.settings.alpha is None
    has_last = "the last" in f"{one} {other}"
    assert both.info.settings.head == ("2" if has_last else None)
    layers = () if method == "head" else ("0.0", "0.2") if has_last else ("0.0", "0.2", "2")
    assert both.info.layers == layers
    adapter_file.write(tmp_path / "both.safetensors", both)
    again = adapter_file.load(tmp_path / "both.safetensors")
    assert again.info == both.info
    assert {name: value.tolist() for name, value in again.parameters.items()} == {
        name: value.tolist() for name, value in both.parameters.items()
    }


def test_says_what_it_was_made_from(small, make_adapter):
    first = make_adapter(small, SETTINGS["vera"], NAMES)
    first = dataclasses.replace(first, info=dataclasses.replace(first.info, name="birds"))
    both = combine(first, first, (0.25, 2), small, NAMES)
    assert both.info.training.combined == (("birds", 0.25), ("birds", 2))


def test_everything_that_keeps_two_apart_is_named(small, make_adapter):
    first = make_adapter(small, AdapterSettings(rank=1000, method="lora"), NAMES)
    other = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 2))
    second = make_adapter(other, AdapterSettings(rank=25), ("x", "y"))
    with pytest.raises(AdapterError) as raised:
        combine(first, second, (1.0, math.inf), small, NAMES)
    assert "different classes" in str(raised.value)
    assert "networks with different weights" in str(raised.value)
    assert "finite numbers, not 1.0 and inf" in str(raised.value)
    assert "their ranks together are 1,025, and 1,024 is the largest" in str(raised.value)


def test_the_largest_rank_is_allowed(small, make_adapter):
    first = make_adapter(small, AdapterSettings(rank=MAX_RANK - 3, method="lora"), NAMES)
    both = combine(first, make_adapter(small, SETTINGS["vera"], NAMES), (1, 1), small, NAMES)
    assert both.parameters["2.A"].shape == (MAX_RANK, 6)


def test_another_network_or_other_classes_are_refused(small, make_adapter):
    one = make_adapter(small, SETTINGS["vera"], NAMES)
    with pytest.raises(AdapterError, match="other classes"):
        combine(one, one, (1, 1), small, ("x", "y", "z"))
    with torch.no_grad():
        small[2].bias += 1
    with pytest.raises(AdapterError, match="other weights"):
        combine(one, one, (1, 1), small, NAMES)


def test_what_a_dtype_cannot_hold_is_refused(small, make_adapter):
    small.half()
    one = make_adapter(small, SETTINGS["lora"], NAMES)
    with pytest.raises(AdapterError, match=r"too large for its dtype: 0\.0\.B"):
        combine(one, one, (1e9, 1), small, NAMES)


@pytest.fixture
def own(small):
    """`small` with a new last layer, all zeros."""
    set_classes(small, 3, zeros=True)
    return small


def test_last_layers_for_own_classes_are_averaged_by_the_weights(own, make_adapter):
    settings = AdapterSettings(rank=2, method="lora", head="2")
    first, second = (make_adapter(own, settings, NAMES, seed=seed) for seed in (1, 2))
    both = combine(first, second, (3.0, 1.0), own, NAMES)
    assert both.info.has_own_classes
    for name in ("2.weight_change", "2.bias_change"):
        expected = 0.75 * first.parameters[name] + 0.25 * second.parameters[name]
        torch.testing.assert_close(both.parameters[name], expected)
    changes = [
        3.0 * first.parameters["0.0.B"] @ first.parameters["0.0.A"],
        second.parameters["0.0.B"] @ second.parameters["0.0.A"],
    ]
    torch.testing.assert_close(both.parameters["0.0.B"] @ both.parameters["0.0.A"], sum(changes))


@pytest.mark.parametrize(
    ("weights", "change", "message"),
    [
        ((1.0, -1.0), {}, "together must be more than 0, not 0"),
        ((1.0, 1.0), {"has_own_classes": False}, "only one of them has a last layer of its own"),
        ((1.0, 1.0), {"classes": Classes.of(("a", "b", "d"))}, "they are for different classes"),
    ],
)
def test_last_layers_that_do_not_go_together(own, make_adapter, weights, change, message):
    adapter = make_adapter(own, AdapterSettings(method="head", head="2"), NAMES)
    other = dataclasses.replace(adapter, info=dataclasses.replace(adapter.info, **change))
    with pytest.raises(AdapterError, match=message):
        combine(adapter, other, weights, own, NAMES)


def test_different_layers_cannot_be_whole(small, make_adapter):
    first, second = (
        make_adapter(small, AdapterSettings(method="head", head=head), NAMES)
        for head in ("2", "0.0")
    )
    with pytest.raises(AdapterError, match=r"they have different layers whole, 0\.0, 2"):
        combine(first, second, (1.0, 1.0), small, NAMES)
