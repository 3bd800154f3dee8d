import csv

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from vera_studio.ui.widgets.vector_plot import VectorPlot


@pytest.fixture
def plot(qtbot):
    widget = VectorPlot()
    qtbot.addWidget(widget)
    widget.resize(600, 300)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def test_before_and_after(plot):
    plot.set_values("fc1.d", np.full(32, 0.1, dtype=np.float32), np.linspace(-1, 1, 32))
    QApplication.processEvents()
    assert plot.title == "fc1.d"
    assert len(plot._dots["before"].data) == len(plot._dots["after"].data) == 32
    xs, ys = plot._stems.getData()
    assert (xs[:4].tolist(), ys[:2].tolist()) == ([0, 0, 1, 1], [pytest.approx(0.1), -1])
    assert plot.describe(31.2, 0)[0] == 31
    assert "after: <b>1</b>" in plot.describe(31.2, 0)[1]
    assert plot.describe(40, 0) is None


def test_figures(plot):
    plot.set_values("fc1.b", [3.0, -4.0, 1.0])
    for words in ("min&nbsp;</td><td align='right'><b>-4", "<b>3<", "<b>0<", "<b>5.099<"):
        assert words in plot.figures.text()
    assert plot.figures.isVisible()


def test_only_before_training(plot):
    plot.set_values("fc1.b", [0.0, 0.0])
    assert len(plot._dots["after"].data) == 0
    with pytest.raises(KeyError):
        plot.legend.entry("after")


def test_the_empty_text_comes_back(plot):
    assert plot.is_empty()
    plot.set_values("fc1.b", [0.0, 1.0])
    plot.clear()
    assert plot.is_empty()
    assert not plot.figures.isVisible()


def test_vectors_of_one_length(plot):
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\)"):
        plot.set_values("fc1.b", [0, 0], [0, 0, 0])
    with pytest.raises(ValueError, match="vectors of one length"):
        plot.set_values("fc1.b", [[0, 0]])


def test_zoom_stays_while_values_change(plot):
    plot.set_values("fc1.b", np.zeros(100), np.zeros(100))
    plot.plot.setXRange(10, 20, padding=0)
    plot.set_values("fc1.b", np.zeros(100), np.ones(100))
    QApplication.processEvents()
    assert plot.plot.getPlotItem().vb.viewRange()[0] == [10, 20]
    plot.set_values("fc2.b", np.zeros(100), np.ones(100))
    QApplication.processEvents()
    assert plot.plot.getPlotItem().vb.viewRange()[0][1] > 90


def test_the_legend_hides_a_part(qtbot, plot):
    plot.set_values("fc1.b", [0, 0], [1, 2])
    qtbot.mouseClick(plot.legend.entry("before"), Qt.MouseButton.LeftButton)
    assert not plot._dots["before"].isVisible()
    assert not plot._stems.isVisible()
    assert plot._dots["after"].isVisible()


def test_csv(plot, tmp_path):
    plot.set_values("fc1.b", [0, 0.5], [1, 2])
    plot.save_csv(tmp_path / "b.csv")
    with (tmp_path / "b.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["index", "before", "after"], ["0", "0.0", "1.0"], ["1", "0.5", "2.0"]]


def test_of_a_matrix_what_stands_out_is_drawn_and_all_of_it_from_near(plot):
    """Tens of thousands of dots took seconds, and were a bar of colour."""
    count = 50_000
    after = np.random.default_rng(0).normal(size=count)
    after[31_234], after[7] = 99, -99
    plot.set_values("fc1.A", np.zeros(count), after)
    QApplication.processEvents()
    places = plot._dots["after"].getData()[0]
    assert len(places) <= 2_000
    assert {0, 7, 31_234, count - 1} <= set(places)
    assert "of 50,000 drawn" in plot.figures.text()
    assert "<b>99<" in plot.figures.text()
    plot.plot.getPlotItem().setXRange(30_000, 30_500, padding=0)
    places = plot._dots["after"].getData()[0]
    assert set(range(30_000, 30_501)) <= set(places)
    assert "drawn" not in plot.figures.text()
    plot.reset_view()
    QApplication.processEvents()
    left, right = plot.plot.getPlotItem().viewRange()[0]
    assert left <= 0 < count - 1 <= right
    plot.set_values("fc1.A", np.zeros(count), after + 1)
    assert plot._dots["after"].getData()[1].max() == 100
