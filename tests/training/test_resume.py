"""A run that is broken off goes on and ends as if it had never been."""

import csv
import dataclasses
import io
import json
import zipfile
from types import SimpleNamespace

import pytest
import torch

from vera_studio.errors import Cancelled, StudioError, TrainingError
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs import predictions
from vera_studio.runs.events import EpochDone, Evaluation, RunStarted, StepsDone
from vera_studio.runs.run_files import RunFiles
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.run_state import broken_off
from vera_studio.training import automatic, opening, progress
from vera_studio.training.loop import resume, train
from vera_studio.training.losses import told_again

FILES = (
    *("best.safetensors", "last.safetensors", "losses.csv", "recipe.toml"),
    "predictions-validation.csv",
    "predictions-test.csv",
)
STEPS = 3 * 5  # 80 images in batches of 16, three epochs


class Killed(BaseException):
    """Ends a run where it is, as a signal would that cannot be caught."""


class KillAfter:
    """Is asked before every step; dies after so many of them, wherever the run is."""

    def __init__(self, questions):
        self.left = questions

    def __call__(self):
        self.left -= 1
        if self.left < 0:
            raise Killed
        return False


@pytest.fixture(autouse=True)
def saved_after_every_step(monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS", 0.0)


def recipe(method="vera", **training):
    values = {"epochs": 3, "batch_size": 16, "device": "cpu"} | training
    return Recipe(adapter=AdapterSettings(method=method), training=TrainingSettings(**values))


def changed(content, **others):
    """A progress file with other values in it."""
    values = torch.load(io.BytesIO(content), weights_only=True) | others
    buffer = io.BytesIO()
    torch.save(values, buffer)
    return buffer.getvalue()


def wrong_values(content):
    """Progress files that say what cannot be."""
    for name, wrong in (
        ("epoch", "x"),
        ("batches", -3),
        ("drawn_from", torch.zeros(3)),
        ("step", 10**12),
        ("epoch_loss", "a"),
        ("epochs_measured", None),
        ("history", [{}]),
        ("parameters", {}),
    ):
        yield changed(content, **{name: wrong})
    for name, part, wrong in (
        ("optimizer", "param_groups", []),
        ("optimizer", "state", {}),
        ("schedule", "last_epoch", 2),
        ("course", "epochs", -1),
        ("best", "parameters", {}),
    ):
        values = torch.load(io.BytesIO(content), weights_only=True)[name]
        yield changed(content, **{name: values | {part: wrong}})


def of_first_version(content):
    """A progress file as the studio wrote it once."""
    values = torch.load(io.BytesIO(content), weights_only=True)
    place = {name: values.pop(name) for name in ("epoch", "batches", "drawn_from")}
    told = {name: values.pop(name) for name in ("step", "images", "epoch_seconds")}
    rest = [0.0] * max(place["batches"] - 1, 0)
    told["epoch_losses"] = [values.pop("epoch_loss"), *rest][: place["batches"]]
    told["seconds"] = values.pop("training_seconds")
    values |= {"place": place, "told": told, "images": values.pop("order"), "version": 1}
    buffer = io.BytesIO()
    torch.save(values, buffer)
    return buffer.getvalue()


def metrics(folder):
    """The table without the seconds, which no two runs share."""
    with (folder / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def result(folder):
    values = json.loads((folder / "result.json").read_text())
    values["subject"].pop("run")
    return {k: v for k, v in values.items() if k not in ("seconds", "images_per_second")}


def assert_same(one, other):
    for name in FILES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert metrics(one) == metrics(other)
    assert result(one) == result(other)


def killed(chosen, folder, data, questions):
    """A run that died after so many questions whether to stop; whether it had begun to train."""
    with pytest.raises(Killed):
        train(chosen, folder, should_stop=KillAfter(questions), data=data)
    return (folder / progress.FILE).exists()


@pytest.mark.parametrize(
    "chosen",
    [
        recipe(),
        recipe(feature_cache=False, shift=2),
        recipe("lora", optimizer="sgd", schedule="one-cycle", learning_rate=0.01),
        recipe("full", schedule="constant", patience=2),
    ],
    ids=["cached", "uncached", "sgd", "patient"],
)
def test_killed_anywhere_it_ends_the_same(tiny_data, tmp_path, chosen):
    data, ends = tiny_data(), 0
    asked = KillAfter(10**9)
    train(chosen, tmp_path / "whole", should_stop=asked, data=data)
    questions = 10**9 - asked.left
    for number in range(3, questions, max(1, questions // 7)):
        folder = tmp_path / f"killed {number}"
        if killed(chosen, folder, data, number):
            ends += 1
            resume(folder, data=data)
            assert_same(tmp_path / "whole", folder)
    assert ends >= 4


@pytest.mark.parametrize("rate", [None, 10.0])  # better than its start, and never
def test_with_classes_of_ones_own_it_ends_the_same(tiny_data, tmp_path, rate):
    names = ("ochre", "teal", "plum")
    data = dataclasses.replace(tiny_data(train=20, classes=range(3)), class_names=names)
    chosen = recipe(views=3, balance=True, learning_rate=rate, head_learning_rate=rate)

    def model():
        return open_model(ModelSettings()).with_classes(names)

    asked = KillAfter(10**9)
    train(chosen, tmp_path / "whole", should_stop=asked, data=data, model=model())
    questions = 10**9 - asked.left
    for number in (questions // 2, questions - 5):
        folder = tmp_path / f"killed {number}"
        with pytest.raises(Killed):
            train(chosen, folder, should_stop=KillAfter(number), data=data, model=model())
        resume(folder, data=data, model=model())
        assert_same(tmp_path / "whole", folder)


def test_a_run_of_an_older_studio_goes_on(tiny_data, tmp_path):
    data = tiny_data()
    train(recipe(), tmp_path / "whole", data=data)
    assert killed(recipe(), tmp_path / "killed", data, 20)
    file = tmp_path / "killed" / progress.FILE
    file.write_bytes(of_first_version(file.read_bytes()))
    resume(tmp_path / "killed", data=data)
    assert_same(tmp_path / "whole", tmp_path / "killed")
    file.write_bytes(changed(file.read_bytes(), version=3))
    with pytest.raises(StudioError, match="by another version of the studio"):
        resume(tmp_path / "killed", data=data)


def test_killed_again_and_again_it_ends_the_same(tiny_data, tmp_path):
    data = tiny_data()
    train(recipe(), tmp_path / "whole", data=data)
    asked = KillAfter(10**9)
    assert killed(recipe(), tmp_path / "killed", data, 16)
    for _ in range(100):
        try:
            resume(tmp_path / "killed", should_stop=KillAfter(14), data=data)
        except Killed:
            asked.left -= 1
        else:
            break
    assert asked.left < 10**9
    assert_same(tmp_path / "whole", tmp_path / "killed")


def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(tiny_data, tmp_path):
    data, steps = tiny_data(), []
    train(recipe(), tmp_path / "whole", data=data)

    def note(event):
        steps.extend(event.losses if isinstance(event, StepsDone) else ())

    stopped = train(recipe(), tmp_path / "stopped", note, lambda: len(steps) > 6, data)
    assert stopped.stopped
    assert 0 < stopped.epochs_done < 3
    resume(tmp_path / "stopped", data=data)
    assert_same(tmp_path / "whole", tmp_path / "stopped")


def test_one_that_was_stopped_before_its_first_step_begins_with_it(tiny_data, tmp_path):
    data, begun = tiny_data(), []
    train(recipe(), tmp_path / "whole", data=data)

    def note_start(event):
        begun.extend([event] if isinstance(event, RunStarted) else [])

    stopped = train(recipe(), tmp_path / "stopped", note_start, lambda: bool(begun), data)
    assert stopped.epochs_done == 0
    resume(tmp_path / "stopped", data=data)
    assert_same(tmp_path / "whole", tmp_path / "stopped")


def test_more_epochs_are_added_to_a_finished_run(tiny_data, tmp_path):
    data = tiny_data()
    chosen = recipe(schedule="constant")
    longer = dataclasses.replace(chosen, training=dataclasses.replace(chosen.training, epochs=5))
    train(longer, tmp_path / "whole", data=data)
    train(chosen, tmp_path / "longer", data=data)
    found = resume(tmp_path / "longer", data=data, epochs=5)
    assert found.epochs_done == 5
    assert_same(tmp_path / "whole", tmp_path / "longer")
    with pytest.raises(StudioError, match="has had 5 epochs already"):
        resume(tmp_path / "longer", data=data, epochs=5)


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_with_more_epochs_the_rate_is_what_it_would_be_there(tiny_data, tmp_path, schedule):
    data = tiny_data()
    train(recipe(schedule=schedule), tmp_path / "a", data=data)
    resume(tmp_path / "a", data=data, epochs=6)
    train(recipe(schedule=schedule, epochs=6), tmp_path / "b", data=data)
    rates = [[float(row["learning_rate"]) for row in metrics(tmp_path / one)] for one in "ab"]
    assert rates[0][3:] == pytest.approx(rates[1][3:], rel=1e-6)


def test_what_came_before_is_told_again(tiny_data, tmp_path):
    data, told = tiny_data(), []
    train(recipe(), tmp_path / "whole", told.append, data=data)
    assert killed(recipe(), tmp_path / "killed", data, 20)
    again = []
    resume(tmp_path / "killed", again.append, data=data)
    for events in (told, again):
        events[:] = [e for e in events if isinstance(e, StepsDone | EpochDone)]
    epochs = [[e for e in events if isinstance(e, EpochDone)] for events in (told, again)]
    without = [[dataclasses.replace(e, seconds=0) for e in events] for events in epochs]
    assert without[0] == without[1]
    losses = [
        [loss for e in events if isinstance(e, StepsDone) for loss in e.losses]
        for events in (told, again)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert len(losses[0]) == STEPS


def test_other_images_are_refused(tiny_data, tmp_path):
    assert killed(recipe(), tmp_path / "killed", tiny_data(), 20)
    with pytest.raises(StudioError, match="Colours holds other images than when the run in"):
        resume(tmp_path / "killed", data=tiny_data(train=9))


def test_a_best_of_half_an_epoch_is_no_best_of_the_run_that_goes_on(tiny_data, tmp_path):
    data, steps = tiny_data(), []
    chosen = recipe(learning_rate=0.002)

    def note(event):
        steps.extend(event.losses if isinstance(event, StepsDone) else ())

    stopped = train(chosen, tmp_path, note, lambda: len(steps) > 2, data)
    assert (stopped.best_epoch, stopped.best_adapter.exists()) == (1, True)
    begun = []

    def note_start(event):
        begun.extend([event] if isinstance(event, RunStarted) else [])

    again = resume(tmp_path, note_start, lambda: bool(begun), data)
    assert (again.best_epoch, again.epochs_done) == (0, 0)
    assert not again.best_adapter.exists()
    for part in ("validation", "test"):  # what the network before training says
        kept = predictions.load(tmp_path, part)
        assert (kept.told == kept.base_told).all()


def test_what_was_decided_stays_decided(tiny_data, tmp_path, monkeypatch):
    data, chosen = tiny_data(), recipe(batch_size=None)
    train(chosen, tmp_path / "whole", data=data)
    assert killed(chosen, tmp_path / "killed", data, 30)
    monkeypatch.setattr(opening, "automatic_batch_size", lambda *_: 7)
    monkeypatch.setattr(automatic, "_NETWORKS_CLASSES", automatic._Length(9, 1, 3))
    resume(tmp_path / "killed", data=data)
    assert_same(tmp_path / "whole", tmp_path / "killed")


def test_images_in_another_order_are_refused(tiny_data, tmp_path):
    data = tiny_data()
    assert killed(recipe(), tmp_path / "killed", data, 20)
    backwards = torch.arange(len(data.train)).flip(0)
    other = dataclasses.replace(data, train=data.train.subset(backwards))
    assert other.digest == data.digest
    with pytest.raises(StudioError, match="in another order"):
        resume(tmp_path / "killed", data=other)


def test_more_epochs_that_are_given_up_leave_the_result_as_it_was(tiny_data, tmp_path):
    data, folder = tiny_data(), tmp_path / "run"
    train(recipe(), folder, data=data)
    before = [(folder / name).read_bytes() for name in ("result.json", "recipe.toml")]

    def give_up():
        if load_result(folder) and (folder / "metrics.csv").read_text().count("\n") > 4:
            raise Cancelled
        return False

    with pytest.raises(Cancelled):
        resume(folder, should_stop=give_up, data=data, epochs=6)
    assert [(folder / n).read_bytes() for n in ("result.json", "recipe.toml")] == before
    assert broken_off(tmp_path) == []


def test_a_run_that_failed_is_not_offered(tiny_data, tmp_path):
    chosen = recipe(learning_rate=10.0, optimizer="sgd", schedule="constant", epochs=20)
    with pytest.raises(TrainingError):
        train(chosen, tmp_path / "run", data=tiny_data())
    assert (tmp_path / "run" / progress.FILE).exists()
    assert broken_off(tmp_path) == []


def test_a_run_that_is_going_on_is_left_alone(tiny_data, tmp_path):
    found = []

    def look(event):
        if isinstance(event, EpochDone) and not found:
            found.append(broken_off(tmp_path))
            with pytest.raises(StudioError, match="is going on already"):
                resume(tmp_path / "run", data=tiny_data())

    train(recipe(), tmp_path / "run", look, data=tiny_data())
    assert found == [[]]
    assert killed(recipe(), tmp_path / "killed", tiny_data(), 20)
    (tmp_path / "something else").mkdir()
    assert broken_off(tmp_path) == [tmp_path / "killed"]
    resume(tmp_path / "killed", data=tiny_data())
    assert broken_off(tmp_path) == []
    assert broken_off(tmp_path / "nowhere") == []


def test_a_folder_without_a_run_and_a_damaged_one_are_told(tiny_data, tmp_path):
    data = tiny_data()
    train(recipe(), tmp_path / "run", data=data)
    whole = (tmp_path / "run" / progress.FILE).read_bytes()
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(10**7))
    bomb = (tmp_path / "bomb").read_bytes()
    for content in (b"", b"PK\x03\x04", whole[:500], bomb, *wrong_values(whole)):
        (tmp_path / "run" / progress.FILE).write_bytes(content)
        with pytest.raises(StudioError, match=r"progress\.pt is damaged"):
            resume(tmp_path / "run", data=data)
    (tmp_path / "run" / progress.FILE).unlink()
    with pytest.raises(StudioError, match="holds no run that can go on"):
        resume(tmp_path / "run", data=data)
    assert load_result(tmp_path / "run").epochs_done == 3  # as it was


def test_writing_takes_no_more_than_its_share(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS", 10.0)
    now = 0.0
    saver = progress.Saver(RunFiles(tmp_path), lambda: now)

    class Slow:
        def content(self):
            nonlocal now
            now += 0.1
            return b""

    assert saver.is_cheap
    assert not saver.is_overdue
    now = 1.0
    saver.save(Slow())
    assert not saver.is_cheap  # a tenth of a second in a second
    now = 4.0
    assert not saver.is_cheap
    now = 5.2
    assert saver.is_cheap
    now = 12.0
    assert saver.is_overdue


def test_of_very_many_epochs_only_some_are_told_again():
    kept = progress.Progress.__new__(progress.Progress)
    kept.history, kept.epochs_measured = [], 0
    measured = Evaluation(1.0, 0.5, (0.5,) * 1000, (1,) * 1000)
    for number in range(1, 1001):
        kept.note_epoch(EpochDone(number, number, 1.0, measured, 0.1, False, 1.0))
        assert len(kept.history) <= 200  # of a thousand classes
    assert kept.epochs_measured == 1000
    epochs = [one.epoch for one in kept.history]
    assert epochs == sorted(epochs)
    assert epochs[-1] == 1000


def test_losses_are_told_again_in_pieces():
    written = iter([(1 + step // 30_000, 0.5) for step in range(45_000)])
    done = EpochDone(1, 30_000, 0.5, Evaluation(1.0, 0.5, (0.5,), (1,)), 0.1, False, 1.0)
    kept = SimpleNamespace(
        history=[done], training_seconds=1.0, epoch_seconds=1.0, images=1, step=45_000
    )
    events = list(told_again(kept, written, 60_000))
    assert [len(one.losses) for one in events if one is not done] == [10_000] * 4 + [5_000]
    assert [one.epoch for one in events] == [1, 1, 1, 1, 2, 2]
    assert events[-1].first_step == 40_001
