"""torchvision's networks with random weights, from building to a file of merged weights."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from vera_studio.adapters.attach import adapter_parameters, attach, count, detach, merge
from vera_studio.adapters.sites import find_sites, unused_parameters
from vera_studio.errors import AdapterError
from vera_studio.models import registry
from vera_studio.models.checkpoint import load_weights
from vera_studio.models.head import find_head
from vera_studio.recipe import AdapterSettings

# Pixels a side: few where the network takes images of any size.
NETWORKS = {
    "resnet18": 64,
    "resnet50": 64,
    "mobilenet_v2": 64,
    "mobilenet_v3_small": 64,
    "efficientnet_b0": 64,
    "densenet121": 64,
    "regnet_y_400mf": 64,
    "shufflenet_v2_x1_0": 64,
    "squeezenet1_1": 64,
    "convnext_tiny": 64,
    "vit_b_16": 224,
    "swin_t": 224,
    "maxvit_t": 224,
}
# Whose layers are adapted from here on, where adapting all of them takes seconds.
LAST_STAGE = {
    "vit_b_16": ("encoder.layers.encoder_layer_11.", "heads."),
    "swin_t": ("features.7.", "head"),
    "maxvit_t": ("blocks.3.", "classifier."),
}


def built(name):
    """With random weights, in float64 where it is small: 50 layers of such amplify rounding."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = registry.find(name).build(10).to(dtype_of(name)).eval()
        # ViT's and SqueezeNet's last layers begin at or near zero, where nothing before them
        # has a part in the outputs.
        nn.init.normal_(network.get_submodule(find_head(network)).weight, std=0.1)
        settle(network, images_for(name, 2))
    return network


def settle(network, images):
    """Give batch norms the statistics of `images`: without them 80 layers end in 1e-13."""
    norms = [one for one in network.modules() if isinstance(one, nn.BatchNorm2d)]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    if norms:
        with torch.no_grad():
            network(images)
    network.eval()


def dtype_of(name):
    return torch.float64 if NETWORKS[name] == 64 else torch.float32


def images_for(name, count=1):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(count, 3, NETWORKS[name], NETWORKS[name], generator=generator)
    return images.to(dtype_of(name))


def adaptable(network, images):
    """Names of all weights but the scales of norms, which low ranks do not go on."""
    names = unused_parameters(network, images)
    idle = {network.get_parameter(name) for name in names}
    sites = find_sites(network).values()
    return tuple(s.name for s in sites if s.kind != "norm" and s.weight not in idle)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_adapted_trained_merged_and_saved(name, tmp_path):
    network, images = built(name), images_for(name)
    layers = tuple(
        one for one in adaptable(network, images) if one.startswith(LAST_STAGE.get(name, ""))
    )
    before = copy.deepcopy(network.state_dict())
    attach(network, AdapterSettings(rank=2, layers=layers), images=images)
    parameters = train_two_steps(network, images)
    assert count(network).trainable == sum(value.numel() for value in parameters)
    assert all(value.grad is not None for value in parameters)
    merged = copy.deepcopy(network)
    merge(merged)
    torch.save(merged.state_dict(), tmp_path / "merged.pt")
    with torch.no_grad():
        attached = network(images)
        detach(network)
        assert_same_state(network.state_dict(), before)
        bare = network(images)
        load_weights(network, tmp_path / "merged.pt")
        furthest = (network(images) - attached).abs().max()
    assert furthest <= 1e-5 * attached.abs().max()
    assert (attached - bare).abs().max() > 100 * furthest


def train_two_steps(network, images):
    """The first moves b, and only then d has a gradient."""
    parameters = [parameter for _, parameter in adapter_parameters(network)]
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        cross_entropy(network(images), torch.tensor([3])).backward()
        optimizer.step()
    return parameters


def assert_same_state(found, expected):
    assert found.keys() == expected.keys()
    assert all(torch.equal(value, expected[key]) for key, value in found.items())


def test_a_last_layer_of_zeros_is_told():
    """A new ViT has one; what comes before it then has no part in the outputs."""
    network = registry.find("vit_b_16").build(10).eval()
    settings = AdapterSettings(rank=2, layers=("encoder.layers.encoder_layer_11.mlp.0",))
    with pytest.raises(AdapterError, match="would change nothing"):
        attach(network, settings, images=images_for("vit_b_16"))


def test_every_weight_of_attention_is_found():
    """ViT's and MaxViT's, and those that Swin hands to a function."""
    found = {
        name: [site.name for site in find_sites(built(name)).values() if site.kind == "attention"]
        for name in ("vit_b_16", "swin_t")
    }
    assert len(found["vit_b_16"]) == 12 * 2  # in_proj and out_proj
    assert len(found["swin_t"]) == 12 * 2  # qkv and proj
