"""What is done with classified pictures: a table, copies, images to train on."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from vera_studio.errors import StudioError
from vera_studio.runs.sorted_copies import UNSURE, folder_names
from vera_studio.ui.jobs.classify import training_folders
from vera_studio.ui.state.classify_control import ClassifyControl
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets import file_dialogs
from vera_studio.ui.widgets.classified_model import ClassifiedModel
from vera_studio.ui.widgets.plain_text import plain_message

_NOTHING = "No picture is classified yet."
_NONE_YOURS = (
    "You have not said of any picture what it is: select some, then press a digit, the first "
    "letters of a class, or Return where it is right."
)


class Outcome(QObject):
    """Asks where to, then has it done."""

    def __init__(
        self, studio: Studio, control: ClassifyControl, model: ClassifiedModel, page: QWidget
    ) -> None:
        super().__init__(page)
        self._studio, self._control, self._model, self._page = studio, control, model, page

    def obstacles(self) -> tuple[str, str]:
        """Why nothing can be saved or copied, and why nothing can be trained on; or empty."""
        rows, control = self._model.rows, self._control
        going = "Wait until all pictures are classified, or stop." if control.is_going else ""
        return (
            going or ("" if len(rows) else _NOTHING),
            "" if rows.corrected().any() else _NONE_YOURS,
        )

    def ask_table(self) -> None:
        """Ask for a file, then write the table."""
        subject = self._control.subject
        if subject is None:
            return
        name = f"{subject.folder.name}.csv"
        path = file_dialogs.ask_save(self._page, "Save Table", name, "Tables (*.csv)")
        if path is not None:
            self._control.save_table(path, self._model.rows)

    def ask_copies(self) -> None:
        """Ask for a folder, then copy every picture into a folder of its class in it."""
        folder = self._ask_folder("Copy the Pictures into Folders Here")
        if folder is None:
            return
        rows = self._model.rows
        named = [folder / name for name in folder_names(rows.class_names)]
        told = zip(rows.files, rows.classes().tolist(), rows.unsure().tolist(), strict=True)
        apart = folder / UNSURE
        self._control.copy(
            [(file, apart if unsure else named[best]) for file, best, unsure in told]
        )

    def ask_training(self) -> None:
        """Ask where the pictures that a person gave a class are to be trained on, and copy them."""
        rows, data = self._model.rows, self._studio.workspace.data
        count = int(rows.corrected().sum())
        folders = training_folders(data) if data is not None else {}
        open_folder = data.folder if data is not None else None
        if open_folder is None or not self._given_names() <= set(folders):
            self._ask_new_folder()
            return
        pictures = "the picture" if count == 1 else f"the {count:,} pictures"
        box = plain_message(
            self._page,
            QMessageBox.Icon.Question,
            f"Copy {pictures} that you gave a class to the open images?",
            f"Copies go into {open_folder}, each beside the training images of its class, and the "
            "folder is opened anew. Nothing in it is changed or overwritten; the pictures stay "
            "where they are as well.",
        )
        here = box.addButton("Copy to the Open Images", QMessageBox.ButtonRole.AcceptRole)
        here.setObjectName("copy_to_open_images")
        here.clicked.connect(
            lambda: self._control.copy(self._given_pairs(folders), self._open_anew)
        )
        elsewhere = box.addButton("Another Folder…", QMessageBox.ButtonRole.ActionRole)
        elsewhere.setObjectName("copy_to_another_folder")
        elsewhere.clicked.connect(self._ask_new_folder)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.open()

    def _ask_new_folder(self) -> None:
        folder = self._ask_folder("Copy Your Pictures into Folders Here, to Open as Images")
        if folder is None:
            return
        names = self._model.rows.class_names
        named = dict(zip(names, (folder / name for name in folder_names(names)), strict=True))
        self._control.copy(self._given_pairs(named))

    def _given_pairs(self, folders: Mapping[str, Path]) -> list[tuple[str, Path]]:
        rows = self._model.rows
        return [
            (rows.files[row], folders[rows.class_names[rows.given(row)]])
            for row in rows.corrected().nonzero()[0].tolist()
        ]

    def _given_names(self) -> set[str]:
        rows = self._model.rows
        return {rows.class_names[one] for one in set(rows.classes()[rows.corrected()].tolist())}

    def _open_anew(self) -> None:
        studio = self._studio
        if obstacle := studio.obstacle:
            studio.message.emit(f"Copied. Open the folder again to train on them. {obstacle}")
        else:
            studio.message.emit("Copied your pictures to the open images, which are opened anew.")
            studio.open_data(studio.workspace.recipe.data)

    def _ask_folder(self, title: str) -> Path | None:
        """The folder that the user chooses for copies; None where none can go there."""
        folder = file_dialogs.ask_folder(self._page, title)
        if folder is None:
            return None
        if refusal := self._control.refusal(folder):
            self._studio.failed.emit(StudioError(refusal))
            return None
        return folder
