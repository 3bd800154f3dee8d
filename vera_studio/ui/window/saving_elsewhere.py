"""A run that could be written nowhere: the user is asked where to, as long as it takes."""

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from vera_studio.errors import StudioError
from vera_studio.runs.run_files import NotSavedError, new_folder
from vera_studio.runs.run_folder import RESULT, load_result
from vera_studio.ui.error_reporter import ErrorReporter
from vera_studio.ui.runner import OnEvent, ShouldStop
from vera_studio.ui.state.busy import SAVING
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.file_dialogs import ask_folder
from vera_studio.ui.widgets.plain_text import plain_message

_KEPT = "What the run left is kept in memory until it is saved, or until the window is closed."


class SavingElsewhere(QObject):
    """Shows failures, and of a run that is nowhere offers to save it."""

    def __init__(self, studio: Studio, reporter: ErrorReporter, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._reporter, self._window = studio, reporter, window

    def show(self, error: BaseException) -> None:
        """Tell the user of `error`; returns while the dialog is open."""
        if isinstance(error, NotSavedError):
            self._ask(str(error), error)
        else:
            self._reporter.show(self._window, error)

    def _ask(self, text: str, error: NotSavedError) -> None:
        box = plain_message(self._window, QMessageBox.Icon.Warning, text, _KEPT)
        box.setObjectName("save_elsewhere")
        save = box.addButton("&Save Elsewhere…", QMessageBox.ButtonRole.AcceptRole)
        save.setToolTip("Choose a folder, such as one on another disk, for the run's own")
        save.setObjectName("save_elsewhere_choose")
        leave = box.addButton("&Throw Away", QMessageBox.ButtonRole.DestructiveRole)
        leave.setToolTip("Give up what the run left")
        leave.setObjectName("save_elsewhere_discard")
        box.setDefaultButton(save)
        box.setEscapeButton(save)  # nothing is lost by a key
        save.clicked.connect(lambda: self._choose(error))
        box.open()

    def _choose(self, error: NotSavedError) -> None:
        parent = ask_folder(self._window, "Save the Run In")
        if parent is None:
            self._ask(str(error), error)
            return
        folder = new_folder(parent, error.name)

        def save(on_event: OnEvent, should_stop: ShouldStop) -> Path:
            error.save(folder)
            return folder

        def failed(problem: Exception) -> None:
            if isinstance(problem, StudioError):
                self._ask(f"{problem}\nChoose another folder.", error)
            else:
                self._studio.failed.emit(problem)

        self._studio.busy.start("Saving the run", save, self._saved, failed, handling=SAVING)

    def _saved(self, folder: Path) -> None:
        self._studio.message.emit(f"The run is saved in {folder}.")
        if (folder / RESULT).exists():  # it came to its end
            self._studio.show_result(load_result(folder))
