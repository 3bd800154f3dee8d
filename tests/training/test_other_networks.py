"""A run on EfficientNet-Lite0: small images enlarged, convolutions trained, batch norms still."""

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.errors import AdapterError
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.events import Notice, RunStarted
from vera_studio.training.evaluation import evaluate, predict
from vera_studio.training.loop import train

LAST_STAGE = ("blocks.6.*", "conv_head")


@pytest.fixture(scope="module")
def lite0():
    return open_model(ModelSettings("efficientnet_lite0"))


@pytest.fixture(scope="module")
def data(lite0):
    """Two of the thousand classes, told apart by their colour, at 32 x 32 pixels."""
    generator = torch.Generator().manual_seed(0)

    def part(count):
        labels = torch.arange(count) % 2
        images = torch.randint(0, 80, (count, 3, 32, 32), dtype=torch.uint8, generator=generator)
        images[labels == 1] += 150
        return ImageSet(images, 207 * labels)

    return ImageData("folder", "Two", lite0.class_names, part(24), part(8), part(8))


def recipe(**training):
    settings = {"epochs": 2, "batch_size": 8, "learning_rate": 0.05, "device": "cpu"} | training
    return Recipe(
        model=ModelSettings("efficientnet_lite0"),
        adapter=AdapterSettings(rank=8, layers=LAST_STAGE),
        training=TrainingSettings(**settings),
    )


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    """A run's result, its events, and the network as it left it."""
    events = []
    model = open_model(ModelSettings("efficientnet_lite0"))
    folder = tmp_path_factory.mktemp("run") / "run"
    return train(recipe(), folder, events.append, data=data, model=model), events, model


def test_it_learns_with_features_no_wider_than_pixels(finished):
    result, events, _ = finished
    started = next(event for event in events if isinstance(event, RunStarted))
    assert started.trainable == 4 * 8 + 1152 + 1152 + 320 + 1280
    notice = next(e.text for e in events if isinstance(e, Notice) and "Feature cache" in e.text)
    assert "Feature cache on" in notice
    assert "computed up to blocks." in notice
    assert result.improved
    assert result.after.loss < result.before.loss - 0.3
    assert [result.class_names[i] for i in result.target_classes] == ["tench", "golden retriever"]


def test_the_file_gives_the_same_predictions(finished, lite0, data):
    result, _, model = finished
    images = data.test.read()
    expected = predict(model, images)
    again = open_model(ModelSettings("efficientnet_lite0"))
    adapter_file.apply(adapter_file.load(result.best_adapter), again.network, again.class_names)
    assert torch.equal(predict(again, images), expected)
    assert not torch.equal(predict(lite0, images), expected)
    assert evaluate(again, data.test).accuracy == result.after.accuracy


def test_running_statistics_do_not_move(finished, lite0):
    trained = finished[2].network
    for (name, before), (other, after) in zip(
        lite0.network.named_buffers(), _base_buffers(trained), strict=True
    ):
        assert name == other.replace(".base", "")
        assert torch.equal(before, after), name


def _base_buffers(network):
    return [(n, b) for n, b in network.named_buffers() if "projections" not in n]


def test_with_and_without_features_a_run_is_the_same(finished, data, tmp_path):
    with_features = adapter_file.load(finished[0].last_adapter).parameters
    plain = train(recipe(feature_cache=False), tmp_path / "run", data=data)
    without = adapter_file.load(plain.last_adapter).parameters
    for name, value in with_features.items():
        torch.testing.assert_close(value, without[name], rtol=1e-2, atol=1e-3)


def test_a_layer_that_plays_no_part_is_refused_before_training(tiny_data, tmp_path):
    unused = Recipe(adapter=AdapterSettings(layers=("conv3", "fc1")))
    with pytest.raises(AdapterError, match=r"The network does not use conv3\."):
        train(unused, tmp_path / "run", data=tiny_data())
    assert not (tmp_path / "run").exists()
