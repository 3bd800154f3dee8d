"""What a run cannot do is told before it starts, and a loss that explodes when it does."""

import csv
from dataclasses import replace

import pytest
import torch

from tests.scripted_answers import told
from vera_studio.adapters import file_size
from vera_studio.errors import (
    AdapterError,
    DataError,
    NotEnoughMemoryError,
    RecipeError,
    StudioError,
    TrainingError,
)
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.events import EpochDone, Evaluation, Notice, StepsDone
from vera_studio.training import beginning, loop, open_inputs, opening, step, stopping
from vera_studio.training.loop import train
from vera_studio.training.memory import device_failures_told

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
    with pytest.raises(TrainingError, match=r"no longer finite in epoch \d+\..* such as 0\.02\.$"):
        train(chosen, tmp_path, data=tiny_data())


def test_the_epoch_of_the_explosion_is_named(tiny_data, tmp_path, monkeypatch):
    real, calls = step.F.cross_entropy, []

    def failing(logits, labels):
        calls.append(1)
        return real(logits, labels) * (float("nan") if len(calls) == 8 else 1)

    monkeypatch.setattr(step.F, "cross_entropy", failing)
    monkeypatch.setattr(
        loop, "predict_inputs", lambda *_: told(Evaluation(1.0, 0.5, (0.5,) * 10, (3,) * 10))
    )
    after = told(Evaluation(1.0, 0.6, (0.6,) * 10, (3,) * 10))
    monkeypatch.setattr(stopping, "predict_inputs", lambda *_: after)
    with pytest.raises(TrainingError, match=r"in epoch 2\. Try a lower .* such as 0\.003\.") as e:
        train(recipe(learning_rate=0.03), tmp_path, data=tiny_data())
    kept = f"The adapter of epoch 1, the best so far, is in {tmp_path / 'best.safetensors'}."
    assert str(e.value).endswith(kept)
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
        (recipe(epochs=0), "Epochs must be from 1 to 10,000, not 0"),
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

    monkeypatch.setattr(beginning, "make_optimizer", lambda _, own, rate, **__: Ruinous(own, rate))
    events, data = [], tiny_data()
    one_step = recipe(epochs=1, batch_size=len(data.train), schedule="constant")
    with pytest.raises(TrainingError, match=r"no longer finite in epoch 1\."):
        train(one_step, tmp_path / "run", events.append, data=data)
    assert sum(isinstance(event, StepsDone) for event in events) == 1  # its loss was finite
    assert not (tmp_path / "run" / "best.safetensors").exists()


def test_a_loss_that_is_huge_but_finite_is_told(tiny_data, tmp_path):
    events = []
    chosen = recipe(learning_rate=10.0, epochs=3, schedule="constant")
    result = train(chosen, tmp_path, events.append, data=tiny_data())
    told = [e.text for e in events if isinstance(e, Notice) and "has grown" in e.text]
    assert len(told) == 1  # not every epoch
    assert told[0].endswith("Try a lower learning rate, such as 0.02.")  # what it takes by itself
    assert (result.improved, result.fell_short) == (False, True)
    assert not result.best_adapter.exists()


def out_of_memory(*_, **__):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (torch.nn.Module, "to"),  # the network, to the device
        (loop, "attach"),
        (opening, "open_data"),
        (open_inputs, "ImageInputs"),
        (loop, "predict_inputs"),
    ],
)
def test_memory_that_runs_out_is_told_with_what_to_do(
    tiny_data, tmp_path, monkeypatch, place, name
):
    monkeypatch.setattr(place, name, out_of_memory)
    data = None if name == "open_data" else tiny_data()
    with pytest.raises(NotEnoughMemoryError, match=r"not enough memory.*Close other programs"):
        train(recipe(), tmp_path / "run", data=data)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("place", "name"), [(step.F, "cross_entropy"), (stopping, "predict_inputs")]
)
def test_memory_that_runs_out_in_training_is_told_with_what_is_kept(
    tiny_data, tmp_path, monkeypatch, place, name
):
    def on_event(event):
        if isinstance(event, EpochDone):
            monkeypatch.setattr(place, name, out_of_memory)

    with pytest.raises(NotEnoughMemoryError) as caught:
        train(recipe(), tmp_path, on_event, data=tiny_data())
    assert str(tmp_path / "best.safetensors") in str(caught.value)
    assert (tmp_path / "best.safetensors").exists()


def test_not_even_one_image_fits(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setattr(open_inputs.ImageInputs, "logits", out_of_memory)
    monkeypatch.setattr(loop, "predict_inputs", lambda *_: told(Evaluation.nothing(10)))
    notices = []
    with pytest.raises(NotEnoughMemoryError):
        train(recipe(feature_cache=False), tmp_path, notices.append, data=tiny_data())
    assert any("in parts of 1." in e.text for e in notices if isinstance(e, Notice))


def test_a_device_is_named():
    told = pytest.raises(NotEnoughMemoryError, match=r"on CUDA\. Choose the CPU")
    with told, device_failures_told(torch.device("cuda")):
        out_of_memory()


@pytest.fixture
def failing_late():
    """Has the run fail with its first event of steps, or of an epoch."""

    def make(kind):
        def on_event(event):
            if isinstance(event, kind):
                raise StudioError("The device is gone")

        return on_event

    return make


def test_a_failure_is_told_with_what_is_kept(tiny_data, tmp_path, failing_late):
    with pytest.raises(StudioError, match=r"The device is gone\.") as caught:
        train(recipe(), tmp_path, failing_late(EpochDone), data=tiny_data())
    assert f"the best so far, is in {tmp_path / 'best.safetensors'}." in str(caught.value)
    assert str(caught.value).endswith(f"vera-studio train --resume {tmp_path}.")


def test_what_training_began_with_is_told_where_it_is_the_best(tiny_data, tmp_path, failing_late):
    names = ("ochre", "teal", "plum")
    data = replace(tiny_data(classes=range(3)), class_names=names)
    model = open_model(ModelSettings()).with_classes(names)
    with pytest.raises(StudioError) as caught:
        train(recipe(), tmp_path, failing_late(StepsDone), data=data, model=model)
    assert "What training began with, the best so far, is in" in str(caught.value)
    assert (tmp_path / "best.safetensors").exists()


def test_an_adapter_too_large_for_a_file_is_told_before_images_are_opened(
    tmp_path, monkeypatch, tiny_data
):
    monkeypatch.setattr(file_size, "MAX_FILE_BYTES", 2**20 + 1000)
    with pytest.raises(AdapterError, match="its file can have"):
        train(recipe(), tmp_path / "run", data=tiny_data())
    assert not (tmp_path / "run").exists()
