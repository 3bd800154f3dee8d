"""The file of the queue: it comes back as it was, and nothing in it is believed."""

import dataclasses
import json

import pytest

from vera_studio.errors import StudioError
from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.runs import queue_file
from vera_studio.runs.queue_file import Queue, load, put_aside, save


def recipe(seed=0):
    return Recipe(training=TrainingSettings(seed=seed, epochs=3, target_classes=("cat", "dög")))


@pytest.fixture
def queue():
    """One that has ended, one that goes on, and two that wait."""
    queue = Queue().with_added([(f"run {seed}", recipe(seed)) for seed in range(4)])
    first, second, third, _ = queue.entries
    queue = queue.with_change([first.name], state="finished", after=0.75, seconds=1.5)
    queue = queue.with_change([second.name], state="going", run="2026-11-26_00-00-00")
    return queue.with_change([third.name], state="held")


def titles(queue):
    return [entry.title for entry in queue.entries]


def test_it_comes_back_and_what_went_on_waits_as_the_next(queue, tmp_path):
    path = tmp_path / "queue.json"
    save(dataclasses.replace(queue, is_held=True), path)
    again = load(path)
    assert again.is_held
    assert [entry.recipe for entry in again.entries] == [recipe(seed) for seed in range(4)]
    assert [entry.state for entry in again.entries] == ["finished", "waiting", "held", "waiting"]
    assert again.next.title == "run 1"
    assert again.next.run == "2026-11-26_00-00-00"
    assert (again.entries[0].after, again.entries[0].seconds) == (0.75, 1.5)
    assert again.entries[0].before != again.entries[0].before  # NaN


def test_without_a_file_it_is_empty(tmp_path):
    assert load(tmp_path / "queue.json") == Queue()


def test_order_removal_and_the_next(queue):
    _, second, third, fourth = queue.entries
    assert queue.next == fourth  # the one before is held
    other = queue.with_order([fourth.name, third.name])
    assert titles(other) == ["run 0", "run 1", "run 3", "run 2"]
    assert titles(queue.without([second.name, third.name])) == ["run 0", "run 1", "run 3"]


def test_there_is_an_end_to_what_it_holds(monkeypatch):
    monkeypatch.setattr(queue_file, "MOST_WAITING", 3)
    monkeypatch.setattr(queue_file, "MOST_ENDED", 2)
    queue = Queue().with_added([(str(number), recipe()) for number in range(3)])
    with pytest.raises(StudioError, match="at most 3 runs that wait; there are 3, and 1 more"):
        queue.with_added([("more", recipe())])
    for entry in queue.entries:
        queue = queue.with_change([entry.name], state="failed")
    assert titles(queue) == ["1", "2"]  # the oldest go


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("state", "running"),
        ("run", "../../outside"),
        ("run", ".."),
        ("title", "x" * 1000),
        ("title", 3),
        ("recipe", "[training]\nepochs = 0"),
        ("recipe", "[training]\nunknown = 1"),
        ("recipe", 'import os\nos.system("true")'),
        ("seconds", "long"),
        ("before", 10**400),
        ("name", None),
    ],
)
def test_nothing_in_it_is_believed(queue, tmp_path, key, value):
    path = tmp_path / "queue.json"
    save(queue, path)
    values = json.loads(path.read_text(encoding="utf-8"))
    values["entries"][2][key] = value
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(StudioError, match=r"queue\.json is damaged"):
        load(path)


def test_what_could_not_be_read_again_is_not_written(queue, tmp_path, monkeypatch):
    path = tmp_path / "queue.json"
    save(queue, path)
    monkeypatch.setattr(queue_file, "_MOST_BYTES", path.stat().st_size)
    with pytest.raises(StudioError, match="Take some runs out of it"):
        save(queue.with_added([("more", recipe())]), path)
    assert titles(load(path)) == titles(queue)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2}', "[" * 9000, '{"version": 1, "entries": 5}']
)
def test_another_file_is_refused_and_put_aside(tmp_path, text):
    path = tmp_path / "queue.json"
    for number in ("", "1"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(StudioError):
            load(path)
        assert put_aside(path) == tmp_path / f"queue-damaged{number}.json"
    assert not path.exists()
