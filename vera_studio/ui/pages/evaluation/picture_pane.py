"""One picture: what it is, what both networks took it for, its file, and what to do about it."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vera_studio.data.image_marks import Mark
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.jobs.evaluation import Evaluated
from vera_studio.ui.pages.evaluation.pictures import Pictures
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.flow_layout import FlowLayout
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.scaled_picture import ScaledPicture
from vera_studio.ui.widgets.thumbnail_rows import fitted
from vera_studio.ui.widgets.ticked_buttons import TickedPushButton
from vera_studio.ui.widgets.told_bars import Told, ToldBars
from vera_studio.wording import printable

_LEAST = 130  # pixels a side
_READ = 400  # pixels a side that a photograph is read at
_TOLD = 3  # classes
_NO_FILE = "These images come from no files of yours."
_MARKS: tuple[tuple[Mark, str, str], ...] = (
    ("left out", "Leave Out", "Note that this picture is not to be used. Its file is not touched"),
    ("mislabelled", "Mislabelled", "Note that its class is wrong. Its file is not touched"),
)


class PicturePane(QWidget):
    """Signals:
    mark_requested(str, object): the picture of this file, as predictions have it, is to be
        marked so, or with None no longer.
    """

    mark_requested = Signal(str, object)

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._file = ""
        self._path: Path | None = None
        self._picture: Any = None  # its pixels as the network takes them, or its file
        self._reading = NewestJob("Reading an image", studio.runner, self)
        self._reading.failed.connect(studio.failed)
        self.picture = ScaledPicture(_LEAST)
        self.picture.setObjectName("evaluated_picture")
        self.picture.setAccessibleName("The picture")
        self.truth = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.truth.setObjectName("picture_truth")
        font = self.truth.font()
        font.setBold(True)
        self.truth.setFont(font)
        self.after = ToldBars("Now", _TOLD)
        self.after.setObjectName("told_now")
        self.before = ToldBars("Before", _TOLD)
        self.before.setObjectName("told_before")
        self.name = ElidedLabel()
        self.name.setObjectName("picture_file_name")
        self.name.setAccessibleName("File")
        self.name.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        told = QHBoxLayout()
        told.setSpacing(12)
        told.addWidget(self.after)
        told.addWidget(self.before)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.truth)
        words.addLayout(told)
        words.addWidget(self.name)
        words.addWidget(self._buttons())
        words.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        row.addWidget(self.picture, 2)
        row.addLayout(words, 3)

    def _buttons(self) -> QWidget:
        buttons = QWidget()
        row = FlowLayout(buttons, 4, 4)
        self.open = _button("open_picture", "Open", "Open the file in the program for pictures")
        self.open.clicked.connect(lambda: self._show_outside(self._path))
        self.folder = _button("show_picture_folder", "Show in Folder", "Open the file's folder")
        self.folder.clicked.connect(lambda: self._show_outside(self._path and self._path.parent))
        self.look = _button("look_at_picture", "Where It Looked", "See what in the picture decided")
        self.look.clicked.connect(lambda: self._studio.look_requested.emit(self._picture))
        self.marks: dict[Mark, QPushButton] = {}
        for mark, text, tip in _MARKS:
            button = TickedPushButton(text)
            _describe(button, f"mark_{mark.replace(' ', '_')}", text, tip)
            button.setCheckable(True)
            button.clicked.connect(lambda is_on, mark=mark: self._ask_mark(mark, is_on))
            self.marks[mark] = button
        for one in (self.look, self.open, self.folder, *self.marks.values()):
            row.addWidget(one)
        return buttons

    def show_nothing(self) -> None:
        """Show that no picture is chosen."""
        self.setVisible(False)

    def show_picture(
        self, evaluated: Evaluated, index: int, pictures: Pictures, mark: Mark | None
    ) -> None:
        """Show image `index` of the predictions."""
        self.setVisible(True)
        one = evaluated.predictions
        self._file, self._path = one.files[index], pictures.file(index)
        self.truth.setText(f"It is: {printable(one.class_names[one.truth[index]])}")
        self.after.set_told(_told(evaluated, index, one.told, one.shares))
        self.before.set_told(_told(evaluated, index, one.base_told, one.base_shares))
        self.before.setVisible(one.has_base)
        self.name.setText(printable(self._file if self._path else f"image {self._file}"))
        pixels = pictures.read(index)
        self.picture.set_image(None if pixels is None else fitted(pixels, _READ))
        self._picture = self._path if pixels is None else pixels
        allow(self.look, "" if self._picture is not None else "Its images are not open.")
        self._reading.forget()
        if self._path is not None:
            function = partial(opening_jobs.read_photograph, self._path, _READ)
            self._reading.start(function, self._take_photograph)
        self.show_mark(mark)
        for button in (self.open, self.folder, *self.marks.values()):
            allow(button, "" if self._path else _NO_FILE)

    def show_mark(self, mark: Mark | None) -> None:
        """Show how the picture is marked."""
        for one, button in self.marks.items():
            button.setChecked(one == mark)

    def _take_photograph(self, pixels: Any) -> None:
        if pixels is not None:
            self.picture.set_image(fitted(pixels, _READ))

    def _ask_mark(self, mark: Mark, is_on: bool) -> None:
        self.mark_requested.emit(self._file, mark if is_on else None)

    def _show_outside(self, path: Path | None) -> None:
        if path is not None and path.exists():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
        elif path is not None:
            self._studio.message.emit(f"{path.name} is not there any more.")


def _told(evaluated: Evaluated, index: int, told: Any, shares: Any) -> list[Told]:
    one = evaluated.predictions
    return [
        Told(printable(one.class_names[place]), float(share), bool(place == one.truth[index]))
        for place, share in zip(told[index, :_TOLD], shares[index, :_TOLD], strict=True)
    ]


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    _describe(button, name, text, tip)
    return button


def _describe(button: QPushButton, name: str, text: str, tip: str) -> None:
    button.setObjectName(f"{name}_button")
    button.setAccessibleName(text)
    button.setToolTip(tip)
