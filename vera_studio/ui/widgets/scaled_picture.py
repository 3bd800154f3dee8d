"""A picture as large as there is room for it."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

_SMALL = 100  # pixels: smaller pictures are enlarged with sharp edges, as a network gets them


class ScaledPicture(QWidget):
    """Keeps the proportions of its picture, and shows an empty field without one."""

    def __init__(self, least: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self.setMinimumSize(least, least)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return self.minimumSize() * 1.4

    @property
    def image(self) -> QImage | None:
        """What is shown."""
        return self._image

    def set_image(self, image: QImage | None) -> None:
        """Show another one."""
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None or self._image.isNull():
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
            return
        is_small = max(self._image.width(), self._image.height()) < _SMALL
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not is_small)
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(self.rect().center())
        painter.drawImage(place, self._image)
