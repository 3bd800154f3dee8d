import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QScrollArea

from vera_studio.ui.widgets.thumbnail_rows import ClassRow, fitted
from vera_studio.ui.widgets.thumbnails import ThumbnailGrid

RED, GREEN = (255, 0, 0), (0, 255, 0)


def image(color, side=32):
    return np.full((side, side, 3), color, dtype=np.uint8)


@pytest.fixture
def grid(qtbot):
    widget = ThumbnailGrid(("Training", "Test"))
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def area(grid):
    return grid.findChild(QScrollArea)


def count_pixels(grid, color):
    picture = area(grid).viewport().grab().toImage()
    name = QColor(*color).name()
    pixels = sum(
        picture.pixelColor(x, y).name() == name
        for x in range(picture.width())
        for y in range(picture.height())
    )
    return pixels / picture.devicePixelRatio() ** 2


def click(qtbot, grid, row, position):
    place = grid.rows.place(row, position).center()
    qtbot.mouseClick(grid.rows, Qt.MouseButton.LeftButton, pos=place)


def test_before_there_are_images_it_says_so(grid):
    assert not area(grid).isVisible()
    grid.set_rows([ClassRow("cat", (3, 0))], lambda *_: image(RED))
    assert area(grid).isVisible()
    grid.set_rows([], lambda *_: image(RED))
    assert not area(grid).isVisible()


def test_each_class_has_its_images(grid):
    rows = [ClassRow("cat", (1, 1)), ClassRow("dog", (0, 0))]
    grid.set_rows(rows, lambda *_: image(RED))
    assert count_pixels(grid, RED) == 2 * 48 * 48


def test_no_more_than_fit(grid):
    rows = [ClassRow("cat", (6000, 50)), ClassRow("dog", (50, 0))]
    grid.set_rows(rows, lambda row, _: image((RED, GREEN)[row]))
    room = grid.shown_per_row()
    assert 3 < room < 50
    assert count_pixels(grid, GREEN) == room * 48 * 48
    grid.resize(800, 300)
    assert grid.shown_per_row() > room


def test_only_what_comes_into_view_is_read(grid):
    read = []

    def remember(row, position):
        read.append(row)
        return image(RED, 224)

    grid.set_rows([ClassRow(f"class {i}", (1000, 1)) for i in range(1000)], remember)
    area(grid).viewport().grab()
    assert read
    assert max(read) < 10
    assert area(grid).verticalScrollBar().maximum() > 40_000
    assert area(grid).horizontalScrollBar().maximum() == 0
    area(grid).verticalScrollBar().setValue(20_000)
    area(grid).viewport().grab()
    assert min(read[-5:]) > 300


def test_pixels_keep_their_places(grid):
    picture = image(RED)
    picture[16:] = GREEN  # the lower half
    grid.set_rows([ClassRow("cat", (1, 0))], lambda *_: picture[:, ::-1])  # not contiguous
    shown = area(grid).viewport().grab().toImage()

    def heights(name):
        return [
            y
            for y in range(shown.height())
            if any(shown.pixelColor(x, y).name() == name for x in range(shown.width()))
        ]

    assert max(heights("#ff0000")) < min(heights("#00ff00"))


def test_large_pictures_are_brought_down():
    assert fitted(image(RED, 600), 48).width() == 48
    assert fitted(image(RED, 32), 48).width() == 32


def test_a_click_chooses_a_picture(qtbot, grid):
    grid.set_rows([ClassRow("cat", (2, 1)), ClassRow("dog", (1, 0))], lambda *_: image(RED))
    chosen = []
    grid.picture_chosen.connect(lambda *place: chosen.append(place))
    click(qtbot, grid, 0, 2)
    click(qtbot, grid, 1, 0)
    click(qtbot, grid, 1, 1)  # there is none
    qtbot.mouseClick(grid.rows, Qt.MouseButton.LeftButton, pos=QPoint(5, 20))
    assert chosen == [(0, 2), (1, 0)]


def test_keys_go_from_picture_to_picture(qtbot, grid):
    grid.set_rows([ClassRow("cat", (2, 1)), ClassRow("dog", (1, 0))], lambda *_: image(RED))
    chosen = []
    grid.picture_chosen.connect(lambda *place: chosen.append(place))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(grid.rows, key)
    assert grid.rows.accessibleDescription() == "cat, image 3 of 3"
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(grid.rows, key)
    assert chosen == [(0, 2), (1, 0)]


def test_notes_make_room_for_themselves(grid):
    grid.set_rows([ClassRow("cat", (2, 1))], lambda *_: image(RED))
    before = grid.rows.columns()[1][1]
    grid.set_notes([("", "100.0% (3 of 3)")])
    assert grid.rows.columns()[1][1] > before
