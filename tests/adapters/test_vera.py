"""One VeRA layer against a few lines of reference, and training it."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from vera_studio.adapters.attach import attach, attached_layers
from vera_studio.adapters.projections import make_pair
from vera_studio.adapters.sites import find_sites
from vera_studio.adapters.vera import VeraLayer
from vera_studio.recipe import AdapterSettings


def site_of(base):
    """The one weight of a layer that hangs nowhere else."""
    return find_sites(nn.Sequential(base))["0"]


@pytest.fixture
def layer():
    """5 -> 3 at rank 4, with d and b as if trained."""
    layer = VeraLayer(site_of(nn.Linear(5, 3)), make_pair(4, 5, 3, seed=0), d_initial=0.1)
    with torch.no_grad():
        layer.d.normal_()
        layer.b.normal_()
    return layer


def reference_delta(layer):
    """diag(b) B diag(d) A, written out in float64."""
    a, b = layer.projections.A.double(), layer.projections.B.double()
    return torch.diag(layer.b.double()) @ b @ torch.diag(layer.d.double()) @ a


def test_starts_as_the_base_with_d_as_set():
    base = nn.Linear(5, 3)
    layer = VeraLayer(site_of(base), make_pair(4, 5, 3, seed=0), d_initial=0.25)
    x = torch.randn(7, 5)
    assert torch.equal(layer(x), base(x))
    assert layer.base is base
    assert layer.d.tolist() == [0.25] * 4
    assert layer.b.tolist() == [0.0] * 3


@pytest.mark.parametrize("leading", [(), (7,), (2, 3), (0,), (2, 3, 4)])
def test_forward_equals_the_dense_weight(layer, leading):
    x = torch.randn(*leading, 5)
    weight = layer.base.weight.double() + reference_delta(layer)
    expected = x.double() @ weight.T + layer.base.bias.double()
    assert layer(x).shape == (*leading, 3)
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)


def test_delta_weight_is_rounded_once(layer):
    delta = layer.delta_weight()
    assert delta.shape == (3, 5)
    assert not delta.requires_grad
    torch.testing.assert_close(delta.double(), reference_delta(layer), rtol=2**-23, atol=0)


def test_works_without_bias_and_in_evaluation_mode():
    base = nn.Linear(5, 3, bias=False).eval()
    layer = VeraLayer(site_of(base), make_pair(4, 5, 3, seed=0), d_initial=0.1)
    assert not layer.training
    assert torch.equal(layer(torch.ones(5)), base(torch.ones(5)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_keeps_the_dtype_of_the_base(dtype):
    network = nn.Sequential(nn.Linear(5, 3).to(dtype))
    attach(network, AdapterSettings(rank=4))
    (layer,) = attached_layers(network).values()
    parts = (layer.d, layer.b, layer.projections.A, layer.projections.B, layer.delta_weight())
    assert {part.dtype for part in parts} == {dtype}
    assert network(torch.ones(2, 5, dtype=dtype)).dtype == dtype


def test_gradients_equal_those_of_the_dense_weight(layer):
    x, target = torch.randn(6, 5), torch.randn(6, 3)
    loss = (layer(x) - target).square().sum()
    found = torch.autograd.grad(loss, (layer.d, layer.b))
    weight = layer.base.weight + reference_delta(layer)
    loss = (x.double() @ weight.T + layer.base.bias - target).square().sum()
    expected = torch.autograd.grad(loss, (layer.d, layer.b))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_never_forms_the_dense_product():
    layer = VeraLayer(site_of(nn.Linear(50, 40)), make_pair(2, 50, 40, seed=0), d_initial=0.1)
    with FlopCounterMode(display=False) as counter:
        layer(torch.ones(3, 50))
    assert counter.get_total_flops() == 2 * 3 * (50 * 40 + 50 * 2 + 2 * 40)


def test_training_moves_d_and_b_and_nothing_else(convnet, images):
    before = copy.deepcopy(convnet.state_dict())
    attach(convnet, AdapterSettings(rank=8, seed=3))
    layers = attached_layers(convnet)
    pairs = {name: layer.projections.A.clone() for name, layer in layers.items()}
    parameters = [p for p in convnet.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=0.05)
    losses = []
    for _ in range(8):
        loss = nn.functional.cross_entropy(convnet(images), torch.tensor([0, 1, 2, 3, 4]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    for name, layer in layers.items():
        assert layer.b.any()
        assert not torch.all(layer.d == 0.1)
        assert torch.equal(layer.projections.A, pairs[name])
    after = {name.replace(".base.", "."): value for name, value in convnet.state_dict().items()}
    assert all(torch.equal(after[name], value) for name, value in before.items())
