"""The current picture at a size one can see, what it is taken for, and classes to choose from."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from vera_studio.ui.widgets.class_keys import key_of
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.large_picture import LargePicture
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.share_bars import ShareBars

_TOLD = 3  # classes as bars; the list below has all
_NONE = "Select a picture to see it here."


class PicturePane(QWidget):
    """What stands beside the table.

    Signals:
        class_chosen(int): what is selected is to be of this class.
    """

    class_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture_pane")
        self.picture = LargePicture(_NONE)
        self.file = ElidedLabel()
        self.file.setObjectName("classified_file")
        self.file.setAccessibleName("File of the current picture")
        self.shares = ShareBars(_TOLD)
        self.heading = QLabel("It is really…")
        self.heading.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.classes = QListWidget()
        self.classes.setObjectName("class_choice")
        self.classes.setAccessibleName("The class that the selected pictures are of")
        self.classes.setToolTip("Click a class to give it to the selected pictures")
        self.classes.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.classes.setSpacing(1)
        self.classes.itemClicked.connect(self._choose)
        self.classes.itemActivated.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 0)
        column.addWidget(self.picture, 3)
        column.addWidget(self.file)
        column.addWidget(self.shares)
        column.addWidget(self.heading)
        column.addWidget(self.classes, 2)

    def sizeHint(self) -> QSize:
        return QSize(280, 400)

    def set_classes(self, names: Sequence[str]) -> None:
        """Offer these classes, with the digit that gives each."""
        self.classes.clear()
        for index, name in enumerate(names):
            digit = key_of(index, names)
            item = QListWidgetItem(f"{digit or ' '}   {name}")
            item.setToolTip(plain_tip(name))
            self.classes.addItem(item)

    def show_picture(
        self, file: str, told: Sequence[tuple[str, float]], class_index: int | None
    ) -> None:
        """Say what is known of a picture; nothing, without a `file`.

        Args:
            file: of the picture, below its folder.
            told: the likeliest classes with their shares, the most first.
            class_index: that it is taken to be of, or was given.
        """
        self.file.setText(file)
        self.shares.show_shares(told)
        self.classes.setCurrentRow(-1 if class_index is None else class_index)

    def show_pixels(self, image: QImage | None) -> None:
        """Show the picture itself, once it is read."""
        self.picture.show_image(image)

    def _choose(self, item: QListWidgetItem) -> None:
        self.class_chosen.emit(self.classes.row(item))
