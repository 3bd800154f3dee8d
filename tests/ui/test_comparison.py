"""Comparing methods in the window, clicked through as a person would."""

import csv

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QLabel, QLineEdit, QPushButton

from tests.ui.conftest import LOADING_MILLISECONDS, answer_question
from vera_studio.errors import TrainingError
from vera_studio.runs.candidates import FAMILIES
from vera_studio.runs.comparison_results import ComparisonStands
from vera_studio.training import comparison as engine
from vera_studio.ui.state.run_control import RunState

MILLISECONDS = 60_000


@pytest.fixture
def page(window):
    window.studio.workspace.edit_training(target_classes=("bird", "cat", "dog"), epochs=1)
    window.actions_by_name["compare"].trigger()
    assert window.rooms.page == "comparison"
    return window.comparison_page


@pytest.fixture
def long(window, page):
    """A page on which a comparison takes longer than any test."""
    window.studio.workspace.edit_training(epochs=10_000)
    return page


def click(qtbot, page, name):
    button = page.findChild(QPushButton, name)
    assert button.isEnabled(), name
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def tick(qtbot, page, *keys):
    """Tick these methods only."""
    for box in page.choice.findChildren(QCheckBox):
        if box.isChecked() != (box.objectName().removeprefix("compare_") in keys):
            qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center() / 4)


def type_ranks(qtbot, page, key, text):
    field = page.findChild(QLineEdit, f"ranks_{key}")
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)


def text_of(page, name):
    return page.findChild(QLabel, name).text()


def wait_for_end(qtbot, window):
    qtbot.waitUntil(lambda: not window.studio.comparison.is_going, timeout=MILLISECONDS)


def wait_for_runs(qtbot, page, runs):
    qtbot.waitUntil(
        lambda: page._comparison is not None and len(page._comparison.runs) >= runs,
        timeout=MILLISECONDS,
    )


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_before_anything_ran_it_says_what_will_be_there(window, page):
    assert "Compare" in [window.rooms.tabs.tabText(row) for row in range(window.rooms.tabs.count())]
    assert page.findChild(QLabel, "comparison_plan").text() == (
        "6 methods and ranks with 3 seeds: 18 runs of 1 epoch, all else as set up."
    )
    assert not page.table.isVisible()
    assert any("Nothing compared yet" in label.text() for label in page.findChildren(QLabel))
    # Everything but the method is the draft's.
    window.studio.workspace.edit_adapter(layers=("fc1",), d_initial=0.2, seed=5)
    for candidate in page.settings().candidates:
        assert (candidate.layers, candidate.d_initial) == (("fc1",), 0.2)


def test_what_is_offered_is_what_there_is(page):
    for family in FAMILIES:
        box = page.findChild(QCheckBox, f"compare_{family.key}")
        assert box.text() == family.title
        assert bool(family.ranks) == family.has_rank


def test_a_whole_comparison(qtbot, window, page, tmp_path, monkeypatch):
    stands = []
    window.studio.comparison.events.connect(
        lambda events: stands.extend(e for e in events if isinstance(e, ComparisonStands))
    )
    tick(qtbot, page, "vera", "vera-all", "bias")
    type_ranks(qtbot, page, "vera", "2 4")
    type_ranks(qtbot, page, "vera-all", "8")
    page.choice.seeds.setValue(2)
    assert text_of(page, "comparison_plan").startswith("4 methods and ranks with 2 seeds: 8 runs")
    click(qtbot, page, "compare_button")
    assert window.studio.comparison.is_going
    assert not page.findChild(QPushButton, "compare_button").isEnabled()

    # Rows are there while it goes on, and figures come as the runs end.
    wait_for_runs(qtbot, page, 1)
    rows = page.table.texts()
    assert [row[:2] for row in rows] == [
        ["Base network", ""],
        ["VeRA", "2"],
        ["VeRA", "4"],
        ["VeRA, one pair for all", "8"],
        ["Biases and norms", ""],
    ]
    wait_for_end(qtbot, window)
    assert page.progress.label.text().startswith("Finished 8 of 8 runs")
    rows = page.table.texts()
    assert [row[-1] for row in rows] == ["", "2 of 2", "2 of 2", "2 of 2", "2 of 2"]
    assert all("±" in row[5] and "±" in row[7] for row in rows[1:])
    assert rows[2][2:4] == ["402", "0.45%"]
    assert next(stand.now for stand in stands if stand.now) == "VeRA, rank 2, seed 0"
    assert "Targets: bird, cat, dog." in text_of(page, "comparison_about")
    assert [point.name for point in page.plot._points] == [
        "VeRA, rank 2",
        "VeRA, rank 4",
        "VeRA, one pair for all, rank 8",
        "Biases and norms",
    ]
    assert page.plot._base == page._comparison.before.targets

    # Neither model nor result of the window is touched.
    assert window.studio.workspace.adapter is None
    assert window.studio.workspace.result is None

    # A row a run, or a row a method.
    for kind, names in (
        ("A row a run (*.csv)", ["vera:2", "vera:4", "vera-all:8", "bias"] * 2),
        (
            "A row a method: means and spreads (*.csv)",
            ["base", "vera:2", "vera:4", "vera-all:8", "bias"],
        ),
    ):
        path = tmp_path / kind[:14].strip()
        monkeypatch.setattr(
            QFileDialog, "getSaveFileName", lambda *_, path=path, kind=kind: (str(path), kind)
        )
        click(qtbot, page, "export_comparison_button")
        assert [row["name"] for row in rows_of(path.with_suffix(".csv"))] == names

    # It stays until the next.
    window.studio.workspace.edit_training(epochs=2)
    assert len(page.table.texts()) == 5


def test_stopping_keeps_the_finished_runs_and_nothing_else_goes_on_meanwhile(qtbot, window, page):
    tick(qtbot, page, "bias")
    page.choice.seeds.setValue(100)
    click(qtbot, page, "compare_button")
    actions = window.actions_by_name
    for name in ("start", "open_folder", "open_model", "import_adapter", "use_sample"):
        assert not actions[name].isEnabled(), name
    window.studio.start_run()
    assert window.studio.run.state is RunState.IDLE
    assert not page.choice.isEnabled()
    wait_for_runs(qtbot, page, 1)
    click(qtbot, page, "stop_comparison_button")
    stop = page.findChild(QPushButton, "stop_comparison_button")
    assert not stop.isEnabled()
    assert "It is stopping already." in stop.toolTip()
    assert "while a comparison is going" in page.findChild(QPushButton, "compare_button").toolTip()
    assert not actions["stop"].isEnabled()
    wait_for_end(qtbot, window)
    runs = page._comparison.runs
    assert 1 <= len(runs) < 100
    assert page.progress.label.text().startswith(f"Stopped after {len(runs)} of 100 runs")
    assert page.progress.bar.value() in range(10 * len(runs), 1000)
    assert page.table.texts()[1][-1] == f"{len(runs)} of 100"
    assert len(rows_of(page._comparison.folder / "comparison.csv")) == len(runs)
    assert page.findChild(QPushButton, "compare_button").isEnabled()
    assert actions["start"].isEnabled()


def test_nothing_is_compared_during_a_run(qtbot, window, long):
    window.actions_by_name["start"].trigger()
    assert window.studio.run.state is RunState.RUNNING
    assert not long.findChild(QPushButton, "compare_button").isEnabled()
    window.studio.start_comparison(long.settings())
    assert not window.studio.comparison.is_going
    window.studio.run.stop(discard=True)
    qtbot.waitUntil(lambda: window.studio.run.state is RunState.IDLE, timeout=MILLISECONDS)
    # The studio's own Stop ends a comparison, too.
    click(qtbot, long, "compare_button")
    window.actions_by_name["stop"].trigger()
    wait_for_end(qtbot, window)


def test_closing_asks_and_does_as_told(qtbot, window, long):
    tick(qtbot, long, "vera")
    click(qtbot, long, "compare_button")
    qtbot.waitUntil(lambda: long._comparison is not None, timeout=MILLISECONDS)
    answer_question("Keep running")
    assert not window.close()
    assert window.studio.comparison.can_stop
    answer_question("Stop and close")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=MILLISECONDS)
    assert not window.studio.runner.jobs
    assert not window.studio.comparison.is_going


def test_what_keeps_it_from_starting_is_said(qtbot, window, page):
    tick(qtbot, page)
    assert text_of(page, "comparison_plan") == "Tick at least one method."
    assert not page.findChild(QPushButton, "compare_button").isEnabled()
    tick(qtbot, page, "lora")
    type_ranks(qtbot, page, "lora", "4, 5000")
    assert "5000 is no rank" in text_of(page, "comparison_plan")
    type_ranks(qtbot, page, "lora", "4")
    window.studio.workspace.edit_training(target_classes=())
    assert "at least one class" in text_of(page, "comparison_plan")
    assert not page.findChild(QPushButton, "compare_button").isEnabled()
    window.studio.workspace.edit_training(target_classes=("cat",), learning_rate=0.01)
    assert text_of(page, "comparison_plan") == (
        "1 method or rank with 3 seeds: 3 runs of 1 epoch, all else as set up. "
        "Learning rate 0.01 for all; Auto suits each."
    )
    assert page.findChild(QPushButton, "compare_button").isEnabled()


def test_a_run_that_fails_is_told_and_the_rest_goes_on(qtbot, window, page, monkeypatch):
    train = engine.train

    def fail_with_biases(recipe, *arguments):
        if recipe.adapter.method == "bias":
            raise TrainingError("The loss is no longer finite in epoch 1.\nMore on that.")
        return train(recipe, *arguments)

    monkeypatch.setattr(engine, "train", fail_with_biases)
    tick(qtbot, page, "bias", "full")
    page.choice.seeds.setValue(1)
    click(qtbot, page, "compare_button")
    wait_for_end(qtbot, window)
    failures = page.findChild(QLabel, "comparison_failures")
    assert failures.isVisible()
    assert failures.text() == (
        "Biases and norms, seed 0 failed: The loss is no longer finite in epoch 1."
    )
    full, bias = page.table.texts()[1:]
    assert (full[-1], bias[-1]) == ("1 of 1", "0 of 1")
    assert bias[5] == ""

    # Where the comparison itself breaks, that is reported.
    def fail(*_):
        raise TrainingError("The disc is full.")

    monkeypatch.setattr(engine, "compare", fail)
    click(qtbot, page, "compare_button")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None, timeout=MILLISECONDS)
    assert "The disc is full." in QApplication.activeModalWidget().text()
    QApplication.activeModalWidget().close()
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=LOADING_MILLISECONDS)
    assert page.progress.label.text() == "Stopped by an error"
    assert page.table.texts()[1:] == [full, bias]  # the one before stays
    assert page.findChild(QPushButton, "compare_button").isEnabled()
