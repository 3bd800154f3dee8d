"""A last layer that is trained whole, beside an adapter or alone."""

import dataclasses

import pytest
import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_metadata import to_metadata
from vera_studio.adapters.attach import attach, attached_layers, chosen_sites, detach
from vera_studio.adapters.copies import sharing_copy
from vera_studio.adapters.methods import METHODS
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.head import set_classes
from vera_studio.recipe import AdapterSettings

HEAD = AdapterSettings(method="head", head="fc5")


@pytest.fixture
def own(convnet):
    """The ConvNet with a new last layer of three outputs, all zeros."""
    set_classes(convnet, 3, zeros=True)
    return convnet


@pytest.mark.parametrize("method", METHODS)
def test_a_head_of_zeros_is_no_hindrance_and_stays_zeros(own, images, method):
    settings = AdapterSettings(method=method, head="fc5")
    attach(own, settings, images=images)
    expected = [] if method == "head" else ["fc1", "fc2", "fc3", "fc4"]
    assert list(attached_layers(own)) == [*expected, "fc5"]
    assert not own(images).any()
    assert not own.fc5.base.weight.any()
    detach(own)
    assert not own(images).any()


def test_the_proof_leaves_a_network_alone_that_shares_the_numbers(own, images):
    copied = sharing_copy(own)
    address = own.fc5.weight.data_ptr()
    assert copied.fc5.weight.data_ptr() == address
    attach(copied, dataclasses.replace(HEAD), images=images)
    assert copied.fc5.base.weight.data_ptr() == own.fc5.weight.data_ptr() == address


def test_what_is_frozen_behind_zeros_is_still_refused(own, images):
    with pytest.raises(AdapterError, match="fc1, fc2, fc3, fc4 would change nothing"):
        attach(own, AdapterSettings(layers=("fc1", "fc2", "fc3", "fc4")), images=images)
    assert not attached_layers(own)


def test_an_adapted_layer_of_zeros_hides_nothing(own, images):
    attach(own, AdapterSettings(), images=images)
    assert len(attached_layers(own)) == 5


def test_a_trained_head_is_the_layer_itself(own, images, attach_trained):
    attach_trained(own, HEAD)
    features = []
    own.fc5.register_forward_hook(lambda module, inputs, output: features.append(inputs[0]))
    logits = own(images)
    weight, bias = own.fc5.weight_change, own.fc5.bias_change
    torch.testing.assert_close(logits, features[0] @ weight.T + bias)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (AdapterSettings(method="head"), "Name the layer to train"),
        (AdapterSettings(head="fc9"), "has no layer fc9 to train whole"),
        (AdapterSettings(head="fc5", layers=("fc4", "fc5")), "leave it out of the other layers"),
        (AdapterSettings(head="fc5", layers=()), "Choose at least one layer"),
    ],
)
def test_a_head_that_cannot_be(convnet, settings, message):
    with pytest.raises(AdapterError, match=message):
        attach(convnet, settings)


def test_patterns_pass_over_the_head(convnet):
    settings = AdapterSettings(head="fc5", layers=("fc*",))
    assert list(chosen_sites(convnet, settings)) == ["fc1", "fc2", "fc3", "fc4", "fc5"]
    attach(convnet, settings)
    assert type(attached_layers(convnet)["fc5"]) is not type(attached_layers(convnet)["fc4"])


def test_the_first_a_of_lora_is_the_same_beside_a_head(convnet):
    """The numbers of the layers go by those that the method is on."""
    network = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 6), nn.Linear(6, 7))
    attach(network, AdapterSettings(method="lora", rank=2, layers=("2",)))
    expected = attached_layers(network)["2"].A.clone()
    detach(network)
    attach(network, AdapterSettings(method="lora", rank=2, layers=("2",), head="0"))
    assert torch.equal(attached_layers(network)["2"].A, expected)


@pytest.mark.parametrize("is_own", [True, False])
def test_its_file_says_whose_classes_it_has(convnet, attach_trained, tmp_path, is_own):
    names = CLASS_NAMES
    if is_own:
        names = tuple(f"class {number}" for number in range(200))
        set_classes(convnet, len(names), zeros=True)
    attach_trained(convnet, AdapterSettings(rank=4, head="fc5"))
    path = tmp_path / "a.safetensors"
    adapter_file.save(path, convnet, names, TrainingRecord())
    info = adapter_file.inspect(path)
    assert (info.settings.head, info.has_own_classes) == ("fc5", is_own)
    assert info.layers == ("fc1", "fc2", "fc3", "fc4")
    assert info.classes.names == names


@pytest.fixture
def saved(own, attach_trained, tmp_path):
    """The file of an adapter with three classes of its own."""
    attach_trained(own, HEAD)
    path = tmp_path / "own.safetensors"
    adapter_file.save(path, own, ("a", "b", "c"), TrainingRecord())
    return path


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"class_names": '["a","b"]'}, "with an output for each of 2 classes, found 3"),
        ({"class_names": '["a","b","b"]'}, "Two classes cannot have one name: b"),
        ({"class_names": "[]"}, "The classes must be named where there is a head"),
        ({"head": None}, "must be named as the head"),
        ({"head": '"fc4"'}, "expected the tensors fc4.weight_change"),
        ({"layers": '["fc5"]', "method": "full"}, "The head must not be one of the other layers"),
        ({"own_classes": "no"}, "own_classes: expected 'yes', found 'no'"),
        ({"images": "[1]"}, "images: expected a JSON object"),
    ],
)
def test_a_file_that_cannot_be_right(saved, metadata, message):
    content = adapter_file.load(saved)
    told = to_metadata(content.info)
    for key, value in metadata.items():
        told.pop(key, None)
        if value is not None:
            told[key] = value
    safetensors.torch.save_file(content.parameters, saved, told)
    with pytest.raises(AdapterError, match=message):
        adapter_file.load(saved)


def test_names_that_no_file_could_hold_are_told_before_training(own, saved):
    names = [f"{number} {'x' * 1000}" for number in range(1000)]
    check = adapter_file.check_plan
    check(own, HEAD, class_names=names[:900])
    check(own, AdapterSettings(layers=("fc1",)), class_names=names)  # which tells a digest
    with pytest.raises(AdapterError, match="Choose fewer classes, or shorter names"):
        check(own, HEAD, class_names=names)
    adapter = adapter_file.load(saved)
    info = dataclasses.replace(adapter.info, notes="x" * 2**20)
    with pytest.raises(AdapterError, match=r"more than the 1,024 KiB that its file can have"):
        adapter_file.write(saved, dataclasses.replace(adapter, info=info))
