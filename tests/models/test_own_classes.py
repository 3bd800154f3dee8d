"""Classes of one's own: the model that has them, and which images ask for them."""

import dataclasses

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attach, count, plan
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.copies import sharing_copy
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.data.sample.drawn_images import make_sample
from vera_studio.errors import AdapterError, ModelError
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.model import example, open_model
from vera_studio.models.own_classes import for_adapter, obstacle, suited
from vera_studio.recipe import AdapterSettings, DataSettings, ModelSettings

OWN = ("ants", "bees")


@pytest.fixture(scope="module")
def convnet():
    return open_model(ModelSettings())


@pytest.fixture
def folder(tmp_path):
    """A function that makes a folder of classes, each with an image to be."""

    def folder(*names):
        for name in names:
            (tmp_path / name).mkdir()
            (tmp_path / name / "1.png").touch()
        return DataSettings(source="folder", folder=str(tmp_path))

    return folder


def test_a_new_last_layer_and_everything_else_as_it_was(convnet):
    own = convnet.with_classes(OWN)
    assert own.has_own_classes
    assert not convnet.has_own_classes
    assert own.class_names == OWN
    assert own.digest == convnet.digest
    assert own.unused == convnet.unused == {"conv3"}
    assert list(own.sites) == [name for name in convnet.sites if name != "fc5"]
    assert own.size == convnet.size - 8 * 85
    assert own.network.fc5.weight.shape == (2, 84)
    assert not own.network(example(own.kind)).any()
    assert own.network.fc1.weight.data_ptr() == convnet.network.fc1.weight.data_ptr()
    assert own.original is convnet.original is convnet


def test_other_classes_begin_from_the_original(convnet):
    again = convnet.with_classes(OWN).with_classes(("a", "b", "c"))
    assert again.original is convnet
    assert again.class_names == ("a", "b", "c")
    assert again.with_network(again.network).original is convnet


def test_an_adapter_that_is_on_stays_behind(convnet):
    adapted = convnet.with_classes(OWN)
    attach(adapted.network, adapted.settings_for(AdapterSettings()))
    assert count(adapted.with_classes(("a", "b", "c")).network).trainable == 0
    assert count(adapted.network).trainable > 0


def test_classes_must_have_names(convnet):
    with pytest.raises(ModelError, match="Two classes cannot have one name: a"):
        convnet.with_classes(("a", "a"))


@pytest.mark.parametrize("method", ["vera", "lora", "full", "bias", "head"])
def test_the_head_is_beside_the_layers_and_none_of_them(convnet, method):
    own = convnet.with_classes(OWN)
    settings = own.settings_for(AdapterSettings(method=method))
    assert settings.head == "fc5"
    layers = () if method == "head" else ("fc1", "fc2", "fc3", "fc4")
    assert own.layers_for(AdapterSettings(method=method)) == layers
    assert settings.layers == (() if method == "head" else None)
    planned = plan(own.network, settings, own.sites, own.size)
    attach(own.network, settings, images=example(own.kind, 2))
    assert count(own.network) == planned


def test_the_networks_own_last_layer_alone(convnet):
    settings = convnet.settings_for(AdapterSettings(method="head"))
    assert (settings.layers, settings.head) == ((), "fc5")
    assert convnet.settings_for(AdapterSettings()).head is None


def test_the_head_cannot_be_adapted_as_well(convnet):
    own = convnet.with_classes(OWN)
    with pytest.raises(AdapterError, match="leave it out of the other layers"):
        own.settings_for(AdapterSettings(layers=("fc4", "fc5")))
    assert own.layers_for(AdapterSettings(layers=("fc*",))) == ("fc1", "fc2", "fc3", "fc4")


def test_a_network_whose_only_linear_layer_is_its_head_adapts_its_last_stage():
    model = open_model(ModelSettings("efficientnet_lite0"))
    assert model.layers_for(AdapterSettings()) == ("classifier",)
    own = model.with_classes(OWN)
    assert own.layers_for(AdapterSettings()) == (
        *(f"blocks.6.0.conv_{name}" for name in ("pw", "dw", "pwl")),
        "conv_head",
    )
    biases = own.layers_for(AdapterSettings(method="bias"))
    assert biases == ("blocks.6.0.bn1", "blocks.6.0.bn2", "blocks.6.0.bn3", "bn2")


def test_a_folder_that_the_network_knows_is_for_its_classes(convnet, folder):
    settings = folder("cats", "Dogs")
    assert suited(convnet, settings) is convnet
    assert suited(convnet.with_classes(OWN), settings) is convnet
    own = suited(convnet, dataclasses.replace(settings, classes="own"))
    assert own.class_names == ("cats", "Dogs")


@pytest.mark.parametrize("names", [OWN, ("bees", "cat")])
def test_a_folder_with_other_classes_gets_its_own(convnet, folder, names):
    settings = folder(*names)
    own = suited(convnet, settings)
    assert own.class_names == names
    assert suited(own, settings) is own
    assert suited(own, dataclasses.replace(settings, classes="network")) is convnet


def test_the_sample_can_have_classes_of_its_own(convnet):
    assert suited(convnet, DataSettings()) is convnet
    own = suited(convnet, DataSettings(classes="own"))
    assert own.has_own_classes
    assert own.class_names == CLASS_NAMES
    assert len(make_sample(own.class_names, 0.1, 0).train.counts(10)) == 10


def test_one_trained_step_moves_head_and_adapter(convnet):
    own = convnet.with_classes(OWN)
    attach(own.network, own.settings_for(AdapterSettings()))
    trained = [p for p in own.network.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    for _ in range(3):  # the head, then what comes before it: b first, and then d
        loss = torch.nn.functional.cross_entropy(
            own.network(example(own.kind, 2)), torch.tensor([0, 1])
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(p.grad.any() for p in trained)


@pytest.fixture
def make_info(tmp_path):
    """A function that gives what the file of an adapter on a model says."""

    def make_info(model):
        adapted = model.with_network(sharing_copy(model.network))
        attach(adapted.network, model.settings_for(AdapterSettings(rank=4)))
        path = tmp_path / "a.safetensors"
        names = model.class_names
        adapter_file.save(path, adapted.network, names, TrainingRecord(), model.digest)
        return adapter_file.load(path)

    return make_info


def test_an_adapter_goes_on_the_network_with_its_classes(convnet, make_info):
    own, other = convnet.with_classes(OWN), convnet.with_classes(("a", "b", "c"))
    its, usual = make_info(own), make_info(convnet)
    assert for_adapter(own, its.info) is own
    assert for_adapter(other, its.info).class_names == OWN
    assert for_adapter(other, usual.info) is convnet
    assert [obstacle(model, its.info) for model in (convnet, own, other)] == [""] * 3
    assert [obstacle(model, usual.info) for model in (convnet, own, other)] == [""] * 3


def test_an_adapter_for_other_weights_does_not_go_on(convnet, make_info):
    its = make_info(convnet.with_classes(OWN))
    other = dataclasses.replace(convnet, digest="0" * 64)
    assert "other weights" in obstacle(other, its.info)


@pytest.mark.parametrize("names", [CLASS_NAMES, OWN])
def test_an_adapter_with_own_classes_is_kept_off_the_networks_own_last_layer(
    convnet, make_info, names
):
    adapter = make_info(convnet.with_classes(names))
    with pytest.raises(AdapterError, match=r"It has a last layer of its own|for other classes"):
        adapter_file.apply(
            adapter, sharing_copy(convnet.network), convnet.class_names, convnet.digest
        )
    other = convnet.with_classes(("a", "b"))
    with pytest.raises(AdapterError, match="for other classes"):
        adapter_file.apply(adapter, other.network, other.class_names, other.digest)


def test_more_classes_than_a_file_could_hold_are_not_made(convnet, make_info):
    info = make_info(convnet.with_classes(OWN)).info
    many = Classes.of([str(number) for number in range(200_000)], are_all_told=True)
    with pytest.raises(AdapterError, match="for 200,000 classes, too many for the ConvNet"):
        for_adapter(convnet, dataclasses.replace(info, classes=many))
