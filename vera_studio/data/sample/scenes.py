"""What lies behind the drawings of the built-in sample: skies, fields, seas, streets, walls."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from vera_studio.data.sample.pen import Colour, pick, shade

Scene = Callable[[Generator, int], Image.Image]
"""Makes a square image of that many pixels a side."""

_DAY: tuple[Colour, ...] = ((96, 160, 226), (60, 120, 200), (150, 190, 220))
_DUSK: tuple[Colour, ...] = ((240, 140, 96), (236, 120, 130), (214, 110, 160))
_WINTER: tuple[Colour, ...] = ((176, 196, 216), (150, 176, 206), (206, 200, 216))
_NIGHT: tuple[Colour, ...] = ((24, 26, 66), (40, 30, 80), (16, 40, 70))
_GREENS: tuple[Colour, ...] = ((92, 150, 60), (60, 110, 48), (120, 160, 60))
_WHEAT: tuple[Colour, ...] = ((232, 190, 60), (214, 160, 50), (240, 206, 96))
_SNOW: tuple[Colour, ...] = ((240, 244, 250), (224, 234, 246))
_SAND: tuple[Colour, ...] = ((216, 156, 96), (200, 120, 80))
_LAWN: tuple[Colour, ...] = ((110, 206, 90), (90, 190, 110))
_WATERS: tuple[Colour, ...] = ((40, 106, 166), (30, 84, 120), (40, 130, 140))
_ROADS: tuple[Colour, ...] = ((112, 112, 116), (84, 84, 90), (96, 90, 110))
_ROOMS: tuple[Colour, ...] = ((206, 80, 96), (230, 120, 140), (150, 70, 120))
_WALLS: tuple[Colour, ...] = (
    (214, 190, 156),
    (190, 110, 96),
    (120, 150, 160),
    (160, 130, 170),
    (226, 220, 200),
    (90, 80, 76),
)


def day_sky(random: Generator, size: int) -> Image.Image:
    """A blue sky with a few clouds."""
    return _sky(random, _DAY, size)


def evening_sky(random: Generator, size: int) -> Image.Image:
    """A red sky with a few clouds."""
    return _sky(random, _DUSK, size)


def forest(random: Generator, size: int) -> Image.Image:
    """Stems before dark green."""
    green = pick(random, _GREENS)
    image = _gradient(shade(green, 0.6), green, size)
    draw = ImageDraw.Draw(image)
    for _ in range(2 + int(random.random() * 4)):
        x, wide = random.random() * size, (0.03 + 0.05 * random.random()) * size
        draw.rectangle((x - wide, 0, x + wide, size * 0.8), fill=(88, 64, 44))
    return image


def snow(random: Generator, size: int) -> Image.Image:
    """Falling snow over a white field."""
    image = _landscape(random, _WINTER, _SNOW, size)
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y, r = random.random() * size, random.random() * size, size * 0.016
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 255, 255))
    return image


def meadow(random: Generator, size: int) -> Image.Image:
    """Bright grass below a blue sky."""
    return _landscape(random, _DAY, _LAWN, size)


def wheat_field(random: Generator, size: int) -> Image.Image:
    """Yellow wheat below a blue sky."""
    return _landscape(random, _DAY, _WHEAT, size)


def desert(random: Generator, size: int) -> Image.Image:
    """Sand below a hot sky."""
    return _landscape(random, _WHEAT, _SAND, size)


def street(random: Generator, size: int) -> Image.Image:
    """A road before the walls of houses."""
    return _landscape(random, _WALLS, _ROADS, size)


def night_sea(random: Generator, size: int) -> Image.Image:
    """Dark water below the moon."""
    image = _landscape(random, _NIGHT, _WATERS, size)
    x, y, r = random.random() * size, 0.15 * size, (0.07 + 0.05 * random.random()) * size
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=(250, 240, 190))
    return image


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


def room(random: Generator, size: int) -> Image.Image:
    """The warm colours of a room."""
    colour = pick(random, _ROOMS)
    return _gradient(colour, shade(colour, 0.8), size)


def wall(random: Generator, size: int) -> Image.Image:
    """One colour, a little darker at one end."""
    colour = pick(random, _WALLS, spread=40)
    return _gradient(colour, shade(colour, 0.6 + 0.6 * random.random()), size)


def blotches(random: Generator, size: int) -> Image.Image:
    """A soft random pattern."""
    colour = np.array(pick(random, _WALLS, spread=40))
    coarse = colour + random.normal(0, 30, (7, 7, 1)) + random.normal(0, 10, (7, 7, 3))
    image = Image.fromarray(coarse.clip(0, 255).astype(np.uint8))
    return image.resize((size, size), Image.Resampling.BILINEAR)


ALL_SCENES: tuple[Scene, ...] = (
    day_sky,
    evening_sky,
    forest,
    snow,
    meadow,
    wheat_field,
    desert,
    street,
    night_sea,
    pond,
    room,
    wall,
    blotches,
)


def _sky(random: Generator, palette: Sequence[Colour], size: int) -> Image.Image:
    """A sky that pales towards the bottom, with up to three clouds."""
    colour = pick(random, palette)
    image = _gradient(colour, shade(colour, 1.35), size)
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.random() * 4)):
        x, y = random.random() * size, random.random() * size
        wide, high = (0.1 + 0.15 * random.random()) * size, (0.03 + 0.05 * random.random()) * size
        draw.ellipse((x - wide, y - high, x + wide, y + high), fill=shade(colour, 1.6))
    return image


def _landscape(
    random: Generator, above: Sequence[Colour], below: Sequence[Colour], size: int
) -> Image.Image:
    """One palette above a random horizon, another below it."""
    far, near = pick(random, above), pick(random, below)
    image = _gradient(far, shade(far, 1.3), size)
    horizon = round(size * (0.35 + 0.35 * random.random()))
    image.paste(_gradient(shade(near, 1.1), shade(near, 0.85), size), (0, horizon))
    return image


def _gradient(top: Colour, bottom: Colour, size: int) -> Image.Image:
    """A square image whose rows go from one colour to the other."""
    rows = np.linspace(top, bottom, size).astype(np.uint8)  # (size, 3)
    column = Image.fromarray(rows[:, None, :])
    return column.resize((size, size), Image.Resampling.NEAREST)
