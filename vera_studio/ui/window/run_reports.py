"""Writing a report of a run: what is to be in it, where it goes, and a look at it."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from vera_studio.files import is_regular
from vera_studio.ui.runner import OnEvent, ShouldStop
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.file_dialogs import ask_save
from vera_studio.ui.widgets.reasons import allow

_PARTS = ("validation", "test")  # of which a run keeps what it said of each image
_FILTER = "Pages (*.html)"
_ABOUT = (
    "A page with the result, curves, tables, recipe and versions in it. It needs nothing else: "
    "any browser shows it, without a network, and prints it."
)
_NO_PREDICTIONS = "This run kept nothing of what it said of each image."


class ReportDialog(QDialog):
    """Asks what is to be in a report.

    Signals:
        wanted(bool, bool): with some mistakes or not; whether it is to be opened then.
    """

    wanted = Signal(bool, bool)

    def __init__(self, has_mistakes: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("report_dialog")
        self.setWindowTitle("Write a Report")
        about = QLabel(_ABOUT, wordWrap=True)
        self.mistakes = QCheckBox("With some of the &images that it gets wrong")
        self.mistakes.setObjectName("report_mistakes")
        self.mistakes.setAccessibleName("With some of the images that it gets wrong")
        self.mistakes.setToolTip("Whoever gets the report sees these images")
        allow(self.mistakes, "" if has_mistakes else _NO_PREDICTIONS)
        self.open_then = QCheckBox("&Open it then")
        self.open_then.setChecked(True)
        self.open_then.setObjectName("report_open")
        self.open_then.setAccessibleName("Open it then")
        self.open_then.setToolTip("Show it in the browser once it is written")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = buttons.addButton("&Save As…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.save.setObjectName("report_save")
        self.save.setToolTip("Choose where it goes, and write it")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (about, self.mistakes, self.open_then, buttons):
            column.addWidget(widget)
        self.setMinimumWidth(420)
        self.accepted.connect(
            lambda: self.wanted.emit(self.mistakes.isChecked(), self.open_then.isChecked())
        )


class RunReports(QObject):
    """Asks for and writes reports."""

    def __init__(self, studio: Studio, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._window = studio, window

    def ask(self, folder: Path) -> None:
        """Let the user say what is to be in the report of the run in `folder`."""
        kept = any(is_regular(folder / f"predictions-{part}.csv") for part in _PARTS)
        dialog = ReportDialog(kept, self._window)
        dialog.wanted.connect(partial(self._ask_place, folder))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_place(self, folder: Path, with_mistakes: bool, opens: bool) -> None:
        path = ask_save(self._window, "Write a Report", f"report-{folder.name}.html", _FILTER)
        if path is None:
            return
        function = partial(_write, folder, path, with_mistakes)
        job = self._studio.runner.start(function, name="Writing a report")
        job.finished.connect(lambda _: self._tell(path, opens))
        job.failed.connect(self._studio.failed)

    def _tell(self, path: Path, opens: bool) -> None:
        self._studio.message.emit(f"Wrote the report {path.name}.")
        if opens:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _write(
    folder: Path, path: Path, with_mistakes: bool, on_event: OnEvent, should_stop: ShouldStop
) -> None:
    from vera_studio.reports.report import write_report

    write_report(folder, path, with_mistakes, should_stop)
