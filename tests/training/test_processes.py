"""A run on several processes is the run on one, but for rounding, and goes on with any number.

Most of it on threads, each of which is one of the processes: what they add up they add up here.
"""

import dataclasses
import json
import pickle
import threading
import weakref

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.data.content import digests_of
from vera_studio.data.pixels import MemoryPixels
from vera_studio.data.store import ImageSet
from vera_studio.errors import StudioError, TrainingError
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.events import StepsDone
from vera_studio.runs.run_folder import load_result
from vera_studio.training import losses, opening, progress, stopping
from vera_studio.training.loop import resume, train
from vera_studio.training.processes import ALONE, Processes, joined_processes


class Meeting:
    """Where threads add up, one for each of `size` processes."""

    def __init__(self, size):
        self.size, self.values = size, [None] * size
        self.barrier = threading.Barrier(size)

    def exchanged(self, rank, value):
        """What all of them gave."""
        try:
            self.values[rank] = value
            self.barrier.wait(30)
            found = list(self.values)
            self.barrier.wait(30)
        except threading.BrokenBarrierError as error:
            raise StudioError("Another process of this run has ended.") from error
        return found


class OnThread(Processes):
    """One of several processes, which is a thread."""

    def __init__(self, meeting, rank):
        super().__init__(rank, meeting.size, meeting.size, rank)
        self.meeting = meeting

    def sum(self, values, group=None):
        return torch.stack(self.meeting.exchanged(self.rank, values.clone())).sum(0)

    def from_first(self, make):
        value = pickle.dumps(make()) if self.is_first else b""
        return pickle.loads(self.meeting.exchanged(self.rank, value)[0])


def together(size, work):
    """What `work` of each of `size` processes gives, or the error that it ends with."""
    meeting, results = Meeting(size), [None] * size

    def run(rank):
        try:
            results[rank] = work(OnThread(meeting, rank))
        except Exception as error:  # goes to whoever asked
            results[rank] = error
            meeting.barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def recipe(method="vera", **training):
    values = {"epochs": 2, "batch_size": 16, "device": "cpu"} | training
    return Recipe(adapter=AdapterSettings(method=method), training=TrainingSettings(**values))


def assert_alike(one, other):
    """Two runs that differ in rounding."""
    for name in ("best", "last"):
        left, right = (
            adapter_file.load(folder / f"{name}.safetensors").parameters for folder in (one, other)
        )
        assert left.keys() == right.keys()
        assert all(torch.allclose(left[key], right[key], atol=1e-4) for key in left)
    left, right = (load_result(folder) for folder in (one, other))
    assert (left.best_epoch, left.epochs_done) == (right.best_epoch, right.epochs_done)
    assert left.before == dataclasses.replace(
        right.before, loss=left.before.loss, class_losses=left.before.class_losses
    )
    assert left.after.per_class == right.after.per_class
    assert left.after.loss == pytest.approx(right.after.loss, rel=1e-4)


@pytest.mark.parametrize(
    ("size", "chosen"),
    [
        (2, recipe()),
        (3, recipe("lora", feature_cache=False, shift=2, learning_rate=0.01)),
        (3, recipe("full", optimizer="sgd", batch_size=2, target_classes=("cat", "dog"))),
        (2, recipe(views=3)),
    ],
    ids=["cached", "uncached", "batches smaller than processes", "views"],
)
def test_the_run_is_the_one_of_a_single_process(tiny_data, tmp_path, size, chosen):
    train(chosen, tmp_path / "alone", data=tiny_data())
    events = [[] for _ in range(size)]

    def share(processes):
        told = events[processes.rank].append
        return train(chosen, tmp_path / "shared", told, data=tiny_data(), processes=processes)

    results = together(size, share)
    assert_alike(tmp_path / "alone", tmp_path / "shared")
    assert len({repr(dataclasses.replace(r, seconds=0, images_per_second=0)) for r in results}) == 1
    assert not any(events[1:])
    assert [one.processes for one in results] == [size] * size
    assert load_result(tmp_path / "shared").processes == size
    assert (
        sum(len(e.losses) for e in events[0] if isinstance(e, StepsDone))
        == len((tmp_path / "alone" / "losses.csv").read_text().splitlines()) - 1
    )
    names = [{path.name for path in (tmp_path / one).iterdir()} for one in ("alone", "shared")]
    assert names[0] == names[1]


def test_a_last_layer_of_ones_own_begins_with_the_means_of_all_images(tiny_data, tmp_path):
    names = ("ochre", "teal", "plum")
    data = dataclasses.replace(tiny_data(train=20, classes=range(3)), class_names=names)

    def run(folder, processes=ALONE):
        model = open_model(ModelSettings()).with_classes(names)
        return train(recipe(balance=True), folder, data=data, model=model, processes=processes)

    run(tmp_path / "alone")
    together(3, lambda processes: run(tmp_path / "shared", processes))
    assert_alike(tmp_path / "alone", tmp_path / "shared")


class Watched(MemoryPixels):
    """Takes note of what each thread reads."""

    def __init__(self, images, read):
        super().__init__(images)
        self.noted = read

    def read(self, rows):
        self.noted.setdefault(threading.get_ident(), set()).update(rows.tolist())
        return super().read(rows)


@pytest.mark.parametrize("cache", [True, False])
def test_each_reads_its_own_images_alone(tiny_data, tmp_path, cache, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    data, shares = tiny_data(), {}

    def share(processes):
        read = {}
        images = ImageSet(
            Watched(data.train.read(), read), data.train.labels, digests=digests_of(data.train)
        )
        own = dataclasses.replace(data, train=images)
        train(recipe(feature_cache=cache), tmp_path, data=own, processes=processes)
        shares[processes.rank] = set().union(*read.values())

    assert together(2, share) == [None, None]
    assert shares == {0: set(range(0, 80, 2)), 1: set(range(1, 80, 2))}


def test_each_keeps_its_own_images_alone(tiny_data, tmp_path, monkeypatch):
    opened, left = [], []

    def open_images(*_):
        data = tiny_data()
        opened.append(weakref.ref(data.train.pixels.images))
        return data

    def look(event):
        if isinstance(event, StepsDone):
            left.extend(one() is not None for one in opened)

    monkeypatch.setattr(opening, "open_images", open_images)
    monkeypatch.setattr(losses, "_REPORT_SECONDS", 0)
    train(recipe(feature_cache=False), tmp_path / "alone", look)
    assert left == [True] * 10
    left.clear()
    chosen = recipe(feature_cache=False)
    together(2, lambda processes: train(chosen, tmp_path / "shared", look, processes=processes))
    assert len(opened) == 3
    assert left == [False] * 3 * 10
    assert_alike(tmp_path / "alone", tmp_path / "shared")


def test_one_that_is_asked_to_stop_stops_all_at_the_same_step(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setattr(losses, "_REPORT_SECONDS", 0)
    data, steps = tiny_data(), []

    def note(event):
        steps.extend(event.losses if isinstance(event, StepsDone) else ())

    def share(processes):
        asked = (lambda: len(steps) > 6) if processes.rank == 1 else (lambda: False)
        return train(recipe(epochs=3), tmp_path / "stopped", note, asked, data, processes=processes)

    first, second = together(2, share)
    assert first.stopped
    assert second.stopped
    assert first.epochs_done == second.epochs_done == 2
    assert progress.load(tmp_path / "stopped").step == len(steps)
    train(recipe(epochs=3), tmp_path / "whole", data=data)
    more = together(3, lambda p: resume(tmp_path / "stopped", data=data, processes=p))
    assert [one.stopped for one in more] == [False] * 3
    assert_alike(tmp_path / "whole", tmp_path / "stopped")


def test_a_stop_while_an_epoch_is_measured_is_one_for_all(tiny_data, tmp_path, monkeypatch):
    real, counts = stopping.predict_inputs, {}

    def broken_off(inputs, classes, should_stop, part):
        rank = len(inputs.labels) % 2
        counts[rank] = counts.get(rank, 0) + 1
        if rank and counts[rank] == 2:
            asked.append(True)
        return real(inputs, classes, should_stop, part)

    asked, data = [], tiny_data(validation=3)
    validation = data.validation.subset(torch.arange(29))  # 15 and 14 of them
    data = dataclasses.replace(data, validation=validation)
    monkeypatch.setattr(stopping, "predict_inputs", broken_off)

    def share(processes):
        def ask():
            return processes.rank == 0 and bool(asked)

        return train(recipe(epochs=3), tmp_path, should_stop=ask, data=data, processes=processes)

    first, second = together(2, share)
    for result in (first, second):
        assert (result.stopped, result.epochs_done, result.epochs_measured) == (True, 2, 1)


def test_where_losses_explode_the_first_says_so(tiny_data, tmp_path):
    chosen = recipe(epochs=20, learning_rate=10.0, optimizer="sgd", schedule="constant")
    first, second = together(
        2, lambda processes: train(chosen, tmp_path, data=tiny_data(), processes=processes)
    )
    assert isinstance(first, TrainingError)
    assert isinstance(second, StudioError)
    assert json.loads((tmp_path / "state.json").read_text()) == {"state": "failed"}


def test_images_that_cannot_be_shared_are_refused(tiny_data, tmp_path):
    def share(processes):
        other = tiny_data(train=8 if processes.is_first else 9)
        train(recipe(), tmp_path, data=other, processes=processes)

    _, second = together(2, share)
    assert "finds other images than the first" in str(second)
    few = tiny_data(train=1, classes=(3, 4))
    results = together(3, lambda p: train(recipe(), tmp_path, data=few, processes=p))
    assert "3 processes cannot share 2 training images." in map(str, results)


def test_without_torchrun_a_process_is_alone():
    with joined_processes() as processes:
        assert processes is ALONE
    assert ALONE.own(5).tolist() == [0, 1, 2, 3, 4]


def test_each_needs_a_gpu_of_its_own_where_there_are_some(monkeypatch):
    for name, value in (
        ("TORCHELASTIC_RUN_ID", "some"),
        ("WORLD_SIZE", "4"),
        ("LOCAL_WORLD_SIZE", "2"),
        ("LOCAL_RANK", "1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    few = pytest.raises(StudioError, match=r"2 processes on this machine, which has 1 GPU:")
    with few, joined_processes():
        pass


def test_processes_that_do_not_find_each_other_say_so(monkeypatch):
    for name, value in (
        ("TORCHELASTIC_RUN_ID", "some"),
        ("WORLD_SIZE", "2"),
        ("LOCAL_WORLD_SIZE", "2"),
        ("LOCAL_RANK", "1"),
        ("RANK", "1"),
        ("MASTER_ADDR", "nobody.invalid"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MASTER_PORT", raising=False)
    nobody = pytest.raises(StudioError, match="The processes of this run cannot find each other")
    with nobody, joined_processes():
        pass
