import numpy as np
from PySide6.QtCore import Qt

from vera_studio.ui.widgets.picture_grid import PictureGrid, Tile

PIXELS = np.full((32, 32, 3), 200, dtype=np.uint8)


def tiles(*keys):
    return [Tile(key, f"first {key}", "second", f"tip <b>{key}") for key in keys]


def test_pictures_are_read_as_they_come_into_view(qtbot):
    grid = PictureGrid()
    qtbot.addWidget(grid)
    read = []
    grid.resize(320, 300)
    grid.set_tiles(tiles(*range(500)), lambda key: read.append(key) or PIXELS)
    grid.show()
    qtbot.waitUntil(lambda: len(read) >= 4)
    qtbot.waitUntil(lambda: not grid._reading.isActive())
    assert len(read) < 100
    assert "&lt;b&gt;" in grid.model().index(0).data(Qt.ItemDataRole.ToolTipRole)


def test_the_current_picture_stays_where_it_is_among_the_new_ones(qtbot):
    grid = PictureGrid()
    qtbot.addWidget(grid)
    told = []
    grid.current_changed.connect(told.append)
    grid.set_tiles(tiles(5, 6, 7), lambda key: PIXELS)
    grid.set_current(7)
    grid.set_tiles(tiles(7, 8), lambda key: None)
    assert grid.current_key == 7
    grid.set_tiles(tiles(8), lambda key: None)
    assert grid.current_key == 8
    grid.set_tiles((), lambda key: None)
    assert grid.current_key == -1
    assert told[-1] == -1
    assert not grid.grab().isNull()
