"""EfficientNet-Lite0 against timm's network with the same weights."""

import pytest
import timm
import torch

from vera_studio.adapters.attach import attach, attached_layers
from vera_studio.errors import ModelError
from vera_studio.models.efficientnet_lite import (
    EfficientNetLite0,
    SamePadConv2d,
    load_pretrained,
    weights_file,
)
from vera_studio.recipe import AdapterSettings


@pytest.fixture(scope="module")
def network():
    network = EfficientNetLite0().eval()
    load_pretrained(network, weights_file())
    return network


def test_has_the_logits_of_timms(network):
    theirs = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    assert list(network.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(network.state_dict())
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found, expected = network(images), theirs(images)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    assert found.shape == (2, 1000)


def test_size(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_652_008


@pytest.mark.parametrize("length", [7, 8, 13, 14])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (5, 2), (3, 1)])
def test_same_padding_is_tensorflows(length, kernel, stride):
    layer = SamePadConv2d(1, 1, kernel, stride=stride, bias=False)
    x = torch.randn(1, 1, length, length)
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + kernel - length, 0)
    before, after = total // 2, total - total // 2  # the odd one goes behind
    padded = torch.zeros(length + total, length + total)
    padded[before : before + length, before : before + length] = x[0, 0]
    windows = padded.unfold(0, kernel, stride).unfold(1, kernel, stride)
    expected = (windows * layer.weight[0, 0]).sum((2, 3))
    assert after - before in (0, 1)
    torch.testing.assert_close(layer(x)[0, 0], expected)


def test_an_adapter_goes_on_every_convolution(network):
    images = torch.randn(1, 3, 64, 64)
    copied = EfficientNetLite0().eval()
    copied.load_state_dict(network.state_dict())
    attach(copied, AdapterSettings(rank=4, layers=("conv*", "blocks.*")), images=images)
    assert len(attached_layers(copied)) == 49
    torch.testing.assert_close(copied(images), network(images), rtol=0, atol=1e-5)


def test_a_file_of_other_weights_is_refused(network, tmp_path):
    path = tmp_path / "weights.pth"
    with pytest.raises(ModelError, match="Install the package"):
        load_pretrained(EfficientNetLite0(), path)
    torch.save(network.state_dict(), path)
    with pytest.raises(ModelError, match=r"weights\.pth is not the file"):
        load_pretrained(EfficientNetLite0(), path)
