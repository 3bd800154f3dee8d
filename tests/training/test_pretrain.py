"""Pretraining writes weights that say how they were made and come out the same again."""

import json

import pytest
import safetensors
import torch

from vera_studio.errors import Cancelled, NotEnoughMemoryError, TrainingError
from vera_studio.models.model import open_model
from vera_studio.models.registry import find
from vera_studio.recipe import ModelSettings
from vera_studio.training import pretrain as pretraining
from vera_studio.training.evaluation import evaluate
from vera_studio.training.pretrain import PretrainSettings, pretrain

KIND = find("convnet")
SETTINGS = PretrainSettings(epochs=2, batch_size=16, seed=3)


def facts(path):
    with safetensors.safe_open(path, framework="pt") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def weights(path):
    with safetensors.safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_the_file_says_how_it_was_made(tiny_data, tmp_path):
    data = tiny_data(train=3, validation=1, test=2)
    result = pretrain(KIND, data, tmp_path / "new.safetensors", SETTINGS, "cpu")
    found = facts(tmp_path / "new.safetensors")
    assert found["model"] == "convnet"
    assert found["class_names"] == list(KIND.class_names)
    assert found["data"] == "Colours"
    assert (found["train_images"], found["test_images"]) == (40, 20)
    recipe = found["recipe"]
    assert (recipe["seed"], recipe["epochs"], recipe["batch_size"]) == (3, 2, 16)
    assert (recipe["optimizer"], recipe["schedule"]) == ("sgd", "one-cycle")
    assert found["test_accuracy"] == round(result.accuracy, 4)
    assert found["test_accuracy_per_class"] == [round(share, 4) for share in result.per_class]


def test_the_weights_load_and_do_what_was_said(tiny_data, tmp_path):
    data = tiny_data(train=3, validation=1, test=2)
    result = pretrain(KIND, data, tmp_path / "new.safetensors", SETTINGS, "cpu")
    model = open_model(ModelSettings(weights=str(tmp_path / "new.safetensors")))
    assert evaluate(model, data.test) == result


def test_the_same_seed_gives_the_same_weights(tiny_data, tmp_path):
    data = tiny_data(train=3, validation=1, test=1)
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        settings = PretrainSettings(epochs=1, batch_size=16, seed=seed)
        pretrain(KIND, data, tmp_path / f"{name}.safetensors", settings, "cpu")
    first, same, other = (weights(tmp_path / f"{name}.safetensors") for name in "abc")
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["fc1.weight"], other["fc1.weight"])


def test_it_learns(tiny_data, tmp_path):
    losses = []
    settings = PretrainSettings(epochs=40, batch_size=8)
    data = tiny_data(train=8, classes=range(2))
    result = pretrain(
        KIND,
        data,
        tmp_path / "new.safetensors",
        settings,
        "cpu",
        lambda epoch, loss, seconds: losses.append((epoch, loss)),
    )
    assert [epoch for epoch, _ in losses] == list(range(1, 41))
    assert losses[-1][1] < 0.5 * losses[0][1]
    assert result.accuracy > 0.8


def test_a_stop_writes_nothing(tiny_data, tmp_path):
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        pretrain(
            KIND,
            tiny_data(),
            tmp_path / "new.safetensors",
            SETTINGS,
            "cpu",
            should_stop=lambda: next(answers),
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("per_class", "epochs"), [(0, 1), (2, 0), (2, -1)])
def test_nothing_to_train_is_refused(tiny_data, tmp_path, per_class, epochs):
    data = tiny_data(train=per_class, validation=0)
    with pytest.raises(TrainingError, match="at least one training image and one epoch"):
        pretrain(KIND, data, tmp_path / "new.safetensors", PretrainSettings(epochs=epochs), "cpu")
    assert list(tmp_path.iterdir()) == []


def test_a_stop_while_it_is_measured_writes_nothing(tiny_data, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(pretraining, "_fit", lambda *_: asked.append("trained"))
    with pytest.raises(Cancelled):
        pretrain(
            KIND,
            tiny_data(train=1),
            tmp_path / "new.safetensors",
            SETTINGS,
            "cpu",
            should_stop=lambda: bool(asked),
        )
    assert list(tmp_path.iterdir()) == []


def test_memory_that_runs_out_is_told(tiny_data, tmp_path, monkeypatch):
    def out_of_memory(*_):
        raise MemoryError

    monkeypatch.setattr(pretraining, "_fit", out_of_memory)
    with pytest.raises(NotEnoughMemoryError, match="not enough memory"):
        pretrain(KIND, tiny_data(train=1), tmp_path / "new.safetensors", SETTINGS, "cpu")
