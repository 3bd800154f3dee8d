"""A run whose disk failed, in the window: it is told where it is, or asked where it is to go."""

import shutil

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from tests.ui.conftest import LOADING_MILLISECONDS, is_settled
from vera_studio.errors import StudioError
from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.runs.run_files import NotSavedError
from vera_studio.training.loop import train


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The result of a run on the sample."""
    training = TrainingSettings(epochs=1, batch_size=256, device="cpu")
    return train(Recipe(training=training), tmp_path_factory.mktemp("runs") / "left")


def box(window, name="save_elsewhere"):
    return window.findChild(QMessageBox, name)


def press(window, name):
    old = box(window)
    next(button for button in old.buttons() if button.objectName() == name).click()


def end(window, qtbot, folder, function):
    """Have a run in `folder` end as `function` does."""
    window.studio.run.start(lambda on_event, should_stop: function(), folder)
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)


def test_a_run_that_had_to_go_elsewhere_is_shown_and_told(window, qtbot, tmp_path, left):
    end(window, qtbot, tmp_path / "asked", lambda: left)
    told = box(window, "error_message")
    assert told.text() == f"{tmp_path / 'asked'} could not be written to."
    assert told.informativeText().startswith(f"All that was left is in {left.folder} instead")
    assert window.studio.workspace.result.folder == left.folder
    told.close()


def test_a_run_that_is_nowhere_is_saved_where_the_user_says(
    window, qtbot, tmp_path, left, monkeypatch
):
    full = [True]

    def save(folder):
        if full:
            full.pop()
            raise StudioError("Cannot write it: No space left on device.")
        shutil.copytree(left.folder, folder)

    def nowhere():
        raise NotSavedError("Cannot write the run: No space left on device.", save, "run")

    chosen = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen.pop())
    end(window, qtbot, tmp_path / "asked", nowhere)
    assert box(window).text() == "Cannot write the run: No space left on device."
    assert "is kept in memory" in box(window).informativeText()
    chosen.append("")  # nothing chosen: asked again
    press(window, "save_elsewhere_choose")
    qtbot.waitUntil(lambda: box(window) is not None and box(window).isVisible())
    chosen.append(str(tmp_path))  # full as well: told, and asked again
    press(window, "save_elsewhere_choose")
    qtbot.waitUntil(
        lambda: box(window) is not None and "Choose another" in box(window).informativeText()
    )
    chosen.append(str(tmp_path))
    press(window, "save_elsewhere_choose")
    qtbot.waitUntil(lambda: window.studio.workspace.result is not None)
    assert window.studio.workspace.result.folder == tmp_path / "run"
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    assert window.studio.workspace.adapter is not None
