"""Where every failure ends up: a message for the user, or a report of a bug."""

import contextlib
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from vera_studio.device_failures import is_device_failure
from vera_studio.errors import Cancelled, DeviceFailedError, NotEnoughMemoryError, StudioError
from vera_studio.memory import is_out_of_memory
from vera_studio.ui.widgets.plain_text import plain_message
from vera_studio.ui.window.bug_report import (
    CRASH_ADVICE,
    CRASHED,
    BugReportDialog,
    bug_report,
    summary,
)
from vera_studio.wording import device_failed, not_enough_memory

_log = logging.getLogger(__name__)
_MOST_DIALOGS = 3  # open at once; what else fails meanwhile is in the log

Dialog = QMessageBox | BugReportDialog


class ErrorReporter(QObject):
    """Shows failures by their kind, and never raises one of its own.

    A StudioError becomes a message, and memory that ran out one too; Cancelled becomes nothing,
    and anything else a bug report that is also logged. A failure whose dialog is still open is
    counted in it.

    Attributes:
        describe: tells for a report what is open; None where nothing is yet.

    Signals:
        caught(BaseException): for `catch`, which may be called on any thread.
    """

    caught = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.describe: Callable[[], str] | None = None
        self._dialogs: dict[object, Dialog] = {}  # open ones, by what they tell of
        # Queued even on the GUI thread: a slot or a paint event that failed ends first.
        self.caught.connect(self._show_caught, Qt.ConnectionType.QueuedConnection)

    def show(self, parent: QWidget | None, error: BaseException) -> None:
        """Tell the user of `error`; on the GUI thread, returns while the dialog is open."""
        error = _as_message(error)
        _log_bug(error)
        self._show(parent, error)

    def catch(self, error: BaseException) -> None:
        """Log `error`, if it is a bug, and show it soon; from any thread."""
        error = _as_message(error)
        _log_bug(error)
        with contextlib.suppress(RuntimeError):  # the program is ending, the reporter is gone
            self.caught.emit(error)

    def show_crash(self, parent: QWidget | None, report: str) -> None:
        """Offer the report that a session left which died."""
        _log.error("The session before died:\n%s", report)
        self._open(CRASHED, BugReportDialog(CRASHED, report, parent, CRASH_ADVICE)).show()

    def _show_caught(self, error: BaseException) -> None:
        self._show(QApplication.activeWindow(), error)

    def _show(self, parent: QWidget | None, error: BaseException) -> None:
        try:
            if isinstance(error, StudioError):
                self._show_message(parent, error)
            elif not isinstance(error, Cancelled):
                self._show_bug(parent, error)
        except Exception:  # or the reporter would report itself for ever
            _log.exception("An error could not be shown")

    def _show_message(self, parent: QWidget | None, error: StudioError) -> None:
        key = str(error)
        if key not in self._dialogs:
            self._open(key, _make_message(parent, key)).open()

    def _show_bug(self, parent: QWidget | None, error: BaseException) -> None:
        key = _origin(error)
        known = self._dialogs.get(key)
        if isinstance(known, BugReportDialog):
            known.count_again()
        elif len(self._dialogs) < _MOST_DIALOGS:
            report = bug_report(error, self.describe)
            _log.info("The report of it:\n%s", report)
            self._open(key, BugReportDialog(summary(error), report, parent)).show()

    def _open(self, key: object, dialog: Dialog) -> Dialog:
        self._dialogs[key] = dialog
        # Not `finished`, which does not come when the parent takes the dialog with it.
        dialog.destroyed.connect(lambda: self._dialogs.pop(key, None))
        return dialog


def install_exception_hooks(reporter: ErrorReporter) -> Callable[[], None]:
    """Have exceptions that nobody handles shown by `reporter`, on whatever thread they are.

    Returns:
        A function that puts back the hooks that were there before.
    """
    before = sys.excepthook, threading.excepthook, sys.unraisablehook

    def on_exception(kind: type[BaseException], error: BaseException, _: Any) -> None:
        if isinstance(error, KeyboardInterrupt):
            QCoreApplication.quit()  # asks the windows first
        else:
            reporter.catch(error)

    def on_thread_exception(args: "threading.ExceptHookArgs") -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            reporter.catch(args.exc_value)

    def on_unraisable(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            reporter.catch(args.exc_value)

    def uninstall() -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = before

    sys.excepthook = on_exception
    threading.excepthook = on_thread_exception
    sys.unraisablehook = on_unraisable
    return uninstall


def _as_message(error: BaseException) -> BaseException:
    """A message that says what to do where memory ran out or a device failed; else `error`."""
    if is_out_of_memory(error):
        told: StudioError = NotEnoughMemoryError(not_enough_memory("cpu"))
    elif is_device_failure(error):
        told = DeviceFailedError(device_failed("", str(error)))
    else:
        return error
    told.__cause__ = error
    return told


def _log_bug(error: BaseException) -> None:
    if not isinstance(error, StudioError | Cancelled):
        _log.error("A bug: %r", error, exc_info=error)


def _make_message(parent: QWidget | None, text: str) -> QMessageBox:
    """A box with the first line of `text` large and the rest below."""
    box = plain_message(parent, QMessageBox.Icon.Warning, text)  # a message may quote a file
    box.setObjectName("error_message")
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box


def _origin(error: BaseException) -> tuple[object, ...]:
    """What two errors of the same bug have in common: the kind and the line."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = (place.tb_frame.f_code.co_filename, place.tb_lineno) if place else (str(error),)
    return type(error), *where
