"""Small ones that show what was said of images."""

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QPushButton, QToolButton

from vera_studio.ui.theme import set_color_scheme
from vera_studio.ui.widgets.choice_row import Choice, ChoiceRow
from vera_studio.ui.widgets.reliability_plot import ReliabilityBin, ReliabilityPlot
from vera_studio.ui.widgets.scaled_picture import ScaledPicture
from vera_studio.ui.widgets.stand_out import make_stand_out
from vera_studio.ui.widgets.ticked_buttons import TickedPushButton, TickedToolButton
from vera_studio.ui.widgets.told_bars import Told, ToldBars


def test_one_of_a_row_is_chosen_and_what_cannot_be_says_why(qtbot):
    row = ChoiceRow("views", "View", (Choice("a", "A", "the first"), Choice("b", "B", "another")))
    qtbot.addWidget(row)
    row.show()
    assert row.choice == "a"
    with qtbot.waitSignal(row.chosen) as told:
        qtbot.mouseClick(row.findChild(QToolButton, "views_b"), Qt.MouseButton.LeftButton)
    assert told.args == [row.choice] == ["b"]
    row.allow("a", "There is no A.")
    assert "There is no A." in row.findChild(QToolButton, "views_a").toolTip()


def test_bars_say_what_they_show(qtbot):
    bars = ToldBars("Now", 2)
    qtbot.addWidget(bars)
    bars.resize(200, 80)
    empty = bars.grab().toImage()
    bars.set_told([Told("cat", 0.7, True), Told("dog", 0.2, False), Told("ship", 0.1, False)])
    assert bars.accessibleDescription() == "cat 70%, dog 20%"
    assert bars.grab().toImage() != empty


def test_a_reliability_diagram_says_what_it_shows(qtbot):
    plot = ReliabilityPlot()
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    empty = plot.grab().toImage()
    bins = [ReliabilityBin(0, 0.5, 0, math.nan, math.nan), ReliabilityBin(0.5, 1, 8, 0.75, 0.5)]
    plot.set_bins(bins, bins)
    assert plot.accessibleDescription() == (
        "8 images with a share of 50% to 100%: 75.0% in the mean, 50.0% right"
    )
    assert plot.grab().toImage() != empty


def test_a_picture_keeps_its_proportions(qtbot):
    widget = ScaledPicture(60)
    qtbot.addWidget(widget)
    widget.resize(120, 120)
    image = QImage(40, 20, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.red)
    widget.set_image(image)
    shown = widget.grab().toImage()
    assert shown.pixelColor(60, 60).name() == "#ff0000"
    assert shown.pixelColor(60, 10).name() != "#ff0000"
    widget.set_image(None)
    assert widget.grab().toImage().pixelColor(60, 60).name() != "#ff0000"


def test_what_is_down_shows_in_the_dark_too(qtbot, qapp):
    before = QPalette(qapp.palette())
    set_color_scheme("dark")
    try:
        for kind in (TickedToolButton, TickedPushButton):
            button = kind()
            qtbot.addWidget(button)
            button.setText("Confusion")
            button.setCheckable(True)
            up = button.grab().toImage()
            button.setChecked(True)
            down = button.grab().toImage()
            middle = up.rect().center()
            assert up.pixelColor(middle.x(), 4) != down.pixelColor(middle.x(), 4)
            assert down.pixelColor(middle.x(), down.height() - 3).name() == "#8da4ef"
    finally:
        set_color_scheme("system")
        qapp.setPalette(before)


def test_the_one_that_leads_on_stands_out_while_it_can_be_used(qtbot):
    button = QPushButton("Train")
    qtbot.addWidget(button)
    plain = button.grab().toImage().pixelColor(6, 6)
    make_stand_out(button)
    assert button.grab().toImage().pixelColor(6, 6).hue() != plain.hue()
    button.setEnabled(False)
    assert button.grab().toImage().pixelColor(6, 6).saturation() < 60
