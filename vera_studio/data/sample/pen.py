"""A pen that draws simple shapes on an image, shifted, turned, scaled and mirrored."""

import copy
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

BLACK: Colour = (22, 20, 24)
WHITE: Colour = (246, 246, 240)

_CORNERS = 18  # of the polygon that stands for an ellipse
_CIRCLE = tuple(
    (math.cos(2 * math.pi * k / _CORNERS), math.sin(2 * math.pi * k / _CORNERS))
    for k in range(_CORNERS)
)


class Pen:
    """Draws in a square whose x goes from -1 (left) to 1 and whose y from -1 (top) to 1."""

    def __init__(
        self,
        image: Image.Image,
        centre: Point = (0.0, 0.0),
        scale: float = 1.0,
        tilt: float = 0.0,
        mirror: bool = False,
    ) -> None:
        """Put the pen on an image.

        Args:
            image: a square RGB image.
            centre: where (0, 0) comes to lie, in the image's own -1 to 1.
            scale: size of the drawing; at 1 the pen's square is the image's.
            tilt: radians, clockwise.
            mirror: whether left and right change places.
        """
        self._draw = ImageDraw.Draw(image)
        half = image.width / 2
        self._scale = scale * half
        side = -1 if mirror else 1
        self._xx, self._xy = side * self._scale * math.cos(tilt), -self._scale * math.sin(tilt)
        self._yx, self._yy = side * self._scale * math.sin(tilt), self._scale * math.cos(tilt)
        self._x0, self._y0 = half * (1 + centre[0]), half * (1 + centre[1])

    def inner(self, x: float, y: float, scale: float) -> "Pen":
        """A pen whose square lies within this one's, around (x, y), `scale` times as large."""
        pen = copy.copy(self)
        (pen._x0, pen._y0), pen._scale = self._place([(x, y)])[0], self._scale * scale
        pen._xx, pen._xy = self._xx * scale, self._xy * scale
        pen._yx, pen._yy = self._yx * scale, self._yy * scale
        return pen

    def polygon(self, colour: Colour, *points: Point) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._place(points), fill=colour)

    def box(self, colour: Colour, left: float, top: float, right: float, bottom: float) -> None:
        """Fill a rectangle."""
        self.polygon(colour, (left, top), (right, top), (right, bottom), (left, bottom))

    def ellipse(
        self, colour: Colour, x: float, y: float, rx: float, ry: float, turn: float = 0.0
    ) -> None:
        """Fill an ellipse around (x, y) with radii `rx` and `ry`, turned by `turn` radians."""
        xc, xs = rx * math.cos(turn), -ry * math.sin(turn)
        yc, ys = rx * math.sin(turn), ry * math.cos(turn)
        points = [(x + xc * c + xs * s, y + yc * c + ys * s) for c, s in _CIRCLE]
        self._draw.polygon(self._place(points), fill=colour)

    def line(self, colour: Colour, width: float, *points: Point) -> None:
        """Draw a line through `points`, `width` wide."""
        pixels = max(1, round(width * self._scale))
        self._draw.line(self._place(points), fill=colour, width=pixels, joint="curve")

    def _place(self, points: Sequence[Point]) -> list[Point]:
        xx, xy, x0, yx, yy, y0 = self._xx, self._xy, self._x0, self._yx, self._yy, self._y0
        return [(xx * x + xy * y + x0, yx * x + yy * y + y0) for x, y in points]


def shade(colour: Colour, factor: float) -> Colour:
    """`colour` made darker (factor below 1) or lighter (above 1)."""
    red, green, blue = colour
    return _clip(red * factor), _clip(green * factor), _clip(blue * factor)


def pick(random: np.random.Generator, palette: Sequence[Colour], spread: float = 18.0) -> Colour:
    """One colour of `palette`, each channel varied by up to `spread` of 255."""
    red, green, blue = palette[int(random.random() * len(palette))]
    change = [(2 * random.random() - 1) * spread for _ in range(3)]
    return _clip(red + change[0]), _clip(green + change[1]), _clip(blue + change[2])


def _clip(value: float) -> int:
    return min(max(int(value), 0), 255)
