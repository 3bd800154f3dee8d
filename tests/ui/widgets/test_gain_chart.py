import csv
import math

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.gain_chart import GainChart, gain_text

NAMES = ("bird", "cat", "ship", "truck")
BEFORE = (0.55, 0.46, 0.82, math.nan)
AFTER = (0.71, 0.46, 0.80, math.nan)


@pytest.fixture
def chart(qtbot):
    widget = GainChart()
    qtbot.addWidget(widget)
    widget.resize(600, 320)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def filled(chart):
    chart.set_values(NAMES, BEFORE, AFTER, {0, 1})
    QApplication.processEvents()
    return chart


def test_gains_stand_above_the_bars(filled):
    assert filled.gain_texts() == ("+16.0", "+0.0", "\N{MINUS SIGN}2.0", "no images")
    heights = [figure.pos().y() for figure in filled._figures]
    assert heights == [0.71, 0.46, 0.82, 0.0]


def test_before_a_run_it_says_so(chart):
    assert chart.is_empty()
    chart.set_values(NAMES, BEFORE, AFTER, {0})
    assert not chart.is_empty()
    chart.set_values((), (), (), set())
    assert chart.is_empty()


def test_lengths_must_agree(chart):
    with pytest.raises(ValueError, match="4 names, 4 accuracies before, 1 after"):
        chart.set_values(NAMES, BEFORE, (0.5,), {0})


def test_bars_are_drawn_in_their_colors(filled):
    colors = plot_colors(filled.palette())
    image = filled.plot.grab().toImage()
    ratio = image.devicePixelRatio()

    def color_at(x, y):
        scene = filled.plot.getPlotItem().vb.mapViewToScene(QPointF(x, y))
        place = filled.plot.mapFromScene(scene) * ratio
        return image.pixelColor(place).name()

    assert color_at(-0.2, 0.3) == colors.base.name()
    assert color_at(0.2, 0.3) == colors.target.name()
    assert color_at(2.2, 0.3) == colors.other.name()
    assert color_at(0.2, 0.77) == colors.background.name()
    assert color_at(3.2, 0.33) == colors.background.name()


@pytest.mark.parametrize(("width", "slanted"), [(900, False), (400, True)])
def test_long_names_are_slanted_where_they_do_not_fit(qtbot, filled, width, slanted):
    names = [f"automobile {number}" for number in range(8)]
    filled.set_values(names, [0.5] * 8, [0.6] * 8, {2})
    filled.resize(width, 320)
    qtbot.waitUntil(lambda: bool(filled._axis._slant) == slanted)
    filled.plot.viewport().repaint()


def test_the_legend_names_what_there_is(qtbot, filled):
    assert filled.legend.entry("targets").text() == "after, target class"
    qtbot.mouseClick(filled.legend.entry("before"), Qt.MouseButton.LeftButton)
    assert not filled._bars["before"].isVisible()
    filled.set_values(NAMES, BEFORE, AFTER, set(range(4)))
    with pytest.raises(KeyError):
        filled.legend.entry("others")


def test_hovering_tells_a_class(filled):
    assert filled.describe(0.3, 0.2) == (0, "<b>bird</b>, target<br>55.0% → 71.0%<br>+16.0 points")
    assert filled.describe(2, 0.2)[1].startswith("<b>ship</b><br>")
    assert filled.describe(3, 0.2) == (3, "<b>truck</b><br>no images")
    assert filled.describe(9, 0.2) is None


def test_reset_view_shows_all_classes(filled):
    filled.plot.setXRange(0, 1)
    filled.reset_view()
    left, right = filled.plot.getPlotItem().vb.viewRange()[0]
    assert (left, right) == (-0.6, 3.6)


def test_csv(filled, tmp_path):
    filled.save_csv(tmp_path / "gains.csv")
    with (tmp_path / "gains.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["class", "target", "before", "after", "gain in points"],
        ["bird", "yes", "0.55", "0.71", "16.0"],
        ["cat", "yes", "0.46", "0.46", "0.0"],
        ["ship", "no", "0.82", "0.8", "-2.0"],
        ["truck", "no", "", "", ""],
    ]


def test_png(filled, tmp_path):
    filled.save_png(tmp_path / "gains.png")
    assert QImage(str(tmp_path / "gains.png")).width() >= 2 * filled.plot.width()


def test_gain_text():
    assert gain_text(0.5, math.nan) == "no images"
    assert gain_text(0.5, 0.6234) == "+12.3"


def test_of_a_thousand_classes_a_few_are_drawn_targets_first(qtbot):
    chart = GainChart()
    qtbot.addWidget(chart)
    names = [f"kind {number}" for number in range(1000)]
    before = [0.5 if number < 300 else math.nan for number in range(1000)]
    after = [0.5 + (number % 50) / 200 if number < 300 else math.nan for number in range(1000)]
    chart.set_values(names, before, after, {0, 1, 2}, [20] * 1000)
    assert len(chart.gain_texts()) == 40
    assert chart.gain_texts()[:3] == ("+0.0", "+0.5", "+1.0")
    assert "no images" not in chart.gain_texts()
    assert "40 of 1,000 classes" in chart._title.text()
    assert len(list(chart.table())) == 1001
