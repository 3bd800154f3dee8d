"""What lies behind the drawings of the built-in sample: skies, meadows, seas, streets, walls."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from vera_studio.data.sample_pen import Colour, pick, shade

Scene = Callable[[Generator, int], Image.Image]

_SKIES: tuple[Colour, ...] = (
    (96, 160, 226),
    (60, 120, 200),
    (150, 190, 220),
    (240, 170, 130),
    (120, 124, 150),
)
_GREENS: tuple[Colour, ...] = ((92, 150, 60), (60, 110, 48), (150, 160, 70), (120, 120, 60))
_WATERS: tuple[Colour, ...] = ((40, 106, 166), (30, 84, 120), (70, 150, 170))
_ROADS: tuple[Colour, ...] = ((112, 112, 116), (84, 84, 90), (150, 142, 130))
_WALLS: tuple[Colour, ...] = (
    (214, 190, 156),
    (190, 110, 96),
    (120, 150, 160),
    (160, 130, 170),
    (226, 220, 200),
    (90, 80, 76),
)


def sky(random: Generator, size: int) -> Image.Image:
    """A sky that pales towards the bottom, with a few clouds."""
    colour = pick(random, _SKIES)
    image = _gradient(colour, shade(colour, 1.35), size)
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.random() * 4)):
        x, y = random.random() * size, random.random() * size
        wide, high = (0.1 + 0.15 * random.random()) * size, (0.03 + 0.05 * random.random()) * size
        draw.ellipse((x - wide, y - high, x + wide, y + high), fill=shade(colour, 1.6))
    return image


def meadow(random: Generator, size: int) -> Image.Image:
    """Grass below a strip of sky."""
    return _ground(random, pick(random, _GREENS), size)


def forest(random: Generator, size: int) -> Image.Image:
    """Dark stems before green."""
    green = pick(random, _GREENS)
    image = _gradient(shade(green, 0.6), green, size)
    draw = ImageDraw.Draw(image)
    for _ in range(2 + int(random.random() * 4)):
        x, wide = random.random() * size, (0.03 + 0.05 * random.random()) * size
        draw.rectangle((x - wide, 0, x + wide, size * 0.8), fill=shade((110, 80, 56), 0.8))
    return image


def sea(random: Generator, size: int) -> Image.Image:
    """Water below a sky."""
    return _ground(random, pick(random, _WATERS), size)


def pond(random: Generator, size: int) -> Image.Image:
    """Water from above, with leaves on it."""
    water = pick(random, _WATERS)
    image = _gradient(water, shade(water, 1.3), size)
    draw = ImageDraw.Draw(image)
    for _ in range(1 + int(random.random() * 3)):
        x, y = random.random() * size, random.random() * size
        r = (0.1 + 0.2 * random.random()) * size
        draw.ellipse((x - r, y - r * 0.6, x + r, y + r * 0.6), fill=pick(random, _GREENS))
    return image


def street(random: Generator, size: int) -> Image.Image:
    """A road before a sky or a wall."""
    return _ground(random, pick(random, _ROADS), size)


def wall(random: Generator, size: int) -> Image.Image:
    """One colour, a little darker at one end."""
    colour = pick(random, _WALLS, spread=40)
    return _gradient(colour, shade(colour, 0.6 + 0.6 * random.random()), size)


def carpet(random: Generator, size: int) -> Image.Image:
    """Soft random blotches."""
    colour = np.array(pick(random, _WALLS, spread=40))
    coarse = colour + random.normal(0, 30, (7, 7, 1)) + random.normal(0, 10, (7, 7, 3))
    blotches = Image.fromarray(coarse.clip(0, 255).astype(np.uint8))
    return blotches.resize((size, size), Image.Resampling.BILINEAR)


ALL_SCENES: tuple[Scene, ...] = (sky, meadow, forest, sea, pond, street, wall, carpet)


def _ground(random: Generator, ground: Colour, size: int) -> Image.Image:
    """`ground` up to a random horizon, above it a sky or, more rarely, a wall."""
    above = pick(random, _SKIES if random.random() < 0.75 else _WALLS)
    image = _gradient(above, shade(above, 1.3), size)
    horizon = round(size * (0.35 + 0.35 * random.random()))
    image.paste(_gradient(shade(ground, 1.2), shade(ground, 0.85), size), (0, horizon))
    return image


def _gradient(top: Colour, bottom: Colour, size: int) -> Image.Image:
    """A square image whose rows go from one colour to the other."""
    rows = np.linspace(top, bottom, size).astype(np.uint8)  # (size, 3)
    pixels = np.broadcast_to(rows[:, None, :], (size, size, 3))
    return Image.fromarray(np.ascontiguousarray(pixels))
