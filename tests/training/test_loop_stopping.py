"""A run that is stopped is kept as far as it came, and a pause costs it nothing."""

import csv

import pytest

from vera_studio.adapters import adapter_file
from vera_studio.errors import Cancelled
from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.runs.events import EpochDone, RunStarted, StepsDone
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.summary import outcome, sentences
from vera_studio.training import evaluation, inputs, losses, stopping, stopwatch
from vera_studio.training.loop import resume, train

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


class StopAfter:
    """Answers yes once `steps` training steps were reported; every step is reported."""

    def __init__(self, steps, monkeypatch):
        monkeypatch.setattr(losses, "_REPORT_SECONDS", 0)
        self.steps, self.done, self.events = steps, -1, []

    def on_event(self, event):
        self.events.append(event)
        if isinstance(event, RunStarted):
            self.done = 0
        if isinstance(event, StepsDone):
            self.done += len(event.losses)

    def should_stop(self):
        return self.done >= self.steps


def test_a_stop_within_an_epoch_keeps_the_run(tiny_data, tmp_path, monkeypatch, measured):
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
    assert (result.improved, result.fell_short) == (False, False)
    assert outcome(result) == "Stopped before the first step: nothing was trained."
    assert names(tmp_path) == FILES - {"best.safetensors"}
    assert result.after == result.before
    vectors = adapter_file.load(result.last_adapter).parameters
    assert not any(vectors[name].any() for name in vectors if name.endswith(".b"))


class StopInEvaluation:
    """Answers yes from the `batch`-th batch on of the `number`-th evaluation after training began.

    An evaluation asks before every batch, and here a batch is an image.
    """

    def __init__(self, monkeypatch, number, give_up=False):
        self.number, self.evaluations, self.asked_in_it = number, 0, 0
        self.give_up, self.events = give_up, []
        real = stopping.predict_inputs

        def counted(inputs, classes, should_stop, part):
            self.evaluations += 1
            return real(inputs, classes, should_stop, part)

        monkeypatch.setattr(inputs, "_LEAST_AT_ONCE", 1)
        for module in (inputs, evaluation):
            monkeypatch.setattr(module, "MOST_AT_ONCE", 1)
        monkeypatch.setattr(stopping, "predict_inputs", counted)

    def should_stop(self):
        self.asked_in_it += self.evaluations == self.number
        if self.asked_in_it < 3:
            return False
        if self.give_up:
            raise Cancelled
        return True


def test_a_stop_while_an_epoch_is_measured_keeps_the_run(
    tiny_data, tmp_path, monkeypatch, measured
):
    stop, data = StopInEvaluation(monkeypatch, number=2), tiny_data()
    result = train(recipe(epochs=3), tmp_path, stop.events.append, stop.should_stop, data)
    assert stop.asked_in_it == 4  # it was broken off there, and once before what follows
    assert (result.stopped, result.epochs_done, result.best_epoch) == (True, 2, 1)
    assert result.epochs_measured == 1
    assert names(tmp_path) == FILES
    assert load_result(tmp_path) == result
    assert [epoch.epoch for epoch in of(EpochDone, stop.events)] == [1]
    assert measured(result.best_adapter, data.test).per_class == result.after.per_class
    assert adapter_file.inspect(result.last_adapter).training.epoch == 2


def test_a_stop_while_the_first_epoch_is_measured_keeps_what_was_trained(
    tiny_data, tmp_path, monkeypatch
):
    stop = StopInEvaluation(monkeypatch, number=1)
    result = train(recipe(), tmp_path, should_stop=stop.should_stop, data=tiny_data())
    assert (result.stopped, result.epochs_done, result.best_epoch) == (True, 1, 0)
    assert not result.fell_short
    assert outcome(result).startswith("Stopped before the first epoch was measured")
    vectors = adapter_file.load(result.last_adapter).parameters
    assert any(vectors[name].any() for name in vectors if name.endswith(".b"))


def test_a_stop_while_the_test_images_are_measured_keeps_the_run(tiny_data, tmp_path, monkeypatch):
    stop = StopInEvaluation(monkeypatch, number=3)
    result = train(recipe(), tmp_path, should_stop=stop.should_stop, data=tiny_data())
    assert (result.stopped, result.epochs_done) == (True, 2)
    assert result.improved
    assert result.after.images == 0
    assert sentences(result)[-1] == "Stopped before it was measured on the test images."
    assert repr(load_result(tmp_path)) == repr(result)
    assert adapter_file.inspect(result.best_adapter).training.validation_accuracy


def test_a_run_that_is_given_up_is_not_measured(tiny_data, tmp_path, monkeypatch):
    stop = StopInEvaluation(monkeypatch, number=1, give_up=True)
    with pytest.raises(Cancelled):
        train(recipe(), tmp_path, should_stop=stop.should_stop, data=tiny_data())
    assert not (tmp_path / "result.json").exists()


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
    monkeypatch.setattr(losses, "_REPORT_SECONDS", 0)

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


class StopWithin:
    """Answers yes between two parts of a batch: at the second question after `is_time`."""

    def __init__(self, is_time):
        self.is_time, self.came, self.asked = is_time, False, 0

    def on_event(self, event):
        self.came = self.came or self.is_time(event)

    def should_stop(self):
        self.asked += self.came
        return self.asked >= 2


@pytest.mark.parametrize(
    ("is_time", "steps", "epochs"),
    [
        (lambda event: isinstance(event, StepsDone) and event.first_step == 7, 7, 2),
        (lambda event: isinstance(event, EpochDone), 5, 1),
        (lambda event: isinstance(event, RunStarted), 0, 0),
    ],
)
def test_a_stop_within_a_batch_leaves_that_step_undone(
    tiny_data, tmp_path, monkeypatch, is_time, steps, epochs
):
    monkeypatch.setattr(losses, "_REPORT_SECONDS", 0)
    monkeypatch.setattr(inputs, "at_once", lambda numbers: 4)
    stop, data = StopWithin(is_time), tiny_data()
    result = train(recipe(), tmp_path / "stopped", stop.on_event, stop.should_stop, data)
    assert (result.stopped, result.epochs_done) == (True, epochs)
    assert len(rows(tmp_path / "stopped" / "losses.csv")) == steps
    # It goes on as if nothing had happened.
    resume(tmp_path / "stopped", data=data)
    train(recipe(), tmp_path / "whole", data=data)
    for name in ("losses.csv", "last.safetensors"):
        assert (tmp_path / "stopped" / name).read_bytes() == (
            tmp_path / "whole" / name
        ).read_bytes()
