"""PEFT folders that cannot be taken: each is refused with its reason, and several at once."""

import json

import pytest
import safetensors.torch
import torch

from vera_studio.errors import AdapterError
from vera_studio.exchange import peft_config, peft_tensors
from vera_studio.exchange.peft_export import export_peft
from vera_studio.exchange.peft_import import import_peft
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import AdapterSettings


@pytest.fixture
def folders(convnet, make_adapter, tmp_path):
    """A good PEFT folder of each kind, by name."""
    for method in ("vera", "lora"):
        settings = AdapterSettings(rank=2, method=method, sharing="all", layers=("fc2", "fc5"))
        adapter = make_adapter(convnet, settings)
        export_peft(adapter, convnet, CLASS_NAMES, tmp_path / method)
    return {method: tmp_path / method for method in ("vera", "lora")}


def edit_config(folder, **changes):
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in config.items() if v != "gone"}))


def edit_tensors(folder, change):
    path = folder / "adapter_model.safetensors"
    tensors = safetensors.torch.load_file(path)
    change(tensors)
    safetensors.torch.save_file(tensors, path)


def refusal(folder, convnet):
    with pytest.raises(AdapterError) as raised:
        import_peft(folder, convnet, CLASS_NAMES)
    return str(raised.value)


@pytest.mark.parametrize(
    ("method", "changes", "reason"),
    [
        ("lora", {"peft_type": "LOHA"}, "expected PEFT's LORA or VERA, found 'LOHA'"),
        ("lora", {"peft_type": ["LORA"]}, "expected PEFT's LORA or VERA"),
        ("lora", {"peft_type": "gone"}, "found None"),
        ("lora", {"use_dora": True}, "DoRA"),
        ("lora", {"rank_pattern": {"fc2": 3}}, "different ranks"),
        ("lora", {"alpha_pattern": {"fc2": 3}}, "different alphas"),
        ("lora", {"bias": "all"}, "changes biases too: 'bias' is 'all'"),
        ("vera", {"bias": "vera_only"}, "changes biases too"),
        ("vera", {"bias": 3}, "changes biases too"),
        ("lora", {"lora_bias": True}, "adds a bias to B"),
        ("vera", {"modules_to_save": ["conv1"]}, "trained whole"),
        ("vera", {"fan_in_fan_out": True}, "other way round"),
        ("lora", {"init_lora_weights": "pissa"}, "changes the network's own weights"),
        ("lora", {"init_lora_weights": "loftq"}, "changes the network's own weights"),
        ("lora", {"init_lora_weights": ["x"]}, "changes the network's own weights"),
        ("lora", {"target_parameters": ["fc2.weight"]}, "on parameters"),
        ("lora", {"arrow_config": {"top_k": 2}}, "'arrow_config' set to {'top_k': 2}, which"),
        ("lora", {"use_hyper": 1}, "'use_hyper' set to 1, which the studio does not know"),
        ("lora", {"r": 0}, "from 1 to 1,024, not 0"),
        ("lora", {"r": 1025}, "from 1 to 1,024, not 1025"),
        ("vera", {"r": 2.0}, "'r' must be a whole number, not 2.0"),
        ("vera", {"r": True}, "'r' must be a whole number, not True"),
        ("vera", {"r": 3}, r"base_model.vera_A has shape (2, 120), expected (3, 120)"),
        ("lora", {"lora_alpha": "8"}, "'lora_alpha' must be a number"),
        ("lora", {"lora_alpha": float("nan")}, "'lora_alpha' must be a number"),
        ("lora", {"lora_alpha": 10**400}, "'lora_alpha' must be a number"),
        ("lora", {"use_rslora": 1}, "'use_rslora' must be true or false"),
        ("vera", {"save_projection": None}, "'save_projection' must be true or false"),
        ("vera", {"save_projection": False}, "do not belong there: base_model.vera_A"),
        ("vera", {"d_initial": [0.1]}, "'d_initial' must be a number"),
        ("vera", {"projection_prng_key": "x"}, "'projection_prng_key' must be a whole number"),
        ("vera", {"target_modules": ["fc2", 5]}, "'target_modules' must be a text or a list"),
        ("vera", {"target_modules": {"fc2": 5}}, "'target_modules' must be a text or a list"),
        ("lora", {"target_modules": ["fc2", "fc4"]}, "no tensors base_model.model.fc4.lora_A"),
    ],
)
def test_settings(convnet, folders, method, changes, reason):
    edit_config(folders[method], **changes)
    assert reason in refusal(folders[method], convnet)


def set_to(name, value):
    return lambda tensors: tensors.update({name: value})


def in_lora(name):
    return f"base_model.model.{name}.weight"


@pytest.mark.parametrize(
    ("method", "change", "reason"),
    [
        (
            "lora",
            lambda t: t.pop(in_lora("fc2.lora_A")),
            "there are no tensors base_model.model.fc2.lora_A.weight",
        ),
        ("vera", lambda t: t.pop("base_model.vera_B"), "no tensors base_model.vera_B"),
        ("vera", lambda t: t.clear(), "there are no tensors base_model.model.fc2.vera_lambda_b"),
        (
            "lora",
            set_to(in_lora("pool.lora_A"), torch.zeros(2, 3, 5, 5)),
            "on what is no linear layer or convolution of the network: pool",
        ),
        ("lora", set_to(in_lora("fc9.lora_A"), torch.zeros(2, 3)), "of the network: fc9"),
        ("lora", set_to("conv1.weight", torch.zeros(2)), "do not belong there: conv1.weight"),
        (
            "lora",
            set_to("base_model.model.fc2.lora_magnitude_vector", torch.ones(84)),
            "do not belong there: base_model.model.fc2.lora_magnitude_vector",
        ),
        (
            "lora",
            set_to(in_lora("fc2.lora_B"), torch.zeros(84, 3)),
            "fc2.lora_B.weight has shape (84, 3), expected (84, 2)",
        ),
        (
            "vera",
            set_to("base_model.model.fc5.vera_lambda_b", torch.zeros(10, 1)),
            "fc5.vera_lambda_b has shape (10, 1), expected (10,)",
        ),
        (
            "vera",
            set_to("base_model.vera_A", torch.zeros(2, 400)),
            "base_model.vera_A has shape (2, 400), expected (2, 120)",
        ),
        (
            "vera",
            set_to("base_model.model.fc5.vera_lambda_d", torch.tensor([1.0, float("nan")])),
            "not finite in the layer's dtype in base_model.model.fc5.vera_lambda_d",
        ),
        (
            "lora",
            set_to(in_lora("fc2.lora_B"), torch.full((84, 2), 1e300, dtype=torch.float64)),
            "not finite in the layer's dtype in base_model.model.fc2.lora_B",
        ),
        (
            "lora",
            set_to(in_lora("fc2.lora_B"), torch.zeros(84, 2, dtype=torch.int64)),
            "found other types in base_model.model.fc2.lora_B.weight",
        ),
    ],
)
def test_tensors(convnet, folders, method, change, reason):
    edit_tensors(folders[method], change)
    assert reason in refusal(folders[method], convnet)


def test_all_reasons_are_named_at_once(convnet, folders):
    edit_config(folders["lora"], use_dora=True, bias="all", r=2000, rank_pattern={"a": 1})
    text = refusal(folders["lora"], convnet)
    for reason in ("DoRA", "biases too", "not 2000", "different ranks"):
        assert reason in text
    edit_tensors(folders["vera"], lambda t: t.update({"x": torch.zeros(1)}))
    edit_tensors(folders["vera"], lambda t: t.pop("base_model.model.fc2.vera_lambda_d"))
    text = refusal(folders["vera"], convnet)
    assert "do not belong there: x" in text
    assert "no tensors base_model.model.fc2.vera_lambda_d" in text


def test_settings_that_are_off_do_not_count(convnet, folders):
    off = {"use_dora": False, "modules_to_save": [], "rank_pattern": {}, "arrow_config": None}
    edit_config(folders["lora"], **off)
    assert import_peft(folders["lora"], convnet, CLASS_NAMES).info.layers == ("fc2", "fc5")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged or no JSON"),
        (b"{", "damaged or no JSON"),
        (b"\xff\xfe\x00{", "damaged or no JSON"),
        (b"[" * 100_000, "damaged or no JSON"),
        (b'{"r": ' + b"9" * 5000 + b"}", "damaged or no JSON"),
        (b"[1]", "expected a JSON object"),
        (b" " * (2**20 + 1), "it has more than the 1,048,576 bytes"),
    ],
)
def test_configurations_that_are_none(convnet, folders, content, reason):
    (folders["lora"] / "adapter_config.json").write_bytes(content)
    assert reason in refusal(folders["lora"], convnet)


@pytest.mark.parametrize("content", [b"junk", b"\x00" * 100, b"\xff" * 16 + b"{}"])
def test_tensors_that_are_none(convnet, folders, content):
    (folders["lora"] / "adapter_model.safetensors").write_bytes(content)
    assert "no whole safetensors file" in refusal(folders["lora"], convnet)


def test_a_truncated_file(convnet, folders):
    path = folders["vera"] / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    assert "no whole safetensors file" in refusal(folders["vera"], convnet)


def test_huge_tensors_are_not_read(convnet, folders, monkeypatch):
    monkeypatch.setattr(peft_tensors, "MAX_FILE_BYTES", 100)
    assert "it has more than the 100 bytes" in refusal(folders["lora"], convnet)


def test_pickled_tensors_are_not_opened(convnet, folders):
    folder = folders["lora"]
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    text = refusal(folder, convnet)
    assert "adapter_model.bin was not opened" in text
    assert "save_pretrained writes safetensors" in text


def test_folders_that_are_not_whole(convnet, folders, tmp_path):
    (folders["lora"] / "adapter_model.safetensors").unlink()
    assert "no adapter_model.safetensors in it" in refusal(folders["lora"], convnet)
    (folders["vera"] / "adapter_config.json").unlink()
    assert "no adapter_config.json in it" in refusal(folders["vera"], convnet)
    assert "no adapter_config.json in it" in refusal(tmp_path / "nowhere", convnet)


def test_what_lies_in_place_of_the_tensors_is_told(convnet, folders):
    path = folders["lora"] / "adapter_model.safetensors"
    path.write_bytes(b"")
    text = "adapter_model.safetensors holds no adapter: it is empty."
    assert refusal(folders["lora"], convnet) == text
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    assert "a pointer of Git LFS" in refusal(folders["lora"], convnet)


def test_a_key_that_torch_does_not_take(convnet, folders):
    edit_config(folders["vera"], save_projection=False, projection_prng_key=2**70)
    edit_tensors(folders["vera"], lambda t: [t.pop(f"base_model.vera_{one}") for one in ("A", "B")])
    assert "none that PyTorch takes" in refusal(folders["vera"], convnet)


def test_a_regular_expression_is_never_evaluated(convnet, folders, monkeypatch):
    """One that would take longer than the universe has; the tensors tell the layers."""
    edit_config(folders["lora"], target_modules="(a*)*" * 30 + "b")
    assert import_peft(folders["lora"], convnet, CLASS_NAMES).info.layers == ("fc2", "fc5")
    assert not hasattr(peft_config, "re")


@pytest.mark.parametrize("method", ["vera", "lora"])
def test_any_setting_of_a_wrong_type_is_refused_or_harmless(convnet, folders, method):
    path = folders[method] / "adapter_config.json"
    config = json.loads(path.read_text())
    wrong = [None, [], {}, "", "x", -1, 10**30, 1e308, True, [[1]], {"a": [None]}]
    refused = 0
    for key in config:
        for value in wrong:
            path.write_text(json.dumps(config | {key: value}))
            try:
                import_peft(folders[method], convnet, CLASS_NAMES)
            except AdapterError:
                refused += 1
    assert refused > len(config) * len(wrong) / 2


def test_no_tensors_and_an_expression_that_tells_no_layers(convnet, folders):
    edit_config(folders["lora"], target_modules="fc2|fc5")
    edit_tensors(folders["lora"], lambda t: t.clear())
    assert "there are no tensors in it" in refusal(folders["lora"], convnet)
