import csv
import math
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QToolButton, QToolTip

from vera_studio.errors import StudioError
from vera_studio.ui.theme import plot_colors, set_color_scheme
from vera_studio.ui.widgets.curve_plot import CurvePlot


@pytest.fixture
def plot(qtbot):
    widget = CurvePlot("Loss", "Step", "Cross entropy", empty_text="Nothing yet.")
    qtbot.addWidget(widget)
    widget.resize(600, 320)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def filled(plot, qtbot):
    plot.set_series("raw", "every step", role="raw", width=1)
    plot.set_series("validation", "validation", role="other", dashed=True, points=True)
    plot.append("raw", range(1, 101), np.linspace(2, 1, 100))
    plot.append("validation", [0, 50, 100], [2.5, 1.5, 0.5])
    plot.bring_up_to_date()
    QApplication.processEvents()
    return plot


def view(plot):
    return plot.plot.getPlotItem().vb.viewRange()


def button(plot, name):
    return plot.findChild(QToolButton, f"{name}_button")


def hover(plot, x, y):
    """Move the mouse to a point of the plot."""
    scene = plot.plot.getPlotItem().vb.mapViewToScene(QPointF(x, y))
    viewport = plot.plot.viewport()
    place = QPointF(plot.plot.mapFromScene(scene))
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        viewport.mapToGlobal(place),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(viewport, event)


def card(plot):
    return plot._read_out.card


def test_the_empty_text_gives_way_to_the_first_point(plot):
    plot.set_series("raw", "every step")
    assert plot.is_empty()
    assert not button(plot, "save_csv").isEnabled()
    plot.append("raw", [], [])
    assert plot.is_empty()
    plot.append("raw", [1], [2.0])
    assert not plot.is_empty()
    assert button(plot, "save_csv").isEnabled()


def test_points_come_back_as_they_went_in(filled):
    xs, ys = filled.points("validation")
    assert (xs.tolist(), ys.tolist()) == ([0, 50, 100], [2.5, 1.5, 0.5])


def test_what_comes_in_is_drawn_a_moment_later(qtbot, plot):
    plot.set_series("raw", "every step")
    plot.append("raw", range(10), range(10))
    qtbot.waitUntil(lambda: view(plot)[0][1] >= 9 and view(plot)[1][1] >= 9)


def test_an_unknown_series_is_an_error(plot):
    with pytest.raises(KeyError):
        plot.append("raw", [1], [1])


def test_changing_the_look_keeps_the_points(filled):
    filled.set_series("raw", "steps", color_index=3, width=3)
    assert len(filled.points("raw")[0]) == 100
    assert filled.legend.entry("raw").text() == "steps"


def test_a_million_points_are_few_on_screen(plot):
    plot.set_series("raw", "every step", width=1)
    ys = np.random.default_rng(0).normal(size=1_000_000)
    plot.append("raw", np.arange(1_000_000), ys)
    start = time.perf_counter()
    plot.bring_up_to_date()
    plot.plot.viewport().repaint()
    seconds = time.perf_counter() - start
    drawn_x, drawn_y = plot._curves["raw"].item.getData()
    assert len(drawn_x) <= 4000
    assert (drawn_y.min(), drawn_y.max()) == (ys.min(), ys.max())
    assert seconds < 1


def test_zooming_in_shows_every_point(qtbot, plot):
    plot.set_series("raw", "every step")
    plot.append("raw", range(100_000), range(100_000))
    plot.plot.setXRange(500, 600, padding=0)
    item = plot._curves["raw"].item
    qtbot.waitUntil(lambda: item.getData()[0] is not None)
    assert item.getData()[0].tolist() == list(range(499, 602))


def test_the_wheel_zooms_and_the_button_resets(qtbot, filled):
    before = view(filled)
    turn_wheel(filled)
    qtbot.waitUntil(lambda: span(view(filled)[0]) < span(before[0]))
    filled.append("raw", [200], [1.0])
    filled.bring_up_to_date()
    QApplication.processEvents()
    assert view(filled)[0][1] < 150  # what was zoomed in stays so
    qtbot.mouseClick(button(filled, "reset_view"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view(filled)[0][1] >= 200)


def turn_wheel(plot):
    """Zoom in, in the middle of the plot."""
    place = plot.plot.viewport().mapTo(plot, plot.plot.viewport().rect().center())
    QTest.wheelEvent(plot.windowHandle(), QPointF(place), QPoint(0, 360))
    QApplication.processEvents()


def span(pair):
    return pair[1] - pair[0]


def test_the_legend_hides_a_curve(qtbot, filled):
    qtbot.mouseClick(filled.legend.entry("raw"), Qt.MouseButton.LeftButton)
    assert not filled._curves["raw"].item.isVisible()
    assert filled._curves["validation"].item.isVisible()
    hover(filled, 50, 1.5)
    assert "every step" not in card(filled).text()


def test_hovering_reads_the_nearest_point_of_each_curve(filled):
    hover(filled, 48.2, 1.6)
    assert card(filled).isVisible()
    assert "1.525" in card(filled).text()  # every step, at 48
    assert "validation" in card(filled).text()
    assert filled.plot.viewport().rect().contains(card(filled).geometry())
    QApplication.sendEvent(filled.plot.viewport(), QEvent(QEvent.Type.Leave))
    assert not card(filled).isVisible()


def test_names_are_text_not_markup(plot):
    plot.set_series("a", "<b>bird</b> & co")
    plot.append("a", [1], [1])
    plot.bring_up_to_date()
    assert "&lt;b&gt;bird&lt;/b&gt; &amp; co" in plot.describe(1, 1)[1]


def test_the_marker_moves(filled):
    filled.set_marker(50, "best: epoch 1")
    filled.set_marker(100, "best: epoch 2")
    assert filled._marker.value() == 100
    assert filled._marker.label.format == "best: epoch 2"


def test_clear_takes_everything_away(filled):
    filled.set_marker(50, "best")
    filled.clear()
    assert filled.is_empty()
    filled.set_series("raw", "every step")
    filled.append("raw", [1], [1])
    filled.bring_up_to_date()
    assert len(filled.points("raw")[0]) == 1
    assert filled._marker is None


def test_csv_has_all_points_of_all_curves(filled, tmp_path):
    filled.plot.setXRange(10, 20)
    filled.save_csv(tmp_path / "loss.csv")
    with (tmp_path / "loss.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["Step", "every step", "validation"]
    assert rows[1] == ["0", "", "2.5"]
    assert rows[2] == ["1", "2.0", ""]
    assert rows[51][0] == "50"
    assert rows[51][2] == "1.5"
    assert len(rows) == 102


def test_png_has_twice_the_pixels_and_the_curves(filled, tmp_path):
    filled.save_png(tmp_path / "loss.png")
    image = QImage(str(tmp_path / "loss.png"))
    assert image.width() >= 2 * filled.plot.width()
    colors = plot_colors(filled.palette())
    names = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }
    assert {colors.raw.name(), colors.other.name(), colors.background.name()} <= names


def test_lines_in_the_png_are_twice_as_wide(plot, tmp_path):
    plot.set_series("flat", "flat", color_index=3, width=4)
    plot.append("flat", [0, 1], [5, 5])
    plot.save_png(tmp_path / "flat.png")
    image = QImage(str(tmp_path / "flat.png"))
    wanted = plot_colors(plot.palette()).of_class(3).name()
    column = [image.pixelColor(image.width() // 2, y).name() for y in range(image.height())]
    assert column.count(wanted) in (7, 8, 9)
    assert plot._curves["flat"].item.opts["pen"].widthF() == 4 * plot.devicePixelRatioF()


@pytest.mark.parametrize("kind", ["png", "csv"])
def test_the_buttons_ask_where_to_save(qtbot, filled, tmp_path, monkeypatch, kind):
    asked = []

    def answer(parent, caption, name, kinds):
        asked.append(Path(name).name)
        return str(tmp_path / "chosen"), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    qtbot.mouseClick(button(filled, f"save_{kind}"), Qt.MouseButton.LeftButton)
    assert asked == [f"loss.{kind}"]
    assert (tmp_path / f"chosen.{kind}").stat().st_size > 100


def test_a_dialog_left_without_a_name_saves_nothing(qtbot, filled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    qtbot.mouseClick(button(filled, "save_png"), Qt.MouseButton.LeftButton)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_is_told(qtbot, filled, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    target = blocked / "loss.csv"  # its folder is a file
    with pytest.raises(StudioError, match="Cannot write"):
        filled.save_csv(target)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    qtbot.mouseClick(button(filled, "save_csv"), Qt.MouseButton.LeftButton)
    box = filled.findChild(QMessageBox)
    assert "Cannot write" in box.informativeText()
    box.close()


def test_the_context_menu_offers_the_tools(filled):
    assert filled.plot.contextMenuPolicy() == Qt.ContextMenuPolicy.ActionsContextMenu
    texts = [action.text() for action in filled.plot.actions()]
    assert texts == ["Reset view", "Save as PNG…", "Save as CSV…"]


def test_percentages(qtbot):
    plot = CurvePlot("Accuracy", "Epoch", "Accuracy", percent=True)
    qtbot.addWidget(plot)
    plot.set_series("cat", "cat", color_index=3)
    plot.append("cat", [0, 1], [0.456, math.nan])
    assert "45.6%" in plot.describe(0, 0.4)[1]
    axis = plot.plot.getPlotItem().getAxis("left")
    assert axis.tickStrings([0.5, 0.75], 1, 0.25) == ["50%", "75%"]
    assert axis.tickStrings([0.505], 1, 0.005) == ["50.5%"]


def test_steps_are_whole_numbers(plot):
    axis = plot.plot.getPlotItem().getAxis("bottom")
    assert all(spacing >= 1 for spacing, _ in axis.tickSpacing(0, 1.5, 500))
    assert axis.tickStrings([10_000], 1, 1000) == ["10,000"]


def test_colors_follow_the_palette(qtbot, qapp, filled):
    before = QPalette(qapp.palette())
    try:
        for scheme in ("dark", "light"):
            set_color_scheme(scheme)
            wanted = plot_colors(qapp.palette())
            pen = filled._curves["raw"].item.opts
            qtbot.waitUntil(lambda pen=pen, wanted=wanted: pen["pen"].color() == wanted.raw)
            background = filled.plot.backgroundBrush().color()
            assert background == wanted.background
    finally:
        set_color_scheme("system")
        qapp.setPalette(before)


def test_a_plot_that_is_slow_to_draw_is_drawn_less_often(filled):
    for seconds, milliseconds in ((0.0, 150), (0.015, 1000), (5.0, 2000)):
        filled.plot.paint_seconds = seconds
        filled._redraw()
        assert filled._timer.interval() == pytest.approx(milliseconds, abs=400)
    assert filled._timer.interval() == 2000


def test_painting_is_timed(filled):
    filled.plot.paint_seconds = 0.0
    filled.plot.grab()
    assert filled.plot.paint_seconds > 0


def test_a_plot_that_was_zoomed_offers_to_follow_the_run(qtbot, filled):
    filled.set_live(True)
    assert not filled.follow_button.isVisible()
    turn_wheel(filled)
    assert filled.follow_button.isVisible()
    filled.append("raw", [101], [1.0])
    filled.bring_up_to_date()
    assert view(filled)[0][1] < 101  # stands still until asked
    qtbot.mouseClick(filled.follow_button, Qt.MouseButton.LeftButton)
    assert not filled.follow_button.isVisible()
    filled.append("raw", range(102, 301), np.ones(199))
    filled.bring_up_to_date()
    QApplication.processEvents()
    assert view(filled)[0][1] > 300


def test_the_wheel_brings_the_offer_and_the_end_of_the_run_takes_it_away(qtbot, filled):
    filled.set_live(True)
    turn_wheel(filled)
    assert filled.follow_button.isVisible()
    filled.set_live(False)
    assert not filled.follow_button.isVisible()
    turn_wheel(filled)
    assert not filled.follow_button.isVisible()


def test_the_tip_stays_off_the_figures(qtbot, filled):
    hover(filled, 50, 1.5)
    assert card(filled).isVisible()
    viewport = filled.plot.viewport()
    tip = QHelpEvent(QEvent.Type.ToolTip, QPoint(200, 100), viewport.mapToGlobal(QPoint(200, 100)))
    QApplication.sendEvent(viewport, tip)
    assert not QToolTip.isVisible()


def test_one_point_stands_at_the_first_epoch(qtbot, plot):
    plot.set_series("validation", "validation", points=True)
    plot.append("validation", [0], [1.0])
    plot.bring_up_to_date()
    QApplication.processEvents()
    left, right = view(plot)[0]
    assert -0.1 < left < 0
    assert 1 < right < 1.1


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_shares_that_are_all_alike_stay_within_0_and_100_percent(qtbot, share):
    plot = CurvePlot("Accuracy", "Epoch", "Accuracy", percent=True)
    qtbot.addWidget(plot)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.set_series("cat", "cat", color_index=3)
    plot.append("cat", [0, 1, 2], [share] * 3)
    plot.bring_up_to_date()
    QApplication.processEvents()
    low, high = view(plot)[1]
    assert -0.02 < low < share + 1e-9
    assert share - 1e-9 < high < 1.02


@pytest.mark.parametrize("points", [False, True])
def test_a_curve_of_gaps_draws_nothing_and_warns_of_nothing(qtbot, plot, points):
    plot.set_series("cat", "cat", points=points)
    plot.append("cat", [0, 1], [math.nan, math.nan])
    plot.bring_up_to_date()
    plot.grab()
    QApplication.processEvents()
    drawn = plot._curves["cat"].item.getData()[0]
    assert drawn is None or not len(drawn)
