"""Runs that were broken off are offered at the next start; any other can be chosen to go on."""

import pytest
import torch
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from tests.command_line import write_class
from tests.ui.conftest import LOADING_MILLISECONDS, is_settled
from vera_studio import environment
from vera_studio.recipe import ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.events import EpochDone
from vera_studio.training import progress
from vera_studio.training.loop import train

EPOCHS = 3


class Killed(BaseException):
    """Ends a run where it is, as a signal would that cannot be caught."""


@pytest.fixture
def broken_off(monkeypatch):
    """A run on the sample that died in its second epoch."""
    monkeypatch.setattr(progress, "_SECONDS", 0.0)
    folder = environment.runs_folder() / "2026-11-25_10-00-00"

    def die(event):
        if isinstance(event, EpochDone) and event.epoch == 2:
            raise Killed

    training = TrainingSettings(epochs=EPOCHS, device="cpu", batch_size=256)
    with pytest.raises(Killed):
        train(Recipe(training=training), folder, die)
    monkeypatch.undo()
    return folder


@pytest.fixture
def tiny_own_folder(tmp_path):
    """A folder of two classes that the network knows."""
    for name in ("cat", "dog"):
        write_class(tmp_path / "pets", name, 8, 0)
    return tmp_path / "pets"


def loaded(window, qtbot):
    window.studio.load()
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)


def question(window):
    return window.findChild(QMessageBox, "continue_run")


def press(box, text):
    next(button for button in box.buttons() if button.text() == text).click()


def go_on(window, qtbot, begin):
    with qtbot.waitSignal(window.studio.run.finished, timeout=60_000) as ended:
        begin()
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    return ended.args[0]


def test_it_is_offered_goes_on_and_shows_all_of_itself(broken_off, new_window, qtbot):
    window = new_window()
    window.studio.load()
    qtbot.waitUntil(lambda: question(window) is not None, timeout=LOADING_MILLISECONDS)
    box = question(window)
    assert box.text() == "The run 2026-11-25_10-00-00 was broken off in epoch 2 of 3."
    result = go_on(window, qtbot, lambda: press(box, "&Continue"))
    assert (result.folder, result.epochs_done, result.stopped) == (broken_off, EPOCHS, False)
    steps, _ = window.training_page.losses.points("raw")
    assert list(steps) == list(range(1, 8 * EPOCHS + 1))  # 1,800 images in batches of 256
    assert window.studio.workspace.result.folder == broken_off
    assert window.studio.workspace.adapter is not None


def test_not_now_is_remembered(broken_off, new_window, qtbot):
    window = new_window()
    window.studio.load()
    qtbot.waitUntil(lambda: question(window) is not None, timeout=LOADING_MILLISECONDS)
    press(question(window), "&Not Now")
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    other = new_window()
    loaded(other, qtbot)
    assert question(other) is None
    assert progress.load(broken_off).epoch == 2  # it can still be chosen


def test_a_finished_run_gets_more_epochs(window, settle, qtbot, monkeypatch):
    studio = window.studio
    studio.workspace.edit_training(epochs=2, batch_size=256)
    first = go_on(window, qtbot, studio.start_run)
    chosen = []

    def choose(parent, title, start):
        chosen.append(start)
        return str(first.folder)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    window.actions_by_name["continue_run"].trigger()
    qtbot.waitUntil(lambda: window.findChild(QInputDialog, "continue_epochs") is not None)
    assert chosen == [str(environment.runs_folder())]
    dialog = window.findChild(QInputDialog, "continue_epochs")
    assert (dialog.intMinimum(), dialog.intValue()) == (3, 4)
    dialog.setIntValue(3)
    again = go_on(window, qtbot, dialog.accept)
    assert (again.folder, again.epochs_done) == (first.folder, 3)


def test_what_holds_no_run_is_told(window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    with qtbot.waitSignal(window.studio.failed) as failed:
        window.actions_by_name["continue_run"].trigger()
    assert "holds no run that can go on" in str(failed.args[0])
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "error_message") is not None)
    window.findChild(QMessageBox, "error_message").close()


def test_a_run_on_another_network_opens_that_first(
    window, settle, qtbot, monkeypatch, tmp_path, tiny_own_folder
):
    """A network of one's own weights is open, and the run was about the pretrained one."""
    studio = window.studio
    studio.workspace.edit_training(epochs=1, batch_size=256)
    first = go_on(window, qtbot, studio.start_run)
    weights = tmp_path / "own.pt"
    torch.save(studio.workspace.model.network.state_dict(), weights)
    studio.open_model(ModelSettings(weights=str(weights)))
    settle()
    studio.open_folder(tiny_own_folder)
    settle()
    again = go_on(window, qtbot, lambda: studio.resume_run(first.folder, 2))
    assert again.epochs_done == 2
    assert studio.workspace.recipe.model == ModelSettings()
    assert studio.workspace.data.source == "sample"
    assert studio.workspace.adapter is not None
