import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QComboBox,
    QScrollArea,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.widgets.wheel import ignore_wheel_when_unfocused


def make_spin_box():
    return QSpinBox(minimum=0, maximum=100, value=50)


def make_slider():
    return QSlider(Qt.Orientation.Horizontal, minimum=0, maximum=100, value=50)


def make_combo_box():
    box = QComboBox()
    box.addItems([str(number) for number in range(101)])
    box.setCurrentIndex(50)
    return box


def value_of(field):
    return field.currentIndex() if isinstance(field, QComboBox) else field.value()


def turn_wheel(window, widget):
    place = widget.mapTo(window, widget.rect().center())
    QTest.wheelEvent(window.windowHandle(), QPointF(place), QPoint(0, -120))


@pytest.mark.parametrize("make", [make_spin_box, make_slider, make_combo_box])
def test_the_wheel_scrolls_the_page_until_the_field_has_the_focus(qtbot, make):
    area, page, field = QScrollArea(widgetResizable=True), QWidget(minimumHeight=2000), make()
    QVBoxLayout(page).addWidget(field, 0, Qt.AlignmentFlag.AlignTop)
    area.setWidget(page)
    ignore_wheel_when_unfocused(field)
    qtbot.addWidget(area)
    area.resize(200, 200)
    with qtbot.waitExposed(area):
        area.show()
    area.setFocus()
    turn_wheel(area, field)
    assert value_of(field) == 50
    assert area.verticalScrollBar().value() > 0
    area.verticalScrollBar().setValue(0)
    area.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    turn_wheel(area, field)
    assert value_of(field) != 50


def test_a_field_keeps_being_reached_by_tab_and_click(qtbot):
    field = make_spin_box()
    qtbot.addWidget(field)
    ignore_wheel_when_unfocused(field)
    assert field.focusPolicy() == Qt.FocusPolicy.StrongFocus
