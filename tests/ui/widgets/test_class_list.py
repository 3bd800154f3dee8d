import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from vera_studio.ui.widgets.class_list import ClassList
from vera_studio.ui.widgets.class_model import accuracy_text

NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
ACCURACIES = (0.72, 0.81, 0.55, 0.46, 0.66, 0.58, 0.79, 0.73, 1.0, math.nan)


@pytest.fixture
def classes(qtbot):
    widget = ClassList()
    qtbot.addWidget(widget)
    widget.set_classes(NAMES)
    widget.resize(300, 270)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def click_box(qtbot, classes, row):
    """Click on the check box of a row."""
    index = classes.model.index(row)
    option = QStyleOptionViewItem()
    option.rect = classes.list.visualRect(index)
    option.features |= QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    part = QStyle.SubElement.SE_ItemViewItemCheckIndicator
    place = classes.list.style().subElementRect(part, option, classes.list).center()
    qtbot.mouseClick(classes.list.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_click_ticks_a_class(qtbot, classes):
    with qtbot.waitSignal(classes.checked_changed) as signal:
        click_box(qtbot, classes, 3)
    assert signal.args == [(3,)]
    click_box(qtbot, classes, 2)
    assert classes.checked() == (2, 3)
    click_box(qtbot, classes, 3)
    assert classes.checked() == (2,)


def test_keys_move_and_tick(qtbot, classes):
    classes.activateWindow()
    classes.list.setFocus()
    qtbot.waitUntil(classes.list.hasFocus)
    classes.list.setCurrentIndex(classes.model.index(0))
    qtbot.keyClick(classes.list, Qt.Key.Key_Down)
    qtbot.keyClick(classes.list, Qt.Key.Key_Space)
    qtbot.keyClick(classes.list, Qt.Key.Key_Down)
    qtbot.keyClick(classes.list, Qt.Key.Key_Down)
    qtbot.keyClick(classes.list, Qt.Key.Key_Space)
    assert classes.checked() == (1, 3)
    qtbot.keyClick(classes.list, Qt.Key.Key_Space)
    assert classes.checked() == (1,)


def test_buttons_tick_all_none_and_the_weakest(qtbot, classes):
    classes.set_accuracies(ACCURACIES)
    told = []
    classes.checked_changed.connect(told.append)
    for button in (classes.weakest_button, classes.all_button, classes.none_button):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told == [(2, 3, 5), tuple(range(10)), ()]


def test_the_weakest_are_unknown_without_accuracies(classes):
    assert not classes.weakest_button.isEnabled()
    classes.set_accuracies([math.nan] * 10)
    assert not classes.weakest_button.isEnabled()
    classes.set_accuracies(ACCURACIES)
    assert classes.weakest_button.isEnabled()


def test_ticks_set_from_outside_are_told_once(classes):
    told = []
    classes.checked_changed.connect(told.append)
    classes.set_checked((5, 2))
    classes.set_checked((2, 5))
    assert told == [(2, 5)]
    classes.set_accuracies(ACCURACIES)
    assert told == [(2, 5)]
    classes.set_classes(NAMES[:4])
    assert told == [(2, 5), ()]


def test_accuracies_are_read_out(classes):
    last = classes.model.index(9)
    assert last.data(Qt.ItemDataRole.AccessibleTextRole) == "truck, …"
    classes.set_accuracies(ACCURACIES)
    assert last.data(Qt.ItemDataRole.AccessibleTextRole) == "truck, no images"
    assert classes.model.index(8).data(Qt.ItemDataRole.ToolTipRole) == "ship: 100.0%"


def test_few_images_are_told(classes):
    classes.set_accuracies([1.0] * 10, [1, 2, 19, 20, 3, 3, 3, 3, 3, 3])
    tips = [classes.model.index(row).data(Qt.ItemDataRole.ToolTipRole) for row in range(4)]
    assert tips == [
        "airplane: 100.0% (1 of 1)",
        "automobile: 100.0% (2 of 2)",
        "bird: 100.0% (19 of 19)",
        "cat: 100.0%",
    ]


def test_as_many_accuracies_as_classes(classes):
    with pytest.raises(ValueError, match="2 accuracies for 10 classes"):
        classes.set_accuracies((0.1, 0.2))


def test_ten_classes_are_seen_without_scrolling(classes):
    assert not classes.list.verticalScrollBar().isVisible()
    last = classes.list.visualRect(classes.model.index(9))
    assert classes.list.viewport().rect().contains(last)
    assert classes.minimumSizeHint().height() <= 270


def test_the_bar_is_as_long_as_the_accuracy(classes):
    classes.set_accuracies([0.0, 1.0, *[math.nan] * 8])
    image = classes.list.viewport().grab().toImage()
    accent = classes.palette().accent().color().name()

    def accent_pixels(row):
        place = classes.list.visualRect(classes.model.index(row)).center()
        middle = round(place.y() * image.devicePixelRatio())
        return sum(image.pixelColor(x, middle).name() == accent for x in range(image.width()))

    assert accent_pixels(0) == 0
    assert accent_pixels(1) > 60
    assert accent_pixels(2) == 0


def test_texts():
    assert [accuracy_text(value) for value in (None, math.nan, 0.4567)] == [
        "…",
        "no images",
        "45.7%",
    ]


def test_of_many_classes_those_with_images_are_listed_and_can_be_filtered(qtbot, classes):
    names = [f"kind {number}" for number in range(1000)]
    classes.set_classes(names)
    counts = [5 if number % 100 == 7 else 0 for number in range(1000)]
    classes.set_counts(counts)
    assert classes.shown() == tuple(number for number in range(1000) if counts[number])
    qtbot.keyClicks(classes.filter, "KIND 20")
    assert classes.shown() == (207,)
    qtbot.mouseClick(classes.all_button, Qt.MouseButton.LeftButton)
    assert classes.checked() == (207,)  # what is not shown keeps its tick, or its none
    classes.filter.clear()
    classes.with_images.click()
    assert len(classes.shown()) == 1000


def test_few_classes_need_no_filter(classes):
    classes.set_counts([0, *[5] * 9])
    assert not classes.filter.isVisible()
    assert not classes.with_images.isVisible()
    assert len(classes.shown()) == 10
