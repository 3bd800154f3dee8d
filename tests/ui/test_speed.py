"""What the window lets one choose of a run's speed, and what it says of it."""

import gc

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QPlainTextEdit, QPushButton, QSpinBox

from vera_studio import recipe_file
from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.runs.events import Notice, RunStarted, Stage
from vera_studio.ui.app import make_window
from vera_studio.ui.error_reporter import ErrorReporter
from vera_studio.ui.state.run_control import RunState

RUN_MILLISECONDS = 60_000


def spin_box(window, name):
    return window.setup_panel.findChild(QSpinBox, name)


def enter(qtbot, window, name, text):
    box = spin_box(window, name)
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)


def run_to_end(qtbot, window):
    events = []
    window.studio.run.events.connect(events.extend)
    qtbot.mouseClick(
        window.setup_panel.findChild(QPushButton, "start_button"), Qt.MouseButton.LeftButton
    )
    assert window.studio.run.state is RunState.RUNNING
    qtbot.waitUntil(lambda: window.studio.run.state is RunState.IDLE, timeout=RUN_MILLISECONDS)
    return events


def notices(window):
    label = window.training_page.findChild(QLabel, "run_notices")
    return label.text() if label.isVisibleTo(window.training_page) else None


def test_the_batch_size_is_auto_until_one_is_chosen(qtbot, window):
    box = spin_box(window, "batch_size")
    assert box.text() == "Auto"
    enter(qtbot, window, "batch_size", "48")
    assert window.studio.workspace.recipe.training.batch_size == 48
    box.setFocus()
    box.selectAll()
    qtbot.keyClick(box, Qt.Key.Key_0)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "Auto"
    assert window.studio.workspace.recipe.training.batch_size is None


def test_a_run_with_a_cache_says_so(qtbot, window, settle):
    enter(qtbot, window, "epochs", "3")
    assert notices(window) is None
    events = run_to_end(qtbot, window)
    (started,) = [event for event in events if isinstance(event, RunStarted)]
    told = [event.text for event in events if isinstance(event, Notice)]
    assert len(told) == 1
    assert told[0].startswith("Feature cache on")
    assert notices(window).splitlines()[0] == told[0]
    assert f"{started.batch_size:,} a step" in notices(window)
    assert told[0] in window.activity_page.findChild(QPlainTextEdit, "activity_log").toPlainText()
    assert any(isinstance(event, Stage) and event.done for event in events)
    settle()


def test_what_switches_the_cache_off_is_said(qtbot, window, settle):
    enter(qtbot, window, "epochs", "2")
    enter(qtbot, window, "shift", "2")
    run_to_end(qtbot, window)
    assert notices(window).startswith("Feature cache off: shifted images")
    settle()
    # The next run's notices take the place of these.
    enter(qtbot, window, "shift", "0")
    box = window.setup_panel.findChild(QCheckBox, "feature_cache")
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center() / 4)
    assert not spin_box(window, "cache_megabytes").isEnabled()
    run_to_end(qtbot, window)
    assert notices(window).startswith("Feature cache off: it is switched off in the set-up.")
    settle()


@pytest.mark.parametrize(
    ("typed", "shown", "value"),
    [("0", "0 MB", 0), ("1500", "1,500 MB", 1500), ("-1", "Auto", None)],
)
def test_the_memory_of_the_cache_can_be_limited(qtbot, window, typed, shown, value):
    enter(qtbot, window, "cache_megabytes", "77")
    enter(qtbot, window, "cache_megabytes", typed)
    assert spin_box(window, "cache_megabytes").text() == shown
    assert window.studio.workspace.recipe.training.cache_megabytes == value


def test_the_fields_show_a_recipe(qtbot, window, settle, tmp_path):
    training = TrainingSettings(batch_size=8, shift=3, feature_cache=False, cache_megabytes=64)
    recipe_file.save(Recipe(training=training), tmp_path / "recipe.toml")
    window.studio.open_path(tmp_path / "recipe.toml")
    settle()
    assert window.studio.workspace.recipe.training == training
    assert spin_box(window, "batch_size").value() == 8
    assert spin_box(window, "shift").text() == "3 px"
    assert spin_box(window, "cache_megabytes").text() == "64 MB"
    assert not window.setup_panel.findChild(QCheckBox, "feature_cache").isChecked()


def test_what_loading_made_is_not_looked_at_by_every_collection(qtbot, monkeypatch):
    """For real it would keep the garbage of other tests for another thread to collect."""
    frozen = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    window = make_window(ErrorReporter())
    qtbot.addWidget(window)
    assert not frozen
    window.studio.ready.emit()
    assert frozen == [True]
