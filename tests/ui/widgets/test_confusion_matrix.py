import numpy as np
import pytest
from PySide6.QtCore import Qt

from vera_studio.ui.widgets.confusion_matrix import ConfusionMatrix, _reduced


@pytest.fixture
def matrix(qtbot):
    widget = ConfusionMatrix()
    qtbot.addWidget(widget)
    widget.resize(420, 420)
    widget.show()
    return widget


def fill(matrix, count):
    strengths = np.eye(count)
    strengths[1, 0] = 0.5
    names = [f"class {number}" for number in range(count)]
    matrix.set_matrix(
        names,
        strengths,
        np.eye(count, dtype=bool),
        lambda row, column: f"{strengths[row, column]:.1f}",
        lambda row, column: f"{row} as {column}",
    )


@pytest.mark.parametrize("count", [2, 30, 900])
def test_a_click_on_a_cell_tells_which(qtbot, matrix, count):
    fill(matrix, count)
    with qtbot.waitSignal(matrix.cell_chosen) as told:
        qtbot.mouseClick(
            matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(1, 0).center().toPoint()
        )
    row, column = told.args
    # Cells smaller than a pixel: the strongest near it, which is one on the diagonal or that.
    assert (row, column) == (1, 0) if count < 900 else row <= 6


def test_keys_go_from_cell_to_cell_and_stay_inside(qtbot, matrix):
    fill(matrix, 3)
    chosen = []
    matrix.cell_chosen.connect(lambda *cell: chosen.append(cell))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Return):
        qtbot.keyClick(matrix, key)
    assert chosen == [(1, 0)]
    assert matrix.accessibleDescription() == "1 as 0"


def test_no_mistake_vanishes_where_cells_share_a_pixel():
    strengths = np.eye(900)
    strengths[700, 3] = 0.1
    small, good = _reduced(strengths, np.eye(900, dtype=bool), 300)
    assert small.shape == (300, 300)
    assert small[700 // 3, 1] == pytest.approx(0.1)
    assert not good[700 // 3, 1]
    assert good[5, 5]
    same, _ = _reduced(strengths, np.eye(900, dtype=bool), 900)
    assert same is strengths


def test_without_classes_it_is_empty(matrix):
    assert not matrix.grab().isNull()
    fill(matrix, 2)
    assert matrix.grab().toImage() != ConfusionMatrix().grab().toImage()
