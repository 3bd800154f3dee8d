"""Merged weights, loaded by plain torch into the network as it is."""

import copy

import pytest
import safetensors.torch
import torch

from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError, StudioError
from vera_studio.exchange.merged_weights import export_merged
from vera_studio.models.checkpoint import load_weights
from vera_studio.models.convnet import CLASS_NAMES, ConvNet
from vera_studio.recipe import AdapterSettings


def load(path):
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".PT"])
@pytest.mark.parametrize("method", ["vera", "lora", "full", "bias"])
def test_plain_torch_loads_them(convnet, images, make_adapter, tmp_path, suffix, method):
    adapter = make_adapter(convnet, AdapterSettings(rank=4, method=method))
    path = tmp_path / f"merged{suffix}"
    export_merged(adapter, convnet, CLASS_NAMES, path)
    assert not attached_layers(convnet)
    plain = ConvNet().eval()
    plain.load_state_dict(load(path), strict=True)
    with torch.no_grad():
        expected = with_adapter(adapter, convnet)(images)
        assert (expected - convnet(images)).abs().max() > 1e-3
        torch.testing.assert_close(plain(images), expected, rtol=0, atol=1e-4)
    load_weights(convnet, path)
    assert [path.name for path in tmp_path.iterdir() if path.name != "made.safetensors"] == [
        f"merged{suffix}"
    ]


def test_the_dtype_stays(convnet, make_adapter, tmp_path):
    half = copy.deepcopy(convnet).bfloat16()
    export_merged(make_adapter(half, AdapterSettings(rank=4)), half, CLASS_NAMES, tmp_path / "m.pt")
    assert {tensor.dtype for tensor in load(tmp_path / "m.pt").values()} == {torch.bfloat16}


@pytest.mark.parametrize("name", ["merged.bin", "merged", "merged.onnx"])
def test_other_endings_are_refused(convnet, make_adapter, tmp_path, name):
    adapter = make_adapter(convnet, AdapterSettings(rank=4))
    with pytest.raises(AdapterError, match=r"ends in \.safetensors or \.pt"):
        export_merged(adapter, convnet, CLASS_NAMES, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_what_a_dtype_cannot_hold_is_refused(convnet, make_adapter, tmp_path):
    half = copy.deepcopy(convnet).half()
    adapter = make_adapter(half, AdapterSettings(method="full"))
    with torch.no_grad():
        half.fc2.weight[0, 0] = adapter.parameters["fc2.weight_change"][0, 0] = 50_000.0
    adapter = make_adapter(half, AdapterSettings(method="full"))
    adapter.parameters["fc2.weight_change"][0, 0] = 50_000.0
    with pytest.raises(AdapterError, match=r"too large for their dtype: fc2\.weight"):
        export_merged(adapter, half, CLASS_NAMES, tmp_path / "m.pt")


def test_a_folder_in_the_way(convnet, make_adapter, tmp_path):
    (tmp_path / "m.pt").mkdir()
    with pytest.raises(StudioError, match="Cannot write"):
        export_merged(
            make_adapter(convnet, AdapterSettings()), convnet, CLASS_NAMES, tmp_path / "m.pt"
        )
