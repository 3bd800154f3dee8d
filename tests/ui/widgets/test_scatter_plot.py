import csv
import itertools
import math

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QLabel

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.axes import LogAxis
from vera_studio.ui.widgets.scatter_plot import ScatterPlot, ScatterPoint, ScatterSeries

SERIES = (
    ScatterSeries("vera", "VeRA", 0),
    ScatterSeries("lora", "LoRA", 2),
    ScatterSeries("full", "Full", 3),
)
POINTS = (
    ScatterPoint("vera", "VeRA <32>", "VeRA 32", 542, 0.71, 0.02, ("71.0%", "542 numbers")),
    ScatterPoint("vera", "VeRA, rank 4", "VeRA 4", 402, 0.66, math.nan, ("66.0%",)),
    ScatterPoint("full", "Full", "", 73_414, 0.79, 0.01, ("79.0%",)),
)


@pytest.fixture
def plot(qtbot):
    widget = ScatterPlot("Accuracy", "Trainable", "Targets", "Nothing yet.")
    qtbot.addWidget(widget)
    widget.resize(700, 400)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def filled(plot):
    plot.set_points(SERIES, POINTS, 0.55, "base, 55%")
    QApplication.processEvents()
    return plot


def place_of(plot, x, y):
    scene = plot.plot.getPlotItem().vb.mapViewToScene(QPointF(math.log10(x), y))
    return QPointF(plot.plot.mapFromScene(scene))


def color_at(plot, x, y):
    QApplication.processEvents()
    image = plot.plot.grab().toImage()
    return image.pixelColor((place_of(plot, x, y) * image.devicePixelRatio()).toPoint())


def test_points_stand_at_their_logarithms_in_their_colors(filled):
    colors = plot_colors(filled.palette())
    assert color_at(filled, 542, 0.71) == colors.of_class(0)
    assert color_at(filled, 402, 0.66) == colors.of_class(0)
    assert color_at(filled, 73_414, 0.79) == colors.of_class(3)
    assert color_at(filled, 6_000, 0.585) == colors.background


def test_error_bars_reach_as_far_as_the_spread(filled):
    colors = plot_colors(filled.palette())
    for y in (0.69, 0.73):  # the ends, a pixel or two thick
        middle = place_of(filled, 542, y).toPoint()
        image = filled.plot.grab().toImage()
        near = [image.pixelColor(middle.x(), middle.y() + dy) for dy in range(-2, 3)]
        assert colors.of_class(0) in near
    assert color_at(filled, 542, 0.745) == colors.background


def test_everything_is_in_view(filled):
    (left, right), (low, high) = filled.plot.getPlotItem().vb.viewRange()
    assert left < math.log10(402)
    assert right > math.log10(73_414)
    assert low < 0.55
    assert high > 0.81


def test_without_points_it_says_so(plot):
    assert plot.is_empty()
    plot.set_points(SERIES, POINTS)
    assert not plot.is_empty()
    plot.set_points(SERIES, (), 0.5)
    assert plot.is_empty()
    plot.reset_view()


def test_the_legend_shows_what_there_is_and_hides_it(qtbot, filled):
    with pytest.raises(KeyError):
        filled.legend.entry("lora")
    background = plot_colors(filled.palette()).background
    qtbot.mouseClick(filled.legend.entry("full"), Qt.MouseButton.LeftButton)
    assert color_at(filled, 73_414, 0.79) == background
    assert filled.describe(math.log10(73_414), 0.79) is None
    qtbot.mouseClick(filled.legend.entry("full"), Qt.MouseButton.LeftButton)
    assert color_at(filled, 73_414, 0.79) != background


def test_the_base_can_be_hidden(qtbot, filled):
    assert filled._base_line.isVisible()
    assert filled._base_line.value() == 0.55
    qtbot.mouseClick(filled.legend.entry("base"), Qt.MouseButton.LeftButton)
    assert not filled._base_line.isVisible()


def test_what_is_hidden_stays_hidden_when_figures_come(qtbot, filled):
    qtbot.mouseClick(filled.legend.entry("full"), Qt.MouseButton.LeftButton)
    filled.set_points(SERIES, POINTS, 0.55, "base, 55%")
    assert color_at(filled, 73_414, 0.79) == plot_colors(filled.palette()).background
    assert not filled.legend.entry("full").isChecked()


def test_hovering_tells_of_the_nearest_point(qtbot, filled):
    card = filled.findChild(QLabel, "read_out")
    place = place_of(filled, 542, 0.71) + QPointF(5, 3)
    qtbot.mouseMove(filled.plot.viewport(), place.toPoint())
    qtbot.waitUntil(card.isVisible)
    assert card.text() == "<b>VeRA &lt;32&gt;</b><br>71.0%<br>542 numbers"
    qtbot.mouseMove(filled.plot.viewport(), place_of(filled, 6_000, 0.60).toPoint())
    qtbot.waitUntil(lambda: not card.isVisible())


def test_csv_holds_every_point(filled, tmp_path):
    filled.save_csv(tmp_path / "points.csv")
    with (tmp_path / "points.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["name", "trainable", "targets", "spread"]
    assert rows[2] == ["VeRA, rank 4", "402", "0.66", ""]
    assert len(rows) == 4


@pytest.mark.parametrize(
    "point",
    [
        ScatterPoint("vera", "a", "", 0, 0.5, 0.1, ()),
        ScatterPoint("dora", "a", "", 5, 0.5, 0.1, ()),
    ],
)
def test_what_cannot_be_drawn_is_refused(plot, point):
    with pytest.raises(ValueError, match="a: x"):
        plot.set_points(SERIES, (point,))


@pytest.mark.parametrize(
    ("low", "high", "size", "texts"),
    [
        (2.4, 5.1, 300, ["1,000", "10,000", "100,000"]),
        (2.4, 3.6, 600, ["500", "1,000", "2,000"]),
    ],
)
def test_ticks_are_round_numbers(qtbot, low, high, size, texts):
    axis = LogAxis()
    (spacing, written), (_, between) = axis.tickValues(low, high, size)
    assert sorted(axis.tickStrings(written, 1, spacing), key=len) == texts
    assert all(low <= mark <= high for mark in (*written, *between))
    assert set(axis.tickStrings(between, 1, 0.0)) == {""}


def test_ticks_of_a_part_that_is_zoomed_in(qtbot):
    axis = LogAxis()
    ((spacing, written), *_) = axis.tickValues(2.71, 2.75, 600)
    assert len(written) >= 2
    assert all(512 <= int(text) <= 563 for text in axis.tickStrings(written, 1, spacing))


@pytest.mark.parametrize("width", [320, 500, 1000])
def test_labels_never_lie_over_each_other(qtbot, plot, width):
    xs = (402, 430, 542, 560, 700, 4616)
    points = [
        ScatterPoint("vera", f"VeRA {x}", f"VeRA {x}", x, 0.8 + x / 1e5, 0.01, ()) for x in xs
    ]
    plot.set_points(SERIES, points)
    plot.resize(width, 320)
    for _ in range(3):
        QApplication.processEvents()
    shown = [label for label in plot._labels if label.isVisible()]
    boxes = [label.mapRectToScene(label.boundingRect()).adjusted(4, 4, -4, -4) for label in shown]
    assert not any(a.intersects(b) for a, b in itertools.combinations(boxes, 2))
    assert len(shown) >= 3


@pytest.mark.parametrize("label", ["a", "VeRA 4", "VeRA, one pair for all 1,024"])
def test_a_label_with_room_around_it_is_there_however_short(qtbot, plot, label):
    plot.set_points(SERIES, [ScatterPoint("vera", label, label, 542, 0.8, 0.01, ())])
    QApplication.processEvents()
    assert plot._labels[0].isVisible()
