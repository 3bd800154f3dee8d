"""What becomes of failures: messages, bug reports, nothing at all; on whatever thread."""

import gc
import logging
import platform
import sys
import threading
import types
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton, QWidget
from shiboken6 import isValid

import vera_studio
from tests.top_level import top_level_widgets
from vera_studio.errors import AdapterError, Cancelled
from vera_studio.ui.error_reporter import ErrorReporter, install_exception_hooks
from vera_studio.ui.window.bug_report import BugReportDialog, bug_report, summary


@pytest.fixture
def reporter(qtbot):
    reporter = ErrorReporter()
    yield reporter
    for dialog in dialogs(QMessageBox) + dialogs(BugReportDialog):
        dialog.close()
    qtbot.waitUntil(lambda: not dialogs(QMessageBox) + dialogs(BugReportDialog))


@pytest.fixture
def hooks(reporter):
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    uninstall = install_exception_hooks(reporter)
    yield
    uninstall()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


def dialogs(kind):
    return [widget for widget in top_level_widgets() if type(widget) is kind]


def raised(error):
    """`error` with a traceback, as it comes from a job."""
    try:
        raise error
    except BaseException as caught:
        return caught


def headline(dialog):
    return dialog.findChild(QLabel, "bug_report_summary").text()


def test_a_studio_error_is_shown_as_it_is(reporter, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    reporter.show(window, AdapterError("This is not an adapter.\nExpected: x\nFound: <b>y</b>"))
    (box,) = dialogs(QMessageBox)
    assert box.isVisible()
    assert box.parent() is window
    assert box.icon() is QMessageBox.Icon.Warning
    assert box.text() == "This is not an adapter."
    assert box.informativeText() == "Expected: x\nFound: <b>y</b>"
    assert box.textFormat() is Qt.TextFormat.PlainText
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not isValid(box))
    assert dialogs(QMessageBox) == []


def test_the_same_message_is_open_only_once_but_comes_again_after(reporter, qtbot):
    for _ in range(3):
        reporter.show(None, AdapterError("Truncated."))
    (box,) = dialogs(QMessageBox)
    reporter.show(None, AdapterError("Another."))
    assert len(dialogs(QMessageBox)) == 2
    box.accept()
    qtbot.waitUntil(lambda: not isValid(box))
    reporter.show(None, AdapterError("Truncated."))
    assert len(dialogs(QMessageBox)) == 2


def test_a_message_that_went_with_its_window_can_come_again(reporter, qtbot):
    window = QWidget()
    reporter.show(window, AdapterError("Truncated."))
    (box,) = dialogs(QMessageBox)
    window.deleteLater()
    qtbot.waitUntil(lambda: not isValid(box))
    reporter.show(None, AdapterError("Truncated."))
    assert len(dialogs(QMessageBox)) == 1


def test_cancelled_is_silent(reporter, caplog):
    reporter.show(None, Cancelled())
    assert dialogs(QMessageBox) == []
    assert dialogs(BugReportDialog) == []
    assert caplog.records == []


def test_a_studio_error_is_no_bug_in_the_log(reporter, caplog):
    reporter.show(None, AdapterError("Truncated."))
    assert caplog.records == []


def test_a_bug_is_logged_and_shown_with_its_traceback(reporter, caplog):
    reporter.show(None, raised(KeyError("conv9")))
    (dialog,) = dialogs(BugReportDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    assert headline(dialog) == "KeyError: 'conv9'"
    assert "in raised" in dialog.report
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info[1].args == ("conv9",)


def test_the_report_is_copied_and_the_dialog_closed_with_buttons(reporter, qtbot):
    reporter.show(None, raised(ValueError("wrong")))
    (dialog,) = dialogs(BugReportDialog)
    copy = dialog.findChild(QPushButton, "bug_report_copy")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == dialog.report
    assert copy.text() == "Report copied"
    close = dialog.findChild(QPushButton, "bug_report_close")
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not isValid(dialog))
    assert dialogs(BugReportDialog) == []


def test_a_flood_of_one_bug_opens_one_dialog_that_counts(reporter, qtbot):
    for number in range(1200):
        reporter.show(None, raised(ValueError(f"wrong {number}")))
    (dialog,) = dialogs(BugReportDialog)
    assert headline(dialog) == "ValueError: wrong 0  (1,200 times)"


def test_a_flood_of_different_bugs_opens_few_dialogs(reporter, caplog):
    for kind in (ValueError, TypeError, KeyError, IndexError, AttributeError, OSError):
        reporter.show(None, raised(kind("wrong")))
    assert len(dialogs(BugReportDialog)) == 3
    assert len(caplog.records) == 6


def test_the_reporter_itself_never_raises(reporter, caplog):
    class UnspeakableError(AdapterError):
        def __str__(self):
            raise RuntimeError("cannot be told")

    reporter.show(None, UnspeakableError())
    assert "An error could not be shown" in caplog.text


def test_the_report_names_versions_and_system(qapp, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(__version__="2.9.9"))
    report = bug_report(raised(ValueError("wrong")))
    for part in (
        f"VeRA Studio {vera_studio.__version__}",
        f"Python {platform.python_version()}",
        "PySide6 ",
        "Qt 6.",
        "torch 2.9.9",
        platform.platform(),
        "ValueError: wrong",
    ):
        assert part in report


def test_the_report_does_not_import_torch(qapp, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert "torch not loaded" in bug_report(ValueError("wrong"))
    assert "torch" not in sys.modules


def test_the_report_leaves_out_the_home_folder(qapp, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    report = bug_report(FileNotFoundError("/home/ada/images/bird"))
    assert "~/images/bird" in report
    assert "ada" not in report


def test_the_report_tells_what_is_open_if_that_can_be_told(qapp):
    report = bug_report(raised(ValueError("wrong")), lambda: "Device: CPU")
    assert report.startswith("Device: CPU\n")
    assert report.endswith("ValueError: wrong\n")

    def fail():
        raise RuntimeError("no workspace")

    report = bug_report(raised(ValueError("wrong")), fail)
    assert f"VeRA Studio {vera_studio.__version__}" in report
    assert "no workspace" in report
    assert report.endswith("ValueError: wrong\n")


def test_the_log_has_the_report(reporter, qtbot, caplog):
    caplog.set_level(logging.INFO)
    reporter.describe = lambda: "Device: a card of mine"
    reporter.show(None, raised(ValueError("wrong")))
    assert "Device: a card of mine" in caplog.text


def test_a_summary_is_one_line():
    assert summary(ValueError("one\n  two")) == "ValueError: one two"


@pytest.mark.usefixtures("hooks")
def test_an_exception_in_a_slot_is_reported_and_the_program_goes_on(qtbot):
    def broken_slot():
        raise ValueError("in a slot")

    QTimer.singleShot(0, broken_slot)
    qtbot.waitUntil(lambda: len(dialogs(BugReportDialog)) == 1)
    assert "in broken_slot" in dialogs(BugReportDialog)[0].report


@pytest.mark.usefixtures("hooks")
def test_an_unhandled_studio_error_is_a_message(qtbot):
    def failing_slot():
        raise AdapterError("Truncated.")

    QTimer.singleShot(0, failing_slot)
    qtbot.waitUntil(lambda: len(dialogs(QMessageBox)) == 1)


@pytest.mark.usefixtures("hooks")
def test_an_exception_on_another_thread_is_reported_on_this_one(qtbot):
    def broken():
        raise ValueError("on a thread")

    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(dialogs(BugReportDialog)) == 1)
    assert headline(dialogs(BugReportDialog)[0]) == "ValueError: on a thread"


@pytest.mark.usefixtures("hooks")
def test_an_exception_that_nobody_can_receive_is_reported(qtbot):
    class Broken:
        def __del__(self):
            raise ValueError("while being deleted")

    Broken()
    gc.collect()
    qtbot.waitUntil(lambda: len(dialogs(BugReportDialog)) == 1)


@pytest.mark.usefixtures("hooks")
def test_an_interrupt_from_the_terminal_ends_the_program(qtbot, monkeypatch):
    ended = []
    monkeypatch.setattr(QCoreApplication, "quit", lambda: ended.append(True))

    def interrupted_slot():
        raise KeyboardInterrupt

    QTimer.singleShot(0, interrupted_slot)
    qtbot.waitUntil(lambda: ended == [True])
    assert dialogs(BugReportDialog) == []


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")]
)
def test_memory_that_runs_out_is_a_message_with_what_to_do(reporter, hooks, qtbot, error):
    reporter.show(None, raised(error))
    sys.excepthook(type(error), raised(error), None)
    QCoreApplication.processEvents()
    (box,) = dialogs(QMessageBox)
    assert "There is not enough memory" in box.text() + box.informativeText()
    assert "Close other programs" in box.text() + box.informativeText()
    assert dialogs(BugReportDialog) == []
