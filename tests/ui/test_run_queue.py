"""The queue of runs: one after the other, held, stopped, failed, and back after a restart."""

import dataclasses
import json
import math

import pytest

from tests.ui.run_stories import evaluation, result
from tests.ui.scripts import Script, fail
from vera_studio import environment
from vera_studio.recipe import ModelSettings, Recipe, TrainingSettings
from vera_studio.runs import run_state
from vera_studio.ui.jobs import runs as run_jobs
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Workspace


@pytest.fixture
def begun(monkeypatch):
    """A script for each run that was begun, with what it was begun with."""
    scripts = []

    def run_entry(recipe, folder, is_new, model, data, on_event, should_stop):
        folder.mkdir(parents=True, exist_ok=True)
        script = Script()
        script.recipe, script.folder, script.is_new = recipe, folder, is_new
        scripts.append(script)
        return script(on_event, should_stop)

    monkeypatch.setattr(run_jobs, "run_entry", run_entry)
    return scripts


@pytest.fixture
def new_studio(qapp):
    studios = []

    def make():
        studio = Studio(Workspace(), Runner())
        studio.workspace.setParent(studio)
        studio.said, studio.errors = [], []
        studio.message.connect(studio.said.append)
        studio.failed.connect(studio.errors.append)
        studios.append(studio)
        studio.become_ready()
        return studio

    yield make
    for studio in studios:
        end(studio)
        studio.deleteLater()


@pytest.fixture
def studio(new_studio):
    return new_studio()


def end(studio):
    studio.queue.end()
    studio.runner.cancel_all()
    assert studio.runner.wait(5000)


def recipes(number):
    return [(f"run {seed}", Recipe(training=TrainingSettings(seed=seed))) for seed in range(number)]


def states(studio):
    return [entry.state for entry in studio.queue.queue.entries]


def wait_for(qtbot, begun, number):
    qtbot.waitUntil(lambda: len(begun) == number)
    return begun[-1]


def finish(script, after=0.75):
    before, best = evaluation([0.5] * 10), evaluation([after] * 10)
    script.end(lambda: result(before, best, best_epoch=0, folder=script.folder))


def test_one_after_the_other_and_a_failure_stops_nothing(qtbot, studio, begun):
    studio.queue.add(recipes(3))
    first = wait_for(qtbot, begun, 1)
    assert states(studio) == ["going", "waiting", "waiting"]
    assert studio.activities.title == "Fine-tuning run 0"
    finish(first)
    second = wait_for(qtbot, begun, 2)
    second.end(fail)
    third = wait_for(qtbot, begun, 3)
    assert "run 1 failed: The disk is full. The queue goes on." in studio.said
    finish(third, after=0.5)
    qtbot.waitUntil(lambda: states(studio) == ["finished", "failed", "finished"])
    assert studio.errors == []  # no message stands in the way at night
    qtbot.waitUntil(lambda: "The queue is done: 3 runs, 1 of them failed." in studio.said)
    newest, failed, oldest = studio.queue.ended
    assert failed.outcome == "The disk is full."
    assert (oldest.before, oldest.after) == (0.5, 0.75)
    assert newest.run == third.folder.name
    assert studio.workspace.result is None  # what one looks at stays
    assert studio.queue.seconds_of(recipes(1)[0][1]) == 1.5


def test_what_is_held_is_passed_over(qtbot, studio, begun):
    queue = studio.queue
    queue.hold(True)
    queue.add(recipes(3))
    first, second, third = (entry.name for entry in queue.waiting)
    queue.reorder([third, second, first])
    queue.hold_entries([third], True)
    queue.remove([first])
    assert begun == []
    queue.hold(False)
    assert wait_for(qtbot, begun, 1).recipe.training.seed == 1
    queue.remove([second])  # it goes on, and stays
    assert states(studio) == ["going", "held"]
    queue.hold_entries([third], False)
    finish(begun[0])
    assert wait_for(qtbot, begun, 2).recipe.training.seed == 2


def test_stop_holds_the_queue_and_skip_does_not(qtbot, studio, begun):
    studio.queue.add(recipes(3))
    wait_for(qtbot, begun, 1)
    studio.queue.skip()
    wait_for(qtbot, begun, 2)
    assert states(studio) == ["stopped", "going", "waiting"]
    studio.run.pause()
    studio.stop()
    qtbot.waitUntil(lambda: not studio.runner.jobs and not studio.run.is_going)
    assert studio.queue.queue.is_held
    assert states(studio) == ["stopped", "stopped", "waiting"]
    studio.queue.hold(False)
    finish(wait_for(qtbot, begun, 3))
    qtbot.waitUntil(lambda: states(studio)[-1] == "finished")


def test_it_waits_for_the_run_that_the_user_began(qtbot, studio, begun, tmp_path):
    own = Script()
    studio.run.start(own, tmp_path)
    studio.queue.add(recipes(1))
    with qtbot.waitSignal(studio.runner.delivered):
        pass
    assert begun == []
    own.end(lambda: result(evaluation([0.5]), evaluation([0.5]), (0,), 0, ("a",)))
    finish(wait_for(qtbot, begun, 1))
    # How long that took is known for those like it.
    assert studio.queue.seconds_of(studio.workspace.recipe) == 1.5
    studio.queue.hold(True)
    studio.queue.add(recipes(2))
    assert studio.queue.seconds_left == 3
    other = dataclasses.replace(studio.workspace.recipe, model=ModelSettings("another"))
    studio.queue.add([("other", other)])
    assert math.isnan(studio.queue.seconds_left)


def test_a_run_that_is_thrown_away_says_so(qtbot, studio, begun):
    studio.queue.add(recipes(1))
    wait_for(qtbot, begun, 1)
    studio.run.stop(discard=True)
    qtbot.waitUntil(lambda: states(studio) == ["stopped"])
    assert studio.queue.ended[0].outcome == "Stopped; nothing was kept."


def test_after_a_restart_what_waited_waits_held(qtbot, new_studio, begun):
    studio = new_studio()
    studio.queue.add(recipes(3))
    wait_for(qtbot, begun, 1)
    end(studio)  # the run is kept, and nothing more is begun
    again = new_studio()
    assert again.queue.queue.is_held
    assert [entry.title for entry in again.queue.waiting] == ["run 1", "run 2"]
    assert again.said == ["2 runs wait in the queue, which is held: Train > Queue has Go On."]
    again.queue.hold(False)
    finish(wait_for(qtbot, begun, 2))
    wait_for(qtbot, begun, 3)


def test_a_run_that_was_broken_off_goes_on_in_its_turn(qtbot, new_studio, begun):
    studio = new_studio()
    studio.queue.add(recipes(1))
    folder = wait_for(qtbot, begun, 1).folder
    content = environment.queue_file().read_bytes()
    end(studio)
    environment.queue_file().write_bytes(content)  # as after a crash
    (folder / "state.json").write_text(json.dumps({"state": "going on"}))
    (folder / run_state.PROGRESS_FILE).write_bytes(b"")
    again = new_studio()
    again.queue.hold(False)
    script = wait_for(qtbot, begun, 2)
    assert (script.folder, script.is_new) == (folder, False)


def test_a_damaged_file_is_kept_aside(new_studio):
    path = environment.queue_file()
    path.write_text("{", encoding="utf-8")
    studio = new_studio()
    assert studio.queue.queue.entries == ()
    (error,) = studio.errors
    assert "It is kept as queue-damaged.json; the queue begins anew." in str(error)
    assert path.with_name("queue-damaged.json").read_text(encoding="utf-8") == "{"


def test_a_queue_that_cannot_be_written_goes_on(qtbot, studio, begun, monkeypatch):
    def refuse(*_):
        return fail()

    monkeypatch.setattr("vera_studio.runs.queue_file.write_atomically", refuse)
    studio.queue.add(recipes(2))
    finish(wait_for(qtbot, begun, 1))
    wait_for(qtbot, begun, 2)
    assert len(studio.errors) == 1  # told once
    assert "is not kept" in str(studio.errors[0])
    assert studio.run.state is RunState.RUNNING
