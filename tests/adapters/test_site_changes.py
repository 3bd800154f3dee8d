"""What an adapter did to each weight agrees with the plainest way to find it."""

import math

import pytest
import torch

from vera_studio.adapters.attach import attach, attached_layers
from vera_studio.adapters.site_changes import (
    MOST_POINTS,
    effective_rank,
    set_to_zero,
    shrunk,
    site_changes,
)
from vera_studio.errors import Cancelled
from vera_studio.recipe import AdapterSettings

SETTINGS = {
    "vera": AdapterSettings(rank=4),
    "vera, one pair": AdapterSettings(rank=4, sharing="all", layers=("conv2", "fc1", "fc3")),
    "lora": AdapterSettings(method="lora", rank=3, layers=("conv2", "fc4")),
    "full": AdapterSettings(method="full"),
    "bias": AdapterSettings(method="bias"),
    "head": AdapterSettings(method="head", head="fc5"),
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_norms_rank_and_heat(convnet, attach_trained, settings):
    attach_trained(convnet, settings)
    layers = attached_layers(convnet)
    found = list(site_changes(convnet))
    assert [one.name for one in found] == list(layers)
    for one, layer in zip(found, layers.values(), strict=True):
        delta, weight = layer.delta_weight().double(), layer.site.weight.detach()
        assert (one.out, one.fan_in) == tuple(delta.shape)
        assert one.change_norm == pytest.approx(float(delta.pow(2).sum().sqrt()), rel=1e-4)
        assert one.weight_norm == pytest.approx(float(weight.pow(2).sum().sqrt()), rel=1e-4)
        assert one.heat.shape == tuple(min(size, MOST_POINTS) for size in delta.shape)
        values = torch.linalg.svdvals(delta)
        values = values[values > 1e-5 * values.max()] if one.change_norm else values[:0]
        shares = [float(value / values.sum()) for value in values]
        if not shares:
            assert math.isnan(one.effective_rank)
            continue
        entropy = -sum(share * math.log(share) for share in shares)
        assert one.effective_rank == pytest.approx(math.exp(entropy), rel=1e-3)
        largest = delta.flatten()[delta.abs().argmax()]
        assert one.heat.flat[abs(one.heat).argmax()] == pytest.approx(float(largest), rel=1e-4)
        assert one.relative == pytest.approx(one.change_norm / one.weight_norm)


def test_what_it_says_of_a_layer(convnet, attach_trained):
    attach_trained(convnet, AdapterSettings(rank=4))
    fc3 = next(one for one in site_changes(convnet) if one.name == "fc3")
    assert (fc3.method, fc3.kind, fc3.rank, fc3.shared_with) == ("vera", "linear", 4, ("fc4",))
    assert {name: value.shape for name, value in fc3.parameters.items()} == {"d": (4,), "b": (84,)}
    assert fc3.shape_of == {"d": (4,), "b": (84,)}
    assert fc3.effective_rank <= 4
    assert fc3.heat.tolist() == pytest.approx(convnet.fc3.delta_weight().numpy(), abs=1e-6)


def test_an_untrained_adapter_changed_nothing(convnet):
    attach(convnet, AdapterSettings(rank=4))
    for one in site_changes(convnet):
        assert one.change_norm == one.relative == 0
        assert math.isnan(one.effective_rank)
        assert not one.heat.any()


def test_the_effective_rank_counts_directions():
    assert effective_rank(torch.tensor([3.0, 3.0, 3.0, 0.0])) == pytest.approx(3)
    assert effective_rank(torch.tensor([2.0, 0.0])) == pytest.approx(1)
    assert 1 < effective_rank(torch.tensor([2.0, 0.5])) < 2
    assert math.isnan(effective_rank(torch.zeros(3)))


def test_a_shrunk_matrix_keeps_what_is_furthest_from_zero():
    matrix = torch.tensor([[1.0, -5, 0, 2, 3], [0, 4, -1, 1, 1], [7, 0, 0, 0, -8]])
    assert shrunk(matrix, 2, 2).tolist() == [[-5.0, 3.0], [7.0, -8.0]]
    assert torch.equal(shrunk(matrix, 3, 5), matrix)


def test_set_to_zero_for_a_while(convnet, images, attach_trained):
    with torch.no_grad():
        bare = convnet(images)
        attach_trained(convnet, AdapterSettings(rank=4))
        adapted = convnet(images)
        with set_to_zero(convnet, {"fc2", "fc5"}):
            one_way = convnet(images)
        with set_to_zero(convnet, set(attached_layers(convnet))):
            torch.testing.assert_close(convnet(images), bare)
        assert torch.equal(convnet(images), adapted)
        with torch.no_grad():
            for name in ("fc2", "fc5"):
                convnet.get_submodule(name).b.zero_()
        torch.testing.assert_close(convnet(images), one_way)
    assert not torch.allclose(one_way, adapted)


def test_it_stops_when_asked(convnet, attach_trained):
    attach_trained(convnet, AdapterSettings(rank=4))
    with pytest.raises(Cancelled):
        list(site_changes(convnet, lambda: True))
