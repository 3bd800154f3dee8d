import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QTableWidget, QVBoxLayout, QWidget

from vera_studio.ui.widgets.focus_ring import FocusRings


@pytest.fixture
def form(qtbot, qapp):
    rings = FocusRings(qapp)
    form = QWidget()
    qtbot.addWidget(form)
    column = QVBoxLayout(form)
    for kind in (QLineEdit, QListWidget, QTableWidget):
        column.addWidget(kind())
    with qtbot.waitActive(form):
        form.show()
        form.activateWindow()
    form.findChild(QLineEdit).setFocus()
    yield form
    form.setFocus()
    rings.deleteLater()


def ring_of(widget):
    return widget.findChild(QWidget, "focus_ring", Qt.FindChildOption.FindDirectChildrenOnly)


def test_tab_puts_a_ring_around_what_has_none_of_its_own(qtbot, form):
    field, items, table = (form.findChild(k) for k in (QLineEdit, QListWidget, QTableWidget))
    assert ring_of(field) is None
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert items.hasFocus()
    assert ring_of(items).isVisible()
    accent = items.palette().accent().color()
    edge = items.grab().toImage().pixelColor(items.width() // 2, 1)
    assert abs(edge.hue() - accent.hue()) < 12
    qtbot.keyClick(items, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: ring_of(items) is None)
    assert ring_of(table).isVisible()


def test_the_ring_grows_along(qtbot, form):
    items = form.findChild(QListWidget)
    qtbot.keyClick(form.findChild(QLineEdit), Qt.Key.Key_Tab)
    form.resize(500, 700)
    qtbot.waitUntil(lambda: ring_of(items).size() == items.size())


def test_a_ring_goes_with_what_it_is_around(qtbot, form):
    items = form.findChild(QListWidget)
    qtbot.keyClick(form.findChild(QLineEdit), Qt.Key.Key_Tab)
    items.deleteLater()
    qtbot.waitUntil(lambda: form.findChild(QListWidget) is None)
    form.findChild(QTableWidget).setFocus(Qt.FocusReason.TabFocusReason)


def test_the_mouse_goes_through_the_ring(qtbot, form):
    items = form.findChild(QListWidget)
    items.addItems(["bird", "cat"])
    qtbot.keyClick(form.findChild(QLineEdit), Qt.Key.Key_Tab)
    qtbot.mouseClick(items.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(10, 5))
    assert items.currentItem().text() == "bird"
