"""Builds the application and wires its parts."""

import sys

from PySide6.QtCore import QCoreApplication, QSettings, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

import vera_studio
from vera_studio import environment
from vera_studio.ui.error_reporter import ErrorReporter, install_exception_hooks
from vera_studio.ui.icons import icon
from vera_studio.ui.main_window import MainWindow
from vera_studio.ui.runner import Runner
from vera_studio.ui.studio import Studio
from vera_studio.ui.theme import set_color_scheme
from vera_studio.ui.workspace import Workspace

_HEARTBEAT_MILLISECONDS = 250


def run_app() -> int:
    """Show the window and run until it is closed; returns the exit status."""
    environment.start_logging()
    application = make_application()
    reporter = ErrorReporter()
    uninstall_hooks = install_exception_hooks(reporter)
    window = make_window(reporter)
    window.show()
    window.studio.load()
    # Python acts on Ctrl+C between two of its own instructions, and an idle Qt runs none.
    heartbeat = QTimer(interval=_HEARTBEAT_MILLISECONDS)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    status = application.exec()
    uninstall_hooks()
    return status


def make_application() -> QApplication:
    """The Qt application, with its name, icon and style set."""
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
    return MainWindow(studio, settings, reporter)
