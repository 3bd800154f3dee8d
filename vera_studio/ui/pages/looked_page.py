"""Where in a picture the network looked, before and with the adapter."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vera_studio.errors import ModelError
from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import insight as insight_jobs
from vera_studio.ui.jobs.insight import Looked, Seen
from vera_studio.ui.state.gallery import PARTS, Gallery
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.file_dialogs import ask_open
from vera_studio.ui.widgets.looked_view import LookedView
from vera_studio.ui.widgets.page_when_seen import PageWhenSeen
from vera_studio.ui.widgets.picture_strip import PictureStrip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.thumbnail_rows import fitted

_LIKELIEST = "The likeliest"
_LARGEST = 1000  # pixels a side, of what is kept to be shown
_PICTURES = "Pictures (*.jpg *.jpeg *.png *.webp *.bmp *.gif *.tif *.tiff);;All files (*)"
_UNTRAINED = "The last layer is new and not trained yet: train it first, then see where it looks."
_HELD_OUT = (1, 2, 0)  # of PARTS, which to show first: validation, test, training


class LookedPage(PageWhenSeen):
    """A strip of pictures to choose from, and the maps of the one that is chosen."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = studio.workspace
        self._failed = studio.failed
        self._gallery: Gallery | None = None
        self._picture: Any = None  # pixels, or the path of a file
        self._looking = NewestJob("Where it looked", studio.runner, self)
        self._looking.failed.connect(self._tell_failure)
        self._looking.cancelled.connect(self._find_later)
        self.part = _combo("looked_part", "Which images to choose from")
        self.label = _combo("looked_class", "Class of the pictures to choose from")
        self.sought = _combo("sought_class", "Class to look for in the picture")
        self.open = QPushButton(icon("open"), "Open a Picture…")
        self.open.setObjectName("open_looked_picture")
        self.open.setAccessibleName("Open a picture from a file")
        self.open.setToolTip("See where the network looks in a picture from a file")
        self.strip = PictureStrip()
        self.view = LookedView()
        self._lay_out()
        self.part.currentIndexChanged.connect(self._fill_strip)
        self.label.currentIndexChanged.connect(self._fill_strip)
        self.sought.currentIndexChanged.connect(self._find_when_seen)
        self.open.clicked.connect(self._ask_picture)
        self.strip.chosen.connect(self._choose)
        self._workspace.model_changed.connect(self._follow_model)
        self._workspace.data_changed.connect(self._follow_data)
        self._workspace.adapter_changed.connect(self._find_when_seen)
        self._follow_model(None)
        self._follow_data(None)

    def show_picture(self, picture: Any) -> None:
        """Look at a picture.

        Args:
            picture: pixels (height, width, 3) as the network takes them, a file's path, or the
                content of one.
        """
        self.strip.clearSelection()
        self._picture = picture
        self._find_when_seen()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for text, control in (("Images", self.part), ("of", self.label)):
            row.addWidget(QLabel(text))
            row.addWidget(control)
        row.addWidget(self.open)
        row.addStretch()
        row.addWidget(QLabel("Look for"))
        row.addWidget(self.sought)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.strip)
        column.addWidget(self.view, 1)

    # What there is to choose from

    def _follow_model(self, _: object) -> None:
        names = self._workspace.class_names
        with QSignalBlocker(self.sought):
            self.sought.clear()
            self.sought.addItems([_LIKELIEST, *names])
        for control in (self.sought, self.open):
            allow(control, "" if self._workspace.model else "No network is open yet.")
        self._picture = None
        self._find_when_seen()

    def _follow_data(self, data: Any) -> None:
        self._gallery = None if data is None else Gallery(data)
        self._picture = None
        counts = self._gallery.counts if self._gallery else ()
        parts = [part for part in _HELD_OUT if any(images[part] for images in counts)]
        _fill(self.part, [(PARTS[part].capitalize(), part) for part in parts])
        names = self._gallery.class_names if self._gallery else ()
        there = [row for row, images in enumerate(counts) if any(images)]
        _fill(self.label, [(names[row], row) for row in there])
        reason = "" if there else "No images are open."
        for control in (self.part, self.label):
            allow(control, reason)
        self._fill_strip()

    def _fill_strip(self) -> None:
        row, part = self.label.currentData(), self.part.currentData()
        if self._gallery is None or row is None or part is None:
            self.strip.set_pictures(0)
            self.view.show_picture(QImage(), "No images are open.")
            return
        counts = self._gallery.counts[row]
        first = sum(counts[:part])
        gallery = self._gallery
        self.strip.set_pictures(counts[part], lambda position: gallery(row, first + position))
        if counts[part]:
            self.strip.choose(0)

    def _choose(self, position: int) -> None:
        row, part = self.label.currentData(), self.part.currentData()
        if self._gallery is not None:
            first = sum(self._gallery.counts[row][:part])
            self._picture = self._gallery(row, first + position)
            self._find_when_seen()

    def _ask_picture(self) -> None:
        if path := ask_open(self, "Open a Picture", _PICTURES):
            self.show_picture(path)

    # Looking

    def _find(self) -> None:
        model, picture = self._workspace.model, self._picture
        if model is None or picture is None:
            return
        if self._workspace.is_untrained:
            self._looking.forget()
            self.view.show_picture(_image(picture), _UNTRAINED)
            return
        sought = self.sought.currentIndex() - 1  # the first is the likeliest
        function = partial(
            insight_jobs.look,
            model,
            self._workspace.adapter,
            picture,
            sought if sought >= 0 else None,
        )
        self._looking.start(function, self._show)

    def _show(self, looked: Looked) -> None:
        maps = [_map(seen) for seen in (looked.base, looked.adapted)]
        self.view.set_maps(fitted(looked.pixels, _LARGEST), looked.class_name, *maps)

    def _tell_failure(self, error: Exception) -> None:
        if isinstance(error, ModelError):  # such as of a network with attention
            self.view.show_picture(_image(self._picture), str(error))
        else:
            self._failed.emit(error)


def _map(seen: Seen | None) -> Any:
    return None if seen is None else (seen.heat, seen.told)


def _image(picture: Any) -> QImage:
    if picture is None or isinstance(picture, Path | bytes):
        return QImage()
    return fitted(picture, _LARGEST)


def _combo(name: str, title: str) -> QComboBox:
    combo = QComboBox()
    combo.setObjectName(name)
    combo.setAccessibleName(title)
    combo.setToolTip(title)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(12)
    return combo


def _fill(combo: QComboBox, entries: list[tuple[str, int]]) -> None:
    with QSignalBlocker(combo):
        combo.clear()
        for text, value in entries:
            combo.addItem(text, value)
