"""Every method against its dense weight, its counts, and its way through a file."""

import copy
import dataclasses
import itertools

import pytest
import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import (
    attach,
    attached_layers,
    count,
    detach,
    merge,
    pairs_of,
    plan,
)
from vera_studio.adapters.methods import METHODS
from vera_studio.adapters.projections import make_lora_a, make_pair
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.methods import METHOD_FACTS
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import AdapterSettings

ALL = [
    AdapterSettings(rank=4),
    AdapterSettings(rank=4, sharing="all"),
    AdapterSettings(rank=4, method="lora"),
    AdapterSettings(rank=4, method="lora", alpha=10.0, seed=3),
    AdapterSettings(method="full"),
    AdapterSettings(method="bias"),
    AdapterSettings(method="head", head="fc5"),
    AdapterSettings(rank=4, head="fc5"),
    AdapterSettings(rank=4, sharing="all", head="fc5"),
    AdapterSettings(rank=4, method="lora", head="fc5"),
    AdapterSettings(method="bias", head="fc5"),
]


def ids(settings):
    return f"{settings.method}-{settings.sharing}-{settings.alpha}-{settings.head}"


@pytest.fixture
def write_up():
    """The four layers of the write-up, 80 -> 120 -> 120 -> 120 -> 10."""
    sizes = (80, 120, 120, 120, 10)
    return nn.Sequential(*(nn.Linear(*pair) for pair in itertools.pairwise(sizes)))


def reference(layer, x):
    """The layer's outputs in float64, from dense weights written out by hand."""
    weight, bias = layer.base.weight.double(), layer.base.bias.double()
    own = {name: layer.get_parameter(name).double() for name in layer.adapter_parameter_names}
    if "d" in own:
        rows, columns = weight.shape
        a, b = layer.projections.A.double()[:, :columns], layer.projections.B.double()[:rows]
        weight = weight + torch.diag(own["b"]) @ b @ torch.diag(own["d"]) @ a
    if "A" in own:
        weight = weight + layer.scale * own["B"] @ own["A"]
    weight = weight + own.get("weight_change", 0)
    bias = bias + own.get("bias_change", 0)
    return x.double() @ weight.T + bias


def test_there_are_settings_for_every_method():
    assert METHODS.keys() == METHOD_FACTS.keys()


@pytest.mark.parametrize("settings", ALL, ids=ids)
def test_starts_as_the_base_and_acts_as_its_dense_weight(small, attach_trained, settings):
    x, settings = torch.randn(7, 6), dataclasses.replace(settings, head=settings.head and "2")
    fresh = copy.deepcopy(small)
    attach(fresh, settings)
    assert torch.equal(fresh(x), small(x))
    attach_trained(small, settings)
    for layer in attached_layers(small).values():
        torch.testing.assert_close(layer(x).double(), reference(layer, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("settings", ALL, ids=ids)
def test_merging_keeps_what_it_computes(convnet, images, attach_trained, settings):
    attach_trained(convnet, settings)
    expected = convnet(images)
    merge(convnet)
    assert not attached_layers(convnet)
    torch.testing.assert_close(convnet(images), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings", ALL, ids=ids)
def test_comes_back_from_a_file_bit_for_bit(convnet, images, tmp_path, attach_trained, settings):
    before = copy.deepcopy(convnet.state_dict())
    attach_trained(convnet, settings)
    expected, path = convnet(images), tmp_path / "a.safetensors"
    adapter_file.save(path, convnet, CLASS_NAMES, TrainingRecord())
    assert abs(path.stat().st_size - adapter_file.file_bytes(convnet, settings, CLASS_NAMES)) < 400
    detach(convnet)
    assert all(torch.equal(value, before[name]) for name, value in convnet.state_dict().items())
    content = adapter_file.load(path)
    layers = ("fc1", "fc2", "fc3", "fc4", "fc5")
    if settings.head:
        layers = () if settings.method == "head" else layers[:4]
    assert content.info.settings == dataclasses.replace(settings, layers=layers)
    adapter_file.apply(content, convnet, CLASS_NAMES)
    assert torch.equal(convnet(images), expected)


@pytest.mark.parametrize("settings", ALL, ids=ids)
def test_is_planned_as_it_is_counted(convnet, settings):
    planned = plan(convnet, settings)
    attach(convnet, settings)
    assert count(convnet) == planned
    trained = [p.numel() for p in convnet.parameters() if p.requires_grad]
    assert planned.trainable == sum(trained)


@pytest.mark.parametrize(
    ("settings", "trainable", "frozen", "pairs"),
    [
        (AdapterSettings(rank=16, method="lora"), 12_960, 0, 0),
        (AdapterSettings(rank=16), 434, 9_120, 3),
        (AdapterSettings(rank=16, sharing="all"), 434, 16 * (120 + 120), 1),
        (AdapterSettings(method="full"), 39_970, 0, 0),
        (AdapterSettings(method="bias"), 370, 0, 0),
    ],
)
def test_the_figures_of_the_write_up(write_up, settings, trainable, frozen, pairs):
    assert count(write_up).total == 39_970
    attach(write_up, settings)
    found = count(write_up)
    assert (found.trainable, found.projections, found.pairs) == (trainable, frozen, pairs)
    adds = settings.method in ("vera", "lora")  # the others change numbers that are there
    assert found.total == 39_970 + (trainable if adds else 0)


def test_one_pair_for_all_is_sliced_for_each_layer(convnet):
    attach(convnet, AdapterSettings(rank=8, seed=3, sharing="all"))
    (pair,) = set(pairs_of(convnet))
    expected = make_pair(8, 400, 120, seed=3)
    assert torch.equal(pair.A, expected.A)
    assert torch.equal(pair.B, expected.B)
    for layer in attached_layers(convnet).values():
        A, B = layer.sliced()  # noqa: N806
        assert A.shape == (8, layer.base.in_features)
        assert B.shape == (layer.base.out_features, 8)
        assert A.data_ptr() == pair.A.data_ptr()
        assert B.data_ptr() == pair.B.data_ptr()


def test_the_first_a_of_lora_is_its_own_in_every_layer():
    first = make_lora_a(4, 100, seed=0, layer=0)
    assert first.shape == (4, 100)
    assert 0.08 < first.abs().max() <= 0.1
    assert torch.equal(first, make_lora_a(4, 100, seed=0, layer=0))
    others = [make_lora_a(4, 100, 0, 1), make_lora_a(4, 100, 1, 0), make_pair(4, 100, 4, 0).A]
    assert not any(torch.allclose(first, one) for one in others)


def test_layers_without_a_bias(images):
    network = nn.Sequential(nn.Linear(6, 6, bias=False), nn.Linear(6, 3))
    with pytest.raises(AdapterError, match="finds nothing to train in 0"):
        attach(network, AdapterSettings(method="bias"))
    attach(network, AdapterSettings(method="bias", layers=("1",)))
    assert count(network).trainable == 3
    detach(network)
    attach(network, AdapterSettings(method="full"))
    assert count(network).trainable == 36 + 18 + 3
    merge(network)
    assert network[0].bias is None


# Projections of another program's making


@pytest.fixture
def stored(convnet, attach_trained, tmp_path):
    """An adapter whose projections no seed makes, in a file, and the network that has it on."""
    pair = make_pair(4, 410, 130, seed=9)
    pair.A.mul_(2)
    settings = AdapterSettings(rank=4, sharing="all")
    attach_trained(convnet, settings)
    values = adapter_file.parameters(convnet)
    detach(convnet)
    attach(convnet, settings, pair)
    adapter_file.load_parameters(convnet, values)
    path = tmp_path / "stored.safetensors"
    adapter_file.save(path, convnet, CLASS_NAMES, TrainingRecord())
    return path, convnet


def test_stored_projections_come_with_the_file(stored, images):
    path, network = stored
    expected = network(images)
    detach(network)
    content = adapter_file.load(path)
    assert content.parameters.keys() == {f"fc{n}.{v}" for n in range(1, 6) for v in ("d", "b")}
    adapter_file.apply(content, network, CLASS_NAMES)
    assert torch.equal(network(images), expected)


def test_damaged_stored_projections_are_refused(stored):
    path, network = stored
    content = adapter_file.load(path)
    content.projections.A[0, 0] += 1
    with pytest.raises(AdapterError, match="projections in its file are damaged"):
        adapter_file.apply(content, network, CLASS_NAMES)


def test_stored_projections_that_are_too_small_are_refused(stored):
    path, network = stored
    content = adapter_file.load(path)
    small = dataclasses.replace(content, projections=make_pair(4, 399, 120, seed=0))
    with pytest.raises(AdapterError, match="expected 400 columns of A and 120 rows of B"):
        adapter_file.apply(small, network, CLASS_NAMES)
