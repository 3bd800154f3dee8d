"""What the user has marked in a folder of images, and leaving it out of the data."""

import dataclasses
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from vera_studio.data.image_marks import Mark, load_marks, set_mark
from vera_studio.errors import StudioError
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.reasons import allow

_NOT_OPEN = "Other images are open than those that are marked here."


class MarksBar(QWidget):
    """Signals:
    changed(object): which images are marked, by file.
    """

    changed = Signal(object)

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._folder: Path | None = None
        self._is_open = False
        self.marks: dict[str, Mark] = {}
        self.text = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.text.setObjectName("marks_text")
        self.apply = QPushButton("Leave Them Out of the Data")
        self.apply.setObjectName("leave_out_button")
        self.apply.setAccessibleName("Leave the marked pictures out of the data")
        self.apply.setToolTip(
            "Open the images anew without those that are marked: neither trained, validated nor "
            "tested on. Their files stay as they are"
        )
        self.apply.clicked.connect(self._leave_out)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        row.addWidget(self.apply)
        workspace = studio.workspace
        for signal in (studio.busy_changed, workspace.recipe_changed, studio.run.state_changed):
            signal.connect(self._show)
        self._show()

    def set_folder(self, folder: Path | None, is_open: bool) -> None:
        """Show the marks on the images below `folder`; None for images without files."""
        self._folder, self._is_open = folder, is_open
        try:
            self.marks = load_marks(folder) if folder else {}
        except StudioError as error:
            self.marks = {}
            self._studio.failed.emit(error)
        self._show()

    def mark(self, file: str, mark: Mark | None) -> None:
        """Mark the image of `file`, or take its mark away."""
        if self._folder is None:
            return
        try:
            self.marks = set_mark(self._folder, file, mark)
        except StudioError as error:
            self._studio.failed.emit(error)
        self._show()
        self.changed.emit(self.marks)

    def _show(self, _: object = None) -> None:
        kinds = list(self.marks.values())
        out, wrong = kinds.count("left out"), kinds.count("mislabelled")
        told = [f"{out:,} to leave out"] if out else []
        told += [f"{wrong:,} mislabelled"] if wrong else []
        done = self._is_open and set(self._studio.workspace.recipe.data.left_out) == set(self.marks)
        self.setVisible(bool(told) or (self._is_open and not done))
        words = f"Marked: {', '.join(told)}." if told else "No picture is marked any more."
        self.text.setText(f"{words} They are left out of the data." if done else words)
        self.apply.setVisible(not done)
        self.apply.setText("Leave Them Out of the Data" if told else "Use All Again")
        reason = self._studio.obstacle
        allow(self.apply, reason or ("" if self._is_open else _NOT_OPEN))

    def _leave_out(self) -> None:
        settings = self._studio.workspace.recipe.data
        files = tuple(sorted(self.marks))
        self._studio.open_data(dataclasses.replace(settings, left_out=files))
