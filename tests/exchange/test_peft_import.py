"""Folders that PEFT itself wrote, and ours, as adapters of the studio."""

import copy
import dataclasses
import json

import pytest
import safetensors.torch
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attached_layers
from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError
from vera_studio.exchange.peft_export import export_peft
from vera_studio.exchange.peft_import import import_peft
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import AdapterSettings

ALL = ["fc1", "fc2", "fc3", "fc4", "fc5"]
NO_PROJECTIONS = "ignore:Specified to not (save|load) vera_A:UserWarning"


@pytest.fixture
def saved(peft, convnet, images, tmp_path):
    """A function that lets PEFT write a trained adapter; the folder, and PEFT's logits of it."""

    def saved(config, dtype=None):
        folder = tmp_path / "peft"
        adapted = peft.get_peft_model(copy.deepcopy(convnet), config)
        generator = torch.Generator().manual_seed(3)
        with torch.no_grad():
            for parameter in adapted.parameters():
                if parameter.requires_grad:
                    parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
        adapted.to(dtype).save_pretrained(folder)
        again = peft.PeftModel.from_pretrained(copy.deepcopy(convnet), folder).eval()
        with torch.no_grad():
            return folder, again(images)

    return saved


def assert_same_logits(folder, convnet, images, expected, tmp_path):
    """As read, and after a way through our own file; returns the adapter."""
    adapter = import_peft(folder, convnet, CLASS_NAMES)
    assert not attached_layers(convnet)
    adapter_file.write(tmp_path / "own.safetensors", adapter)
    again = adapter_file.load(tmp_path / "own.safetensors")
    assert again.info == adapter.info
    with torch.no_grad():
        assert (expected - convnet(images)).abs().max() > 1e-3
        for one in (adapter, again):
            found = with_adapter(one, convnet, CLASS_NAMES)(images)
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    return adapter


@pytest.mark.filterwarnings(NO_PROJECTIONS)
@pytest.mark.parametrize(
    "options",
    [
        {"r": 4, "target_modules": ALL},
        {"r": 32, "target_modules": ALL, "projection_prng_key": 5, "d_initial": 0.25},
        {"r": 3, "target_modules": ["fc2", "fc5"], "vera_dropout": 0.5},
        {"r": 3, "target_modules": r"fc[24]"},
        {"r": 4, "target_modules": ALL, "save_projection": False},
        {"r": 7, "target_modules": ["fc4"], "save_projection": False, "projection_prng_key": 9},
        {"r": 2, "target_modules": ALL, "save_projection": False, "projection_prng_key": 2**40},
    ],
)
def test_vera_of_peft(peft, saved, convnet, images, tmp_path, options):
    folder, expected = saved(peft.VeraConfig(**options))
    adapter = assert_same_logits(folder, convnet, images, expected, tmp_path)
    settings = adapter.info.settings
    assert (settings.method, settings.sharing, settings.rank) == ("vera", "all", options["r"])
    assert settings.d_initial == options.get("d_initial", 0.1)
    assert adapter.info.stores_projections


@pytest.mark.parametrize(
    "options",
    [
        {"r": 4, "target_modules": ALL},
        {"r": 1, "target_modules": ["fc3"], "lora_alpha": 5},
        {"r": 16, "target_modules": ALL, "lora_alpha": 24, "lora_dropout": 0.3},
        {"r": 6, "target_modules": r".*c(1|5)", "lora_alpha": 2.5},
        {"r": 3, "target_modules": ["fc1", "fc2"], "use_rslora": True, "lora_alpha": 4},
        {"r": 4, "target_modules": ALL, "exclude_modules": ["fc4"]},
        {"r": 4, "target_modules": ["fc1"], "lora_alpha": -8},
        {"r": 2, "target_modules": ["fc1"], "lora_alpha": 50_000},
        {"r": 4, "target_modules": ["fc2"], "init_lora_weights": "gaussian"},
    ],
)
def test_lora_of_peft(peft, saved, convnet, images, tmp_path, options):
    folder, expected = saved(peft.LoraConfig(**options))
    # As large as the logits are: at alpha 50,000 they are in the thousands.
    scale = expected.abs().max().clamp(min=20) / 20
    adapter = import_peft(folder, convnet, CLASS_NAMES)
    assert (adapter.info.settings.method, adapter.info.settings.rank) == ("lora", options["r"])
    if scale == 1:
        assert_same_logits(folder, convnet, images, expected, tmp_path)
    else:
        found = with_adapter(adapter, convnet)(images)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(scale))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", ["vera", "lora"])
def test_values_take_the_dtype_of_the_network(peft, saved, convnet, images, tmp_path, dtype, kind):
    make = peft.VeraConfig if kind == "vera" else peft.LoraConfig
    folder, expected = saved(make(r=4, target_modules=ALL), dtype)
    tensors = safetensors.torch.load_file(folder / "adapter_model.safetensors")
    assert dtype in {tensor.dtype for tensor in tensors.values()}
    adapter = assert_same_logits(folder, convnet, images, expected, tmp_path)
    assert {value.dtype for value in adapter.parameters.values()} == {torch.float32}


def reason_against(folder, convnet):
    try:
        import_peft(folder, convnet, CLASS_NAMES)
    except AdapterError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "init", [True, False, "gaussian", "orthogonal", "mica", "pissa", "pissa_niter_2", "olora"]
)
def test_what_changes_the_base_is_refused_and_nothing_else(peft, convnet, tmp_path, init):
    config = peft.LoraConfig(r=4, target_modules=ALL, init_lora_weights=init)
    adapted = peft.get_peft_model(copy.deepcopy(convnet), config)
    adapted.save_pretrained(tmp_path / "peft")
    reason = reason_against(tmp_path / "peft", convnet)
    if torch.equal(adapted.base_model.model.fc1.base_layer.weight, convnet.fc1.weight):
        assert reason == ""
    else:
        assert "changes the network's own weights" in reason


@pytest.mark.parametrize(
    "settings",
    [
        AdapterSettings(rank=8, seed=7, d_initial=0.3, sharing="all"),
        AdapterSettings(rank=3, sharing="all", layers=("fc2", "fc5")),
        AdapterSettings(rank=4, method="lora", alpha=2.5),
        AdapterSettings(rank=4, method="lora", alpha=3.0, layers=("fc1",)),
    ],
)
def test_our_own_export_comes_back_as_it_was(convnet, make_adapter, tmp_path, settings):
    adapter = make_adapter(convnet, settings)
    export_peft(adapter, convnet, CLASS_NAMES, tmp_path / "peft")
    again = import_peft(tmp_path / "peft", convnet, CLASS_NAMES, "convnet")
    assert again.info == adapter.info
    assert again.projections is None
    assert adapter_file.to_bytes(again) == adapter_file.to_bytes(adapter)


def test_stored_projections_come_back_stored(convnet, images, stored_adapter, tmp_path):
    export_peft(stored_adapter, convnet, CLASS_NAMES, tmp_path / "peft")
    again = import_peft(tmp_path / "peft", convnet, CLASS_NAMES)
    assert again.info.stores_projections
    expected = with_adapter(stored_adapter, convnet)(images)
    assert torch.equal(with_adapter(again, convnet)(images), expected)


def test_a_seed_that_is_none_of_ours_is_kept_out_of_the_settings(convnet, make_adapter, tmp_path):
    folder = tmp_path / "peft"
    adapter = make_adapter(convnet, AdapterSettings(rank=2, seed=3, sharing="all"))
    export_peft(adapter, convnet, CLASS_NAMES, folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    changed = {"projection_prng_key": 2**33, "d_initial": 0}
    (folder / "adapter_config.json").write_text(json.dumps(config | changed))
    again = import_peft(folder, convnet, CLASS_NAMES)
    assert (again.info.settings.seed, again.info.settings.d_initial) == (0, 0.1)
    assert again.info.stores_projections  # seed 0 does not make them
    assert dataclasses.replace(again.info.settings, seed=3) == adapter.info.settings
