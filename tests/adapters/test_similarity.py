"""The cosine of two changes, against a line of reference."""

import math

import pytest
import torch

from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.combination import combine
from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.similarity import similarities
from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings

NAMES = ("a", "b", "c")


def test_is_the_cosine_of_the_flattened_changes(small, make_adapter):
    first = make_adapter(small, AdapterSettings(rank=3), NAMES)
    second = make_adapter(small, AdapterSettings(rank=2, method="lora"), NAMES, seed=9)
    found = similarities(first, second, small, NAMES)
    assert list(found) == ["0.0", "0.2", "2"]
    ones, others = (attached_layers(with_adapter(a, small)) for a in (first, second))
    for name, value in found.items():
        one, other = (layers[name].delta_weight().double().flatten() for layers in (ones, others))
        expected = (one @ other / (one @ one).sqrt() / (other @ other).sqrt()).item()
        assert value == pytest.approx(expected, abs=1e-6)
        assert 1e-4 < abs(value) < 0.99
    assert not attached_layers(small)


@pytest.mark.parametrize("weight", [3.0, -0.5, 1e-30])
def test_only_the_direction_counts(small, make_adapter, weight):
    first = make_adapter(small, AdapterSettings(rank=3), NAMES)
    scaled = combine(first, first, (weight, 0.0), small, NAMES)
    for value in similarities(first, scaled, small, NAMES).values():
        assert value == pytest.approx(math.copysign(1, weight), abs=1e-6)
        assert abs(value) <= 1


def test_is_not_a_number_where_one_leaves_the_weight_alone(small, make_adapter):
    first = make_adapter(small, AdapterSettings(rank=3, layers=("0.0", "2")), NAMES)
    second = make_adapter(small, AdapterSettings(rank=3, layers=("0.2", "2")), NAMES)
    second.parameters["2.b"].zero_()
    found = similarities(first, second, small, NAMES)
    assert list(found) == ["0.0", "0.2", "2"]
    assert all(math.isnan(value) for value in found.values())
    bias = make_adapter(small, AdapterSettings(method="bias"), NAMES)
    assert all(math.isnan(value) for value in similarities(bias, bias, small, NAMES).values())


def test_an_adapter_of_another_network_is_refused(small, make_adapter):
    one = make_adapter(small, AdapterSettings(rank=3), NAMES)
    with torch.no_grad():
        small[2].bias += 1
    with pytest.raises(AdapterError, match="other weights"):
        similarities(one, one, small, NAMES)
