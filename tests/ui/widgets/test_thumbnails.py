import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QScrollArea

from vera_studio.ui.widgets.thumbnails import ThumbnailGrid, count_text

RED, GREEN = (255, 0, 0), (0, 255, 0)


def images(count, color):
    return np.full((count, 32, 32, 3), color, dtype=np.uint8)


@pytest.fixture
def grid(qtbot):
    widget = ThumbnailGrid()
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def area(grid):
    return grid.findChild(QScrollArea)


def count_pixels(grid, color):
    image = area(grid).viewport().grab().toImage()
    name = QColor(*color).name()
    pixels = sum(
        image.pixelColor(x, y).name() == name
        for x in range(image.width())
        for y in range(image.height())
    )
    return pixels / image.devicePixelRatio() ** 2


def test_before_there_are_images_it_says_so(grid):
    assert not area(grid).isVisible()
    grid.set_images([("cat", 3, images(3, RED))])
    assert area(grid).isVisible()
    grid.set_images([])
    assert not area(grid).isVisible()


def test_each_class_has_its_images(grid):
    grid.set_images([("cat", 6000, images(2, RED)), ("dog", 0, images(0, RED))])
    assert count_pixels(grid, RED) == 2 * 48 * 48


def test_no_more_than_fit(grid):
    grid.set_images([("cat", 50, images(50, RED)), ("dog", 50, images(50, GREEN))])
    room = grid.shown_per_row()
    assert 3 < room < 50
    assert count_pixels(grid, GREEN) == room * 48 * 48
    grid.resize(800, 300)
    assert grid.shown_per_row() > room


def test_many_classes_scroll(grid):
    grid.set_images([(f"class {i}", 1, images(1, RED)) for i in range(40)])
    assert area(grid).verticalScrollBar().maximum() > 1000
    assert area(grid).horizontalScrollBar().maximum() == 0


def test_pixels_keep_their_places(grid):
    picture = images(1, RED)
    picture[0, 16:] = GREEN  # the lower half
    grid.set_images([("cat", 1, picture[:, :, ::-1])])  # not contiguous
    image = area(grid).viewport().grab().toImage()
    greens = [
        y
        for y in range(image.height())
        if any(image.pixelColor(x, y).name() == "#00ff00" for x in range(image.width()))
    ]
    reds = [
        y
        for y in range(image.height())
        if any(image.pixelColor(x, y).name() == "#ff0000" for x in range(image.width()))
    ]
    assert max(reds) < min(greens)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "no images"), (1, "1 image"), (6000, "6,000 images")]
)
def test_counts(count, text):
    assert count_text(count) == text
