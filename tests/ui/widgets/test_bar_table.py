import math

import pytest
from PySide6.QtCore import QPoint

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.bar_table import Bar, BarTable


@pytest.fixture
def table(qtbot):
    widget = BarTable("bars", "Bars", "A table of bars")
    qtbot.addWidget(widget)
    widget.resize(400, 200)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def coloured(table, row, column):
    """Shares of the cell's width, in steps of a twentieth, that are not the ground."""
    rect = table.visualRect(table.model().index(row, column))
    image = table.viewport().grab(rect).toImage()
    ground = plot_colors(table.palette()).background.name()
    ratio, y = image.devicePixelRatio(), 5  # above the text
    steps = range(1, 20)
    at = (QPoint(round(step / 20 * rect.width() * ratio), round(y * ratio)) for step in steps)
    return [
        step / 20
        for step, place in zip(steps, at, strict=True)
        if image.pixelColor(place).name() != ground
    ]


def test_bars_are_as_long_as_their_numbers(table):
    table.set_rows(("Class", "Share"), [("half", [Bar("50%", 0.5)]), ("none", [Bar("0%", 0.0)])])
    assert table.texts() == [["half", "50%"], ["none", "0%"]]
    assert coloured(table, 0, 1)[-1] == pytest.approx(0.5, abs=0.06)
    assert coloured(table, 1, 1) == []


def test_signed_bars_go_from_the_middle_to_their_side(table):
    bars = [Bar("+", 0.5, is_signed=True), Bar("-", -1.0, is_signed=True)]
    table.set_rows(("Layer", "Up", "Down"), [("fc1", bars)])
    up, down = coloured(table, 0, 1), coloured(table, 0, 2)
    assert (min(up), max(up)) == pytest.approx((0.5, 0.75), abs=0.06)
    assert (min(down), max(down)) == pytest.approx((0.05, 0.5), abs=0.06)


def test_what_is_no_number_has_no_bar(table):
    table.set_rows(("Layer", "Cosine"), [("fc1", [Bar("not known", math.nan, is_signed=True)])])
    assert coloured(table, 0, 1) == []
