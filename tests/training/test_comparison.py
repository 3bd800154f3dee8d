"""Comparing methods on tiny data: what is run, kept, told, stopped, and survived."""

import csv
import dataclasses
import math

import pytest
import torch

from vera_studio import recipe as recipes
from vera_studio import recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.errors import DataError, RecipeError, StudioError, TrainingError
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.comparison_results import ComparisonSettings, ComparisonStands
from vera_studio.runs.events import StepsDone
from vera_studio.runs.run_folder import load_result
from vera_studio.training import checkpoints, stopping
from vera_studio.training import comparison as engine
from vera_studio.training.automatic import automatic_learning_rate
from vera_studio.training.comparison import compare
from vera_studio.training.evaluation import predict_inputs
from vera_studio.training.loop import train

VERA, LORA = AdapterSettings(rank=4), AdapterSettings(rank=2, method="lora")
BIAS = AdapterSettings(method="bias")
RECIPE = Recipe(
    adapter=AdapterSettings(seed=20),
    training=TrainingSettings(
        target_classes=("cat", "dog"), epochs=2, batch_size=16, device="cpu", seed=3
    ),
)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names(folder):
    return [row["name"] for row in rows_of(folder / "comparison.csv")]


def test_every_method_with_every_seed(tiny_data, tmp_path):
    data, model, events = tiny_data(), open_model(ModelSettings()), []
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    settings = ComparisonSettings((VERA, LORA), seeds=2)
    comparison = compare(RECIPE, settings, tmp_path / "c", events.append, data=data, model=model)
    assert [(run.candidate, run.seed, run.adapter_seed) for run in comparison.runs] == [
        (0, 3, 20),
        (1, 3, 20),
        (0, 4, 21),
        (1, 4, 21),
    ]
    assert not comparison.stopped
    assert comparison.target_classes == ("cat", "dog")
    # The network that was given is untouched.
    after = model.network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    # Figures are those of the run folders.
    for run in comparison.runs:
        result = load_result(run.folder)
        assert run.after.targets == result.after.mean_over((3, 5))
        assert run.after.others == result.after.mean_over((0, 1, 2, 4, 6, 7, 8, 9))
        assert comparison.before.targets == pytest.approx(result.before.mean_over((3, 5)))
        assert run.file_bytes == result.best_adapter.stat().st_size
        assert run.seconds > 0
    trainable = [one.trainable for one in comparison.candidates]
    assert trainable[0] == len(adapter_numbers(comparison.runs[0].folder))
    assert [one.learning_rate for one in comparison.candidates] == [
        automatic_learning_rate("vera"),
        automatic_learning_rate("lora"),
    ]
    stands = [event for event in events if isinstance(event, ComparisonStands)]
    assert [stand.now for stand in stands if stand.now] == [
        *("VeRA, rank 4, seed 3", "LoRA, rank 2, seed 3"),
        *("VeRA, rank 4, seed 4", "LoRA, rank 2, seed 4"),
    ]
    assert [len(stand.comparison.runs) for stand in stands] == [0, 1, 1, 2, 2, 3, 3, 4]
    assert any(isinstance(event, StepsDone) for event in events)


def adapter_numbers(folder):
    parameters = adapter_file.load(folder / "best.safetensors").parameters
    return torch.cat([value.flatten() for value in parameters.values()])


def test_a_run_is_what_train_makes_of_its_recipe(tiny_data, tmp_path):
    data = tiny_data()
    settings = ComparisonSettings((BIAS, VERA), seeds=1)
    comparison = compare(RECIPE, settings, tmp_path / "c", data=data)
    run = comparison.runs[1]
    recipe = recipe_file.load(run.folder / "recipe.toml")
    assert recipe == dataclasses.replace(RECIPE, adapter=dataclasses.replace(VERA, seed=20))
    alone = train(recipe, tmp_path / "alone", data=data)
    assert run.after.targets == alone.after.mean_over((3, 5))
    assert torch.equal(adapter_numbers(run.folder), adapter_numbers(tmp_path / "alone"))


def test_the_tables_hold_every_run(tiny_data, tmp_path):
    settings = ComparisonSettings((VERA, BIAS), seeds=2)
    comparison = compare(RECIPE, settings, tmp_path / "c", data=tiny_data())
    assert names(tmp_path / "c") == ["vera:4", "bias", "vera:4", "bias"]
    base, vera, bias = rows_of(tmp_path / "c" / "summary.csv")
    assert float(base["targets_mean"]) == pytest.approx(comparison.before.targets, abs=1e-6)
    mean = comparison.summaries()[0].targets.mean
    assert float(vera["targets_mean"]) == pytest.approx(mean, abs=1e-6)
    assert (vera["runs"], bias["runs"]) == ("2", "2")


def test_stopping_keeps_what_is_finished(tiny_data, tmp_path):
    stands = []

    def in_the_second_run():
        return bool(stands) and stands[-1].now.startswith("LoRA")

    def note(event):
        if isinstance(event, ComparisonStands):
            stands.append(event)

    settings = ComparisonSettings((VERA, LORA), seeds=2)
    comparison = compare(
        RECIPE, settings, tmp_path / "c", note, in_the_second_run, data=tiny_data()
    )
    assert comparison.stopped
    assert [run.candidate for run in comparison.runs] == [0]
    assert names(tmp_path / "c") == ["vera:4"]


def test_a_stop_in_the_middle_of_a_run_does_not_count_it(tiny_data, tmp_path):
    steps = []

    def note(event):
        if isinstance(event, StepsDone):
            steps.append(event)

    comparison = compare(
        RECIPE,
        ComparisonSettings((VERA, LORA), seeds=1),
        tmp_path / "c",
        note,
        lambda: bool(steps),
        data=tiny_data(),
    )
    assert comparison.stopped
    assert comparison.runs == ()
    assert not math.isnan(comparison.before.targets)


def test_a_run_that_does_not_count_is_not_measured(tiny_data, tmp_path, monkeypatch):
    """Closing the window waits for a comparison, which a slow evaluation must not hold up."""
    steps, evaluations = [], []

    def evaluate(*_):
        evaluations.append(1)
        return predict_inputs(*_)

    def note(event):
        if isinstance(event, StepsDone):
            steps.append(event)

    monkeypatch.setattr(stopping, "predict_inputs", evaluate)
    settings = ComparisonSettings((VERA,), seeds=1)
    compare(RECIPE, settings, tmp_path / "c", note, lambda: bool(steps), data=tiny_data())
    assert evaluations == []


def test_a_run_that_does_no_better_than_the_network_counts(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "score_of", lambda *_: (0.5, -1.0))
    settings = ComparisonSettings((VERA,), seeds=1)
    comparison = compare(RECIPE, settings, tmp_path / "c", data=tiny_data())
    (run,) = comparison.runs
    assert (run.best_epoch, run.problem, run.after) == (0, "", comparison.before)
    assert run.file_bytes == (run.folder / "last.safetensors").stat().st_size


def test_a_run_that_fails_is_a_row_and_the_rest_goes_on(tiny_data, tmp_path, monkeypatch):
    def fail_with_lora(recipe, *arguments):
        if recipe.adapter.method == "lora":
            raise TrainingError("The loss is no longer finite.")
        return train(recipe, *arguments)

    monkeypatch.setattr(engine, "train", fail_with_lora)
    settings = ComparisonSettings((LORA, VERA), seeds=1)
    comparison = compare(RECIPE, settings, tmp_path / "c", data=tiny_data())
    lora, vera = comparison.summaries()
    assert lora.problems == ("The loss is no longer finite.",)
    assert (lora.finished, vera.finished) == (0, 1)
    assert names(tmp_path / "c") == ["lora:2", "vera:4"]


def test_a_loss_that_explodes_is_such_a_failure(tiny_data, tmp_path):
    training = dataclasses.replace(
        RECIPE.training, learning_rate=10.0, optimizer="sgd", schedule="constant", epochs=30
    )
    recipe = dataclasses.replace(RECIPE, training=training)
    full = AdapterSettings(method="full")
    comparison = compare(recipe, ComparisonSettings((full,), 1), tmp_path / "c", data=tiny_data())
    assert "no longer finite" in comparison.runs[0].problem
    assert comparison.candidates[0].learning_rate == 10.0


@pytest.mark.parametrize("name", ["notes.txt", "comparison.csv"])
def test_a_folder_in_use_is_refused(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(StudioError, match="not empty"):
        compare(RECIPE, ComparisonSettings((VERA,), 1), tmp_path)
    with pytest.raises(StudioError, match="is a file"):
        compare(RECIPE, ComparisonSettings((VERA,), 1), tmp_path / name)
    assert (tmp_path / name).read_text() == "mine"


def test_what_cannot_be_run_is_refused_before_anything_is_written(tmp_path, tiny_data):
    wrong = AdapterSettings(layers=("fc9",))
    with pytest.raises(RecipeError, match="fc9"):
        compare(RECIPE, ComparisonSettings((wrong,), 1), tmp_path / "c", data=tiny_data())
    missing = dataclasses.replace(
        RECIPE, data=recipes.DataSettings(source="folder", folder=str(tmp_path / "none"))
    )
    with pytest.raises(DataError):
        compare(missing, ComparisonSettings((VERA,), 1), tmp_path / "c")
    assert not (tmp_path / "c").exists()
