"""Drawings of the built-in sample: airplanes, automobiles, ships and trucks."""

from numpy.random import Generator

from vera_studio.data.sample.pen import BLACK, WHITE, Colour, Pen, pick, shade

_PAINTS: tuple[Colour, ...] = (
    (206, 44, 42),
    (38, 88, 190),
    (240, 186, 34),
    (44, 140, 84),
    (236, 236, 232),
    (230, 112, 36),
    (92, 96, 106),
    (128, 60, 150),
)
_METALS: tuple[Colour, ...] = (
    (238, 240, 244),
    (204, 210, 220),
    (222, 70, 60),
    (60, 100, 170),
    (244, 200, 70),
)
_GLASS: Colour = (168, 214, 236)
_DARK_GLASS: Colour = (46, 66, 92)
_LAMP: Colour = (255, 236, 150)


def draw_airplane(pen: Pen, random: Generator) -> None:
    """An airliner from the side, or a plane seen from above."""
    body, wing = pick(random, _METALS), pick(random, _METALS)
    if random.random() < 0.6:
        _airliner(pen, body, wing)
    else:
        _plane_from_above(pen, body, wing)


def _airliner(pen: Pen, body: Colour, wing: Colour) -> None:
    pen.polygon(shade(wing, 0.6), (0.2, -0.1), (-0.12, -0.52), (-0.34, -0.52), (-0.2, -0.1))
    pen.polygon(wing, (-0.5, -0.08), (-0.98, -0.1), (-1.0, -0.66), (-0.8, -0.66))
    pen.ellipse(body, 0, 0, 0.98, 0.21)
    pen.polygon(body, (-0.98, -0.12), (-0.3, -0.2), (-0.3, 0.12))
    pen.line(_DARK_GLASS, 0.06, (-0.5, -0.06), (0.55, -0.06))
    pen.polygon(_DARK_GLASS, (0.7, -0.12), (0.86, -0.1), (0.9, -0.02), (0.7, -0.02))
    pen.polygon(shade(wing, 0.8), (0.26, 0.04), (-0.42, 0.66), (-0.66, 0.66), (-0.22, 0.04))
    pen.ellipse(shade(body, 0.6), -0.02, 0.36, 0.17, 0.09)
    pen.polygon(shade(wing, 0.8), (-0.62, -0.02), (-1.0, 0.2), (-1.1, 0.2), (-0.88, -0.04))


def _plane_from_above(pen: Pen, body: Colour, wing: Colour) -> None:
    for side in (-1, 1):
        pen.polygon(
            shade(wing, 0.9 if side < 0 else 0.75),
            (0.3, side * 0.1),
            (-0.22, side * 0.98),
            (-0.46, side * 0.98),
            (-0.2, side * 0.1),
        )
        pen.polygon(
            shade(wing, 0.8),
            (-0.6, side * 0.05),
            (-0.82, side * 0.42),
            (-0.98, side * 0.42),
            (-0.88, side * 0.05),
        )
        pen.ellipse(shade(body, 0.6), 0.1, side * 0.42, 0.16, 0.07)
    pen.ellipse(body, 0, 0, 0.96, 0.16)
    pen.ellipse(_DARK_GLASS, 0.7, 0, 0.1, 0.1)


def draw_automobile(pen: Pen, random: Generator) -> None:
    """A car from the side, or one that comes towards us."""
    paint = pick(random, _PAINTS)
    if random.random() < 0.65:
        _car_from_the_side(pen, paint)
    else:
        _car_from_the_front(pen, paint)


def _car_from_the_side(pen: Pen, paint: Colour) -> None:
    pen.polygon(paint, (-0.66, 0), (-0.42, -0.46), (0.26, -0.46), (0.58, 0))
    pen.polygon(_GLASS, (-0.52, -0.02), (-0.35, -0.36), (-0.1, -0.36), (-0.1, -0.02))
    pen.polygon(_GLASS, (0, -0.02), (0, -0.36), (0.2, -0.36), (0.43, -0.02))
    pen.polygon(
        paint, (-0.98, 0.3), (-0.98, 0.02), (-0.85, -0.06), (0.6, -0.06), (0.96, 0.06), (1, 0.3)
    )
    pen.box(shade(paint, 0.65), -0.98, 0.22, 1, 0.34)
    pen.ellipse(_LAMP, 0.9, 0.1, 0.09, 0.07)
    pen.ellipse((200, 40, 40), -0.93, 0.08, 0.06, 0.06)
    for x in (-0.55, 0.56):
        _wheel(pen, x, 0.34, 0.23)


def _car_from_the_front(pen: Pen, paint: Colour) -> None:
    for side in (-1, 1):
        pen.box(BLACK, side * 0.5 - 0.14, 0.3, side * 0.5 + 0.14, 0.66)
    pen.polygon(paint, (-0.6, -0.02), (-0.42, -0.52), (0.42, -0.52), (0.6, -0.02))
    pen.polygon(_GLASS, (-0.46, -0.06), (-0.33, -0.42), (0.33, -0.42), (0.46, -0.06))
    pen.ellipse(paint, 0, 0.22, 0.8, 0.32)
    pen.box(paint, -0.74, 0.1, 0.74, 0.48)
    pen.box(BLACK, -0.3, 0.18, 0.3, 0.34)
    for side in (-1, 1):
        pen.ellipse(_LAMP, side * 0.54, 0.18, 0.15, 0.12)
    pen.box(shade(paint, 0.55), -0.74, 0.42, 0.74, 0.52)


def draw_ship(pen: Pen, random: Generator) -> None:
    """A steamer or a sailing boat, in its waves."""
    hull = pick(random, (*_PAINTS[:4], (60, 52, 60), (120, 70, 44), (32, 48, 84)))
    if random.random() < 0.6:
        _steamer(pen, hull, pick(random, _PAINTS[:4]), chimneys=1 + int(random.random() * 3))
    else:
        _sailing_boat(pen, hull, pick(random, ((250, 248, 240), (240, 226, 196), (224, 80, 64))))
    water: Colour = (90, 156, 206)
    for x in (-0.8, -0.25, 0.3, 0.85):
        pen.ellipse(water, x, 0.64, 0.33, 0.1)
    for x in (-0.6, 0.1, 0.7):
        pen.line(WHITE, 0.05, (x - 0.16, 0.6), (x, 0.54), (x + 0.16, 0.6))


def _steamer(pen: Pen, hull: Colour, stripe: Colour, chimneys: int) -> None:
    for k in range(chimneys):
        x = 0.1 - 0.32 * (k - (chimneys - 1) / 2)
        pen.box(stripe, x - 0.1, -0.72, x + 0.1, -0.2)
        pen.box(BLACK, x - 0.1, -0.76, x + 0.1, -0.62)
    pen.box(WHITE, -0.55, -0.1, 0.6, 0.2)
    pen.box(WHITE, -0.4, -0.32, 0.45, -0.08)
    pen.line(_DARK_GLASS, 0.07, (-0.32, -0.2), (0.38, -0.2))
    pen.line(_DARK_GLASS, 0.07, (-0.48, 0.03), (0.52, 0.03))
    pen.polygon(hull, (-0.92, 0.12), (1, 0.06), (0.76, 0.62), (-0.74, 0.62))
    pen.line(WHITE, 0.05, (-0.9, 0.2), (0.95, 0.16))


def _sailing_boat(pen: Pen, hull: Colour, sail: Colour) -> None:
    pen.line((96, 66, 44), 0.07, (0, -0.98), (0, 0.3))
    pen.polygon(sail, (-0.07, -0.94), (-0.07, 0.16), (-0.74, 0.16))
    pen.polygon(shade(sail, 0.86), (0.08, -0.78), (0.08, 0.16), (0.66, 0.16))
    pen.polygon(hull, (-0.86, 0.26), (0.92, 0.26), (0.6, 0.64), (-0.6, 0.64))
    pen.line(shade(hull, 1.5), 0.06, (-0.86, 0.28), (0.92, 0.28))


def draw_truck(pen: Pen, random: Generator) -> None:
    """A lorry with a box or an open load from the side, or one that comes towards us."""
    cab, load = pick(random, _PAINTS), pick(random, _PAINTS)
    view = random.random()
    if view < 0.7:
        _lorry_from_the_side(pen, cab, load, has_box=view < 0.45)
    else:
        _lorry_from_the_front(pen, cab, load)


def _lorry_from_the_side(pen: Pen, cab: Colour, load: Colour, has_box: bool) -> None:
    pen.box(shade(cab, 0.45), -0.98, 0.3, 0.96, 0.44)
    if has_box:
        pen.box(load, -1, -0.66, 0.32, 0.32)
        pen.line(shade(load, 0.75), 0.06, (-1, 0.02), (0.32, 0.02))
        pen.line(shade(load, 1.25), 0.06, (-1, -0.62), (0.32, -0.62))
    else:
        pen.ellipse((140, 104, 66), -0.34, -0.16, 0.52, 0.3)
        pen.polygon(load, (-1, -0.2), (0.3, -0.14), (0.22, 0.32), (-0.88, 0.32))
    pen.polygon(cab, (0.4, 0.36), (0.4, -0.4), (0.74, -0.4), (0.92, 0), (1, 0.06), (1, 0.36))
    pen.polygon(_GLASS, (0.5, -0.02), (0.5, -0.3), (0.7, -0.3), (0.83, -0.02))
    pen.ellipse(_LAMP, 0.95, 0.2, 0.06, 0.07)
    for x in (-0.72, -0.3, 0.66):
        _wheel(pen, x, 0.46, 0.2)


def _lorry_from_the_front(pen: Pen, cab: Colour, load: Colour) -> None:
    for side in (-1, 1):
        pen.box(BLACK, side * 0.5 - 0.15, 0.5, side * 0.5 + 0.15, 0.86)
    pen.box(load, -0.72, -0.94, 0.72, 0.2)
    pen.box(cab, -0.64, -0.6, 0.64, 0.64)
    pen.box(_GLASS, -0.52, -0.5, 0.52, -0.08)
    pen.line(cab, 0.05, (0, -0.5), (0, -0.08))
    pen.box(shade(cab, 0.4), -0.38, 0.08, 0.38, 0.34)
    pen.line((200, 204, 208), 0.05, (-0.38, 0.2), (0.38, 0.2))
    for side in (-1, 1):
        pen.ellipse(_LAMP, side * 0.52, 0.44, 0.11, 0.11)
        pen.box(BLACK, side * 0.76 - 0.07, -0.4, side * 0.76 + 0.07, -0.12)


def _wheel(pen: Pen, x: float, y: float, radius: float) -> None:
    pen.ellipse(BLACK, x, y, radius, radius)
    pen.ellipse((190, 194, 200), x, y, radius * 0.45, radius * 0.45)
