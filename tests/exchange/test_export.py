"""The one way out and the one way in."""

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError, StudioError
from vera_studio.exchange.export import export
from vera_studio.exchange.reading import read_adapter
from vera_studio.recipe import AdapterSettings

PEFT_FILES = {"adapter_config.json", "adapter_model.safetensors"}


@pytest.fixture
def adapter(convnet, make_adapter):
    return make_adapter(convnet, AdapterSettings(rank=4, sharing="all"))


@pytest.mark.parametrize(
    ("to", "name", "files", "words"),
    [
        ("peft", "folder", PEFT_FILES, "A PEFT VeRA"),
        ("lora", "folder", PEFT_FILES, "A PEFT LoRA"),
        ("merged", "m.safetensors", {"m.safetensors"}, "weights of the ConvNet"),
        ("onnx", "m.onnx", {"m.onnx"}, "onnxruntime computes the same"),
    ],
)
def test_every_form(model, adapter, tmp_path, to, name, files, words):
    exported = export(adapter, model, to, tmp_path / name)
    assert {path.name for path in exported.paths} == files
    assert all(path.is_file() for path in exported.paths)
    assert words in exported.sentence
    assert not attached_layers(model.network)


def test_an_unknown_form_is_refused(model, adapter, tmp_path):
    with pytest.raises(StudioError, match="peft, lora, merged, onnx, not as 'gguf'"):
        export(adapter, model, "gguf", tmp_path / "x")


@pytest.mark.parametrize("inside", ["", "adapter_config.json", "adapter_model.safetensors"])
def test_a_peft_folder_is_read_by_any_of_its_paths(model, adapter, tmp_path, inside):
    export(adapter, model, "peft", tmp_path / "folder")
    again = read_adapter(tmp_path / "folder" / inside, model)
    assert again.info == adapter.info


def test_our_own_file_is_read_by_any_name(model, adapter, images, tmp_path):
    path = tmp_path / "adapter_model.safetensors"
    adapter_file.write(path, adapter)
    again = read_adapter(path, model)
    assert again.info == adapter.info
    expected = with_adapter(adapter, model.network)(images)
    assert torch.equal(with_adapter(again, model.network)(images), expected)


def test_what_is_neither_is_refused(model, tmp_path):
    with pytest.raises(AdapterError, match=r"there is neither PEFT's adapter_config\.json nor"):
        read_adapter(tmp_path, model)
    with pytest.raises(AdapterError, match="found nothing"):
        read_adapter(tmp_path / "gone.safetensors", model)
