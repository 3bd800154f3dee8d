"""What is known about a bug, as text to copy, and the dialog that shows it."""

import traceback
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.runs.fault_report import fault_report
from vera_studio.ui.window.diagnostics import qt_versions

ADVICE = (
    "This is a fault of VeRA Studio. You can go on working; a run that was going goes on too. "
    "If something no longer behaves as it should, save the recipe, then close and open the "
    "program.\nTo have the fault mended, copy the report below and send it along with what "
    "you did just before."
)


CRASHED = "The program ended without warning the last time"
CRASH_ADVICE = (
    "What was in the library is there, and so is what runs had written by then. To have the fault "
    "mended, copy the report below and send it along with what you did just before."
)


def bug_report(error: BaseException, describe: Callable[[], str] | None = None) -> str:
    """What to send along with `error`; versions alone where `describe` tells no more, or fails."""
    state = "\n".join(qt_versions())
    if describe is not None:
        try:
            state = describe()
        except Exception as other:  # what failed may have failed for the same reason
            state += f"\nWhat is open cannot be told: {other!r}"
    return fault_report(error, state)


def summary(error: BaseException) -> str:
    """The error in one line."""
    return " ".join(traceback.format_exception_only(error)[-1].split())


class BugReportDialog(QDialog):
    """Says that something went wrong and offers the report; leaves the window usable."""

    def __init__(
        self, summary: str, report: str, parent: QWidget | None = None, advice: str = ADVICE
    ) -> None:
        super().__init__(parent)
        self._summary = summary
        self._times = 1
        self.setObjectName("bug_report")
        self.setWindowTitle("Something went wrong")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._headline = self._make_label("bug_report_summary", "What went wrong", self._summary)
        advice_label = self._make_label("bug_report_advice", "What you can do", advice)
        self._report = self._make_report(report)
        layout = QVBoxLayout(self)
        layout.addWidget(self._headline)
        layout.addWidget(advice_label)
        layout.addWidget(self._report, stretch=1)
        layout.addWidget(self._make_buttons())

    @property
    def report(self) -> str:
        """The text that is shown and copied."""
        return self._report.toPlainText()

    def count_again(self) -> None:
        """Show that the same error came once more."""
        self._times += 1
        self._headline.setText(f"{self._summary}  ({self._times:,} times)")

    def sizeHint(self) -> QSize:
        return QSize(720, 480)

    def _make_label(self, name: str, accessible_name: str, text: str) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)  # an error may hold anything
        label.setText(text)
        label.setObjectName(name)
        label.setAccessibleName(accessible_name)
        label.setWordWrap(True)
        return label

    def _make_report(self, text: str) -> QPlainTextEdit:
        report = QPlainTextEdit(text)
        report.setObjectName("bug_report_text")
        report.setAccessibleName("Report")
        report.setToolTip("What happened and where, for whoever mends it")
        report.setReadOnly(True)
        report.setTabChangesFocus(True)
        report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        return report

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setObjectName("bug_report_close")
        close.setAccessibleName("Close")
        close.setToolTip("Close this report and go on")
        self._copy = QPushButton("&Copy report")
        self._copy.setObjectName("bug_report_copy")
        self._copy.setAccessibleName("Copy report")
        self._copy.setToolTip("Put the whole report on the clipboard")
        buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        self._copy.clicked.connect(self._copy_report)
        buttons.rejected.connect(self.reject)
        return buttons

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self.report)
        self._copy.setText("Report copied")
