"""Stop and close reach whatever goes on, at once, and lose nothing that was to be kept."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton, QToolButton

from tests.ui.barriers import Barrier
from tests.ui.conftest import answer_question
from vera_studio.runs.run_folder import load_result
from vera_studio.training import loop
from vera_studio.training.inputs import FeatureInputs, ImageInputs
from vera_studio.training.step import TrainingStep
from vera_studio.ui.jobs import adapter_copies
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.state.run_control import RunState

MILLISECONDS = 30_000


def click(qtbot, parent, name, kind=QPushButton):
    button = parent.findChild(kind, name)
    assert button.isEnabled(), name
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def enter(qtbot, barrier):
    qtbot.waitUntil(barrier.entered.is_set, timeout=MILLISECONDS)


def wait_for_idle(qtbot, window):
    qtbot.waitUntil(
        lambda: not window.studio.runner.unfinished and not window.studio.run.is_going,
        timeout=MILLISECONDS,
    )


@pytest.fixture
def long(window):
    """A window whose runs and comparisons take longer than any test."""
    window.studio.workspace.edit_training(epochs=10_000)
    return window


# What is done in pieces, between two of which it is asked: the piece, and after how much of it
# a run is held, counted from its start.
PHASES = {
    "caching": (ImageInputs, "gather", 0),
    "evaluation before training": (FeatureInputs, "logits", 0),
    "training": (TrainingStep, "__call__", 3),
}


@pytest.mark.parametrize("what", ["run", "comparison"])
def test_stop_reaches_every_phase_within_a_piece_of_work(qtbot, long, monkeypatch, what):
    studio, said = long.studio, []
    studio.message.connect(said.append)
    barriers = {name: Barrier(monkeypatch, *place[:2]) for name, place in PHASES.items()}
    for name, barrier in barriers.items():
        barrier.close()
        if what == "run":
            click(qtbot, long.setup_panel, "start_button")
        else:
            studio.start_comparison(long.comparison_page.settings())
        enter(qtbot, barrier)
        click(qtbot, long.setup_panel, "stop_button")
        assert studio.activities.title.endswith("is stopping"), name
        barrier.open()
        wait_for_idle(qtbot, long)
        # The pieces that several threads have begun, and what an epoch's measurement takes.
        assert barrier.calls <= 4, name
    assert studio.workspace.result is None or studio.workspace.result.stopped


def test_a_stop_while_an_epoch_is_measured_loses_nothing(qtbot, long, monkeypatch):
    barrier = Barrier(monkeypatch, loop.Stopping, "measure")
    barrier.close()
    click(qtbot, long.setup_panel, "start_button")
    enter(qtbot, barrier)
    click(qtbot, long.setup_panel, "stop_button")
    barrier.open()
    wait_for_idle(qtbot, long)
    result = long.studio.workspace.result
    assert (result.stopped, result.epochs_done) == (True, 1)
    assert load_result(result.folder).epochs_done == 1


def test_a_paused_run_is_stopped_and_kept(qtbot, long, monkeypatch):
    barrier = Barrier(monkeypatch, TrainingStep, "__call__")
    barrier.close()
    click(qtbot, long.setup_panel, "start_button")
    enter(qtbot, barrier)
    click(qtbot, long.setup_panel, "pause_button")
    barrier.open()
    assert long.studio.run.state is RunState.PAUSED
    click(qtbot, long.setup_panel, "stop_button")
    wait_for_idle(qtbot, long)
    assert long.studio.workspace.result.stopped


def test_opening_measuring_and_inspecting_are_broken_off(qtbot, window, settle, monkeypatch):
    studio, said = window.studio, []
    studio.message.connect(said.append)
    cancel = window.statusBar().findChild(QToolButton, "cancel_busy_button")

    # Opening images: nothing changes.
    barrier = Barrier(monkeypatch, opening_jobs, "open_data")
    data, model = studio.workspace.data, studio.workspace.model
    barrier.close()
    studio.open_source("sample")
    enter(qtbot, barrier)
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not studio.busy.is_busy)  # left where it is
    assert said[-1] == "Opening the images was cancelled."
    barrier.open()
    wait_for_idle(qtbot, window)
    assert (studio.workspace.data, studio.workspace.model) == (data, model)

    # Measuring, which is shown once it takes long, by its row among the activities.
    monkeypatch.setattr("vera_studio.ui.state.activities._LONG_SECONDS", 0)
    barrier = Barrier(monkeypatch, ImageInputs, "gather")
    barrier.close()
    studio.measuring.measure_test()
    enter(qtbot, barrier)
    (activity,) = studio.activities.going
    activity.stop()
    barrier.open()
    wait_for_idle(qtbot, window)
    assert barrier.calls <= 4
    assert not studio.measuring.is_measuring_test
    assert studio.workspace.test_accuracy is None

    # Laying the parameters open.
    barrier = Barrier(monkeypatch, adapter_copies, "go_on_unless")
    barrier.close()
    window.rooms.show_page("parameters")
    enter(qtbot, barrier)
    (activity,) = studio.activities.going
    activity.stop()
    barrier.open()
    wait_for_idle(qtbot, window)
    assert barrier.calls == 0


@pytest.fixture
def exporting(qtbot, window, settle, monkeypatch, tmp_path):
    """A window in which an adapter is being exported; the barrier, and the file."""
    from tests.ui.adapters import make_adapter
    from vera_studio.exchange import merged_weights

    adapter, path = make_adapter(window.studio.workspace.model), tmp_path / "merged.pt"
    barrier = Barrier(monkeypatch, merged_weights, "merged_copy")
    barrier.close()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.studio.adapters.export(adapter, "merged", path)
    enter(qtbot, barrier)
    yield window, barrier, path
    barrier.open()


def test_an_export_that_is_stopped_is_left_and_writes_nothing(qtbot, exporting):
    window, barrier, path = exporting
    click(qtbot, window.statusBar(), "cancel_busy_button", QToolButton)
    qtbot.waitUntil(lambda: not window.studio.busy.is_busy)
    assert window.studio.runner.unfinished != ()
    barrier.open()
    wait_for_idle(qtbot, window)
    assert not path.exists()


def test_closing_waits_for_an_export(exporting):
    window, barrier, path = exporting
    timer = threading.Timer(0.3, barrier.open)  # while the window waits
    timer.start()
    window.close()
    timer.join()
    assert path.is_file()
    assert not window.isVisible()


@pytest.mark.parametrize("name", PHASES)
def test_closing_in_any_phase_keeps_what_was_trained(
    qtbot, long, monkeypatch, own_data_folder, name
):
    barrier = Barrier(monkeypatch, *PHASES[name][:2])
    barrier.close()
    click(qtbot, long.setup_panel, "start_button")
    enter(qtbot, barrier)
    answer_question("Stop and save")
    long.close()
    barrier.open()
    qtbot.waitUntil(lambda: not long.isVisible(), timeout=MILLISECONDS)
    assert long.studio.runner.unfinished == ()
    trained = name == "training"
    results = list((own_data_folder / "runs").glob("*/result.json"))
    assert len(results) == trained  # before that there is nothing to keep


def test_a_double_start_is_one_run(qtbot, long, own_data_folder, monkeypatch):
    barrier = Barrier(monkeypatch, TrainingStep, "__call__")
    barrier.close()
    button = long.setup_panel.findChild(QPushButton, "start_button")
    qtbot.mouseDClick(button, Qt.MouseButton.LeftButton)
    long.actions_by_name["start"].trigger()
    long.studio.start_run()
    enter(qtbot, barrier)
    assert len(long.studio.runner.jobs) == 1
    long.studio.stop()
    long.studio.stop()
    barrier.open()
    wait_for_idle(qtbot, long)
    assert len(list((own_data_folder / "runs").glob("*/recipe.toml"))) == 1


def test_a_start_while_loading_does_nothing(qtbot, new_window):
    window = new_window()
    window.studio.load()
    window.actions_by_name["start"].trigger()
    window.studio.start_run()
    window.studio.queue_run()
    assert not window.studio.run.is_going
    assert window.studio.queue.waiting == ()
    window.close()
    assert window.studio.runner.unfinished == ()
