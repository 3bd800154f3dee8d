"""Builds the application and wires its parts."""

import gc
import sys
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QApplication, QWidget

import vera_studio
from vera_studio import environment
from vera_studio.ui.error_reporter import ErrorReporter, install_exception_hooks
from vera_studio.ui.icons import icon
from vera_studio.ui.main_window import MainWindow
from vera_studio.ui.runner import Runner
from vera_studio.ui.studio import Studio
from vera_studio.ui.theme import set_color_scheme
from vera_studio.ui.widgets.focus_ring import FocusRings
from vera_studio.ui.workspace import Workspace

_HEARTBEAT_MILLISECONDS = 250
# How long a thread that computes in pure Python may keep the window waiting: Qt asks for Python
# many times while it draws a plot, and by default each of these waits takes up to 5 ms.
_SWITCH_SECONDS = 0.001


def run_app() -> int:
    """Show the window and run until it is closed; returns the exit status."""
    environment.start_logging()
    application = make_application()
    reporter = ErrorReporter()
    uninstall_hooks = install_exception_hooks(reporter)
    window = make_window(reporter)
    when_exposed(window, window.studio.load)
    window.show()
    # Python acts on Ctrl+C between two of its own instructions, and an idle Qt runs none.
    heartbeat = QTimer(interval=_HEARTBEAT_MILLISECONDS)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    status = application.exec()
    uninstall_hooks()
    return status


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
    settings = QSettings(str(environment.settings_file()), QSettings.Format.IniFormat)
    set_color_scheme(str(settings.value("color_scheme", "system")))
    workspace = Workspace()
    runner = Runner()
    studio = Studio(workspace, runner)
    for child in (workspace, runner):
        child.setParent(studio)
    # What Qt and torch have made by then stays to the end. Each full collection of garbage would
    # look at all of it, and hold window and run for up to 0.2 s (2 cores, a run of batch 4).
    studio.ready.connect(gc.freeze)
    return MainWindow(studio, settings, reporter)
