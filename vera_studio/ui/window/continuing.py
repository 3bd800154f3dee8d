"""Going on with runs: those that were broken off are offered, any other can be chosen."""

import contextlib
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QMessageBox, QWidget

from vera_studio import environment
from vera_studio.errors import StudioError
from vera_studio.recipe import MAX_EPOCHS
from vera_studio.ui.jobs.runs import RunSoFar, find_broken_off, how_far
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.file_dialogs import ask_folder
from vera_studio.ui.widgets.plain_text import plain_message
from vera_studio.wording import epochs_text

_MOST_KEPT = 200  # names of runs that are not to be offered again


class Continuing(QObject):
    """Asks whether and how a run is to go on."""

    def __init__(self, studio: Studio, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._settings, self._window = studio, settings, window
        studio.ready.connect(self._look)

    def ask(self) -> None:
        """Let the user choose a run, and how many epochs it is to have if it has had all."""
        with contextlib.suppress(OSError):  # then the dialog begins elsewhere
            environment.runs_folder().mkdir(parents=True, exist_ok=True)
        folder = ask_folder(self._window, "Continue a Run", environment.runs_folder())
        if folder is not None:
            self.ask_about(folder)

    def ask_about(self, folder: Path) -> None:
        """Go on with the run in `folder`; ask how many epochs it is to have if it has had all."""
        job = self._studio.runner.start(partial(how_far, folder), name="Looking at the run")
        job.finished.connect(self._ask_epochs)
        job.failed.connect(self._studio.failed)

    def _look(self) -> None:
        """Find what was broken off, once all is loaded."""
        in_queue = [one.run for one in self._studio.queue.waiting]  # which go on in their turn
        passed_over = [*self._settings.texts("runs_passed_over"), *in_queue]
        function = partial(find_broken_off, environment.runs_folder(), passed_over)
        job = self._studio.runner.start(function, name="Looking for runs")
        job.finished.connect(self._offer)
        job.failed.connect(self._studio.failed)

    def _offer(self, found: tuple[RunSoFar | None, list[str]]) -> None:
        run, names = found
        if run is None or not self._studio.is_free:
            return
        more = f"There are {len(names) - 1} more: Run > Continue a Run." if len(names) > 1 else ""
        box = plain_message(
            self._window,
            QMessageBox.Icon.Question,
            f"The run {run.folder.name} was broken off in epoch {run.epoch} of {run.epochs}.\n"
            "It can go on from where it was, and ends as if nothing had happened.",
            more,
        )
        box.setObjectName("continue_run")
        yes = box.addButton("&Continue", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("&Not Now", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(yes)
        box.accepted.connect(lambda: self._studio.resume_run(run.folder))
        box.rejected.connect(lambda: self._pass_over(names))
        box.open()

    def _pass_over(self, names: list[str]) -> None:
        kept = [*self._settings.texts("runs_passed_over"), *names][-_MOST_KEPT:]
        self._settings.keep(runs_passed_over=kept)

    def _ask_epochs(self, run: RunSoFar) -> None:
        if not run.is_over:
            self._studio.resume_run(run.folder)
            return
        if run.epoch > MAX_EPOCHS:
            self._studio.failed.emit(StudioError("This run has had as many epochs as one can."))
            return
        dialog = QInputDialog(self._window)
        dialog.setObjectName("continue_epochs")
        dialog.setWindowTitle("Continue a Run")
        dialog.setLabelText(
            f"The run {run.folder.name} came to its end after {epochs_text(run.epoch - 1)}.\n"
            "How many is it to have in all?"
        )
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(run.epoch, MAX_EPOCHS)
        dialog.setIntValue(min(2 * run.epochs, MAX_EPOCHS))
        dialog.intValueSelected.connect(partial(self._studio.resume_run, run.folder))
        dialog.open()
