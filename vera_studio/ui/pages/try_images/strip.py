"""The pictures that are tried, small and in a row, each with its class."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from vera_studio.ui.state.try_control import TriedPicture
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.thumbnail_rows import fitted

_SIDE = 64  # of a picture, on screen
_WIDTH = 92  # of a picture and its class
_NUMBER = Qt.ItemDataRole.UserRole


class Strip(QListWidget):
    """One row that scrolls.

    Signals:
        chosen(int): the picture with this number is the current one.
        removed(int): the user wants it gone.
    """

    chosen = Signal(int)
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tried_pictures")
        self.setAccessibleName("Pictures that are tried")
        self.setToolTip("Choose a picture; Delete takes it away")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self._cell = QSize(_WIDTH, _SIDE + self.fontMetrics().height() + 8)
        self.setGridSize(self._cell)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(self._cell.height() + bar + 2 * self.frameWidth() + 2)
        self.currentItemChanged.connect(self._tell)

    def add(self, picture: TriedPicture) -> None:
        """Show a picture more; the first one becomes the current one."""
        item = QListWidgetItem(QIcon(), "…")
        item.setData(_NUMBER, picture.number)
        item.setSizeHint(self._cell)
        item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
        item.setToolTip(plain_tip(picture.title))
        self.addItem(item)
        if self.count() == 1:
            self.setCurrentRow(0)

    def show_picture(self, picture: TriedPicture) -> None:
        """Show what is known of a picture that is there."""
        item = self._item(picture.number)
        if item is None:
            return
        if picture.pixels is not None:
            scale = self.devicePixelRatioF()
            pixmap = QPixmap.fromImage(fitted(picture.pixels, round(_SIDE * scale)))
            pixmap.setDevicePixelRatio(scale)
            icon = QIcon(pixmap)
            icon.addPixmap(pixmap, QIcon.Mode.Selected)
            item.setIcon(icon)
        text, tip = _texts(picture)
        item.setText(text)
        item.setToolTip(plain_tip(tip))

    def select(self, number: int) -> None:
        """Make a picture the current one."""
        if item := self._item(number):
            self.setCurrentItem(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.currentItem():
            number = self.currentItem().data(_NUMBER)
            self.takeItem(self.currentRow())
            self.removed.emit(number)
        else:
            super().keyPressEvent(event)

    def _item(self, number: int) -> QListWidgetItem | None:
        items = (self.item(row) for row in range(self.count()))
        return next((item for item in items if item.data(_NUMBER) == number), None)

    def _tell(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(_NUMBER))


def _texts(picture: TriedPicture) -> tuple[str, str]:
    """What stands below a picture, and its tip."""
    tried = picture.tried
    if tried is None:
        return "…", picture.title
    if tried.problem:
        return "no picture", f"{picture.title}: {tried.problem}"
    name, share = (tried.adapted or tried.base)[0]
    return name, f"{picture.title}\n{name}, {share:.1%}"
