"""A window with everything loaded, for tests that click through it."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QMessageBox

from tests.top_level import top_level_widgets
from vera_studio import environment
from vera_studio.ui.error_reporter import ErrorReporter
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.window.main_window import MainWindow

LOADING_MILLISECONDS = 60_000


@pytest.fixture
def new_window(qtbot):
    """Makes a window as the app does; nothing is loaded yet."""
    windows = []

    def make():
        settings = Settings(environment.settings_file())
        runner = Runner()
        window = MainWindow(Studio(Workspace(), runner), settings, ErrorReporter())
        windows.append(window)
        window.show()
        return window

    yield make
    for window in windows:
        window.studio.runner.cancel_all()
        assert window.studio.runner.wait(LOADING_MILLISECONDS)
        window.close()
        # Else its widgets live on until the process ends, and every test is slower than the last.
        window.deleteLater()
        QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(qtbot, new_window):
    """A window with the pretrained network, the sample, and accuracies measured."""
    window = new_window()
    window.studio.load()
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    return window


@pytest.fixture
def settle(qtbot, window):
    """Waits until nothing is being worked on in the window."""
    return lambda: qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)


def is_settled(window):
    studio = window.studio
    return studio.is_ready and not studio.runner.jobs and studio.workspace.accuracy is not None


def message_box():
    """The one that is open."""
    boxes = [w for w in top_level_widgets() if isinstance(w, QMessageBox)]
    return next((box for box in boxes if box.isVisible()), None)


def answer_question(text):
    """Press the button `text` of the question that is about to open."""

    def click_answer():
        box = message_box()
        next(button for button in box.buttons() if button.text() == text).click()

    QTimer.singleShot(200, click_answer)
