"""Maps of where a network looked: as the paper's formula has them, and where they must be."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

from vera_studio.adapters.attach import adapter_parameters, attach
from vera_studio.errors import ModelError
from vera_studio.models.convnet import ConvNet
from vera_studio.recipe import AdapterSettings
from vera_studio.training.class_activation import activation_maps, last_place, scaled
from vera_studio.training.prediction_pass import without_adapter


@pytest.fixture
def images():
    return torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ConvNet().eval()


def test_it_is_the_papers_formula(network, images):
    classes = torch.tensor([4, 0, 9])
    assert last_place(network, images) == "conv2"
    found, logits = activation_maps(network, "conv2", images, classes)
    with torch.no_grad():
        torch.testing.assert_close(logits, network(images))
        features = network.conv2(network.pool(F.relu(network.conv1(images))))
    features.requires_grad_()
    x = network.pool(F.relu(features)).flatten(1)
    for layer in (network.fc1, network.fc2, network.fc3, network.fc4):
        x = F.relu(layer(x))
    scores = network.fc5(x)
    for number, label in enumerate(classes.tolist()):
        (gradient,) = torch.autograd.grad(scores[number, label], features, retain_graph=True)
        expected = torch.zeros(10, 10)
        for one, slope in zip(features[number].detach(), gradient[number], strict=True):
            expected += slope.mean() * F.relu(one)
        torch.testing.assert_close(found[number], expected.clamp(min=0), rtol=1e-4, atol=1e-7)
    assert found.shape == (3, 10, 10)
    assert float(found.max()) > 0


def test_an_adapter_changes_the_map_and_leaves_the_networks_own(network, images):
    classes = torch.tensor([1, 1, 1])
    plain, _ = activation_maps(network, "conv2", images, classes)
    attach(network, AdapterSettings(rank=4, layers=("conv2", "fc1")))
    with torch.no_grad():
        for _, parameter in adapter_parameters(network):
            parameter.fill_(0.5)
    bare = without_adapter(network)
    assert last_place(bare, images) == "conv2"
    changed, logits = activation_maps(network, "conv2", images, classes)
    assert not torch.allclose(changed, plain, rtol=0.1)
    torch.testing.assert_close(activation_maps(bare, "conv2", images, classes)[0], plain)
    with torch.no_grad():
        torch.testing.assert_close(logits, network(images))
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize(
    ("name", "place", "size"),
    [
        ("resnet18", "layer4", 3),
        ("squeezenet1_1", "classifier.2", 5),
        ("mobilenet_v3_small", "features", 3),
        ("googlenet", "inception5b", 3),
    ],
)
def test_of_torchvisions_networks_it_is_what_goes_into_the_mean(name, place, size):
    options = {"init_weights": False} if name == "googlenet" else {}
    network = models.get_model(name, weights=None, num_classes=4, **options).eval()
    images = torch.randn(1, 3, 96, 96)
    assert last_place(network, images) == place
    found, _ = activation_maps(network, place, images, torch.tensor([2]))
    assert found.shape == (1, size, size)


def test_attention_leaves_no_map():
    network = models.VisionTransformer(
        image_size=32, patch_size=16, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8
    ).eval()
    with pytest.raises(ModelError, match="attention mixes all places"):
        last_place(network, torch.randn(1, 3, 32, 32))


def test_without_a_convolution_there_is_no_map():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4)).eval()
    with pytest.raises(ModelError, match="it has no convolution"):
        last_place(network, torch.randn(1, 3, 8, 8))


def test_maps_are_scaled_each_by_its_own_largest_value():
    maps = torch.tensor([[[0.0, 2.0]], [[0.0, 0.0]]])
    assert scaled(maps).tolist() == [[[0.0, 1.0]], [[0.0, 0.0]]]
