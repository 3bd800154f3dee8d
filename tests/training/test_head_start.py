"""A run with classes of one's own begins with a classifier that works, and keeps it."""

from dataclasses import replace

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attach
from vera_studio.errors import Cancelled
from vera_studio.models.model import open_model
from vera_studio.models.own_classes import suited
from vera_studio.recipe import AdapterSettings, DataSettings, ModelSettings, Recipe
from vera_studio.runs.events import Notice, RunStarted
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.summary import headline, outcome
from vera_studio.training.evaluation import evaluate
from vera_studio.training.head_start import _some_of_each, start_head
from vera_studio.training.inputs import ImageInputs
from vera_studio.training.loop import train

COLOURS = ("ochre", "teal", "plum")


@pytest.fixture
def own_data(tiny_data):
    """Images of three colours that no network has a name for."""
    data = tiny_data(train=10, validation=3, test=5, classes=range(3))
    return replace(data, class_names=COLOURS)


@pytest.fixture
def own_model():
    """The ConvNet with a last layer for them."""
    return open_model(ModelSettings()).with_classes(COLOURS)


def recipe(method="vera", **training):
    chosen = Recipe(adapter=AdapterSettings(rank=4, method=method))
    values = {"epochs": 2, "device": "cpu", "batch_size": 8} | training
    return replace(chosen, training=replace(chosen.training, **values))


def test_before_training_it_is_a_working_classifier(own_data, own_model, tmp_path):
    events = []
    result = train(recipe(), tmp_path, events.append, data=own_data, model=own_model)
    assert result.before.accuracy == 1
    assert result.before.loss < 0.5
    started = next(event for event in events if isinstance(event, RunStarted))
    assert started.class_names == COLOURS
    assert started.validation.accuracy == 1


@pytest.mark.parametrize("method", ["vera", "lora", "bias", "full", "head"])
@pytest.mark.parametrize("cache", [True, False])
def test_every_method_begins_so_with_and_without_a_cache(
    own_data, own_model, tmp_path, method, cache
):
    chosen = recipe(method, epochs=1, feature_cache=cache)
    result = train(chosen, tmp_path, data=own_data, model=own_model)
    assert result.before.accuracy == 1
    assert result.has_own_classes
    assert result.images_digest == own_data.digest


def test_means_that_no_epoch_beats_are_kept(own_data, own_model, tmp_path):
    ruin = recipe(learning_rate=10.0, head_learning_rate=10.0, schedule="constant", epochs=3)
    result = train(ruin, tmp_path, data=own_data, model=own_model)
    assert (result.best_epoch, result.has_adapter, result.improved) == (0, True, False)
    assert "the means of the classes, which training began with, are kept" in outcome(result)
    assert "the means of the classes are kept as the best" in headline(result)
    assert load_result(tmp_path) == result
    assert result.after == result.before
    kept = adapter_file.load(result.best_adapter)
    assert kept.info.training.epoch == 0
    assert kept.info.training.images_digest == own_data.digest
    assert kept.info.training.after.per_class == pytest.approx((1, 1, 1))
    fresh = open_model(ModelSettings()).with_classes(COLOURS)
    adapter_file.apply(kept, fresh.network, COLOURS, fresh.digest)
    assert evaluate(fresh, own_data.test).accuracy == 1


def test_a_stop_before_the_first_step_leaves_a_classifier(own_data, own_model, tmp_path):
    asked = []

    def should_stop():
        return (tmp_path / "best.safetensors").exists() and not asked.append(1)

    result = train(recipe(), tmp_path, should_stop=should_stop, data=own_data, model=own_model)
    assert (result.stopped, result.epochs_done, result.has_adapter) == (True, 0, True)
    assert "Stopped before an epoch was measured" in outcome(result)
    assert result.best_adapter.is_file()


def test_the_last_layer_alone_is_trained_where_that_is_the_method(own_data, own_model, tmp_path):
    events = []
    train(recipe("head", epochs=6), tmp_path, events.append, data=own_data, model=own_model)
    started = next(event for event in events if isinstance(event, RunStarted))
    assert started.trainable == 84 * 3 + 3
    assert own_data.digest != ""
    assert any("Feature cache on" in event.text for event in events if isinstance(event, Notice))


def test_a_networks_own_last_layer_goes_on_from_where_it_is(tiny_data, tmp_path):
    data = tiny_data()
    result = train(recipe("head", epochs=1), tmp_path, data=data)
    assert result.before == evaluate(open_model(ModelSettings()), data.test)
    assert not result.has_own_classes


def test_a_head_has_its_own_rate(own_data, own_model, tmp_path):
    still = recipe(head_learning_rate=1e-6, learning_rate=0.01, epochs=1)
    result = train(still, tmp_path, data=own_data, model=own_model)
    trained = adapter_file.load(result.last_adapter).parameters
    first = adapter_file.load(tmp_path / "best.safetensors").parameters
    change = (trained["fc5.weight_change"] - first["fc5.weight_change"]).abs().max()
    assert change < 1e-4
    assert trained["fc1.b"].abs().max() > 1e-3


def test_it_can_be_stopped_meanwhile(own_data, own_model):
    settings = own_model.settings_for(AdapterSettings(rank=4))
    attach(own_model.network, settings)
    inputs = ImageInputs(own_model.network, own_model.preprocessing, own_data.train)
    with pytest.raises(Cancelled):
        start_head(own_model.network, settings.head, inputs, inputs.labels, lambda: True)


def test_of_many_images_some_of_each_class_are_looked_at():
    labels = torch.tensor([0] * 30_000 + [1] * 7 + [2] * 30_000)
    chosen = _some_of_each(labels, 3)
    assert torch.bincount(labels[chosen]).tolist() == [3333, 7, 3333]
    assert len(torch.unique(chosen)) == len(chosen)
    assert chosen[:3333].max() == 29_999


def test_the_sample_with_its_names_as_own_classes(tmp_path):
    asked = replace(recipe(epochs=1), data=DataSettings(source="sample", classes="own"))
    model = suited(open_model(ModelSettings()), asked.data)
    assert model.has_own_classes
    result = train(asked, tmp_path)
    assert result.has_own_classes
    assert result.before.accuracy > 0.3
    assert result.after.accuracy > result.before.accuracy
