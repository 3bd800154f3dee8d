"""A run: reproducible, honest about its best epoch, stoppable, and kept in its folder."""

import csv
import json
from dataclasses import replace

import pytest
import torch

from tests.scripted_answers import told
from vera_studio import recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.adapters.base_digest import base_digest
from vera_studio.data.store import ImageSet, SkippedFile
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs import predictions
from vera_studio.runs.events import EpochDone, Evaluation, Notice, RunStarted, Stage, StepsDone
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.summary import outcome
from vera_studio.training import loop, opening, stopping
from vera_studio.training.evaluation import evaluate, predict_inputs
from vera_studio.training.loop import train

FILES = {
    "recipe.toml",
    "losses.csv",
    "metrics.csv",
    "best.safetensors",
    "last.safetensors",
    "predictions-test.csv",
    "predictions-validation.csv",
    "result.json",
    "progress.pt",
    "state.json",
    ".lock",
}
BIRD, CAT = 2, 3


def recipe(**training):
    values = {"epochs": 2, "batch_size": 16, "device": "cpu"} | training
    return Recipe(training=TrainingSettings(**values))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def names(folder):
    return {path.name for path in folder.iterdir()}


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def same_vectors(first, second):
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


def test_a_run_leaves_its_folder(tiny_data, tmp_path):
    data = tiny_data()
    result = train(recipe(), tmp_path / "run", data=data)
    assert names(tmp_path / "run") == FILES
    assert recipe_file.load(tmp_path / "run" / "recipe.toml") == recipe()
    assert load_result(tmp_path / "run") == result
    assert (result.stopped, result.epochs_done, result.device) == (False, 2, "cpu")
    assert result.target_classes == tuple(range(10))
    assert result.folder == tmp_path / "run"


def test_the_start_is_announced(tiny_data, tmp_path):
    events = []
    train(recipe(target_classes=("cat", "bird")), tmp_path, events.append, data=tiny_data())
    (started,) = of(RunStarted, events)
    assert (started.trainable, started.total) == (542, 89_660)
    assert started.target_classes == (BIRD, CAT)
    assert started.train_images == 16 + round(recipe().training.keep_others * 64)
    assert started.steps_per_epoch == -(-started.train_images // 16)
    assert (started.validation_images, started.test_images) == (30, 30)
    assert (started.device, started.epochs) == ("cpu", 2)
    assert isinstance(events[0], Stage)


def test_events_and_tables_tell_every_step_once(tiny_data, tmp_path):
    events = []
    train(recipe(), tmp_path, events.append, data=tiny_data())
    steps = of(StepsDone, events)
    numbers = [e.first_step + k for e in steps for k in range(len(e.losses))]
    assert numbers == list(range(1, 11))  # 80 images, 16 a step, 2 epochs
    losses = [loss for event in steps for loss in event.losses]
    written = rows(tmp_path / "losses.csv")
    assert [int(row["step"]) for row in written] == numbers
    assert [float(row["loss"]) for row in written] == pytest.approx(losses, rel=1e-5)
    assert [row["epoch"] for row in written] == ["1"] * 5 + ["2"] * 5
    assert steps[-1].progress == 1
    assert steps[-1].seconds_left == 0
    epochs = of(EpochDone, events)
    assert [epoch.step for epoch in epochs] == [5, 10]
    assert epochs[1].train_loss == pytest.approx(sum(losses[5:]) / 5)
    metrics = rows(tmp_path / "metrics.csv")
    assert [row["is_best"] for row in metrics] == [str(int(e.is_best)) for e in epochs]


def test_before_is_the_bare_network(tiny_data, tmp_path):
    data = tiny_data()
    model = open_model(ModelSettings())
    expected = evaluate(model, data.test)
    assert train(recipe(epochs=1), tmp_path, data=data).before == expected


def test_the_same_recipe_gives_the_same_run(tiny_data, tmp_path):
    chosen = recipe(target_classes=("cat", "dog"), keep_others=0.5)
    for name in ("first", "second"):
        train(chosen, tmp_path / name, data=tiny_data())
    for name in ("losses.csv", "best.safetensors", "last.safetensors"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_another_seed_gives_another_run(tiny_data, tmp_path):
    for seed in (0, 1):
        train(recipe(seed=seed), tmp_path / str(seed), data=tiny_data())
    for name in ("losses.csv", "last.safetensors"):
        assert (tmp_path / "0" / name).read_bytes() != (tmp_path / "1" / name).read_bytes()


def test_flips_change_the_run(tiny_data, tmp_path):
    for flips in (True, False):
        train(recipe(flips=flips), tmp_path / str(flips), data=tiny_data())
    first, second = (tmp_path / name / "losses.csv" for name in ("True", "False"))
    assert first.read_bytes() != second.read_bytes()


def test_the_base_is_untouched(tiny_data, tmp_path, monkeypatch):
    model = open_model(ModelSettings())
    weights = {name: value.clone() for name, value in model.network.state_dict().items()}
    digest = base_digest(model.network)
    monkeypatch.setattr(opening, "open_model", lambda *asked: model)
    result = train(recipe(), tmp_path, data=tiny_data())
    assert base_digest(model.network) == digest
    assert adapter_file.inspect(result.best_adapter).base_digest == digest
    adapter_file.detach(model.network)
    assert all(torch.equal(v, weights[k]) for k, v in model.network.state_dict().items())


def test_the_files_reproduce_what_was_measured(tiny_data, tmp_path, measured):
    data, events = tiny_data(), []
    result = train(recipe(epochs=3), tmp_path, events.append, data=data)
    assert measured(result.best_adapter, data.test) == result.after
    assert measured(result.last_adapter, data.validation) == of(EpochDone, events)[-1].validation
    best = of(EpochDone, events)[result.best_epoch - 1]
    assert measured(result.best_adapter, data.validation) == best.validation
    assert result.after != result.before


def test_the_best_adapter_tells_of_its_training(tiny_data, tmp_path):
    result = train(recipe(target_classes=("cat",)), tmp_path, data=tiny_data())
    told = adapter_file.inspect(result.best_adapter).training
    assert told.targets == ("cat",)
    assert told.epoch == result.best_epoch
    assert 0 < told.validation_accuracy <= 1  # of that epoch
    assert told.after.per_class == pytest.approx(result.after.per_class, abs=1e-4)
    assert told.before.per_class == pytest.approx(result.before.per_class, abs=1e-4)


@pytest.mark.parametrize("chosen", [{"learning_rate": 0.01}, {"learning_rate": 1e-6}])
def test_what_was_said_of_each_image_is_kept(tiny_data, tmp_path, chosen):
    """Of the best epoch and of the network before, or of that alone where none beats it."""
    events, data = [], tiny_data(validation=4)
    data = replace(data, test=ImageSet(data.test.read(), data.test.labels, names_of(data.test)))
    result = train(recipe(epochs=3, **chosen), tmp_path, events.append, data=data)
    kept = predictions.load(tmp_path, "test")
    assert kept.class_names == result.class_names
    assert kept.files == data.test.names
    assert kept.right.mean() == result.after.accuracy
    assert kept.base_right.mean() == result.before.accuracy
    assert kept.told.shape == kept.base_told.shape == (30, 5)
    validation = predictions.load(tmp_path, "validation")
    before, epochs = of(RunStarted, events)[0].validation, of(EpochDone, events)
    best = epochs[result.best_epoch - 1].validation if result.improved else before
    assert validation.right.mean() == best.accuracy
    assert validation.base_right.mean() == before.accuracy
    assert validation.files[:2] == ("1", "2")


def names_of(images):
    return tuple(f"some/{number}.png" for number in range(len(images)))


def scripted(monkeypatch, validation_images, validations):
    """Let the validation after each epoch be as scripted: accuracies of cat and of the others."""
    results = iter([(0.5, 0.5), *validations])  # the first is measured before training

    def fake(inputs, classes, should_stop, part):
        if len(inputs.labels) != validation_images:
            return predict_inputs(inputs, classes, part=part)
        cat, others = next(results)
        shares = tuple(cat if i == CAT else others for i in range(10))
        return told(Evaluation(1.0, sum(shares) / 10, shares, (10,) * 10, part=part))

    monkeypatch.setattr(loop, "predict_inputs", fake)
    monkeypatch.setattr(stopping, "predict_inputs", fake)


@pytest.mark.parametrize(
    ("keep_others", "validations", "best"),
    [
        (0.0, [(0.3, 0.9), (0.6, 0.1), (0.5, 0.9)], 2),  # only the target decides
        (1.0, [(0.3, 0.9), (0.6, 0.1), (0.5, 0.8)], 1),  # every image decides
        (0.1, [(0.5, 0.5), (0.9, 0.2), (0.7, 0.6)], 3),  # others by the share that is kept
        (0.0, [(0.6, 0.1), (0.6, 0.9), (0.6, 0.5)], 1),  # the first of equals
    ],
)
def test_the_best_epoch_has_the_best_score(
    tiny_data, tmp_path, monkeypatch, keep_others, validations, best, measured
):
    data, vectors = tiny_data(validation=2, test=3), {}
    scripted(monkeypatch, len(data.validation), validations)

    def on_event(event):
        if isinstance(event, EpochDone):
            vectors[event.epoch] = adapter_file.load(tmp_path / "last.safetensors").parameters

    chosen = recipe(epochs=3, target_classes=("cat",), keep_others=keep_others)
    result = train(chosen, tmp_path, on_event, data=data)
    assert result.best_epoch == best
    assert same_vectors(adapter_file.load(result.best_adapter).parameters, vectors[best])
    assert same_vectors(adapter_file.load(result.last_adapter).parameters, vectors[3])
    assert not same_vectors(vectors[1], vectors[3])
    assert measured(result.best_adapter, data.test) == result.after


@pytest.mark.parametrize("cat", [0.4, 0.5])  # worse than before, or no better
def test_an_epoch_that_is_no_better_than_none_is_not_kept(
    tiny_data, tmp_path, monkeypatch, cat, measured
):
    data, events = tiny_data(validation=2, test=3), []
    scripted(monkeypatch, len(data.validation), [(cat, 0.9), (cat, 0.9)])
    chosen = recipe(target_classes=("cat",), keep_others=0.0)
    result = train(chosen, tmp_path, events.append, data=data)
    assert (result.best_epoch, result.epochs_done, result.stopped) == (0, 2, False)
    assert (result.improved, result.fell_short) == (False, True)
    assert names(tmp_path) == FILES - {"best.safetensors"}
    assert result.after == result.before
    assert [event.is_best for event in of(EpochDone, events)] == [False, False]
    assert load_result(tmp_path) == result
    assert measured(result.last_adapter, data.test) != result.before
    assert "No epoch did better" in outcome(result)
    assert "such as 0.002, or more images" in outcome(result)


@pytest.mark.parametrize(
    ("patience", "epochs_done", "best"), [(2, 4, 2), (3, 5, 2), (4, 6, 6), (0, 6, 6)]
)
def test_a_run_ends_where_nothing_better_comes(
    tiny_data, tmp_path, monkeypatch, patience, epochs_done, best
):
    data, events = tiny_data(validation=2, test=3), []
    shares = [0.6, 0.8, 0.7, 0.8, 0.1, 0.9]
    scripted(monkeypatch, len(data.validation), [(share, share) for share in shares])
    result = train(recipe(epochs=6, patience=patience), tmp_path, events.append, data=data)
    assert (result.epochs_done, result.best_epoch) == (epochs_done, best)
    assert (result.stopped, result.gave_up) == (False, epochs_done < 6)
    assert load_result(tmp_path) == result
    ended = f"No better epoch in the last {patience}: training ends here."
    assert (ended in [event.text for event in of(Notice, events)]) == result.gave_up
    assert ("ended early" in outcome(result)) == result.gave_up


def test_views_are_trained_on_alike_with_and_without_a_cache(tiny_data, tmp_path):
    for cache in (True, False):
        chosen = recipe(views=3, feature_cache=cache)
        train(chosen, tmp_path / str(cache), data=tiny_data())
    kept, anew = (
        [float(row["loss"]) for row in rows(tmp_path / str(cache) / "losses.csv")]
        for cache in (True, False)
    )
    assert kept == pytest.approx(anew, rel=1e-3)
    train(recipe(views=1), tmp_path / "one", data=tiny_data())
    assert kept != [float(row["loss"]) for row in rows(tmp_path / "one" / "losses.csv")]


def test_uneven_classes_are_drawn_evenly_and_the_best_goes_by_classes(tiny_data, tmp_path):
    data, events = tiny_data(), []
    few = torch.tensor([i for i in range(80) if i >= 60 or data.train.labels[i] != CAT])
    data = replace(data, train=data.train.subset(few))
    train(recipe(epochs=1), tmp_path, events.append, data=data)
    assert "from 2 to 8 training images" in " ".join(e.text for e in of(Notice, events))
    assert "mean of the classes' accuracies" in of(RunStarted, events)[0].chosen_by


def test_losses_of_targets_and_others_add_up(tiny_data, tmp_path):
    events = []
    train(recipe(target_classes=("cat", "dog")), tmp_path, events.append, data=tiny_data())
    (started,) = of(RunStarted, events)
    assert started.other_classes == tuple(i for i in range(10) if i not in started.target_classes)
    found = of(EpochDone, events)[0].validation
    targets = found.loss_over(started.target_classes)
    others = found.loss_over(started.other_classes)
    assert found.loss == pytest.approx((6 * targets + 24 * others) / 30)
    row = rows(tmp_path / "metrics.csv")[0]
    assert float(row["validation_loss_targets"]) == pytest.approx(targets, rel=1e-5)
    assert float(row["validation_loss_others"]) == pytest.approx(others, rel=1e-5)


def test_a_run_says_what_it_is_about(tiny_data, tmp_path):
    events = []
    chosen = replace(recipe(epochs=1), adapter=AdapterSettings(rank=4, method="lora"))
    data = replace(tiny_data(), skipped=(SkippedFile("cat/1.png", "empty"),))
    result = train(chosen, tmp_path / "first", events.append, data=data)
    subject = of(RunStarted, events)[0].subject
    assert subject == result.subject == load_result(tmp_path / "first").subject
    assert (subject.run, subject.data, subject.network) == ("first", "Colours", "ConvNet")
    assert (subject.weights, subject.method, subject.rank) == ("pretrained", "lora", 4)
    assert (subject.adapter, subject.skipped) == ("LoRA, rank 4", {"empty": 1})
    assert "1 file was skipped: 1 empty." in [event.text for event in of(Notice, events)]
    assert result.learning_rate == of(RunStarted, events)[0].learning_rate == 0.002
    assert (result.before.part, result.after.part) == ("test", "test")
    assert of(EpochDone, events)[0].validation.part == "validation"


@pytest.mark.parametrize(
    ("training", "validation", "text"),
    [
        ({"target_classes": ("cat",), "keep_others": 0.0}, 3, "the others do not count."),
        (
            {"target_classes": ("cat",), "keep_others": 0.5},
            3,
            "the targets in full and the others by 50%.",
        ),
        ({}, 3, "highest accuracy on the validation images. Of equals, the lowest loss."),
        ({}, 0, "the last epoch, for there are no validation images"),
    ],
)
def test_it_says_by_what_the_best_is_chosen(tiny_data, tmp_path, training, validation, text):
    events, data = [], tiny_data(validation=validation)
    train(recipe(epochs=1, **training), tmp_path, events.append, data=data)
    assert text in of(RunStarted, events)[0].chosen_by


def test_without_validation_images_the_last_epoch_is_the_best(tiny_data, tmp_path):
    result = train(recipe(), tmp_path, data=tiny_data(validation=0))
    assert result.best_epoch == 2
    assert outcome(result).startswith("Epoch 2 is kept; there were no validation images")
    assert json.loads((tmp_path / "result.json").read_text())["best_epoch"] == 2


def test_without_test_images_a_run_goes_through(tiny_data, tmp_path):
    result = train(recipe(epochs=1), tmp_path, data=tiny_data(test=0))
    assert repr(load_result(tmp_path)) == repr(result)
    assert result.after.counts == (0,) * 10


def test_others_without_images_do_no_harm(tiny_data, tmp_path):
    data = tiny_data(classes=(0, CAT))
    result = train(recipe(target_classes=("cat",)), tmp_path, data=data)
    assert result.after.counts[CAT] == 3
    assert repr(load_result(tmp_path)) == repr(result)  # NaN for the eight absent classes


def test_only_the_chosen_layers_are_trained(tiny_data, tmp_path):
    chosen = replace(recipe(epochs=1), adapter=AdapterSettings(rank=4, layers=("fc2", "fc5")))
    events = []
    result = train(chosen, tmp_path, events.append, data=tiny_data())
    assert of(RunStarted, events)[0].trainable == 4 + 84 + 4 + 10
    info = adapter_file.inspect(result.best_adapter)
    assert (info.settings.rank, info.layers) == (4, ("fc2", "fc5"))


def test_the_sample_is_learned_with_the_default_recipe(tmp_path):
    result = train(Recipe(), tmp_path)
    assert sum(result.after.counts) >= 500
    assert result.after.accuracy - result.before.accuracy >= 0.25
