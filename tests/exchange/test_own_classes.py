"""Adapters with classes of their own, in every form that other programs take."""

import copy
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors
import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.sites import find_sites
from vera_studio.errors import AdapterError
from vera_studio.exchange.export import export
from vera_studio.exchange.peft_export import export_peft
from vera_studio.exchange.reading import opened, read_adapter
from vera_studio.models import registry
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.head import set_classes
from vera_studio.models.model import Model, open_model
from vera_studio.recipe import AdapterSettings, ModelSettings

OWN = ("amber", "jade", "teal")
SETTINGS = {
    "vera": AdapterSettings(rank=4),
    "one pair": AdapterSettings(rank=4, sharing="all"),
    "lora": AdapterSettings(rank=2, method="lora", alpha=3.0, layers=("conv2", "fc1", "fc4")),
}


@pytest.fixture
def make(model, make_adapter):
    """A function that gives a model with classes of its own, and an adapter on it."""

    def make(settings, names=OWN, model=model):
        own = model.with_classes(names)
        settings = own.settings_for(settings)
        return own, make_adapter(own.network, settings, own.class_names, base=own.digest)

    return make


def logits(own, adapter, images):
    with torch.no_grad():
        adapted = with_adapter(adapter, own.network, own.class_names, own.digest)
        return adapted(images)


def plain_of(own):
    """The network as a user of PEFT has it: the original weights, and a last layer of its own."""
    plain = copy.deepcopy(own.original.network)
    nn.init.normal_(plain.fc5.weight)
    plain.fc5 = nn.Linear(84, len(own.class_names))
    return plain.eval()


@pytest.mark.parametrize("to", ["peft", "lora"])
@pytest.mark.parametrize("kind", SETTINGS)
def test_peft_computes_our_logits_and_comes_back(peft, model, make, images, tmp_path, kind, to):
    own, adapter = make(SETTINGS[kind])
    exported = export(adapter, model, to, tmp_path / "peft")
    assert exported.sentence.endswith("The last layer goes with it as it is (modules_to_save).")
    adapted = peft.PeftModel.from_pretrained(plain_of(own), tmp_path / "peft").eval()
    expected = logits(own, adapter, images)
    with torch.no_grad():
        torch.testing.assert_close(adapted(images), expected, rtol=0, atol=1e-4)

    again, found = opened(tmp_path / "peft", model)
    assert found.class_names == again.info.classes.names == OWN
    assert again.info.has_own_classes
    assert again.info.settings.head == "fc5"
    head = adapter.parameters["fc5.weight_change"]
    assert torch.equal(again.parameters["fc5.weight_change"], head)
    torch.testing.assert_close(logits(found, again, images), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("classes", [3, 10])
def test_a_folder_that_peft_wrote(peft, model, images, tmp_path, classes):
    """It tells no names: those of the network where there are as many, else numbers."""
    plain = copy.deepcopy(model.network)
    plain.fc5 = nn.Linear(84, classes)
    config = peft.LoraConfig(r=3, target_modules=["fc1", "fc2"], modules_to_save=["fc5"])
    adapted = peft.get_peft_model(plain, config).eval()
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter += 0.1 * torch.randn(parameter.shape)
        expected = adapted(images)
    adapted.save_pretrained(tmp_path / "peft")
    adapter, found = opened(tmp_path / "peft", model.with_classes(OWN))
    assert found.class_names == (CLASS_NAMES if classes == 10 else ("0", "1", "2"))
    torch.testing.assert_close(logits(found, adapter, images), expected, rtol=0, atol=1e-5)


def test_layers_that_are_not_the_last_one_cannot_be_had_whole(peft, model, tmp_path):
    config = peft.LoraConfig(r=3, target_modules=["fc1"], modules_to_save=["fc4", "fc5"])
    peft.get_peft_model(copy.deepcopy(model.network), config).save_pretrained(tmp_path / "peft")
    with pytest.raises(AdapterError, match="fc4, fc5; the studio has the last one alone so, fc5"):
        read_adapter(tmp_path / "peft", model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": None}, "there are no tensors of the last layer fc5"),
        ({"bias": None}, "the last layer fc5 should have"),
        ({"bias": torch.zeros(4)}, "the last layer fc5 should have"),
        ({"weight": torch.zeros(3, 83)}, "the last layer fc5 should have"),
        ({"bias": torch.full((3,), torch.nan)}, "too large for its dtype"),
    ],
)
def test_a_last_layer_that_cannot_be_right(model, make, tmp_path, change, message):
    _, adapter = make(SETTINGS["lora"])
    export(adapter, model, "peft", tmp_path / "peft")
    path = tmp_path / "peft" / "adapter_model.safetensors"
    tensors = safetensors.torch.load_file(path)
    for name, value in change.items():
        tensors.pop(f"base_model.model.fc5.{name}")
        if value is not None:
            tensors[f"base_model.model.fc5.{name}"] = value
    safetensors.torch.save_file(tensors, path)
    with pytest.raises(AdapterError, match=message):
        read_adapter(tmp_path / "peft", model)


@pytest.mark.parametrize("method", ["head", "full", "bias"])
def test_what_peft_has_no_form_for_says_what_to_take_instead(model, make, tmp_path, method):
    _, adapter = make(AdapterSettings(method=method))
    with pytest.raises(AdapterError, match="Export the merged weights instead"):
        export(adapter, model, "peft", tmp_path / "peft")


def test_another_layer_that_peft_would_take_for_the_last_one_is_told(make_adapter):
    network = nn.Sequential()
    network.add_module("auxfc", nn.Linear(4, 4))
    network.add_module("fc", nn.Linear(4, 3))
    adapter = make_adapter(network, AdapterSettings(rank=1, head="fc"), OWN)
    with pytest.raises(AdapterError, match="PEFT would take auxfc for the last layer too"):
        export_peft(adapter, network, OWN, "folder")


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("method", ["vera", "head"])
def test_merged_weights_open_in_the_studio_as_they_are(
    model, make, images, tmp_path, suffix, method
):
    own, adapter = make(AdapterSettings(rank=4, method=method))
    path = tmp_path / f"merged{suffix}"
    export(adapter, model, "merged", path)
    again = open_model(ModelSettings(weights=str(path)))
    assert again.class_names == (OWN if suffix == ".safetensors" else ("0", "1", "2"))
    assert not again.has_own_classes
    expected = logits(own, adapter, images)
    with torch.no_grad():
        torch.testing.assert_close(again.network(images), expected, rtol=0, atol=1e-5)


def test_names_that_are_given_come_before_those_of_the_file(model, make, tmp_path):
    _, adapter = make(SETTINGS["vera"])
    export(adapter, model, "merged", tmp_path / "merged.safetensors")
    settings = ModelSettings(
        weights=str(tmp_path / "merged.safetensors"), class_names=("a", "b", "c")
    )
    assert open_model(settings).class_names == ("a", "b", "c")


@pytest.mark.parametrize("text", ["[", '{"a": 1}', '["a", "b"]', '["a", "a", "b"]', "[1, 2, 3]"])
def test_names_in_a_file_that_cannot_be_right_are_passed_over(model, make, tmp_path, text):
    _, adapter = make(SETTINGS["vera"])
    path = tmp_path / "merged.safetensors"
    export(adapter, model, "merged", path)
    safetensors.torch.save_file(safetensors.torch.load_file(path), path, {"class_names": text})
    assert open_model(ModelSettings(weights=str(path))).class_names == ("0", "1", "2")


def test_onnx_has_the_last_layer_and_its_names(model, make, tmp_path):
    own, adapter = make(SETTINGS["vera"])
    export(adapter, model, "onnx", tmp_path / "own.onnx")
    pixels = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8)
    session = onnxruntime.InferenceSession((tmp_path / "own.onnx").read_bytes())
    (found,) = session.run(["logits"], {"images": pixels.numpy().astype(np.float32) / 255})
    expected = logits(own, adapter, own.preprocessing(pixels))
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-4)
    proto = onnx.load(tmp_path / "own.onnx")
    (names,) = (one.value for one in proto.metadata_props if one.key == "class_names")
    assert json.loads(names) == list(OWN)


def model_of(name):
    """A network with random values."""
    kind = registry.find(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = kind.build(5).eval()
    return Model(network, kind, tuple("abcde"), "random", "0" * 64, find_sites(network))


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("efficientnet_lite0", ("blocks.6.0.conv_pw", "blocks.6.0.conv_pwl", "conv_head")),
        ("squeezenet1_1", ("features.12.expand1x1", "features.12.expand3x3")),
    ],
)
def test_peft_has_convolutions_and_the_last_layer(peft, make, tmp_path, name, layers):
    """SqueezeNet's last layer is a convolution, whose bias begins above its ReLU."""
    model = model_of(name)
    own, adapter = make(AdapterSettings(rank=2, layers=layers), OWN, model)
    export(adapter, model, "peft", tmp_path / "peft")
    plain = copy.deepcopy(model.network)
    set_classes(plain, 3)
    adapted = peft.PeftModel.from_pretrained(plain, tmp_path / "peft").eval()
    images = torch.randn(2, 3, 64, 64)
    expected = logits(own, adapter, images)
    again, found = opened(tmp_path / "peft", model)
    with torch.no_grad():
        torch.testing.assert_close(adapted(images), expected, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(logits(found, again, images), expected, rtol=1e-5, atol=1e-4)
