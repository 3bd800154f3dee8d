"""TensorBoard's own reader finds in the files what the run told."""

import math

import pytest

from tests.made_runs import NAMES, evaluation
from vera_studio.errors import StudioError
from vera_studio.runs.events import EpochDone, Notice, RunStarted, StepsDone
from vera_studio.training import event_files
from vera_studio.training.event_files import FOLDER, written_too

pytest.importorskip("tensorboard")


def started(names=NAMES):
    before = evaluation(0.25, 0.5, math.nan, part="validation")
    return RunStarted(
        *("cpu", "", names, (0,), 2, 2, 4, 8, 12, 12, 10, 100),
        *(before, before),
    )


EVENTS = (
    started(),
    StepsDone(1, 1, (2.0, 1.5), 100.0, 0.5, 1.0),
    EpochDone(1, 2, 1.75, evaluation(0.5, 0.75, 1.0), 0.02, True, 1.0),
    StepsDone(2, 3, (1.0, 0.5), 200.0, 1.0, 0.0),
    EpochDone(2, 4, 0.75, evaluation(0.75, 0.75, 1.0), 0.01, True, 1.0),
)


def scalars(run_folder):
    """Steps and values of every curve."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(run_folder / FOLDER))
    read.Reload()
    return {
        tag: [(one.step, round(one.value, 6)) for one in read.Scalars(tag)]
        for tag in read.Tags()["scalars"]
    }


def test_every_figure_is_read_back(tmp_path):
    told = []
    with written_too(tmp_path, told.append) as on_event:
        for event in EVENTS:
            on_event(event)
    assert tuple(told) == EVENTS
    found = scalars(tmp_path)
    assert found["loss/every step"] == [(1, 2.0), (2, 1.5), (3, 1.0), (4, 0.5)]
    assert found["loss/training"] == [(2, 1.75), (4, 0.75)]
    assert found["learning rate"] == [(2, 0.02), (4, 0.01)]
    assert found["accuracy of a class/cat"] == [(0, 0.25), (2, 0.5), (4, 0.75)]
    assert found["accuracy of a class/ship"] == [(2, 1.0), (4, 1.0)]
    assert [step for step, _ in found["accuracy/all"]] == [2, 4]
    assert found["images a second"] == [(2, 100.0), (4, 200.0)]


def test_a_run_that_goes_on_takes_the_place_of_what_was(tmp_path):
    for events in (EVENTS[:3], EVENTS):
        with written_too(tmp_path, lambda event: None) as on_event:
            for event in events:
                on_event(event)
    assert scalars(tmp_path)["loss/every step"] == [(1, 2.0), (2, 1.5), (3, 1.0), (4, 0.5)]


def test_classes_that_are_called_alike_have_a_curve_each(tmp_path):
    with written_too(tmp_path, lambda event: None) as on_event:
        on_event(started(("crane", "crane", "\udcff")))
        on_event(EVENTS[2])
    found = scalars(tmp_path)
    assert found["accuracy of a class/crane (1)"] == [(0, 0.5), (2, 0.75)]
    assert found[r"accuracy of a class/\udcff"] == [(2, 1.0)]


def test_where_files_cannot_be_written_the_run_goes_on(tmp_path):
    (tmp_path / FOLDER).write_text("in the way")
    told = []
    with written_too(tmp_path, told.append) as on_event:
        for event in EVENTS:
            on_event(event)
    (notice,) = [event for event in told if isinstance(event, Notice)]
    assert "cannot be written any more" in notice.text
    assert len(told) == len(EVENTS) + 1


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(event_files.importlib.util, "find_spec", lambda name: None)
    with (
        pytest.raises(StudioError, match=r"vera-studio\[tensorboard\]"),
        written_too(tmp_path, lambda event: None),
    ):
        raise AssertionError("it began")
