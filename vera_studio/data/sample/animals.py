"""Drawings of the built-in sample: birds, cats, deer, dogs, frogs and horses."""

from numpy.random import Generator

from vera_studio.data.sample.pen import BLACK, WHITE, Colour, Pen, pick, shade

_FEATHERS: tuple[Colour, ...] = (
    (212, 60, 48),
    (52, 118, 206),
    (240, 196, 56),
    (124, 86, 58),
    (56, 58, 70),
    (236, 236, 236),
)
_CAT_FURS: tuple[Colour, ...] = (
    (226, 138, 54),
    (128, 130, 138),
    (50, 48, 54),
    (236, 226, 210),
)
_DOG_FURS: tuple[Colour, ...] = (
    (150, 96, 52),
    (212, 170, 112),
    (96, 62, 42),
    (232, 224, 212),
)
_DEER_FURS: tuple[Colour, ...] = ((176, 112, 58), (154, 94, 52), (196, 136, 82))
_HORSE_FURS: tuple[Colour, ...] = (
    (120, 66, 36),
    (78, 46, 32),
    (58, 54, 58),
    (222, 214, 204),
    (180, 116, 62),
)
_FROG_SKINS: tuple[Colour, ...] = (
    (84, 170, 56),
    (50, 132, 58),
    (140, 180, 50),
    (112, 124, 60),
)
_BEAK: Colour = (244, 150, 34)
_PINK: Colour = (240, 150, 158)


def draw_bird(pen: Pen, random: Generator) -> None:
    """A small bird that perches, or one in flight."""
    feathers = pick(random, _FEATHERS)
    breast = shade(feathers, 1.45)
    if random.random() < 0.6:
        _perching_bird(pen, feathers, breast)
    else:
        _flying_bird(pen, feathers, breast)


def _perching_bird(pen: Pen, feathers: Colour, breast: Colour) -> None:
    for x in (-0.08, 0.12):
        pen.line(_BEAK, 0.06, (x, 0.4), (x, 0.8), (x + 0.12, 0.82))
    pen.polygon(shade(feathers, 0.65), (-0.3, 0.0), (-1, 0.42), (-0.86, 0.62), (-0.2, 0.34))
    pen.ellipse(feathers, 0, 0.12, 0.52, 0.4, -0.5)
    pen.ellipse(breast, 0.18, 0.2, 0.28, 0.27, -0.5)
    pen.polygon(_BEAK, (0.6, -0.5), (0.98, -0.34), (0.58, -0.24))
    pen.ellipse(feathers, 0.4, -0.38, 0.3, 0.29)
    pen.ellipse(shade(feathers, 0.6), -0.16, 0.12, 0.38, 0.2, 0.5)
    _eye(pen, 0.5, -0.44, 0.08)


def _flying_bird(pen: Pen, feathers: Colour, breast: Colour) -> None:
    pen.polygon(shade(feathers, 0.55), (0.2, 0), (0.34, -0.86), (0.04, -0.74), (-0.14, 0))
    pen.polygon(shade(feathers, 0.8), (-0.5, 0.04), (-1, -0.1), (-0.94, 0.24), (-0.5, 0.2))
    pen.ellipse(feathers, 0, 0.12, 0.6, 0.22)
    pen.ellipse(breast, 0.12, 0.2, 0.42, 0.14)
    pen.polygon(_BEAK, (0.78, -0.1), (1.04, 0.04), (0.76, 0.1))
    pen.ellipse(feathers, 0.6, 0, 0.22, 0.2)
    pen.polygon(shade(feathers, 0.7), (0.26, 0.1), (-0.3, -0.9), (-0.6, -0.72), (-0.3, 0.14))
    _eye(pen, 0.66, -0.05, 0.06)


def draw_cat(pen: Pen, random: Generator) -> None:
    """A cat's face, or a cat that sits and looks at us."""
    fur = pick(random, _CAT_FURS)
    eyes = pick(random, ((140, 200, 70), (240, 200, 60), (110, 180, 220)))
    if random.random() < 0.5:
        _cat_face(pen, fur, eyes)
        return
    pen.line(fur, 0.15, (0.3, 0.84), (0.76, 0.76), (0.86, 0.4), (0.7, 0.16))
    pen.ellipse(fur, 0, 0.5, 0.46, 0.48)
    pen.ellipse(shade(fur, 1.25), 0, 0.6, 0.22, 0.3)
    for x in (-0.2, 0.2):
        pen.ellipse(shade(fur, 0.85), x, 0.9, 0.17, 0.1)
    _cat_face(pen.inner(0, -0.34, 0.6), fur, eyes)


def _cat_face(pen: Pen, fur: Colour, eyes: Colour) -> None:
    for side in (-1, 1):
        pen.polygon(fur, (side * 0.78, -1), (side * 0.84, 0), (side * 0.06, -0.5))
        pen.polygon(_PINK, (side * 0.68, -0.76), (side * 0.68, -0.3), (side * 0.34, -0.52))
    pen.ellipse(fur, 0, 0.1, 0.86, 0.7)
    for x in (-0.16, 0, 0.16):
        pen.line(shade(fur, 0.62), 0.07, (x, -0.56), (x, -0.3))
    for side in (-1, 1):
        pen.ellipse(eyes, side * 0.36, -0.02, 0.2, 0.17)
        pen.ellipse(BLACK, side * 0.36, -0.02, 0.07, 0.17)
        for y in (0.26, 0.42):
            pen.line(WHITE, 0.04, (side * 0.3, 0.32), (side * 1, y - 0.08))
        pen.ellipse(shade(fur, 1.3), side * 0.14, 0.42, 0.18, 0.15)
    pen.polygon(_PINK, (-0.12, 0.22), (0.12, 0.22), (0, 0.36))


def draw_deer(pen: Pen, random: Generator) -> None:
    """A deer that stands, or its head; with antlers or, rarely, without."""
    fur = pick(random, _DEER_FURS)
    has_antlers = random.random() < 0.85
    if random.random() < 0.65:
        _standing_deer(pen, fur, has_antlers)
    else:
        _deer_face(pen, fur, has_antlers)


def _standing_deer(pen: Pen, fur: Colour, has_antlers: bool) -> None:
    dark, horn = shade(fur, 0.7), shade(fur, 0.5)
    for x, colour in ((-0.46, dark), (0.2, dark), (-0.34, fur), (0.34, fur)):
        pen.line(colour, 0.09, (x, 0.2), (x, 0.96))
    pen.ellipse(WHITE, -0.64, 0.06, 0.11, 0.12)
    pen.ellipse(fur, -0.1, 0.16, 0.56, 0.25)
    pen.polygon(fur, (0.16, 0.2), (0.42, 0.24), (0.68, -0.36), (0.46, -0.46))
    if has_antlers:
        for x in (0.4, 0.62):
            lean = x - 0.5
            pen.line(horn, 0.07, (x, -0.46), (x + lean * 1.6, -0.72), (x + lean, -1))
            pen.line(horn, 0.06, (x + lean * 1.4, -0.7), (x + lean * 3.6, -0.9))
    pen.ellipse(shade(fur, 0.8), 0.36, -0.46, 0.14, 0.07, 0.4)
    pen.ellipse(fur, 0.66, -0.4, 0.24, 0.13, 0.25)
    pen.ellipse(BLACK, 0.87, -0.34, 0.06, 0.06)
    pen.ellipse(BLACK, 0.64, -0.44, 0.05, 0.05)
    for x, y in ((-0.4, 0.1), (-0.2, 0.04), (0, 0.1), (-0.28, 0.2), (-0.08, 0.2)):
        pen.ellipse(shade(fur, 1.5), x, y, 0.045, 0.045)


def _deer_face(pen: Pen, fur: Colour, has_antlers: bool) -> None:
    horn = shade(fur, 0.55)
    pen.polygon(shade(fur, 0.85), (-0.26, 0.3), (0.26, 0.3), (0.44, 1.1), (-0.44, 1.1))
    for side in (-1, 1):
        if has_antlers:
            pen.line(horn, 0.09, (side * 0.14, -0.2), (side * 0.46, -0.56), (side * 0.4, -1))
            pen.line(horn, 0.08, (side * 0.42, -0.52), (side * 0.8, -0.86))
        pen.ellipse(fur, side * 0.52, -0.16, 0.3, 0.13, side * -0.35)
        pen.ellipse(_PINK, side * 0.54, -0.16, 0.18, 0.06, side * -0.35)
    pen.ellipse(fur, 0, 0, 0.36, 0.36)
    pen.polygon(fur, (-0.34, 0.06), (0.34, 0.06), (0.2, 0.62), (-0.2, 0.62))
    pen.ellipse(shade(fur, 1.4), 0, 0.56, 0.22, 0.17)
    pen.ellipse(BLACK, 0, 0.5, 0.13, 0.1)
    for side in (-1, 1):
        _eye(pen, side * 0.23, 0.02, 0.09)


def draw_dog(pen: Pen, random: Generator) -> None:
    """A dog's face with its tongue out, or a dog that stands and wags its tail."""
    fur = pick(random, _DOG_FURS)
    ears = shade(pick(random, _DOG_FURS), 0.6)
    if random.random() < 0.5:
        _dog_face(pen, fur, ears)
    else:
        _standing_dog(pen, fur, ears, collar=pick(random, ((210, 40, 44), (40, 100, 210))))


def _dog_face(pen: Pen, fur: Colour, ears: Colour) -> None:
    pen.ellipse(fur, 0, -0.1, 0.64, 0.68)
    for side in (-1, 1):
        pen.ellipse(ears, side * 0.68, 0.02, 0.24, 0.58, side * -0.2)
    pen.ellipse(ears, 0.27, -0.22, 0.23, 0.25)
    for side in (-1, 1):
        _eye(pen, side * 0.27, -0.2, 0.12)
    pen.ellipse(_PINK, 0, 0.74, 0.17, 0.25)
    pen.ellipse(shade(fur, 1.35), 0, 0.36, 0.42, 0.33)
    pen.ellipse(BLACK, 0, 0.2, 0.2, 0.14)
    pen.line(BLACK, 0.05, (0, 0.3), (0, 0.5), (0.2, 0.56))
    pen.line(BLACK, 0.05, (0, 0.5), (-0.2, 0.56))


def _standing_dog(pen: Pen, fur: Colour, ears: Colour, collar: Colour) -> None:
    pen.line(fur, 0.13, (-0.6, 0.1), (-0.84, -0.24), (-0.8, -0.48))
    for x, colour in ((-0.5, shade(fur, 0.75)), (0.2, shade(fur, 0.75)), (-0.36, fur), (0.34, fur)):
        pen.line(colour, 0.18, (x, 0.2), (x, 0.78))
        pen.ellipse(colour, x + 0.05, 0.8, 0.14, 0.08)
    pen.ellipse(fur, -0.1, 0.2, 0.6, 0.29)
    pen.ellipse(ears, -0.3, 0.12, 0.24, 0.18)
    pen.polygon(fur, (0.12, 0.14), (0.5, 0.24), (0.62, -0.2), (0.3, -0.36))
    pen.line(collar, 0.12, (0.24, -0.06), (0.58, 0.06))
    pen.ellipse(fur, 0.5, -0.38, 0.32, 0.28)
    pen.ellipse(shade(fur, 1.25), 0.8, -0.28, 0.24, 0.15)
    pen.ellipse(BLACK, 0.99, -0.34, 0.09, 0.08)
    pen.ellipse(ears, 0.3, -0.3, 0.15, 0.32, 0.15)
    _eye(pen, 0.6, -0.46, 0.08)


def draw_frog(pen: Pen, random: Generator) -> None:
    """A frog that looks at us, or one seen from above, legs out."""
    skin = pick(random, _FROG_SKINS)
    belly = shade(skin, 1.45)
    if random.random() < 0.6:
        _frog_face(pen, skin, belly)
    else:
        _frog_from_above(pen, skin, belly)


def _frog_face(pen: Pen, skin: Colour, belly: Colour) -> None:
    dark = shade(skin, 0.75)
    for side in (-1, 1):
        pen.ellipse(dark, side * 0.66, 0.5, 0.32, 0.34)
        pen.ellipse(dark, side * 0.8, 0.8, 0.26, 0.1)
    pen.ellipse(skin, 0, 0.36, 0.64, 0.5)
    pen.ellipse(belly, 0, 0.6, 0.4, 0.28)
    pen.ellipse(skin, 0, -0.06, 0.82, 0.46)
    for side in (-1, 1):
        pen.ellipse(skin, side * 0.46, -0.46, 0.28, 0.28)
        pen.ellipse(WHITE, side * 0.46, -0.48, 0.2, 0.2)
        pen.ellipse(BLACK, side * 0.46, -0.46, 0.11, 0.13)
        pen.line(skin, 0.16, (side * 0.24, 0.5), (side * 0.3, 0.84))
        pen.ellipse(dark, side * 0.34, 0.88, 0.17, 0.07)
    pen.line(BLACK, 0.07, (-0.56, 0.02), (-0.3, 0.14), (0, 0.18), (0.3, 0.14), (0.56, 0.02))


def _frog_from_above(pen: Pen, skin: Colour, belly: Colour) -> None:
    dark = shade(skin, 0.75)
    for side in (-1, 1):
        pen.line(
            dark,
            0.19,
            (-0.4, side * 0.2),
            (-0.2, side * 0.74),
            (-0.76, side * 0.6),
            (-1, side * 0.9),
        )
        pen.line(dark, 0.14, (0.24, side * 0.3), (0.48, side * 0.66), (0.74, side * 0.72))
    pen.ellipse(skin, -0.08, 0, 0.6, 0.4)
    pen.ellipse(skin, 0.46, 0, 0.34, 0.34)
    for x, y in ((-0.36, 0.1), (-0.12, -0.18), (-0.02, 0.14), (-0.36, -0.18)):
        pen.ellipse(belly, x, y, 0.09, 0.08)
    for side in (-1, 1):
        pen.ellipse(WHITE, 0.52, side * 0.28, 0.14, 0.13)
        pen.ellipse(BLACK, 0.55, side * 0.29, 0.08, 0.08)


def draw_horse(pen: Pen, random: Generator) -> None:
    """A horse that stands, or its head."""
    fur = pick(random, _HORSE_FURS)
    mane = shade(pick(random, _HORSE_FURS), 0.5)
    if random.random() < 0.65:
        _standing_horse(pen, fur, mane)
    else:
        _horse_head(pen, fur, mane)


def _standing_horse(pen: Pen, fur: Colour, mane: Colour) -> None:
    for x, colour in ((-0.54, shade(fur, 0.7)), (0.2, shade(fur, 0.7)), (-0.4, fur), (0.34, fur)):
        pen.line(colour, 0.13, (x, 0.2), (x, 0.9))
        pen.line(BLACK, 0.15, (x, 0.88), (x, 0.98))
    pen.line(mane, 0.17, (-0.62, -0.02), (-0.86, 0.16), (-0.88, 0.6))
    pen.ellipse(fur, -0.1, 0.12, 0.62, 0.3)
    pen.polygon(mane, (0, -0.12), (0.14, -0.12), (0.6, -0.86), (0.4, -0.84))
    pen.polygon(fur, (0.06, 0), (0.5, 0.2), (0.74, -0.5), (0.46, -0.74))
    pen.polygon(fur, (0.46, -0.76), (0.66, -0.8), (1, -0.4), (0.92, -0.24), (0.56, -0.42))
    pen.polygon(fur, (0.46, -0.7), (0.52, -0.96), (0.62, -0.74))
    pen.ellipse(shade(fur, 0.6), 0.93, -0.33, 0.08, 0.08)
    pen.ellipse(BLACK, 0.66, -0.6, 0.05, 0.05)


def _horse_head(pen: Pen, fur: Colour, mane: Colour) -> None:
    pen.polygon(mane, (-0.9, 1.1), (-0.7, -0.1), (-0.2, -0.86), (0.1, -0.7), (-0.3, 1.1))
    pen.polygon(fur, (-0.56, 1.1), (-0.4, 0), (-0.02, -0.64), (0.4, -0.1), (0.3, 1.1))
    pen.polygon(fur, (-0.04, -0.66), (0.34, -0.6), (0.94, 0.3), (0.78, 0.56), (0.5, 0.54), (0, 0.1))
    for x in (-0.02, 0.2):
        pen.polygon(fur, (x - 0.1, -0.54), (x + 0.02, -1), (x + 0.14, -0.58))
    pen.ellipse(shade(fur, 0.7), 0.74, 0.38, 0.22, 0.17, 0.4)
    pen.ellipse(BLACK, 0.82, 0.3, 0.05, 0.05)
    _eye(pen, 0.28, -0.28, 0.09)
    pen.line(mane, 0.12, (0.02, -0.76), (0.2, -0.5), (0.24, -0.4))


def _eye(pen: Pen, x: float, y: float, radius: float) -> None:
    pen.ellipse(WHITE, x, y, radius * 1.25, radius * 1.25)
    pen.ellipse(BLACK, x, y, radius * 0.85, radius * 0.85)
