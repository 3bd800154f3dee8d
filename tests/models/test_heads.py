"""Last layers of one's own on every family of networks, from the layer to a file of an adapter."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torchvision.models import VisionTransformer

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import adapter_parameters, attach, attached_layers, detach, merge
from vera_studio.adapters.sites import find_sites, unused_parameters
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.models import registry
from vera_studio.models.head import ABOVE_RELU, find_head, set_classes
from vera_studio.models.model import Model
from vera_studio.recipe import AdapterSettings
from vera_studio.training.frozen_part import split


def small_vit(classes):
    """Two of its layers, at few pixels: all of them have 86 million numbers."""
    return VisionTransformer(32, 16, 2, 4, 64, 128, num_classes=classes)


KINDS = registry.every()
BUILDS = {"vit_b_16": small_vit}  # in place of the kind's own
OWN = ("ants", "bees", "wasps")
# A network of each family, and pixels a side: few where it takes images of any size.
NETWORKS = {
    "convnet": 32,
    "efficientnet_lite0": 64,
    "alexnet": 64,
    "convnext_tiny": 64,
    "densenet121": 64,
    "efficientnet_b0": 64,
    "googlenet": 64,
    "inception_v3": 96,
    "maxvit_t": 224,
    "mnasnet0_5": 64,
    "mobilenet_v2": 64,
    "mobilenet_v3_small": 64,
    "regnet_y_400mf": 64,
    "resnet18": 64,
    "shufflenet_v2_x0_5": 64,
    "squeezenet1_1": 64,
    "swin_t": 64,
    "vit_b_16": 32,
}
LARGE = ("alexnet", "convnext_tiny", "maxvit_t", "swin_t")


def images_for(name, count=2):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(count, 3, NETWORKS[name], NETWORKS[name], generator=generator)
    return images.to(dtype_of(name))


def dtype_of(name):
    """float64 where the network is small: layers of random values amplify rounding."""
    return torch.float32 if name in LARGE else torch.float64


def build(name):
    """With random values and five classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = BUILDS.get(name, KINDS[name].build)(5)
    return network.to(dtype_of(name)).eval()


def opened(name):
    """A model with random weights, whose batch norms know the images."""
    network = build(name)
    for norm in (one for one in network.modules() if isinstance(one, nn.BatchNorm2d)):
        norm.momentum = 1.0
        norm.train()
    with torch.no_grad():
        network(images_for(name))
    network.eval()
    sites = find_sites(network)
    idle = unused_parameters(network, images_for(name))
    unused = {site for site in sites if f"{site}.weight" in idle}
    return Model(network, KINDS[name], tuple("abcde"), "random", "0" * 64, sites, frozenset(unused))


def train(network, images, steps=3):
    """The head first; b and then d of what comes before it have no gradient sooner."""
    parameters = [parameter for _, parameter in adapter_parameters(network)]
    optimizer = torch.optim.SGD(parameters, lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        cross_entropy(network(images), torch.tensor([0, 2])).backward()
        optimizer.step()
    return parameters


@pytest.mark.parametrize("name", [name for name in KINDS if not name.startswith("regnet")])
def test_the_last_layer_that_is_found_gives_the_logits(name):
    """regnets cannot be built without memory; one of them is trained below."""
    with torch.device("meta"):
        network = KINDS[name].build(1000).eval()
        head = find_head(network)
        set_classes(network, 7)
        seen = []
        network.get_submodule(head).register_forward_hook(lambda m, i, o: seen.append(o.shape))
        size = KINDS[name].preprocessing.size
        logits = network(torch.zeros(2, 3, size, size))
    assert logits.shape == (2, 7)
    assert [shape[:2] for shape in seen] == [(2, 7)]


@pytest.mark.parametrize("name", NETWORKS)
def test_head_and_adapter_are_trained_saved_loaded_and_merged(name, tmp_path):
    model, images = opened(name), images_for(name)
    own = model.with_classes(OWN)
    settings = own.settings_for(AdapterSettings(rank=2))
    before = copy.deepcopy(own.network.state_dict())
    attach(own.network, settings, images=images)
    assert all(value.grad.any() for value in train(own.network, images))
    path = tmp_path / "own.safetensors"
    adapter_file.save(path, own.network, OWN, TrainingRecord(), own.digest, name)
    with torch.no_grad():
        expected = own.network(images)
        detach(own.network)
        state = own.network.state_dict()
        assert all(torch.equal(value, before[key]) for key, value in state.items())
        other = model.with_classes(OWN)
        adapter_file.apply(adapter_file.load(path), other.network, OWN, other.digest)
        assert torch.equal(other.network(images), expected)
        merge(other.network)
        plain = build(name)
        set_classes(plain, len(OWN))
        plain.load_state_dict(other.network.state_dict())
        furthest = (plain(images) - expected).abs().max()
    assert furthest <= 1e-5 * expected.abs().max().clamp(min=1)


@pytest.mark.parametrize("name", sorted(NETWORKS.keys() - {"maxvit_t"}))  # which takes ten seconds
def test_the_head_alone_is_a_linear_layer_on_the_features(name):
    """The features of the frozen part are its inputs; a loop of plain torch learns the same."""
    model, images = opened(name), images_for(name)
    own = model.with_classes(OWN)
    settings = own.settings_for(AdapterSettings(method="head"))
    attach(own.network, settings, images=images)
    parts = split(own.network, images)
    (head,) = attached_layers(own.network).values()
    seen = []
    head.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].detach()))
    parts.trained(parts.frozen(images))
    features = seen[0]
    assert parts.width == math.prod(features.shape[1:])
    train(own.network, images)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        linear = nn.Linear(features.shape[1], len(OWN), dtype=features.dtype)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    optimizer = torch.optim.SGD(linear.parameters(), lr=0.01)
    pooled = features.mean((2, 3)) if features.ndim == 4 else features
    for _ in range(3):
        optimizer.zero_grad()
        cross_entropy(linear(pooled), torch.tensor([0, 2])).backward()
        optimizer.step()
    close = {"rtol": 1e-3, "atol": 1e-4}
    torch.testing.assert_close(head.weight_change, linear.weight, **close)
    torch.testing.assert_close(head.bias_change, linear.bias, **close)


def test_what_a_relu_follows_begins_above_it():
    network = KINDS["squeezenet1_1"].build(5)
    set_classes(network, 3, zeros=True)
    assert network.classifier[1].bias.eq(ABOVE_RELU).all()
    assert not network.classifier[1].weight.any()
