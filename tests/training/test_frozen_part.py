"""A split network computes what the whole does, and what cannot be split is told."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vera_studio.adapters.attach import adapter_parameters, attach
from vera_studio.models.convnet import ConvNet
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.training.frozen_part import CannotSplitError, _shaken, in_bfloat16, split


def images(count=5, seed=0):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) - 0.5


def adapted(make, **settings):
    """A network with an adapter that has been trained, as far as anyone can see."""
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = make().eval()
    attach(network, AdapterSettings(rank=4, **settings))
    for _, parameter in adapter_parameters(network):
        parameter.data.uniform_(-1, 1, generator=generator)
    return network


class Residual(nn.Module):
    """Normalised, with a skip around the adapted layers and an in-place function."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=8)
        self.norm = nn.BatchNorm2d(4)
        self.inner = nn.Linear(4, 4)
        self.last = nn.Linear(4 * 16, 10)

    def forward(self, x):
        x = F.relu(self.norm(self.first(x)), inplace=True)  # (batch, 4, 4, 4)
        changed = self.inner(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.last((x + changed).flatten(1))


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3072, 10)

    def forward(self, x):
        return self.layer(x.flatten(1)) if x.sum() > 0 else self.layer(-x.flatten(1))


class MixesTheBatch(nn.Module):
    """What it computes of an image depends on the other images."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3072, 10)

    def forward(self, x):
        x = x.flatten(1)
        return self.layer(x - x.mean(dim=0))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 6), nn.ReLU(), nn.Linear(6, 10))


@pytest.mark.parametrize(
    ("make", "layers", "width"),
    [
        (ConvNet, None, 120 + 4),  # the first layer's own output and A x
        (ConvNet, ("fc5",), 10 + 4),
        (ConvNet, ("fc2", "fc4"), 84 + 4),
        (Residual, None, 64),  # before the adapted layer: behind it are x, for the skip, and more
        (mlp, None, 6 + 4),
    ],
)
def test_the_parts_compute_what_the_whole_does(make, layers, width):
    network = adapted(make, layers=layers)
    parts = split(network, images())
    assert parts.width == width
    features = parts.frozen(images(7, seed=3))
    assert features.shape == (7, width)
    assert features.dtype == parts.dtype
    assert not features.requires_grad
    torch.testing.assert_close(
        parts.trained(features), network(images(7, seed=3)), rtol=1e-5, atol=1e-6
    )


def test_gradients_are_those_of_the_whole():
    network = adapted(ConvNet)
    parts = split(network, images())
    labels = torch.tensor([0, 1, 2, 3, 4])
    parameters = [parameter for _, parameter in adapter_parameters(network)]
    found = torch.autograd.grad(
        F.cross_entropy(parts.trained(parts.frozen(images())), labels), parameters
    )
    expected = torch.autograd.grad(F.cross_entropy(network(images()), labels), parameters)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
        assert other.abs().sum() > 0


def test_the_parts_follow_what_is_trained():
    network = adapted(ConvNet)
    parts = split(network, images())
    features = parts.frozen(images())
    before = parts.trained(features)
    network.fc3.b.data += 1
    assert not torch.allclose(parts.trained(features), before)
    torch.testing.assert_close(parts.trained(features), network(images()), rtol=1e-5, atol=1e-6)


def test_what_is_trained_is_as_it_was_afterwards():
    network = adapted(ConvNet)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    split(network, images())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


class Reshaping(nn.Module):
    """Cannot take an empty batch, as many networks cannot."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3072, 10)

    def forward(self, x):
        return self.layer(x.view(x.size(0), -1))


def test_one_image_is_enough():
    assert split(adapted(Reshaping), images(1)).width == 10 + 4


def test_other_threads_can_use_their_networks_meanwhile():
    """fx changes nn.Module for the whole process while it traces."""
    network, other = adapted(ConvNet), ConvNet().eval()
    failures, done = [], threading.Event()

    def evaluate():
        while not done.is_set():
            try:
                with torch.no_grad():
                    other(images(2))
            except Exception as error:
                failures.append(error)

    thread = threading.Thread(target=evaluate)
    thread.start()
    for _ in range(60):
        split(network, images(2))
    done.set()
    thread.join()
    assert failures == []


def test_an_output_that_is_no_tensor_is_told():
    class Two(ConvNet):
        def forward(self, x):
            return super().forward(x), x

    with pytest.raises(CannotSplitError, match="it gives tuple, not a tensor"):
        split(adapted(Two), images(), most_width=10_000)


def test_a_device_without_bfloat16_stays_with_float32(monkeypatch):
    parts = split(adapted(ConvNet), images())

    def unsupported(*_, **__):
        raise RuntimeError("GET was unable to find an engine to execute this computation")

    monkeypatch.setattr(torch, "autocast", unsupported)
    assert in_bfloat16(parts, images(), torch.zeros(5, dtype=torch.int64)) is parts


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Branching, "its code cannot be traced"),
        (MixesTheBatch, "its parts do not compute what the whole does"),
    ],
)
def test_what_cannot_be_split_is_told(make, reason):
    with pytest.raises(CannotSplitError, match=reason):
        split(adapted(make), images())


def test_a_network_that_nothing_is_trained_of_has_no_border():
    with pytest.raises(CannotSplitError, match="nothing in it is trained"):
        split(ConvNet().eval().requires_grad_(False), images())


def test_a_network_that_is_trained_whole_has_no_frozen_part():
    with pytest.raises(CannotSplitError, match="from its first layer on"):
        split(ConvNet().eval(), images())


def test_bfloat16_is_taken_where_accuracy_is_kept():
    network = adapted(lambda: open_model(ModelSettings()).network)
    parts = split(network, images())
    many = 2 * images(4000)
    nothing = torch.full((4000,), -1)
    lower = in_bfloat16(parts, many, nothing)
    assert lower is not parts  # nobody is right either way
    found, exact = lower.frozen(many), parts.frozen(many)
    assert found.dtype == torch.float32
    assert not torch.equal(found, exact)
    torch.testing.assert_close(found, exact, rtol=0.05, atol=0.2)
    with _shaken(network):  # as they are measured
        right = parts.trained(exact).argmax(dim=1)
        loses = parts.trained(found).argmax(dim=1) != right
    assert 0 < loses.sum() < 200
    assert in_bfloat16(parts, many[loses], right[loses]) is parts


class Widening(nn.Module):
    """A narrow place, then a layer that makes many numbers of it."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 5, stride=4)
        self.norm = nn.BatchNorm2d(4)
        self.wide = nn.Conv2d(4, 64, 1)
        self.last = nn.Linear(64, 10)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))  # (batch, 4, 7, 7)
        return self.last(torch.relu(self.wide(x)).mean((2, 3)))


def test_the_cut_goes_by_how_wide_features_are():
    network = adapted(Widening, layers=("wide", "last"))
    parts = split(network, images())
    assert (parts.width, parts.place) == (4 * 7 * 7, "norm")  # not 64 + 4 times as many pixels
    with pytest.raises(CannotSplitError, match="at least 196 numbers, too many"):
        split(network, images(), most_width=195)
    late = split(adapted(Widening, layers=("last",)), images())
    assert late.width == 10 + 4  # what the last layer and A make of it


def test_a_batch_norm_is_folded_and_the_network_stays_as_it_is():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Widening().eval()
        for tensor in (network.norm.running_mean, network.norm.weight, network.norm.bias):
            nn.init.normal_(tensor)
    attach(network, AdapterSettings(rank=4, layers=("last",)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    parts = split(network, images())
    kinds = [type(module) for module in parts.frozen.modules()]
    assert kinds.count(nn.Conv2d) == 2
    assert nn.BatchNorm2d not in kinds
    found = parts.trained(parts.frozen(images(7, seed=3)))
    torch.testing.assert_close(found, network(images(7, seed=3)), rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_convolution_that_others_use_too_is_not_folded():
    class Both(Widening):
        def forward(self, x):
            x = self.first(x)
            return self.last(self.wide(self.norm(x) + x).mean((2, 3)))

    network = adapted(Both, layers=("last",))
    parts = split(network, images())
    assert nn.BatchNorm2d in [type(module) for module in parts.frozen.modules()]
    found = parts.trained(parts.frozen(images(7, seed=3)))
    torch.testing.assert_close(found, network(images(7, seed=3)), rtol=1e-4, atol=1e-5)
