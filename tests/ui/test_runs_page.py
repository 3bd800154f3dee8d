"""All runs stand in a table, and can be looked at, named, put away and set up as they were."""

import pytest
from PySide6.QtCore import Qt

from tests.made_runs import RECIPE, make_comparison, make_run
from vera_studio import environment
from vera_studio.recipe import AdapterSettings, Recipe
from vera_studio.runs.run_list import read_run
from vera_studio.runs.run_notes import load_notes
from vera_studio.runs.run_state import PROGRESS_FILE, STATE_FILE, going_on
from vera_studio.ui.jobs import run_history as run_history_jobs
from vera_studio.ui.pages.runs.page import RunsPage
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Workspace

OLD, NEW, COMPARED = "2026-01-01_10-00-00", "2026-01-02_10-00-00", "2026-01-03_10-00-00"
NAME, STATE, ADAPTER, TARGETS = 0, 1, 5, 6


@pytest.fixture
def runs_folder(tmp_path, monkeypatch):
    """Two runs and a comparison, and a trash of their own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    folder = environment.runs_folder()
    make_run(folder / OLD)
    lora = Recipe(adapter=AdapterSettings(method="lora", rank=2), training=RECIPE.training)
    make_run(folder / NEW, ended=False, recipe=lora)
    (folder / NEW / STATE_FILE).write_text('{"state": "going on"}')
    (folder / NEW / PROGRESS_FILE).write_bytes(b"")
    make_comparison(folder / "comparisons" / COMPARED)
    return folder


@pytest.fixture
def page(qtbot, runs_folder):
    """The page, with the runs in it; no network is open."""
    studio = Studio(Workspace(), Runner())
    widget = RunsPage(studio)
    qtbot.addWidget(widget)
    widget.resize(1000, 700)
    with qtbot.waitSignal(widget.history.changed), qtbot.waitExposed(widget):
        widget.show()
    yield widget
    studio.runner.cancel_all()
    assert studio.runner.wait(5000)


class NoTrash:
    """A file on a disk without a trash, in place of Qt's."""

    def __init__(self, path):
        pass

    def moveToTrash(self):
        return False

    def errorString(self):
        return "there is none"


def column(page, number):
    return [row[number] for row in page.table.texts()]


def press(page, name):
    action = page.actions_strip.by_name[name]
    assert action.isEnabled(), action.toolTip()
    action.trigger()


def settle(qtbot, page):
    qtbot.waitUntil(lambda: not page._studio.runner.jobs)


def test_all_runs_stand_there_the_newest_first(page):
    assert column(page, NAME) == [COMPARED, NEW, OLD]
    assert column(page, STATE) == ["finished", "broken off", "finished"]
    assert column(page, ADAPTER) == ["Comparison, 2 runs", "LoRA, rank 2", "VeRA, rank 8"]
    assert column(page, TARGETS) == ["up to 85.0%", "", "87.5%"]


def test_the_runs_of_a_comparison_are_shown_where_they_are_wanted(page):
    page.with_compared.setChecked(True)
    assert [name.strip() for name in column(page, NAME)] == [
        *(COMPARED, "001_run", "002_run", NEW, OLD)
    ]


def test_a_filter_takes_any_column(page):
    page.filter.setText("lora")
    assert column(page, NAME) == [NEW]


def test_one_run_tells_its_facts_and_its_curve(qtbot, page, runs_folder):
    page.select([runs_folder / OLD])
    settle(qtbot, page)
    assert "targets 37.5% → 87.5%" in " ".join(
        label.text() for label in page.details.findChildren(type(page.count))
    )
    xs, ys = page.curves.shares.points(str(runs_folder / OLD))
    assert (list(xs), ys[-1]) == ([1, 2, 3], 0.9)
    figure = page.curves.figure
    assert page.curves.shares.isAncestorOf(figure)
    figure.setCurrentText("Loss, training")
    assert page.curves.numbers.isAncestorOf(figure)
    assert list(page.curves.numbers.points(str(runs_folder / OLD))[1]) == [1, 0.5, 0.333333]


def test_two_runs_lie_over_each_other_and_tell_in_what_they_differ(qtbot, page, runs_folder):
    page.select([runs_folder / OLD, runs_folder / NEW])
    settle(qtbot, page)
    assert page.details.difference.texts() == [
        ["Adapter: rank", "2", "8"],
        ["Adapter: d initial", "none", "0.1"],
        ["Adapter: method", "lora", "vera"],
        ["Adapter: sharing", "none", "shape"],
        ["Adapter: alpha", "as the rank", "none"],
    ]
    assert len(page.curves.shares.points(str(runs_folder / NEW))[0]) == 3


def test_a_run_gets_a_name_and_notes(qtbot, page, runs_folder):
    page.select([runs_folder / OLD])
    page.details.name.clear()
    qtbot.keyClicks(page.details.name, "the <b>best</b>")
    qtbot.keyClick(page.details.name, Qt.Key.Key_Return)
    page.details.notes.setFocus()
    qtbot.keyClicks(page.details.notes, "for the talk")
    page.details.name.setFocus()
    page.details.save_notes()
    settle(qtbot, page)
    assert "the <b>best</b>" in column(page, NAME)
    assert load_notes(runs_folder / OLD).notes == "for the talk"
    assert page.chosen[0].folder == runs_folder / OLD


def test_what_is_deleted_goes_to_the_trash_and_comes_back(qtbot, page, runs_folder):
    size = read_run(runs_folder / OLD).size
    page.select([runs_folder / OLD])
    press(page, "delete")
    settle(qtbot, page)
    assert not (runs_folder / OLD).exists()
    assert column(page, NAME) == [COMPARED, NEW]
    qtbot.mouseClick(page.undo_bar.button, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert column(page, NAME) == [COMPARED, NEW, OLD]
    assert read_run(runs_folder / OLD).size == size


def test_without_a_trash_it_is_kept_in_a_folder_and_comes_back(
    qtbot, page, runs_folder, monkeypatch
):
    monkeypatch.setattr(run_history_jobs, "QFile", NoTrash)
    page.select([runs_folder / OLD])
    with qtbot.waitSignal(page._studio.message) as told:
        press(page, "delete")
    settle(qtbot, page)
    aside = environment.deleted_runs_folder()
    assert str(aside) in told.args[0]
    assert (aside / OLD / "result.json").exists()
    assert column(page, NAME) == [COMPARED, NEW]
    qtbot.mouseClick(page.undo_bar.button, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert column(page, NAME) == [COMPARED, NEW, OLD]


def test_what_can_be_moved_nowhere_stays(qtbot, page, runs_folder, monkeypatch):
    monkeypatch.setattr(run_history_jobs, "QFile", NoTrash)
    environment.deleted_runs_folder().write_text("no folder")
    page.select([runs_folder / OLD])
    with qtbot.waitSignal(page._studio.failed) as failed:
        press(page, "delete")
    assert "could not be deleted" in str(failed.args[0])
    assert column(page, NAME) == [COMPARED, NEW, OLD]
    assert (runs_folder / OLD / "result.json").exists()


def test_a_run_that_is_going_on_is_not_deleted(qtbot, page, runs_folder):
    with going_on(runs_folder / NEW):
        page.select([runs_folder / NEW])
        with qtbot.waitSignal(page._studio.failed):
            press(page, "delete")
        page.history.read()
        settle(qtbot, page)
        assert column(page, STATE)[1] == "going on"
        assert not page.actions_strip.by_name["delete"].isEnabled()
    assert (runs_folder / NEW).exists()


def test_what_cannot_be_done_says_why(page, runs_folder):
    named = page.actions_strip.by_name
    assert "Select one run" in named["set_up"].toolTip()
    page.select([runs_folder / NEW])
    assert "No network is open" in named["continue"].toolTip()
    assert "left no best adapter" in named["adapter"].toolTip()
    page.select([runs_folder / "comparisons" / COMPARED])
    assert "not for a comparison" in named["set_up"].toolTip()


def test_a_comparison_is_asked_for_as_it_was(qtbot, page, runs_folder):
    page.select([runs_folder / "comparisons" / COMPARED])
    with qtbot.waitSignal(page.comparison_requested) as asked:
        press(page, "open")
    assert asked.args[0].folder == runs_folder / "comparisons" / COMPARED
