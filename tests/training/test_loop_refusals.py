"""What a run cannot do is told before it starts, and a loss that explodes when it does."""

import csv
from dataclasses import replace

import pytest
import torch

from vera_studio.errors import DataError, RecipeError, StudioError, TrainingError
from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs.events import Evaluation, StepsDone
from vera_studio.training import loop, step
from vera_studio.training.loop import train

CAT = 3


def recipe(**training):
    values = {"epochs": 2, "batch_size": 16, "device": "cpu"} | training
    return Recipe(training=TrainingSettings(**values))


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("schedule", ["constant", "one-cycle"])
def test_a_loss_that_explodes_is_told(tiny_data, tmp_path, schedule):
    chosen = recipe(epochs=20, batch_size=4, learning_rate=10.0, optimizer="sgd", schedule=schedule)
    with pytest.raises(TrainingError, match=r"no longer finite in epoch \d+\..* such as 1\.$"):
        train(chosen, tmp_path, data=tiny_data())


def test_the_epoch_of_the_explosion_is_named(tiny_data, tmp_path, monkeypatch):
    real, calls = step.F.cross_entropy, []

    def failing(logits, labels):
        calls.append(1)
        return real(logits, labels) * (float("nan") if len(calls) == 8 else 1)

    monkeypatch.setattr(step.F, "cross_entropy", failing)
    monkeypatch.setattr(
        loop, "evaluate_inputs", lambda *_: Evaluation(1.0, 0.5, (0.5,) * 10, (3,) * 10)
    )
    with pytest.raises(TrainingError, match=r"in epoch 2\. Try a lower .* such as 0\.003\."):
        train(recipe(learning_rate=0.03), tmp_path, data=tiny_data())
    assert len(rows(tmp_path / "metrics.csv")) == 1


def test_targets_without_images_are_refused(tiny_data, tmp_path):
    chosen = recipe(target_classes=("bird", "cat", "truck"))
    with pytest.raises(DataError, match=r"no training images of bird, truck\."):
        train(chosen, tmp_path / "run", data=tiny_data(classes=(0, CAT)))
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_is_refused_and_stays(tiny_data, tmp_path):
    train(recipe(epochs=1), tmp_path, data=tiny_data())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(StudioError, match="holds a run already"):
        train(recipe(seed=1), tmp_path, data=tiny_data())
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (recipe(epochs=0), "training.epochs"),
        (recipe(target_classes=("lion",)), "lion"),
        (replace(recipe(), adapter=AdapterSettings(layers=("fc9",))), "fc9"),
    ],
)
def test_a_recipe_that_cannot_run_is_refused(tiny_data, tmp_path, wrong, text):
    with pytest.raises(RecipeError, match=text):
        train(wrong, tmp_path / "run", data=tiny_data())
    assert not (tmp_path / "run").exists()


def test_what_the_last_step_ruined_is_told(tiny_data, tmp_path, monkeypatch):
    class Ruinous(torch.optim.SGD):
        def step(self, closure=None):
            for parameter in self.param_groups[0]["params"]:
                parameter.data.fill_(float("inf"))

    monkeypatch.setattr(loop, "make_optimizer", lambda _, own, rate, **__: Ruinous(own, rate))
    events, data = [], tiny_data()
    one_step = recipe(epochs=1, batch_size=len(data.train), schedule="constant")
    with pytest.raises(TrainingError, match=r"no longer finite in epoch 1\."):
        train(one_step, tmp_path / "run", events.append, data=data)
    assert sum(isinstance(event, StepsDone) for event in events) == 1  # its loss was finite
    assert not (tmp_path / "run" / "best.safetensors").exists()
