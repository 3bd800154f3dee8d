"""What becomes of the names: a table, or a folder of copies that is opened at once."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QMenu, QMessageBox, QPushButton, QWidget

from vera_studio.errors import StudioError
from vera_studio.ui.icons import icon
from vera_studio.ui.state.label_control import LabelControl, part_problem
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets import file_dialogs
from vera_studio.ui.widgets.plain_text import plain_message, plain_tip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.wrapped_label import WrappedLabel


class SaveButton(QPushButton):
    """Offers the two forms to save the names in.

    Signals:
        table_requested(): as a table.
        folders_requested(): as copies in folders.
    """

    table_requested = Signal()
    folders_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(icon("save-recipe"), "Save Labels", parent)
        self.setObjectName("save_labels_button")
        self.setAccessibleName("Save the labels")
        self.setToolTip("Nothing is written before; nothing is ever moved or overwritten")
        menu = QMenu(self)
        menu.setObjectName("save_labels_menu")
        menu.setToolTipsVisible(True)
        for name, text, tip, signal in (
            (
                "save_label_folders",
                "As &Folders of Copies…",
                "Copy the named pictures into a folder a class, to train on",
                self.folders_requested,
            ),
            (
                "save_label_table",
                "As a &Table…",
                "Write a CSV with each named picture's file and class",
                self.table_requested,
            ),
        ):
            action = menu.addAction(text)
            action.setObjectName(name)
            action.setToolTip(tip)
            action.triggered.connect(lambda _=False, signal=signal: signal.emit())
        self.setMenu(menu)


class Saving:
    """Asks where to, then has it done."""

    def __init__(self, studio: Studio, control: LabelControl, page: QWidget) -> None:
        self._studio, self._control, self._page = studio, control, page

    def ask_table(self) -> None:
        """Ask for a file, then write the table."""
        seen = self._control.seen
        if seen is None or not self._agrees():
            return
        name = f"{seen.heap.folder.name}-labels.csv"
        path = file_dialogs.ask_save(self._page, "Save Labels", name, "Tables (*.csv)")
        if path is not None:
            self._control.save_table(path)

    def ask_folders(self) -> None:
        """Ask for a folder, then copy the pictures into folders in it."""
        seen, control = self._control.seen, self._control
        if seen is None:
            return
        used = [name for _, name in control.labelling.pairs()]
        if problem := part_problem(list(dict.fromkeys(used))):
            self._studio.failed.emit(StudioError(problem))
            return
        if not self._agrees():
            return
        try:
            title, name = "Copy the Pictures to a New Folder", f"{seen.heap.folder.name}-labelled"
            folder = file_dialogs.ask_new_folder(self._page, title, name)
        except StudioError as error:
            self._studio.failed.emit(error)
            return
        if folder is None:
            return
        if refusal := control.refusal(folder):
            self._studio.failed.emit(StudioError(refusal))
        else:
            control.save_folders(folder)

    def _agrees(self) -> bool:
        """Whether it is all right that pictures without a name are not among them."""
        labelling = self._control.labelling
        waiting = len(labelling) - labelling.named - labelling.left_out
        if not waiting:
            return True
        count = "1 picture has" if waiting == 1 else f"{waiting:,} pictures have"
        return _asked(
            self._page,
            f"{count} no name yet. Save the others?",
            "You can go on naming afterwards, and save again to another place.",
            ("Save the Others", "Go On Naming"),
        )


class SavedBar(QWidget):
    """Says where the labels are, and leads on.

    Signals:
        open_requested(Path): the folder is to be opened as images to train on.
    """

    open_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("saved_bar")
        self._path = Path()
        self.told = WrappedLabel("labels_saved", "Where the labels were saved")
        self.open = QPushButton(icon("data"), "Open as Images")
        self.open.setObjectName("open_labelled_button")
        self.open.setAccessibleName("Open these as the images to train on")
        self.open.setToolTip("Open the folder as the images to train on")
        self.open.clicked.connect(lambda: self.open_requested.emit(self._path))
        self.show_button = QPushButton(icon("folder"), "Show in Folder")
        self.show_button.setObjectName("show_labelled_button")
        self.show_button.setAccessibleName("Show where the labels are")
        self.show_button.setToolTip("Show the folder that the labels are in")
        self.show_button.clicked.connect(self._show)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.told, 1)
        row.addWidget(self.open)
        row.addWidget(self.show_button)
        self.hide()

    def show_saved(self, path: Path, as_folders: bool) -> None:
        """Tell of what has just been written."""
        self._path = path
        self.told.setText(f"Saved: {path}")
        self.told.setToolTip(plain_tip(str(path)))
        self.open.setVisible(as_folders)
        self.show()

    def set_obstacle(self, obstacle: str) -> None:
        """Say why nothing can be opened now; or empty."""
        allow(self.open, obstacle)

    def _show(self) -> None:
        folder = self._path if self._path.is_dir() else self._path.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def ask_to_lose(page: QWidget, unsaved: str, what: str) -> bool:
    """Ask whether names that were not saved may be lost; whether they may.

    Args:
        page: to ask over.
        unsaved: the names, as `LabelControl.unsaved` has it.
        what: is to be done then, for the button.
    """
    told = f"{unsaved} named and not saved."
    return _asked(page, told, "The names would be lost.", (what, "Keep Them"), is_safe=False)


def _asked(
    page: QWidget, text: str, more: str, answers: tuple[str, str], is_safe: bool = True
) -> bool:
    """Ask a question; whether the first of `answers` was chosen.

    Escape is the second one, and Return too unless the first `is_safe`.
    """
    box = plain_message(page, QMessageBox.Icon.Question, text, more)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # it is asked for its answer
    yes = box.addButton(answers[0], QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton(answers[1], QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(yes if is_safe else no)
    box.setEscapeButton(no)
    box.exec()
    agreed = box.clickedButton() is yes
    box.deleteLater()
    return agreed
