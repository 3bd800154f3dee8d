"""What holds for every test: no real home, no screen needed, nothing left behind."""

import gc
import logging
import os
import sys
import threading
from pathlib import Path

import pytest

from tests.top_level import top_level_widgets
from vera_studio import environment

pytest_plugins = (
    "tests.broken_disk",
    "tests.loopback_server",
    "tests.made_adapters",
    "tests.tiny_cifar10",
)
_PATIENCE_SECONDS = 2.0  # for threads that are about to end

if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# For torch, wherever it is first imported: the tests' tensors are too small to be shared.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory):
    """Keep settings, runs, downloads and the log of each test in a folder of its own."""
    log = logging.getLogger("vera_studio")
    handlers, level = list(log.handlers), log.level
    folder = tmp_path_factory.mktemp("vera-studio")
    environment.set_data_folder(folder)
    yield folder
    environment.set_data_folder(None)
    for handler in set(log.handlers) - set(handlers):
        log.removeHandler(handler)
        handler.close()
    log.setLevel(level)


@pytest.fixture(autouse=True)
def nothing_left_behind(request):
    """Fail a test that leaves a thread running or a window on screen."""
    uses_qt = "qapp" in request.fixturenames
    threads = set(threading.enumerate())
    qt_threads = _running_qt_threads() if uses_qt else []
    yield
    left = [f"window {widget!r}" for widget in _close_visible_windows()] if uses_qt else []
    for thread in set(threading.enumerate()) - threads:
        # Dummies stand for threads of Qt that ran Python; before 3.12 they outlive them. The
        # monitor is tqdm's, one for the process: torch.fx makes progress bars that it hides.
        if not isinstance(thread, threading._DummyThread) and thread.name != "tqdm_monitor":
            thread.join(_PATIENCE_SECONDS)
            left += [f"thread {thread.name}"] if thread.is_alive() else []
    for thread in _running_qt_threads() if uses_qt else []:
        if thread not in qt_threads and not thread.wait(int(_PATIENCE_SECONDS * 1000)):
            left.append(f"thread {thread!r}")
    assert not left, f"the test left behind: {', '.join(left)}"


@pytest.fixture(scope="session")
def real_images():
    """The folder of real images, with `train` and `test`; skips where there is none."""
    folder = os.environ.get("VERA_STUDIO_CIFAR10_IMAGES")
    if not folder:
        pytest.skip("VERA_STUDIO_CIFAR10_IMAGES is not set")
    return Path(folder)


def _running_qt_threads():
    from PySide6.QtCore import QCoreApplication, QThread
    from shiboken6 import isValid

    threads = [thing for thing in gc.get_objects() if issubclass(type(thing), QThread)]
    application = QCoreApplication.instance()
    main = application.thread() if application else None
    return [t for t in threads if isValid(t) and t != main and t.isRunning()]


def _close_visible_windows():
    from PySide6.QtCore import Qt

    visible = [
        widget
        for widget in top_level_widgets()
        if widget.isVisible() and widget.windowType() is not Qt.WindowType.ToolTip
    ]
    for widget in visible:
        widget.close()
    return visible
