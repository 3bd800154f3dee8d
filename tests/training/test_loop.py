"""A run: reproducible, honest about its best epoch, stoppable, and kept in its folder."""

import csv
import json
from dataclasses import replace

import pytest
import torch

from vera_studio import recipe as recipes
from vera_studio.adapters import adapter_file
from vera_studio.adapters.base_digest import base_digest
from vera_studio.errors import Cancelled, DataError, RecipeError, StudioError, TrainingError
from vera_studio.models.registry import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.training import loop, stopwatch
from vera_studio.training.evaluation import evaluate
from vera_studio.training.loop import train
from vera_studio.training.results import EpochDone, Evaluation, RunStarted, Stage, StepsDone
from vera_studio.training.run_folder import load_result

FILES = {
    "recipe.toml",
    "losses.csv",
    "metrics.csv",
    "best.safetensors",
    "last.safetensors",
    "result.json",
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


def measured(adapter, images):
    """What the shipped network does on `images` with the adapter of a file."""
    model = open_model(ModelSettings())
    adapter_file.apply(adapter_file.load(adapter), model.network, model.kind.class_names)
    return evaluate(model.network, model.kind, images)


def same_vectors(first, second):
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


class StopAfter:
    """Answers yes once `steps` training steps were reported; every step is reported."""

    def __init__(self, steps, monkeypatch):
        monkeypatch.setattr(loop, "_REPORT_SECONDS", 0)
        self.steps, self.done, self.events = steps, -1, []

    def on_event(self, event):
        self.events.append(event)
        if isinstance(event, RunStarted):
            self.done = 0
        if isinstance(event, StepsDone):
            self.done += len(event.losses)

    def should_stop(self):
        return self.done >= self.steps


def test_a_run_leaves_its_folder(tiny_data, tmp_path):
    data = tiny_data()
    result = train(recipe(), tmp_path / "run", data=data)
    assert names(tmp_path / "run") == FILES
    assert recipes.load(tmp_path / "run" / "recipe.toml") == recipe()
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
    expected = evaluate(model.network, model.kind, data.test)
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
    monkeypatch.setattr(loop, "open_model", lambda settings: model)
    result = train(recipe(), tmp_path, data=tiny_data())
    assert base_digest(model.network) == digest
    assert adapter_file.inspect(result.best_adapter).base_digest == digest
    adapter_file.detach(model.network)
    assert all(torch.equal(v, weights[k]) for k, v in model.network.state_dict().items())


def test_the_files_reproduce_what_was_measured(tiny_data, tmp_path):
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
    assert told["targets"] == ["cat"]
    assert told["epoch"] == result.best_epoch
    assert told["after"] == pytest.approx(result.after.per_class, abs=1e-4)
    assert told["before"] == pytest.approx(result.before.per_class, abs=1e-4)


def scripted(monkeypatch, data, validations):
    """Let the validation after each epoch be as scripted: accuracies of cat and of the others."""
    results = iter([(0.5, 0.5), *validations])  # the first is measured before training

    def fake(network, kind, images, should_stop=lambda: False):
        if images is not data.validation:
            return evaluate(network, kind, images)
        cat, others = next(results)
        shares = tuple(cat if i == CAT else others for i in range(10))
        return Evaluation(1.0, sum(shares) / 10, shares, (10,) * 10)

    monkeypatch.setattr(loop, "evaluate", fake)


@pytest.mark.parametrize(
    ("keep_others", "validations", "best"),
    [
        (0.0, [(0.3, 0.9), (0.6, 0.1), (0.5, 0.9)], 2),  # only the target decides
        (1.0, [(0.3, 0.9), (0.6, 0.1), (0.5, 0.8)], 1),  # every image decides
        (0.1, [(0.5, 0.5), (0.9, 0.2), (0.7, 0.6)], 3),  # others by the share that is kept
        (0.0, [(0.4, 0.1), (0.4, 0.9), (0.4, 0.5)], 1),  # the first of equals
    ],
)
def test_the_best_epoch_has_the_best_score(
    tiny_data, tmp_path, monkeypatch, keep_others, validations, best
):
    data, vectors = tiny_data(), {}
    scripted(monkeypatch, data, validations)

    def on_event(event):
        if isinstance(event, EpochDone):
            vectors[event.epoch] = adapter_file.load(tmp_path / "last.safetensors").vectors

    chosen = recipe(epochs=3, target_classes=("cat",), keep_others=keep_others)
    result = train(chosen, tmp_path, on_event, data=data)
    assert result.best_epoch == best
    assert same_vectors(adapter_file.load(result.best_adapter).vectors, vectors[best])
    assert same_vectors(adapter_file.load(result.last_adapter).vectors, vectors[3])
    assert not same_vectors(vectors[1], vectors[3])
    assert measured(result.best_adapter, data.test) == result.after


def test_without_validation_images_the_last_epoch_is_the_best(tiny_data, tmp_path):
    result = train(recipe(), tmp_path, data=tiny_data(validation=0))
    assert result.best_epoch == 2
    assert json.loads((tmp_path / "result.json").read_text())["best_epoch"] == 2


def test_without_test_images_a_run_goes_through(tiny_data, tmp_path):
    result = train(recipe(epochs=1), tmp_path, data=tiny_data(test=0))
    assert repr(load_result(tmp_path)) == repr(result)
    assert result.after.counts == (0,) * 10


def test_a_stop_within_an_epoch_keeps_the_run(tiny_data, tmp_path, monkeypatch):
    stop, data = StopAfter(7, monkeypatch), tiny_data()
    result = train(recipe(epochs=3), tmp_path, stop.on_event, stop.should_stop, data)
    assert names(tmp_path) == FILES
    assert (result.stopped, result.epochs_done) == (True, 2)
    assert load_result(tmp_path) == result
    assert len(rows(tmp_path / "losses.csv")) == 7
    assert [epoch.step for epoch in of(EpochDone, stop.events)] == [5, 7]
    last = of(EpochDone, stop.events)[-1]
    assert last.train_loss == pytest.approx(
        sum(float(row["loss"]) for row in rows(tmp_path / "losses.csv")[5:]) / 2, rel=1e-4
    )
    assert measured(result.best_adapter, data.test) == result.after
    assert measured(result.last_adapter, data.validation) == last.validation


def test_a_stopped_run_is_the_start_of_the_whole_one(tiny_data, tmp_path, monkeypatch):
    stop = StopAfter(7, monkeypatch)
    train(recipe(), tmp_path / "part", stop.on_event, stop.should_stop, tiny_data())
    train(recipe(), tmp_path / "whole", data=tiny_data())
    part, whole = (rows(tmp_path / name / "losses.csv") for name in ("part", "whole"))
    assert len(part) == 7
    assert whole[:7] == part


def test_a_stop_between_epochs_keeps_the_run(tiny_data, tmp_path, monkeypatch):
    stop = StopAfter(5, monkeypatch)
    result = train(recipe(), tmp_path, stop.on_event, stop.should_stop, tiny_data())
    assert (result.stopped, result.epochs_done, result.best_epoch) == (True, 1, 1)


def test_a_stop_at_the_last_step_is_a_whole_run(tiny_data, tmp_path, monkeypatch):
    stop = StopAfter(10, monkeypatch)
    result = train(recipe(), tmp_path, stop.on_event, stop.should_stop, tiny_data())
    assert (result.stopped, result.epochs_done) == (False, 2)


def test_a_stop_before_the_first_step_keeps_the_untrained_adapter(tiny_data, tmp_path, monkeypatch):
    stop = StopAfter(0, monkeypatch)
    result = train(recipe(), tmp_path, stop.on_event, stop.should_stop, tiny_data())
    assert (result.stopped, result.epochs_done, result.best_epoch) == (True, 0, 0)
    assert names(tmp_path) == FILES
    assert result.after == result.before
    for path in (result.best_adapter, result.last_adapter):
        vectors = adapter_file.load(path).vectors
        assert not any(vectors[name].any() for name in vectors if name.endswith(".b"))


def test_a_stop_before_training_began_leaves_nothing(tiny_data, tmp_path):
    with pytest.raises(Cancelled):
        train(recipe(), tmp_path / "run", should_stop=lambda: True, data=tiny_data())
    assert not (tmp_path / "run").exists()


def test_a_pause_does_not_count(tiny_data, tmp_path, monkeypatch):
    class Clock:
        now = 0.0

        def perf_counter(self):
            return self.now

    clock, events = Clock(), []
    monkeypatch.setattr(stopwatch, "time", clock)
    monkeypatch.setattr(loop, "_REPORT_SECONDS", 0)

    def wait():  # as a pause does
        clock.now += 1024
        return False

    def on_event(event):  # the only work that takes time on this clock
        clock.now += 1
        events.append(event)

    result = train(recipe(), tmp_path, on_event, wait, tiny_data())
    assert clock.now > 10 * 1024
    assert result.seconds == len(events) - 1  # the first came before the clock was started
    assert [epoch.seconds for epoch in of(EpochDone, events)] == [5, 5]  # its reports of steps
    assert result.images_per_second == 160 / 10
    assert max(event.seconds_left for event in of(StepsDone, events)) <= 10


@pytest.mark.parametrize("schedule", ["constant", "one-cycle"])
def test_a_loss_that_explodes_is_told(tiny_data, tmp_path, schedule):
    chosen = recipe(epochs=20, batch_size=4, learning_rate=10.0, optimizer="sgd", schedule=schedule)
    with pytest.raises(TrainingError, match=r"no longer finite in epoch \d+\..* such as 1\.$"):
        train(chosen, tmp_path, data=tiny_data())


def test_the_epoch_of_the_explosion_is_named(tiny_data, tmp_path, monkeypatch):
    real, calls = loop.F.cross_entropy, []

    def failing(logits, labels):
        calls.append(1)
        return real(logits, labels) * (float("nan") if len(calls) == 8 else 1)

    monkeypatch.setattr(loop.F, "cross_entropy", failing)
    monkeypatch.setattr(loop, "evaluate", lambda *_: Evaluation(1.0, 0.5, (0.5,) * 10, (3,) * 10))
    with pytest.raises(TrainingError, match=r"in epoch 2\. Try a lower .* such as 0\.003\."):
        train(recipe(learning_rate=0.03), tmp_path, data=tiny_data())
    assert len(rows(tmp_path / "metrics.csv")) == 1


def test_targets_without_images_are_refused(tiny_data, tmp_path):
    chosen = recipe(target_classes=("bird", "cat", "truck"))
    with pytest.raises(DataError, match=r"no training images of bird, truck\."):
        train(chosen, tmp_path / "run", data=tiny_data(classes=(0, CAT)))
    assert not (tmp_path / "run").exists()


def test_others_without_images_do_no_harm(tiny_data, tmp_path):
    data = tiny_data(classes=(0, CAT))
    result = train(recipe(target_classes=("cat",)), tmp_path, data=data)
    assert result.after.counts[CAT] == 3
    assert repr(load_result(tmp_path)) == repr(result)  # NaN for the eight absent classes


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


def test_only_the_chosen_layers_are_trained(tiny_data, tmp_path):
    chosen = replace(recipe(epochs=1), adapter=AdapterSettings(rank=4, layers=("fc2", "fc5")))
    events = []
    result = train(chosen, tmp_path, events.append, data=tiny_data())
    assert of(RunStarted, events)[0].trainable == 4 + 84 + 4 + 10
    info = adapter_file.inspect(result.best_adapter)
    assert (info.rank, info.layers) == (4, ("fc2", "fc5"))


def test_the_sample_is_learned_with_the_default_recipe(tmp_path):
    result = train(Recipe(), tmp_path)
    assert sum(result.after.counts) >= 500
    assert result.after.accuracy - result.before.accuracy >= 0.25
