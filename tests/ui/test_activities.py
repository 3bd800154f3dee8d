"""Activities: all that goes on is in one list, and every place that tells of it draws from that."""

import math
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QToolButton

from tests.ui.scripts import Script, fail
from vera_studio.errors import Cancelled
from vera_studio.runs.comparison_results import ComparisonStands
from vera_studio.runs.events import Stage, StepsDone
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.pages.activity_page import ActivityPage
from vera_studio.ui.runner import Handling, JobState, Runner
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.window.status_bar import StatusBar


@pytest.fixture
def studio(qapp):
    studio = Studio(Workspace(), Runner())
    studio.workspace.setParent(studio)
    studio.run.finished.disconnect(studio._run_finished)
    yield studio
    studio.runner.cancel_all()
    assert studio.runner.wait(5000)
    studio.deleteLater()


@pytest.fixture
def script(studio, tmp_path):
    """That of a run, which goes on."""
    script = Script()
    studio.run.start(script, tmp_path)
    return script


@pytest.fixture
def bar(qtbot, studio):
    bar = StatusBar(studio)
    qtbot.addWidget(bar)
    with qtbot.waitExposed(bar):
        bar.show()
    return bar


@pytest.fixture
def page(qtbot, studio):
    page = ActivityPage(studio)
    qtbot.addWidget(page)
    page.resize(600, 200)
    with qtbot.waitExposed(page):
        page.show()
    return page


def steps(progress):
    return StepsDone(1, 1, (1.0,), 8000.0, progress, 3.0)


def text_of(bar):
    return bar.findChild(QLabel, "busy_text").text()


def share_of(bar):
    return bar.findChild(QProgressBar, "busy_progress").text()


def ends(qtbot, studio):
    qtbot.waitUntil(lambda: not studio.runner.jobs)


def test_a_run_is_told_of_in_status_bar_and_title(qtbot, studio, bar, script):
    activities = studio.activities
    assert (activities.title, text_of(bar)) == ("Fine-tuning", "Fine-tuning")
    with qtbot.waitSignal(activities.told):
        script.tell(Stage("Measuring before training", 0.9))
    assert math.isnan(activities.main.share)  # a stage says nothing of the whole
    with qtbot.waitSignal(activities.told):
        script.tell(steps(0.427))
    assert activities.title == "42% fine-tuning"
    assert share_of(bar) == "42%"
    studio.run.pause()
    assert activities.title == "42% fine-tuning paused"
    assert text_of(bar) == "Fine-tuning paused"


def test_after_a_stop_the_bar_says_so_until_something_is_opened(
    qtbot, studio, bar, script, tmp_path
):
    with qtbot.waitSignal(studio.activities.told):
        script.tell(steps(0.4))
    studio.run.stop()
    assert text_of(bar) == "Fine-tuning is stopping"
    ends(qtbot, studio)
    assert (text_of(bar), share_of(bar)) == ("Fine-tuning stopped", "40%")
    assert bar.findChild(QProgressBar).isVisible()
    assert studio.activities.title == ""
    studio.workspace.data_changed.emit(SimpleNamespace(title="Folder photos"))
    assert not bar.findChild(QLabel, "busy_text").isVisible()
    assert not bar.findChild(QProgressBar).isVisible()
    studio.run.start(Script(), tmp_path)  # the next one begins anew
    assert text_of(bar) == "Fine-tuning"
    assert math.isnan(studio.activities.main.share)


@pytest.mark.parametrize(
    ("how", "text"), [(lambda: None, "finished"), (fail, "stopped by an error")]
)
def test_how_a_run_ended(qtbot, studio, bar, script, how, text):
    with qtbot.waitSignal(studio.activities.told):
        script.tell(steps(0.9))
    script.end(how)
    ends(qtbot, studio)
    assert text_of(bar) == f"Fine-tuning {text}"
    assert bar.findChild(QProgressBar).isVisible() == (text != "finished")


def test_a_comparison_counts_its_runs(qtbot, studio):
    script, activities = Script(), studio.activities
    handling = Handling(is_main=True, at_once=True)
    studio.runner.start(script, name="Comparing methods", handling=handling)
    script.tell(ComparisonStands(SimpleNamespace(runs=(1, 2), total=8), "VeRA"))
    script.tell(steps(0.5))
    qtbot.waitUntil(lambda: activities.main.share == pytest.approx(2.5 / 8))
    assert activities.title == "31% comparing methods"
    assert activities.main.stage == "VeRA"


def test_what_goes_on_beside_a_run_comes_first_and_can_be_broken_off(qtbot, studio, bar, script):
    opening, told = Script(), []
    cancel = bar.findChild(QToolButton, "cancel_busy_button")
    assert not cancel.isVisible()  # a run has a Stop of its own
    studio.busy.start("Opening the images", opening, told.append)
    assert text_of(bar) == "Opening the images…"
    with qtbot.waitSignal(studio.activities.told):
        opening.tell(Progress(1, 4, "Reading images"))
    assert (text_of(bar), share_of(bar)) == ("Reading images…", "25%")
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert text_of(bar) == "Reading images…"
    assert not cancel.isEnabled()
    qtbot.waitUntil(lambda: told != [])
    assert text_of(bar) == "Fine-tuning"
    assert studio.run.state is RunState.RUNNING


def test_what_takes_a_moment_or_nobody_waits_for_is_not_told_of(qtbot, studio, monkeypatch):
    short, long, quiet, ended = Script(), Script(), Script(), []
    studio.activities.ended.connect(ended.append)
    studio.runner.start(short, name="A look")
    short.end()
    ends(qtbot, studio)
    assert ended == []
    monkeypatch.setattr("vera_studio.ui.state.activities._LONG_SECONDS", 0.05)
    studio.runner.start(quiet, name="Thumbnails", handling=Handling(is_quiet=True))
    studio.runner.start(long, name="A long look")
    assert studio.activities.going == ()
    qtbot.waitUntil(lambda: len(studio.activities.going) == 1)
    assert studio.activities.going[0].title == "A long look"
    long.end()
    quiet.end()
    ends(qtbot, studio)
    assert [one.sentence for one in ended] == ["A long look finished"]


def test_each_has_a_row_with_what_can_be_done(qtbot, studio, page, script):
    row = page.findChild(object, "activity_row")
    assert row.text.text() == "Fine-tuning"
    qtbot.mouseClick(row.pause_button, Qt.MouseButton.LeftButton)
    assert studio.run.state is RunState.PAUSED
    assert row.text.text() == "Fine-tuning paused"
    assert row.pause_button.accessibleName() == "Resume Fine-tuning"
    qtbot.mouseClick(row.pause_button, Qt.MouseButton.LeftButton)
    assert studio.run.state is RunState.RUNNING
    with qtbot.waitSignal(studio.activities.told):
        script.tell(Stage("Computing features", 0.5))
    assert (row.text.text(), row.bar.value()) == ("Fine-tuning · Computing features", 500)
    qtbot.mouseClick(row.stop_button, Qt.MouseButton.LeftButton)
    assert studio.run.state is RunState.STOPPING
    assert "stopping already" in row.stop_button.toolTip()
    ends(qtbot, studio)
    qtbot.waitUntil(lambda: page.findChild(object, "activity_row") is None)


def test_what_cannot_be_held_or_broken_off_says_so(studio, page):
    script = Script()
    studio.runner.start(script, name="Loading", handling=Handling(can_stop=False, at_once=True))
    row = page.findChild(object, "activity_row")
    assert not row.pause_button.isEnabled()
    assert "cannot be paused" in row.pause_button.toolTip()
    assert not row.stop_button.isEnabled()
    assert "cannot be broken off" in row.stop_button.toolTip()
    (activity,) = studio.activities.going
    activity.stop()
    activity.pause_or_resume()
    assert activity.state is JobState.RUNNING
    script.end()


def test_the_log_tells_what_failed_and_how_long_it_took(qtbot, studio, page, monkeypatch):
    monkeypatch.setattr("vera_studio.ui.state.activities._LONG_SECONDS", 0.05)
    for how in (lambda: None, fail, lambda: (_ for _ in ()).throw(Cancelled)):
        script = Script()
        studio.runner.start(script, name="Looking")
        qtbot.waitUntil(lambda: len(studio.activities.going) == 1)
        script.end(how)
        ends(qtbot, studio)
    lines = [line.partition("  ")[2] for line in page.text().splitlines()]
    assert lines == [
        "Looking finished after 0:01.",
        "Looking stopped by an error after 0:01.",
        "Looking stopped after 0:01.",
    ]
