"""Names of classes under a chart, at the widths that the window gives it."""

import itertools
import math

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPolygonF, QTransform
from PySide6.QtWidgets import QApplication

from vera_studio.ui.widgets.gain_chart import GainChart

CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
LONG = [f"Lesser spotted woodpecker number {number}" for number in range(10)]
MANY = [f"class {number}" for number in range(120)]


@pytest.fixture
def chart(qtbot):
    widget = GainChart()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def fill(chart, names, width, height=320, counts=()):
    chart.resize(width, height)
    shares = [(number % 10) / 10 for number in range(len(names))]
    others = [1 - share for share in shares]
    chart.set_values(names, shares, others, {1, 2}, counts)
    for _ in range(3):
        QApplication.processEvents()


def outlines(chart):
    """Around each name, in pixels of the chart."""
    axis = chart._axis
    (left, right), slant = axis.range, axis._slant
    slot = axis.width() / (right - left)
    for index, text in axis.shown().items():
        metrics = QFontMetricsF(axis._font(index))
        width, line = metrics.horizontalAdvance(text), metrics.height()
        corner = axis.scenePos() + QPointF((index - left) * slot, 4)
        place = QTransform().translate(corner.x(), corner.y()).rotate(-slant)
        if slant:
            box = QRectF(-width, -line / 2 if slant == 90 else 0, width, line)
        else:
            box = QRectF(-width / 2, 0, width, line)
        # What letters leave free of their line does not count.
        yield place.map(QPolygonF(box.adjusted(0, 1.5, 0, -1.5)))


@pytest.mark.parametrize("width", [260, 380, 660, 940, 1300])
@pytest.mark.parametrize("names", [CIFAR10, LONG, MANY], ids=["cifar10", "long", "many"])
def test_no_name_is_cut_off_or_lies_over_another(chart, names, width):
    fill(chart, names, width)
    shapes = list(outlines(chart))
    room = QRectF(chart.plot.viewport().rect()).adjusted(-1, -1, 1, 1)
    assert all(room.contains(shape.boundingRect()) for shape in shapes)
    assert not any(a.intersects(b) for a, b in itertools.pairwise(shapes))
    assert {1, 2} <= chart._axis.shown().keys() or len(names) > 100


def test_all_ten_classes_are_named_in_a_small_chart(chart):
    fill(chart, CIFAR10, 345)  # beside the details of an adapter in a window of 1024 x 700
    assert list(chart._axis.shown().values()) == CIFAR10


def figure_boxes(chart):
    for figure in chart._figures:
        if figure.toPlainText():
            yield figure.mapRectToScene(figure.boundingRect())


@pytest.mark.parametrize("counts", [(), (1, 6) * 5], ids=["many images", "few"])
@pytest.mark.parametrize(("width", "height"), [(260, 180), (345, 240), (660, 480), (1300, 700)])
def test_no_figure_is_cut_off_or_lies_over_another(chart, width, height, counts):
    fill(chart, CIFAR10, width, height, counts)
    boxes = list(figure_boxes(chart))
    area = chart.plot.getPlotItem().vb.sceneBoundingRect().adjusted(-1, -1, 1, 1)
    assert all(area.contains(box) for box in boxes)
    assert not any(a.intersects(b) for a, b in itertools.pairwise(boxes))


def test_figures_become_shorter_before_they_go(chart):
    fill(chart, CIFAR10, 900)
    assert chart._figures[0].toPlainText() == "+100.0"
    fill(chart, CIFAR10, 420)
    assert chart._figures[0].toPlainText() == "+100"
    fill(chart, CIFAR10, 260)  # too narrow for all: a target's, and hovering tells the others
    texts = [figure.toPlainText() for figure in chart._figures]
    assert texts == ["", "+80", *[""] * 8]


def test_few_images_are_told_beside_the_figure(chart):
    chart.resize(700, 320)
    chart.set_values(("ants", "bees"), (0.0, 0.5), (1.0, 0.5), {0}, (1, 600))
    QApplication.processEvents()
    assert [figure.toPlainText() for figure in chart._figures] == ["+100.0\n1 of 1", "+0.0"]
    assert "0 of 1 images right, then 1 of 1" in chart.describe(0, 0.2)[1]
    assert " of " not in chart.describe(1, 0.2)[1]
    chart.set_values(("ants", "bees"), (math.nan, 0.5), (math.nan, 0.5), {0}, (0, 600))
    assert chart._figures[0].toPlainText() == "no\nimages"
