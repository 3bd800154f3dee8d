"""A picture with a map of numbers laid over it in colours."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

Heat: TypeAlias = NDArray[np.float32]  # (h, w)
Colors: TypeAlias = Callable[[Heat], NDArray[np.uint8]]  # -> (h, w, 4): red, green, blue, alpha

_LEAST_SIDE = 96
_BEST_SIDE = 260
_FEW_PIXELS = 128  # of a picture: fewer stay as sharp as the network gets them
# From where nothing was found to where most was: of the ramp "inferno" by N. Smith and
# S. van der Walt, https://bids.github.io/colormap (CC0), which rises evenly in lightness.
_RAMP = np.array(
    [[40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [252, 255, 164]]
)
LESS, MORE = (36, 99, 235), (234, 88, 12)  # blue and orange, which all eyes tell apart


def warm(heat: Heat) -> NDArray[np.uint8]:
    """Colours for 0 (nothing, clear) to 1 (most)."""
    places = np.linspace(0, 1, len(_RAMP))
    colors = [np.interp(heat, places, _RAMP[:, channel]) for channel in range(3)]
    return np.stack([*colors, 255 * np.clip(heat * 1.4, 0, 1)], axis=-1).astype(np.uint8)


def two_sided(heat: Heat) -> NDArray[np.uint8]:
    """Colours for -1 (less) over 0 (alike, clear) to 1 (more)."""
    sides = np.where(heat[..., None] < 0, LESS, MORE)
    alpha = 255 * np.clip(np.abs(heat) * 1.2, 0, 1)[..., None]
    return np.concatenate([sides, alpha], axis=-1).astype(np.uint8)


class HeatPicture(QWidget):
    """Shows a picture as large as there is room for, with a map over it."""

    def __init__(self, name: str, title: str, colors: Colors) -> None:
        """Make an empty one.

        Args:
            name: of the object.
            title: what it shows, for screen readers and the tip.
            colors: of the map.
        """
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setToolTip(title)
        self._colors = colors
        self._picture, self._heat = QImage(), QImage()
        self._opacity = 1.0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)

    def set_picture(self, picture: QImage, heat: Heat | None) -> None:
        """Show `picture`, and `heat` (h, w) over all of it; None for the picture alone."""
        self._picture = picture
        self._heat = QImage()
        if heat is not None:
            pixels = np.ascontiguousarray(self._colors(heat))
            height, width, _ = pixels.shape
            form = QImage.Format.Format_RGBA8888
            self._heat = QImage(pixels.data, width, height, 4 * width, form).copy()
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """Let the picture show through more or less: 0 shows it alone, 1 the map most."""
        self._opacity = opacity
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_BEST_SIDE, _BEST_SIDE)

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST_SIDE, _LEAST_SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = min(self.width(), self.height())
        place = QRectF((self.width() - side) / 2, 0, side, side)
        if self._picture.isNull():
            painter.fillRect(place, self.palette().color(QPalette.ColorRole.AlternateBase))
            return
        smooth = QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHint(smooth, self._picture.width() > _FEW_PIXELS)
        painter.drawImage(place, self._picture)
        if not self._heat.isNull():
            painter.setOpacity(self._opacity)
            painter.drawImage(place, self._enlarged(place))

    def _enlarged(self, place: QRectF) -> QImage:
        """The map at the size of the screen, its places flowing into each other."""
        size = (place.size() * self.devicePixelRatioF()).toSize()
        return self._heat.scaled(
            size,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
