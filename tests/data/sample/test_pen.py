from math import pi

import numpy as np
import pytest
from PIL import Image

from vera_studio.data.sample.pen import Pen, pick, shade

RED = (255, 0, 0)


def red_of_a_corner(**placement):
    """Where red lies after a square is painted on the pen's upper right quarter."""
    image = Image.new("RGB", (40, 40))
    Pen(image, **placement).box(RED, 0.2, -0.8, 0.8, -0.2)
    rows, columns = np.nonzero(np.asarray(image)[..., 0])
    return rows.mean() / 20 - 1, columns.mean() / 20 - 1


@pytest.mark.parametrize(
    ("placement", "row", "column"),
    [
        ({}, -0.5, 0.5),
        ({"mirror": True}, -0.5, -0.5),
        ({"tilt": pi / 2}, 0.5, 0.5),
        ({"scale": 0.5}, -0.25, 0.25),
        ({"centre": (-0.4, 0.2)}, -0.3, 0.1),
    ],
)
def test_placing(placement, row, column):
    assert red_of_a_corner(**placement) == pytest.approx((row, column), abs=0.06)


def test_an_inner_pen_draws_within_the_outer_one():
    image = Image.new("RGB", (40, 40))
    Pen(image, mirror=True).inner(0.5, 0.5, 0.5).box(RED, -1, -1, 1, 1)
    rows, columns = np.nonzero(np.asarray(image)[..., 0])
    assert (rows.min(), rows.max()) == pytest.approx((20, 40), abs=1)
    assert (columns.min(), columns.max()) == pytest.approx((0, 20), abs=1)


def test_an_ellipse_has_its_radii():
    image = Image.new("RGB", (100, 100))
    Pen(image).ellipse(RED, 0, 0, 0.8, 0.4)
    rows, columns = np.nonzero(np.asarray(image)[..., 0])
    assert np.ptp(rows) == pytest.approx(40, abs=3)
    assert np.ptp(columns) == pytest.approx(80, abs=3)


def test_colours_stay_colours():
    assert shade((100, 200, 10), 2) == (200, 255, 20)
    random = np.random.default_rng(0)
    for _ in range(50):
        colour = pick(random, [(0, 255, 128)])
        assert all(0 <= value <= 255 for value in colour)
        assert abs(colour[2] - 128) <= 19
