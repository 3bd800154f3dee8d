"""PEFT folders of ours, read by PEFT itself."""

import copy
import errno
import json
import os

import pytest
import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError, StudioError
from vera_studio.exchange.peft_export import export_peft, planned_form
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import AdapterSettings

VERA = AdapterSettings(rank=8, seed=7, d_initial=0.3, sharing="all")
LORA = AdapterSettings(rank=4, method="lora", alpha=2.5)


def logits_of_peft(peft, network, folder, x):
    adapted = peft.PeftModel.from_pretrained(copy.deepcopy(network), folder).eval()
    with torch.no_grad():
        return adapted(x)


def assert_peft_computes_the_same(peft, adapter, network, class_names, folder, x):
    with torch.no_grad():
        expected, base = with_adapter(adapter, network)(x), network(x)
    assert (expected - base).abs().max() > 1e-3
    found = logits_of_peft(peft, network, folder, x)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "as_lora", "kind"),
    [
        (VERA, False, "VeRA"),
        (AdapterSettings(rank=3, sharing="all", layers=("fc2", "fc5")), False, "VeRA"),
        (VERA, True, "LoRA"),
        (AdapterSettings(rank=32), False, "LoRA"),
        (AdapterSettings(rank=5, layers=("fc3",)), False, "LoRA"),
        (LORA, False, "LoRA"),
        (AdapterSettings(rank=2, method="lora", layers=("fc1", "fc4")), True, "LoRA"),
    ],
)
def test_peft_computes_our_logits(
    peft, convnet, images, make_adapter, tmp_path, settings, as_lora, kind
):
    adapter, folder = make_adapter(convnet, settings), tmp_path / "peft"
    form, paths = export_peft(adapter, convnet, CLASS_NAMES, folder, as_lora)
    assert form == planned_form(settings, as_lora)
    assert form.kind == kind
    assert not attached_layers(convnet)
    assert set(paths) == set(folder.iterdir())
    assert {path.name for path in paths} == {"adapter_config.json", "adapter_model.safetensors"}
    config = peft.PeftConfig.from_pretrained(folder)
    assert config.peft_type == kind.upper()
    assert_peft_computes_the_same(peft, adapter, convnet, CLASS_NAMES, folder, images)


def test_stored_projections_are_cut_to_what_peft_expects(
    peft, convnet, images, stored_adapter, tmp_path
):
    export_peft(stored_adapter, convnet, CLASS_NAMES, tmp_path / "peft")
    tensors = safetensors.torch.load_file(tmp_path / "peft" / "adapter_model.safetensors")
    assert tensors["base_model.vera_A"].shape == (4, 400)
    assert tensors["base_model.vera_B"].shape == (120, 4)
    assert_peft_computes_the_same(
        peft, stored_adapter, convnet, CLASS_NAMES, tmp_path / "peft", images
    )


@pytest.mark.parametrize("layers", [("fc1",), ("body.fc1",), ("fc1", "body.fcx1")])
@pytest.mark.parametrize("method", ["vera", "lora"])
def test_a_name_does_not_catch_another_that_ends_like_it(
    peft, twins, make_adapter, tmp_path, layers, method
):
    settings = AdapterSettings(rank=2, method=method, sharing="all", layers=layers)
    adapter = make_adapter(twins, settings, ("a", "b", "c", "d"))
    export_peft(adapter, twins, ("a", "b", "c", "d"), tmp_path / "peft")
    adapted = peft.PeftModel.from_pretrained(copy.deepcopy(twins), tmp_path / "peft")
    wrapped = {
        name.removeprefix("base_model.model.")
        for name, module in adapted.named_modules()
        if isinstance(module, peft.tuners.tuners_utils.BaseTunerLayer)
    }
    assert wrapped == set(layers)
    x = torch.randn(9, 5)
    assert_peft_computes_the_same(peft, adapter, twins, ("a", "b", "c", "d"), tmp_path / "peft", x)


@pytest.mark.parametrize("method", ["full", "bias"])
def test_methods_that_peft_does_not_have_are_refused(convnet, make_adapter, tmp_path, method):
    adapter = make_adapter(convnet, AdapterSettings(method=method))
    for call in (
        lambda: planned_form(adapter.info.settings),
        lambda: export_peft(adapter, convnet, CLASS_NAMES, tmp_path / "peft"),
    ):
        with pytest.raises(AdapterError, match="Export the merged weights instead"):
            call()
    assert not (tmp_path / "peft").exists()


def test_the_form_is_told_with_its_reason():
    assert "one pair of projections for all layers" in planned_form(VERA).sentence
    assert "PEFT 0.21 or newer" in planned_form(VERA).sentence
    assert "a pair of projections for each shape" in planned_form(AdapterSettings()).sentence
    assert planned_form(VERA, as_lora=True).kind == "LoRA"


def test_an_adapter_of_another_network_leaves_no_folder(convnet, make_adapter, tmp_path):
    adapter = make_adapter(convnet, VERA)
    with torch.no_grad():
        convnet.fc1.bias += 1
    with pytest.raises(AdapterError, match="other weights"):
        export_peft(adapter, convnet, CLASS_NAMES, tmp_path / "peft")
    assert not (tmp_path / "peft").exists()


def test_a_folder_of_something_else_is_left_alone(convnet, make_adapter, tmp_path):
    (tmp_path / "thesis.txt").write_text("text")
    with pytest.raises(StudioError, match="holds other files"):
        export_peft(make_adapter(convnet, VERA), convnet, CLASS_NAMES, tmp_path)
    assert not (tmp_path / "adapter_config.json").exists()
    with pytest.raises(StudioError, match=r"thesis\.txt"):
        export_peft(make_adapter(convnet, VERA), convnet, CLASS_NAMES, tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "text"


def test_an_older_export_is_replaced(peft, convnet, images, make_adapter, tmp_path):
    folder = tmp_path / "peft"
    export_peft(make_adapter(convnet, VERA), convnet, CLASS_NAMES, folder)
    lora = make_adapter(convnet, LORA)
    export_peft(lora, convnet, CLASS_NAMES, folder)
    assert json.loads((folder / "adapter_config.json").read_text())["peft_type"] == "LORA"
    assert_peft_computes_the_same(peft, lora, convnet, CLASS_NAMES, folder, images)


@pytest.mark.parametrize("fits", [0, 1])
def test_a_full_disk_leaves_the_folder_as_it_was(
    convnet, make_adapter, tmp_path, monkeypatch, fits
):
    folder = tmp_path / "peft"
    export_peft(make_adapter(convnet, VERA), convnet, CLASS_NAMES, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    true_fsync, written = os.fsync, []

    def fill_up(handle):
        written.append(handle)
        if len(written) > fits:
            raise OSError(errno.ENOSPC, "No space left on device")
        true_fsync(handle)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(StudioError, match="No space left"):
        export_peft(make_adapter(convnet, LORA), convnet, CLASS_NAMES, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    monkeypatch.undo()
    export_peft(make_adapter(convnet, LORA), convnet, CLASS_NAMES, folder)
    assert len(list(folder.iterdir())) == 2


def test_names_are_taken_literally(make_adapter, tmp_path):
    network = nn.Sequential()
    network.add_module("a+b", nn.Linear(3, 3))
    network.add_module("all-linear", nn.Linear(3, 3))
    settings = AdapterSettings(rank=2, method="lora", layers=("all-linear",))
    export_peft(make_adapter(network, settings, "abc"), network, "abc", tmp_path / "peft")
    config = json.loads((tmp_path / "peft" / "adapter_config.json").read_text())
    assert config["target_modules"] == ["all-linear"]  # as a text it would mean every layer


def test_layers_are_listed_where_a_list_catches_no_others(convnet, make_adapter, tmp_path):
    settings = AdapterSettings(rank=2, method="lora", layers=("fc1", "fc4"))
    export_peft(make_adapter(convnet, settings), convnet, CLASS_NAMES, tmp_path / "peft")
    config = json.loads((tmp_path / "peft" / "adapter_config.json").read_text())
    assert config["target_modules"] == ["fc1", "fc4"]
