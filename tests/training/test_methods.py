"""Every method through a whole run: learned, kept, and the same with and without the cache."""

from dataclasses import replace

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.events import EpochDone, StepsDone
from vera_studio.training.automatic import automatic_learning_rate
from vera_studio.training.loop import train

METHODS = [
    AdapterSettings(rank=8, sharing="all"),
    AdapterSettings(rank=4, method="lora"),
    AdapterSettings(method="full"),
    AdapterSettings(method="bias"),
    AdapterSettings(method="head"),
]
SCHEDULE = {"epochs": 3, "batch_size": 16, "device": "cpu", "schedule": "constant"}


def run(settings, folder, data, **training):
    events = []
    recipe = Recipe(adapter=settings, training=TrainingSettings(**(SCHEDULE | training)))
    result = train(recipe, folder, events.append, data=data)
    losses = [loss for event in events if isinstance(event, StepsDone) for loss in event.losses]
    rates = {event.learning_rate for event in events if isinstance(event, EpochDone)}
    return result, losses, rates


@pytest.mark.parametrize("settings", METHODS, ids=lambda one: f"{one.method}-{one.sharing}")
def test_learns_and_is_kept(tiny_data, tmp_path, measured, settings):
    data = tiny_data()
    result, losses, rates = run(settings, tmp_path / "run", data)
    assert sum(losses[-5:]) < sum(losses[:5])
    assert rates == {automatic_learning_rate(settings.method)}
    assert measured(result.best_adapter, data.test) == result.after
    assert adapter_file.inspect(result.best_adapter).settings.method == settings.method


@pytest.mark.parametrize("settings", METHODS, ids=lambda one: f"{one.method}-{one.sharing}")
def test_a_cache_changes_nothing(tiny_data, tmp_path, settings):
    data = tiny_data()
    with_cache, losses, _ = run(settings, tmp_path / "with", data)
    without, other_losses, _ = run(settings, tmp_path / "without", data, feature_cache=False)
    assert losses == pytest.approx(other_losses, rel=1e-4)
    assert with_cache.after.per_class == without.after.per_class


def test_the_base_stays_as_it_was(tiny_data, tmp_path):
    model = open_model(ModelSettings())
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    recipe = Recipe(adapter=AdapterSettings(method="full"), training=TrainingSettings(epochs=1))
    train(recipe, tmp_path / "run", data=tiny_data(), model=model)
    after = {name.replace(".base.", "."): v for name, v in model.network.state_dict().items()}
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_rate_of_the_users_is_taken(tiny_data, tmp_path):
    settings = replace(METHODS[1], rank=2)
    _, _, rates = run(settings, tmp_path / "run", tiny_data(), learning_rate=0.007)
    assert rates == {0.007}
