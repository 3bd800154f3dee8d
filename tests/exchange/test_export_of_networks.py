"""Merged weights and ONNX of other networks than the ConvNet: convolutions, norms, attention."""

import dataclasses

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn
from torchvision import models

from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.sites import find_sites
from vera_studio.exchange.export import export
from vera_studio.models import registry
from vera_studio.models.model import Model, open_model
from vera_studio.recipe import AdapterSettings, ModelSettings

NAMES = tuple("abcdefghij")
# Small ones of torchvision's families, for images of 32 x 32: the exporter takes its time for
# each layer.
SMALL = {
    "mobilenet_v2": lambda: models.MobileNetV2(
        10, width_mult=0.25, inverted_residual_setting=[[1, 16, 1, 1], [6, 24, 2, 2]]
    ),
    "vit_b_16": lambda: models.VisionTransformer(32, 16, 2, 2, 16, 32, num_classes=10),
    "swin_t": lambda: models.SwinTransformer(
        [4, 4], 16, [2], [2], [4, 4], stochastic_depth_prob=0.0, num_classes=10
    ),
}


def model_of(name):
    """A `Model` of a small network of the family of `name`."""
    network = SMALL[name]().eval()
    for parameter in network.parameters():
        if not parameter.any():  # the last layer of a new ViT
            nn.init.normal_(parameter, std=0.5)
    kind = registry.find(name)
    small = dataclasses.replace(kind.preprocessing, size=32, resize=32)
    kind = dataclasses.replace(kind, preprocessing=small, build=lambda classes: SMALL[name]())
    sites = find_sites(network)
    return Model(network, kind, NAMES, "pretrained", base_digest(network), sites)


def everywhere(model):
    names = (s.name for s in model.sites.values() if s.kind != "norm")
    return AdapterSettings(rank=2, layers=tuple(names))


def assert_onnx_computes_the_same(model, adapter, path, atol=1e-4):
    exported = export(adapter, model, "onnx", path)
    assert exported.sentence.endswith("onnxruntime computes the same logits.")
    session = onnxruntime.InferenceSession(path.read_bytes())
    size = model.preprocessing.size
    pixels = torch.randint(256, (2, 3, size, size), dtype=torch.uint8)
    scaled = pixels.numpy().astype(np.float32) / 255
    (found,) = session.run(["logits"], {"images": scaled})
    with torch.no_grad():
        images = model.preprocessing(pixels)
        expected = with_adapter(adapter, model.network)(images)
        assert (expected - model.network(images)).abs().max() > 1e-3
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=atol)


@pytest.mark.parametrize("name", SMALL)
def test_onnx_of_each_family(name, make_adapter, tmp_path):
    model = model_of(name)
    adapter = make_adapter(model.network, everywhere(model), NAMES)
    assert_onnx_computes_the_same(model, adapter, tmp_path / "network.onnx")


@pytest.fixture(scope="module")
def lite():
    return open_model(ModelSettings(name="efficientnet_lite0"))


@pytest.fixture
def lite_adapter(lite, make_adapter):
    """On the last stage, its depthwise convolutions too."""
    settings = AdapterSettings(rank=4, layers=("blocks.6.*", "conv_head", "classifier"))
    return make_adapter(lite.network, settings, lite.class_names)


def test_onnx_of_efficientnet_lite0(lite, lite_adapter, tmp_path):
    assert_onnx_computes_the_same(lite, lite_adapter, tmp_path / "network.onnx")


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_merged_weights_of_efficientnet_lite0_open_in_the_studio(
    lite, lite_adapter, tmp_path, suffix
):
    path = tmp_path / f"merged{suffix}"
    export(lite_adapter, lite, "merged", path)
    again = open_model(ModelSettings(name="efficientnet_lite0", weights=str(path)))
    assert again.class_names == lite.class_names
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = with_adapter(lite_adapter, lite.network)(images)
        torch.testing.assert_close(again.network(images), expected, rtol=1e-5, atol=1e-4)


def test_merged_weights_with_other_classes_open_in_the_studio(make_adapter, tmp_path):
    """Of a network with ten classes, and with a bias adapter on its norms."""
    network = models.resnet18(num_classes=10).eval()
    kind = registry.find("resnet18")
    model = Model(network, kind, NAMES, "own.pt", base_digest(network), find_sites(network))
    settings = AdapterSettings(method="bias", layers=("layer4.*", "fc"))
    adapter = make_adapter(network, settings, NAMES)
    export(adapter, model, "merged", tmp_path / "merged.safetensors")
    chosen = ModelSettings("resnet18", str(tmp_path / "merged.safetensors"), NAMES)
    again = open_model(chosen)
    assert again.class_names == NAMES
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        expected = with_adapter(adapter, network)(images)
        torch.testing.assert_close(again.network(images), expected, rtol=1e-5, atol=1e-5)
