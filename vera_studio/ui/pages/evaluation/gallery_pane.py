"""Pictures of what is wrong, mended, broken, or in a cell; the one that is chosen, large."""

from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from vera_studio.data.image_marks import Mark
from vera_studio.ui.jobs.evaluation import Evaluated
from vera_studio.ui.pages.evaluation.picture_pane import PicturePane
from vera_studio.ui.pages.evaluation.pictures import Pictures
from vera_studio.ui.pages.evaluation.selection import Selection, images_of, words_for
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.picture_grid import PictureGrid, Tile
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.wrapped_label import WrappedLabel
from vera_studio.wording import printable

_MOST = 2000  # pictures that are listed
_STANDING = (Selection("wrong"), Selection("mended"), Selection("broken"))


class GalleryPane(QWidget):
    """A choice of which pictures, the pictures, and below them the current one.

    Signals:
        open_requested(): the images are to be opened that the pictures are of.
    """

    open_requested = Signal()

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._evaluated: Evaluated | None = None
        self._pictures: Pictures | None = None
        self._marks: dict[str, Mark] = {}
        self.choice = QComboBox()
        self.choice.setObjectName("gallery_choice")
        self.choice.setAccessibleName("Which pictures")
        self.choice.setToolTip("Which pictures are shown; a cell or a class adds its own")
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.setMinimumContentsLength(22)
        self.choice.activated.connect(lambda _: self._show())
        self.note = QLabel(wordWrap=True)
        self.note.setObjectName("gallery_note")
        self.note.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self._closed = QWidget()
        words = WrappedLabel("gallery_closed", "Why there are no pictures")
        words.setText("These pictures are of other images than those that are open.")
        self.open_button = QPushButton("Open What the Run Was On")
        self.open_button.setObjectName("open_run_images_button")
        self.open_button.setAccessibleName("Open the network and the images that the run was on")
        self.open_button.setToolTip("Open the run's recipe: its network, its images, its settings")
        self.open_button.clicked.connect(self.open_requested)
        row = QHBoxLayout(self._closed)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(words, 1)
        row.addWidget(self.open_button)
        self._closed.hide()
        studio.busy_changed.connect(self._allow_open)
        self._studio = studio
        self.grid = PictureGrid()
        self.grid.setObjectName("evaluated_pictures")
        self.grid.setAccessibleName("Pictures")
        self.grid.setToolTip("Choose a picture to see what it was taken for, before and now")
        self.grid.current_changed.connect(self._show_current)
        self.pane = PicturePane(studio)
        self.pane.show_nothing()
        parts = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        parts.addWidget(self.grid)
        parts.addWidget(self.pane)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.choice)
        layout.addWidget(self._closed)
        layout.addWidget(self.note)
        layout.addWidget(parts, 1)

    @property
    def selection(self) -> Selection:
        """Which pictures are shown."""
        return cast(Selection, self.choice.currentData())

    def show_figures(
        self, evaluated: Evaluated, pictures: Pictures, marks: dict[str, Mark]
    ) -> None:
        """Show the pictures of these; the choice stays, as far as it can."""
        chosen = self.selection if self._evaluated is not None else _STANDING[0]
        if self._evaluated is None or _classes_of(self._evaluated) != _classes_of(evaluated):
            chosen = _STANDING[0]
        self._evaluated, self._pictures, self._marks = evaluated, pictures, marks
        self._closed.setVisible(not pictures.is_open)
        self._allow_open()
        self.choice.clear()
        standing = _STANDING if evaluated.before else _STANDING[:1]
        for one in standing:
            self._add(one)
        self.select(
            chosen if chosen in standing or chosen.kind in ("cell", "class") else standing[0]
        )

    def select(self, selection: Selection) -> None:
        """Show these pictures; a cell or a class takes the place of the one before."""
        standing = {"wrong", "mended", "broken"}
        for row in reversed(range(self.choice.count())):
            if self.choice.itemData(row).kind not in standing:
                self.choice.removeItem(row)
        if selection.kind not in standing:
            self._add(selection)
        rows = [self.choice.itemData(row) for row in range(self.choice.count())]
        self.choice.setCurrentIndex(rows.index(selection))
        self._show()

    def set_marks(self, marks: dict[str, Mark]) -> None:
        """Show which pictures are marked."""
        self._marks = marks
        if self._evaluated is not None:
            self._show()

    def _allow_open(self, _: object = None) -> None:
        allow(self.open_button, self._studio.obstacle)

    def _add(self, selection: Selection) -> None:
        assert self._evaluated is not None
        count = len(images_of(selection, self._evaluated))
        words = printable(words_for(selection, self._evaluated))
        self.choice.addItem(f"{words} ({count:,})", selection)

    def _show(self) -> None:
        if self._evaluated is None or self._pictures is None:
            return
        found = images_of(self.selection, self._evaluated)
        self.note.setText(self._note(len(found)))
        self.note.setVisible(bool(self.note.text()))
        tiles = [self._tile(int(index)) for index in found[:_MOST]]
        self.grid.set_tiles(tiles, self._pictures.read)
        self._show_current(self.grid.current_key)

    def _note(self, count: int) -> str:
        if not count:
            return "There are none."
        return f"The first {_MOST:,} of {count:,}." if count > _MOST else ""

    def _tile(self, index: int) -> Tile:
        assert self._evaluated is not None
        one, names = self._evaluated.predictions, self._evaluated.predictions.class_names
        is_before = self.selection.kind == "mended" or (self.selection.when == "before")
        told, shares = (
            (one.base_told, one.base_shares)
            if is_before and one.has_base
            else (one.told, one.shares)
        )
        truth = printable(names[one.truth[index]])
        taken = printable(names[told[index, 0]])
        second = f"{taken} {float(shares[index, 0]):.0%}"
        if is_before:
            second = f"was {second}"
        file, mark = one.files[index], self._marks.get(one.files[index])
        tip = "\n".join(filter(None, (printable(file), f"It is: {truth}", second, mark)))
        return Tile(index, truth, second, tip, mark is not None)

    def _show_current(self, key: int) -> None:
        if key < 0 or self._evaluated is None or self._pictures is None:
            self.pane.show_nothing()
            return
        mark = self._marks.get(self._evaluated.predictions.files[key])
        self.pane.show_picture(self._evaluated, key, self._pictures, mark)


def _classes_of(evaluated: Evaluated) -> tuple[str, ...]:
    return evaluated.predictions.class_names
