"""From the page of runs a person comes back to what was: set-up, results, comparisons, reports."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QToolButton

from tests.made_runs import make_comparison, make_predictions, make_run
from tests.top_level import top_level_widgets
from vera_studio import environment
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.window import run_reports

PATIENCE = 60_000


@pytest.fixture
def press(window):
    """Selects the runs in some folders, and presses a button of the strip."""

    def do(name, *folders):
        window.rooms.show_page("runs")
        window.runs_page.select(folders)
        action = window.runs_page.actions_strip.by_name[name]
        assert action.isEnabled(), action.toolTip()
        action.trigger()

    return do


def run_to_its_end(qtbot, window, start):
    with qtbot.waitSignal(window.studio.run.finished, timeout=PATIENCE):
        start()
    qtbot.waitUntil(lambda: window.studio.run.state is RunState.IDLE, timeout=PATIENCE)


def test_a_run_is_set_up_as_it_was_and_run_again(qtbot, window, settle, press):
    workspace = window.studio.workspace
    workspace.edit_training(epochs=1, target_classes=("cat",), views=0)
    workspace.edit_adapter(rank=2)
    settle()
    run_to_its_end(qtbot, window, window.studio.start_run)
    first = workspace.result
    recipe = workspace.recipe
    settle()
    window.rooms.show_page("runs")
    settle()
    assert [entry.folder for entry in window.runs_page.history.runs.runs] == [first.folder]
    workspace.edit_training(epochs=3, target_classes=None)
    workspace.edit_adapter(rank=8)
    press("set_up", first.folder)
    settle()
    assert window.rooms.page == "training"
    assert workspace.recipe == recipe
    workspace.edit_adapter(rank=8)
    window.actions_by_name["event_files"].trigger()
    run_to_its_end(qtbot, window, lambda: press("again", first.folder))
    settle()
    again = workspace.result
    assert again.folder != first.folder
    assert [
        folder.name for folder in (first.folder, again.folder) if (folder / "tensorboard").is_dir()
    ] == [again.folder.name]
    assert again.best_adapter.read_bytes() == first.best_adapter.read_bytes()
    window.rooms.show_page("runs")
    settle()
    assert len(window.runs_page.history.runs.runs) == 2
    press("continue", first.folder)
    qtbot.waitUntil(lambda: window.findChild(QInputDialog, "continue_epochs") is not None)
    dialog = window.findChild(QInputDialog, "continue_epochs")
    dialog.setIntValue(2)
    run_to_its_end(qtbot, window, dialog.accept)
    settle()
    assert (workspace.result.folder, workspace.result.epochs_done) == (first.folder, 2)
    window.rooms.show_page("runs")
    settle()
    assert [entry.epochs_done for entry in window.runs_page.history.runs.runs] == [1, 2]
    press("evaluate", again.folder)
    assert workspace.result.folder == again.folder
    assert window.rooms.room == "understand"
    # What it did to each layer is shown with its adapter on, whatever was on.
    window.studio.adapters.switch_off()
    window.rooms.show_page("results")
    button = window.results_page.findChild(QToolButton, "layers_button")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle()
    assert window.rooms.page == "vera"
    assert workspace.adapter is not None
    qtbot.waitUntil(lambda: window.vera_page.about.text() == workspace.adapter.title)


def test_what_was_is_shown_again(qtbot, window, settle, press, monkeypatch, tmp_path):
    folder = make_run(environment.runs_folder() / "2026-01-02_10-00-00")
    (folder / "best.safetensors").unlink()
    make_predictions(folder, files="012345")
    compared = make_comparison(environment.runs_folder() / "comparisons" / "2026-01-03_10-00-00")
    window.rooms.show_page("runs")
    settle()
    press("open", compared.folder)
    assert window.rooms.page == "comparison"
    assert [row[0] for row in window.comparison_page.table.texts()] == [
        *("Base network", "VeRA", "LoRA")
    ]
    opened = []
    monkeypatch.setattr(run_reports, "ask_save", lambda *_: tmp_path / "report.html")
    monkeypatch.setattr(run_reports.QDesktopServices, "openUrl", opened.append)
    press("report", folder)
    (dialog,) = [w for w in top_level_widgets() if w.objectName() == "report_dialog"]
    dialog.mistakes.setChecked(True)
    dialog.save.click()
    settle()
    assert "data:image/png" in (tmp_path / "report.html").read_text()
    assert [Path(url.toLocalFile()) for url in opened] == [tmp_path / "report.html"]


def test_a_restart_shows_the_same_runs_curves_and_matrices(qtbot, new_window):
    folder = make_run(environment.runs_folder() / "2026-01-02_10-00-00")
    make_predictions(folder, "validation")
    make_predictions(folder)
    compared = make_comparison(environment.runs_folder() / "comparisons" / "2026-01-03_10-00-00")
    seen = []
    for _ in range(2):  # neither has loaded anything yet
        window = new_window()
        window.rooms.show_page("runs")
        jobs = window.studio.runner
        qtbot.waitUntil(lambda jobs=jobs: not jobs.jobs)
        page = window.runs_page
        page.select([folder])
        qtbot.waitUntil(lambda jobs=jobs: not jobs.jobs)
        curve = page.curves.shares.points(str(folder))
        page.actions_strip.by_name["evaluate"].trigger()
        qtbot.waitUntil(lambda jobs=jobs: not jobs.jobs)
        window.findChild(QToolButton, "evaluation_view_confusion").click()
        matrix = window.evaluation_page.confusion._counts.tolist()
        page.comparison_requested.emit(page.history.entry(compared.folder).comparison)
        table = window.comparison_page.table.texts()
        seen.append((page.table.texts(), [list(axis) for axis in curve], matrix, table))
        window.close()
    assert seen[0] == seen[1]
    assert seen[0][1] == [[1, 2, 3], [0.6333, 0.7667, 0.9]]
    assert seen[0][2] == [[2, 0, 0], [1, 1, 0], [0, 0, 2]]
