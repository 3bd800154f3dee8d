"""Builds the application and wires its parts."""

import gc
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QApplication, QWidget

import vera_studio
from vera_studio import environment, files
from vera_studio.errors import StudioError
from vera_studio.runs.fault_report import without_names
from vera_studio.ui.error_reporter import ErrorReporter, install_exception_hooks
from vera_studio.ui.icons import icon
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.theme import COLOR_SCHEMES, set_color_scheme
from vera_studio.ui.widgets.focus_ring import FocusRings
from vera_studio.ui.window.crash_log import CrashLog
from vera_studio.ui.window.diagnostics import diagnostics
from vera_studio.ui.window.main_window import MainWindow
from vera_studio.ui.window.one_window import OneWindow

_HEARTBEAT_MILLISECONDS = 250
# Ctrl+C, the end of a session or of the system, the terminal closed; Windows lacks the last.
_ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
# How long a thread that computes in pure Python may keep the window waiting: Qt asks for Python
# many times while it draws a plot, and by default each of these waits takes up to 5 ms.
_SWITCH_SECONDS = 0.001


def run_app(path: Path | None = None) -> int:
    """Show the window and run until it is closed; returns the exit status.

    Where a window on the same data folder is open, that one is shown instead.

    Args:
        path: a file or folder to open in it.
    """
    application = make_application()
    problem = folder_problem(environment.data_folder())
    if problem:
        with tempfile.TemporaryDirectory(
            prefix="vera-studio-", ignore_cleanup_errors=True
        ) as folder:
            return _run_on(application, Path(folder), path, problem)
    return _run_on(application, environment.data_folder(), path)


def folder_problem(folder: Path) -> str:
    """Why nothing can be kept in `folder`, for a person; empty where it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return (
            f"Nothing of this session is kept.\nThe studio's folder {folder} cannot be written: "
            f"{files.reason(error)}.\nYou can work all the same: what you make is in a temporary "
            "folder until you close the window, so export what you want to keep. To have it kept, "
            "start again with --data-dir and a folder that can be written."
        )


def _run_on(application: QApplication, folder: Path, path: Path | None, problem: str = "") -> int:
    """Run on the data folder `folder`; `problem` says why that is a temporary one."""
    if problem:
        environment.set_data_folder(folder)
    environment.start_logging()
    one_window = OneWindow(folder)
    if not one_window.claim(path):
        return 0
    try:
        return _run_window(application, one_window, path, problem)
    finally:
        one_window.release()


def _run_window(
    application: QApplication, one_window: OneWindow, path: Path | None, problem: str
) -> int:
    reporter = ErrorReporter()
    uninstall_hooks = install_exception_hooks(reporter)
    window = make_window(reporter)
    one_window.asked.connect(window.come_to_front)
    crash_log = CrashLog(environment.log_file().with_name("crash.txt"))

    def load() -> None:
        window.load()
        if left := crash_log.begin(diagnostics(window.studio)):
            reporter.show_crash(window, without_names(left))
        if path is not None:
            window.studio.open_path(path)
        if problem:
            window.studio.failed.emit(StudioError(problem))

    window.studio.run.state_changed.connect(lambda _: crash_log.note(diagnostics(window.studio)))
    when_exposed(window, load)
    window.show()
    ended_by = close_on_signals(window.closing.close_without_asking)
    status = application.exec()
    uninstall_hooks()
    crash_log.end()
    return 128 + ended_by[0] if ended_by else status


def close_on_signals(close: Callable[[], None]) -> list[int]:
    """Have the signals that end a program call `close`; a second one ends it at once.

    Returns:
        A list that will hold the number of the signal that came.
    """
    came: list[int] = []
    # What is ignored, as nohup has it with SIGHUP, stays so.
    taken = [name for name in _ENDING if signal.getsignal(name) is not signal.SIG_IGN]

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        for name in taken:
            signal.signal(name, signal.SIG_DFL)
        QTimer.singleShot(0, close)

    for name in taken:
        signal.signal(name, note)
    # Python acts on signals between two of its own instructions, and an idle Qt runs none.
    heartbeat = QTimer(QCoreApplication.instance(), interval=_HEARTBEAT_MILLISECONDS)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    return came


def when_exposed(window: QWidget, then: Callable[[], None]) -> None:
    """Call `then` once `window` is on screen for the first time, with its contents drawn."""
    window.winId()  # gives it a handle to watch
    handle = window.windowHandle()
    handle.installEventFilter(_FirstExposure(then, handle))


class _FirstExposure(QObject):
    """Importing torch holds Python for long stretches: what is to be drawn must be drawn before."""

    def __init__(self, then: Callable[[], None], window: QWindow) -> None:
        super().__init__(window)
        self._then = then

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Expose:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._then)  # after Qt has drawn in answer to this event
        return False


def make_application() -> QApplication:
    """The Qt application, with its name, icon and style set; Python's threads take short turns."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    application = QApplication(sys.argv[:1])
    QCoreApplication.setApplicationName("vera-studio")
    QCoreApplication.setApplicationVersion(vera_studio.__version__)
    QGuiApplication.setApplicationDisplayName("VeRA Studio")
    QGuiApplication.setDesktopFileName("vera-studio")
    # The one style that follows light and dark alike on every system.
    application.setStyle("Fusion")
    application.setWindowIcon(icon("vera-studio"))
    FocusRings(application)
    return application


def make_window(reporter: ErrorReporter) -> MainWindow:
    """The main window on a workspace of its own, not yet shown and nothing loaded."""
    settings = Settings(environment.settings_file())
    scheme = settings.text("color_scheme", "system")
    set_color_scheme(scheme if scheme in COLOR_SCHEMES else "system")
    workspace = Workspace()
    runner = Runner()
    studio = Studio(workspace, runner)
    for child in (workspace, runner):
        child.setParent(studio)
    # What Qt and torch have made by then stays to the end. Each full collection of garbage would
    # look at all of it, and hold window and run for up to 0.2 s (2 cores, a run of batch 4).
    studio.ready.connect(gc.freeze)
    reporter.describe = partial(diagnostics, studio)
    return MainWindow(studio, settings, reporter)
