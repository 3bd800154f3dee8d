"""Adapters on every kind of weight, each against the whole network with W + dW in W's place."""

import copy
import threading

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2

from vera_studio.adapters.attach import (
    adapter_parameters,
    attach,
    attached_layers,
    count,
    detach,
    merge,
    pairs_of,
    plan,
)
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.sites import called_site, find_sites, unused_parameters
from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings


class Attention(nn.Module):
    """Torch's attention, of tokens to themselves or to half of their numbers."""

    def __init__(self, **options):
        super().__init__()
        self.body = nn.MultiheadAttention(8, 2, batch_first=True, **options)
        self.narrow = "kdim" in options

    def forward(self, images):
        tokens = images.reshape(len(images), -1, 8)
        keys = tokens[..., :4] if self.narrow else tokens
        return self.body(tokens, keys, keys)[0].flatten(1)


class Windows(nn.Module):
    """Swin's attention, which hands its weights to a function."""

    def __init__(self, kind):
        super().__init__()
        self.widen = nn.Conv2d(3, 8, 1)
        self.attention = kind(8, [2, 2], [1, 1], num_heads=2)

    def forward(self, images):
        return self.attention(self.widen(images).permute(0, 2, 3, 1)).flatten(1)


class Shared(nn.Module):
    """Two layers that read one weight, with biases of their own."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.second = nn.Linear(8, 8)
        self.second.weight = self.first.weight

    def forward(self, images):
        return self.second(torch.relu(self.first(images.flatten(1)[:, :8])))


def convolutions(*layers):
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), *layers, nn.Flatten())


NETWORKS = {
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 6), nn.ReLU(), nn.Linear(6, 6)),
    "linear on images": lambda: nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Flatten()),
    "convolution": lambda: convolutions(nn.Conv2d(8, 6, 5, bias=False)),
    "stride, padding, dilation": lambda: convolutions(
        nn.Conv2d(8, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    ),
    "padding by reflection": lambda: convolutions(
        nn.Conv2d(8, 6, 3, padding="same", padding_mode="reflect")
    ),
    "grouped": lambda: convolutions(nn.Conv2d(8, 6, 3, groups=2)),
    "depthwise": lambda: convolutions(nn.Conv2d(8, 8, 3, groups=8)),
    "attention": Attention,
    "attention without biases": lambda: Attention(bias=False),
    "attention of three projections": lambda: Attention(kdim=4, vdim=4),
    "windows": lambda: Windows(ShiftedWindowAttention),
    "windows of the second version": lambda: Windows(ShiftedWindowAttentionV2),
    "shared": Shared,
    "norms": lambda: convolutions(
        nn.BatchNorm2d(8), nn.GroupNorm(2, 8), nn.LayerNorm([8, 8, 8]), nn.Conv2d(8, 6, 3)
    ),
}
METHODS = ("vera", "lora", "full", "bias")


@pytest.fixture(params=NETWORKS)
def network(request):
    made = NETWORKS[request.param]().eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.normal_(module.weight)
    return made


@pytest.fixture
def images():
    return torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def everything(network, method):
    """Settings with the names of all that the method can train."""
    kinds = {"linear", "convolution", "attention"} | ({"norm"} if method == "bias" else set())
    sites = find_sites(network).values()
    chosen = (s for s in sites if s.kind in kinds and (method != "bias" or s.bias is not None))
    layers = tuple(site.name for site in chosen)
    return AdapterSettings(rank=3, layers=layers, method=method, alpha=4.5)


def fill(network):
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for _, parameter in adapter_parameters(network):
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)


def adapted_weights(network, own):
    """Every adapted weight and bias by its name in the bare network, written out."""
    tensors = {}
    for name, layer in attached_layers(network).items():
        site = layer.site
        values = {k.removeprefix(f"{name}."): v for k, v in own.items() if k.startswith(f"{name}.")}
        if "d" in values:
            A, B = layer.projections.A, layer.projections.B  # noqa: N806
            dw = torch.diag(values["b"]) @ B @ torch.diag(values["d"]) @ A
        elif "A" in values:
            dw = 1.5 * values["B"] @ values["A"]
        else:
            dw = values.get("weight_change", torch.zeros(site.out))
        first = site.places[0]
        if dw.any():
            tensors[f"{first.name}.{first.weight}"] = site.weight + dw.reshape(site.weight.shape)
        if "bias_change" in values:
            change = values["bias_change"].reshape(site.bias.shape)
            tensors[f"{first.name}.{first.bias}"] = site.bias + change
    return tensors


@pytest.mark.parametrize("method", METHODS)
def test_every_kind_of_weight(network, method, images):
    settings = everything(network, method)
    if not settings.layers:
        pytest.skip("nothing for this method")
    bare, before = copy.deepcopy(network), network(images)
    bits = [tensor.clone() for tensor in network.state_dict().values()]

    planned = plan(network, settings)
    attach(network, settings, images=images)
    torch.testing.assert_close(network(images), before, rtol=1e-6, atol=1e-6)
    assert tuple(attached_layers(network)) == settings.layers
    assert list(find_sites(network)) == list(find_sites(bare))
    assert count(network) == planned
    trained = {id(parameter) for _, parameter in adapter_parameters(network)}
    assert {id(p) for p in network.parameters() if p.requires_grad} == trained

    fill(network)
    own = dict(adapter_parameters(network))
    found = network(images)
    assert not torch.allclose(found, before, atol=1e-4)
    expected = functional_call(bare, adapted_weights(network, own), images)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    weights = torch.linspace(-1, 1, found.numel()).view_as(found)
    gradients = torch.autograd.grad((found * weights).sum(), list(own.values()))
    references = torch.autograd.grad((expected * weights).sum(), list(own.values()))
    for gradient, reference in zip(gradients, references, strict=True):
        torch.testing.assert_close(gradient, reference, rtol=1e-4, atol=1e-4)

    copied = copy.deepcopy(network)
    torch.testing.assert_close(copied(images), found, rtol=0, atol=0)
    merge(copied)
    torch.testing.assert_close(copied(images), found, rtol=1e-5, atol=1e-5)
    assert copied.state_dict().keys() == bare.state_dict().keys()

    detach(network)
    assert [type(m) for m in network.modules()] == [type(m) for m in bare.modules()]
    assert all(map(torch.equal, network.state_dict().values(), bits))
    assert torch.equal(network(images), before)


def test_several_threads_compute_with_one_network(network, images):
    settings = everything(network, "bias" if "norm" in str(network) else "vera")
    attach(network, settings)
    fill(network)
    expected, before = network(images), base_digest(network)
    failed = []

    def compute():
        for _ in range(20):
            with torch.inference_mode():
                found = network(images)
            if not torch.allclose(found, expected, atol=1e-5):
                failed.append(found)

    threads = [threading.Thread(target=compute) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert base_digest(network) == before
    assert all(isinstance(site.weight, nn.Parameter) for site in find_sites(network).values())


def test_a_shared_weight_is_one_site(images):
    network = Shared()
    sites = find_sites(network)
    assert list(sites) == ["first"]
    assert [place.name for place in sites["first"].places] == ["first", "second"]
    attach(network, AdapterSettings(rank=3))
    assert count(network).trainable == 3 + 8
    fill(network)
    before, weight = network(images), network.first.base.weight
    first = weight.detach().clone()
    delta = attached_layers(network)["first"].delta_weight()
    merge(network)
    assert network.second.weight is network.first.weight is weight
    torch.testing.assert_close(weight.detach(), first + delta)  # once, not twice
    torch.testing.assert_close(network(images), before)


def test_equal_matrices_share_a_pair_whatever_they_are_of():
    network = nn.Sequential(nn.Conv2d(3, 8, 2), nn.Flatten(), nn.Linear(12, 8))
    attach(network, AdapterSettings(rank=3, layers=("0", "2")))
    pairs = pairs_of(network)
    assert pairs[0] is pairs[1]
    assert pairs[0].A.shape == (3, 12)
    detach(network)
    attach(network, AdapterSettings(rank=3, layers=("0", "2"), sharing="all"))
    assert pairs_of(network)[0] is pairs_of(network)[1]


def test_names_are_those_of_the_weights():
    network = nn.Sequential(Attention(), Attention(kdim=4, vdim=4), Windows(ShiftedWindowAttention))
    assert list(find_sites(network)) == [
        "0.body.in_proj",
        "0.body.out_proj",
        "1.body.q_proj",
        "1.body.k_proj",
        "1.body.v_proj",
        "1.body.out_proj",
        "2.widen",
        "2.attention.qkv",
        "2.attention.proj",
    ]
    kinds = {name: site.kind for name, site in find_sites(network).items()}
    assert kinds.pop("2.widen") == "convolution"
    assert set(kinds.values()) == {"attention"}


def test_says_what_the_network_uses(convnet, images):
    large = torch.randn(2, 3, 32, 32)
    flags = [p.requires_grad for p in convnet.parameters()]
    assert unused_parameters(convnet, large) == {"conv3.weight", "conv3.bias"}
    assert [p.requires_grad for p in convnet.parameters()] == flags
    for build in (Attention, lambda: Windows(ShiftedWindowAttention), Shared):
        network = build()
        assert unused_parameters(network, images) == set()


@pytest.mark.parametrize("method", METHODS)
def test_what_would_change_nothing_is_refused(convnet, method):
    images = torch.randn(2, 3, 32, 32)
    settings = AdapterSettings(rank=2, layers=("conv3", "fc1"), method=method)
    with pytest.raises(AdapterError, match="adapter on conv3 would change nothing"):
        attach(convnet, settings, images=images)
    assert not attached_layers(convnet)
    assert all(parameter.requires_grad for parameter in convnet.parameters())


def test_a_layer_that_is_read_by_others_is_refused():
    class Reads(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(192, 4)

        def forward(self, images):
            return nn.functional.linear(images.flatten(1), self.fc.weight)

    network = Reads()
    with pytest.raises(AdapterError, match="reads weights of layers that it does not call"):
        attach(network, AdapterSettings(rank=2), images=torch.randn(2, 3, 8, 8))
    assert not attached_layers(network)


def test_running_statistics_do_not_move(images):
    network = NETWORKS["norms"]().eval()
    statistics = [network[2].running_mean.clone(), network[2].running_var.clone()]
    attach(network, everything(network, "bias"), images=images)
    optimizer = torch.optim.SGD([p for _, p in adapter_parameters(network)], 0.1)
    for _ in range(3):
        network(images).square().mean().backward()
        optimizer.step()
    detach(network)
    assert torch.equal(network[2].running_mean, statistics[0])
    assert torch.equal(network[2].running_var, statistics[1])
    assert not network[2].num_batches_tracked


def test_patterns_choose_what_the_method_can_train(convnet):
    attach(convnet, AdapterSettings(rank=2, layers=("conv[12]*", "fc*", "conv1*")))
    assert list(attached_layers(convnet)) == ["conv1", "conv2", "fc1", "fc2", "fc3", "fc4", "fc5"]
    detach(convnet)
    with pytest.raises(AdapterError, match=r"names head\.\*"):
        attach(convnet, AdapterSettings(layers=("head.*",)))


def test_one_layer_is_found_without_looking_at_the_others():
    network = nn.Sequential(nn.Conv2d(3, 4, 2), nn.ReLU(), nn.Flatten(), nn.Linear(4, 3))
    for name in ("0", "3"):
        found, expected = called_site(network, name), find_sites(network)[name]
        for one in ("name", "kind", "out", "fan_in", "groups"):
            assert getattr(found, one) == getattr(expected, one)
        assert found.weight is expected.weight
        assert found.bias is expected.bias
        assert [place.module for place in found.places] == [network.get_submodule(name)]
    assert called_site(network, "1") is None
    assert called_site(network, "9") is None
