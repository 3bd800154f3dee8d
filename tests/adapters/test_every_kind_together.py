"""Converted, combined and compared: adapters on convolutions, attention and norms as on others."""

import itertools

import pytest
import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attached_layers, merge
from vera_studio.adapters.combination import combine
from vera_studio.adapters.conversion import to_lora
from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.similarity import similarities
from vera_studio.adapters.sites import find_sites
from vera_studio.recipe import AdapterSettings

NAMES = ("a", "b", "c")
MATRICES = ("stem", "depthwise", "attention.in_proj", "attention.out_proj", "first", "head")


class EveryKind(nn.Module):
    """A weight of each kind, one of them read in two places."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, groups=8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.after = nn.LayerNorm(8)
        self.first = nn.Linear(8, 8)
        self.second = nn.Linear(8, 8)
        self.second.weight = self.first.weight
        self.head = nn.Linear(8, 3)

    def forward(self, images):
        x = self.depthwise(torch.relu(self.norm(self.stem(images))))
        tokens = x.flatten(2).transpose(1, 2)  # (batch, h w, 8)
        tokens = self.after(self.attention(tokens, tokens, tokens)[0])
        return self.head(self.second(torch.relu(self.first(tokens.mean(1)))))


SETTINGS = {
    "vera": AdapterSettings(rank=3, seed=1, layers=MATRICES),
    "lora": AdapterSettings(rank=2, method="lora", alpha=5.0, layers=MATRICES[1:4]),
    "full": AdapterSettings(method="full", layers=("stem", "norm", "attention.in_proj")),
    "bias": AdapterSettings(method="bias", layers=("norm", "depthwise", "after", "head")),
    "vera and head": AdapterSettings(rank=3, seed=1, layers=MATRICES[:5], head="head"),
    "head": AdapterSettings(method="head", head="head"),
}


@pytest.fixture
def network():
    return EveryKind().eval()


@pytest.fixture
def x():
    return torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(1))


def merged_state(adapter, network):
    merged = with_adapter(adapter, network, NAMES).double()
    merge(merged)
    return dict(merged.named_parameters())


@pytest.mark.parametrize("sharing", ["shape", "all"])
def test_vera_becomes_the_equal_lora(network, x, make_adapter, sharing):
    settings = AdapterSettings(rank=3, sharing=sharing, layers=MATRICES)
    vera = make_adapter(network, settings, NAMES)
    lora = to_lora(vera, network)
    with torch.no_grad():
        expected, found = (with_adapter(one, network, NAMES)(x) for one in (vera, lora))
        assert (expected - network(x)).abs().max() > 1e-3
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.combinations_with_replacement(SETTINGS, 2))
)
def test_a_combination_is_the_weighted_sum(network, make_adapter, tmp_path, one, other):
    first = make_adapter(network, SETTINGS[one], NAMES)
    second = make_adapter(network, SETTINGS[other], NAMES, seed=7)
    both = combine(first, second, (0.7, -1.6), network, NAMES)
    bare = {name: tensor.double() for name, tensor in network.named_parameters()}
    ones, others = (merged_state(adapter, network) for adapter in (first, second))
    for name, found in merged_state(both, network).items():
        change = 0.7 * (ones[name] - bare[name]) - 1.6 * (others[name] - bare[name])
        torch.testing.assert_close(found, bare[name] + change, rtol=1e-6, atol=1e-6)
    adapter_file.write(tmp_path / "both.safetensors", both)
    assert adapter_file.load(tmp_path / "both.safetensors").info == both.info


def test_two_of_biases_and_norms_stay_such_a_one(network, make_adapter):
    first, second = (make_adapter(network, SETTINGS["bias"], NAMES, seed=seed) for seed in (2, 3))
    both = combine(first, second, (1.0, 1.0), network, NAMES)
    assert both.info.settings.method == "bias"
    change = first.parameters["norm.weight_change"] + second.parameters["norm.weight_change"]
    assert torch.equal(both.parameters["norm.weight_change"], change)
    assert "depthwise.weight_change" not in both.parameters


def test_changes_of_attention_are_rounded_once(network, make_adapter):
    """In float64 until the end, though attention's weights are not in the adapted layers."""
    first = make_adapter(network, SETTINGS["vera"], NAMES)
    second = make_adapter(network, SETTINGS["full"], NAMES)
    both = combine(first, second, (0.3, 0.9), network, NAMES)
    layer = attached_layers(with_adapter(first, network, NAMES))["attention.in_proj"]
    A, B, d, b = (  # noqa: N806 - the paper's
        one.detach().double() for one in (*layer.sliced(), layer.d, layer.b)
    )
    own = second.parameters["attention.in_proj.weight_change"].double()
    exact = 0.3 * ((b[:, None] * B) @ (d[:, None] * A)) + 0.9 * own
    assert torch.equal(both.parameters["attention.in_proj.weight_change"], exact.float())


@pytest.mark.parametrize("other", SETTINGS)
def test_similarity_is_the_cosine_of_the_matrices(network, make_adapter, other):
    first = make_adapter(network, SETTINGS["full"], NAMES)
    second = make_adapter(network, SETTINGS[other], NAMES, seed=7)
    found = similarities(first, second, network, NAMES)
    assert list(found) == [
        name
        for name in find_sites(network)
        if name in first.info.all_layers or name in second.info.all_layers
    ]
    changes = [attached_layers(with_adapter(one, network, NAMES)) for one in (first, second)]
    for name, cosine in found.items():
        if not all(name in layers for layers in changes):
            assert cosine != cosine  # NaN: one of the two leaves the weight as it is
            continue
        one, two = (layers[name].delta_weight().double().flatten() for layers in changes)
        assert cosine == pytest.approx((one @ two / one.norm() / two.norm()).item(), abs=1e-6)
