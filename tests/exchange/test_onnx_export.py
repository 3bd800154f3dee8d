"""The ONNX file, run by onnxruntime, and what its metadata tells a reader."""

import dataclasses
import importlib.util
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import vera_studio
from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError, StudioError
from vera_studio.exchange import onnx_export
from vera_studio.exchange.onnx_export import export_onnx, is_available
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import AdapterSettings


@pytest.fixture
def adapter(convnet, make_adapter):
    return make_adapter(convnet, AdapterSettings(rank=4))


def test_onnxruntime_computes_our_logits(model, adapter, tmp_path, capfd):
    path = tmp_path / "network.onnx"
    info = dataclasses.replace(adapter.info, temperature=1.5)
    adapter = dataclasses.replace(adapter, info=info)
    assert export_onnx(adapter, model, path) == "onnxruntime computes the same logits."
    assert capfd.readouterr() == ("", "")
    assert not attached_layers(model.network)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["made.safetensors", "network.onnx"]
    adapted = with_adapter(adapter, model.network)
    session = onnxruntime.InferenceSession(path.read_bytes())
    for batch_size in (1, 2, 7):
        pixels = torch.randint(256, (batch_size, 3, 32, 32), dtype=torch.uint8)
        scaled = pixels.numpy().astype(np.float32) / 255
        (found,) = session.run(["logits"], {"images": scaled})
        with torch.no_grad():
            images = model.preprocessing(pixels)
            expected = adapted(images) / 1.5
            assert (1.5 * expected - model.network(images)).abs().max() > 1e-3
        np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-4)


def test_a_reader_learns_all_that_it_needs_and_nothing_of_the_machine(model, adapter, tmp_path):
    path = tmp_path / "network.onnx"
    export_onnx(adapter, model, path)
    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    facts = {entry.key: json.loads(entry.value) for entry in proto.metadata_props}
    assert facts == {
        "class_names": list(CLASS_NAMES),
        "input_range": [0, 1],
        "input_size": 32,
        "input_resize": 32,
        "input_interpolation": "bicubic",
        "input_cuts_first": True,
    }
    assert (proto.producer_name, proto.producer_version) == (
        "VeRA Studio",
        vera_studio.__version__,
    )
    (images,), (logits,) = proto.graph.input, proto.graph.output
    assert (images.name, logits.name) == ("images", "logits")
    assert images.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    dims = [dim.dim_value or dim.dim_param for dim in images.type.tensor_type.shape.dim]
    assert dims == ["batch", 3, 32, 32]
    content = path.read_bytes()
    for foreign in (b".py", b"site-packages", str(tmp_path).encode()):
        assert foreign not in content


def test_a_file_that_computes_something_else_is_not_written(model, adapter, tmp_path, monkeypatch):
    exported = onnx_export._exported

    def of_another_network(network, kind):
        with torch.no_grad():
            network.network.fc5.bias[3] += 0.01
        content = exported(network, kind)
        with torch.no_grad():
            network.network.fc5.bias[3] -= 0.01
        return content

    monkeypatch.setattr(onnx_export, "_exported", of_another_network)
    with pytest.raises(StudioError, match="logits differ from the network's by"):
        export_onnx(adapter, model, tmp_path / "network.onnx")
    assert not (tmp_path / "network.onnx").exists()


def hide(monkeypatch, *names):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in names else find_spec(name)
    )


def test_without_onnxruntime_it_says_that_nothing_was_checked(
    model, adapter, tmp_path, monkeypatch
):
    hide(monkeypatch, "onnxruntime")
    sentence = export_onnx(adapter, model, tmp_path / "network.onnx")
    assert "was not checked" in sentence
    assert (tmp_path / "network.onnx").is_file()


@pytest.mark.parametrize("missing", ["onnx", "onnxscript"])
def test_without_the_packages_it_says_how_to_get_them(
    model, adapter, tmp_path, monkeypatch, missing
):
    assert is_available()
    hide(monkeypatch, missing)
    assert not is_available()
    with pytest.raises(StudioError, match="pip install onnx onnxscript"):
        export_onnx(adapter, model, tmp_path / "network.onnx")
    assert not (tmp_path / "network.onnx").exists()


def test_other_endings_and_other_networks_are_refused(model, adapter, tmp_path):
    with pytest.raises(StudioError, match=r"ends in \.onnx"):
        export_onnx(adapter, model, tmp_path / "network.pt")
    with torch.no_grad():
        model.network.fc1.bias += 1
    other = dataclasses.replace(model, digest=base_digest(model.network))
    with pytest.raises(AdapterError, match="other weights"):
        export_onnx(adapter, other, tmp_path / "network.onnx")


def test_an_onnxruntime_that_cannot_run_the_file_is_told(
    make_adapter, model, tmp_path, monkeypatch
):
    def refuse(*_):
        raise ValueError("Opset 99 is under development\nand more")

    monkeypatch.setattr(onnx_export, "_difference", refuse)
    adapter = make_adapter(model.network, AdapterSettings(rank=2))
    with pytest.raises(StudioError, match=r"cannot run it \(Opset 99 is under development\)"):
        onnx_export.export_onnx(adapter, model, tmp_path / "m.onnx")
    assert not list(tmp_path.glob("*.onnx"))
