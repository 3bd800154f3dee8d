"""Where Tab stops, page by page: named, and marked by a ring."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QTabBar,
    QToolButton,
    QWidget,
)

from vera_studio.ui.widgets.focus_ring import FocusRings

_RINGED_BY_THE_STYLE = (
    *(QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit),
    QTabBar,
)
_MOST = 120


def stops(qtbot, window, page):
    """The widgets that Tab leads to, from the room that `page` is in back to it."""
    window.rooms.show_page(page)
    start = window.rooms.rail.findChild(QToolButton, f"room_{window.rooms.room}")
    start.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(_MOST):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        yield widget
        if widget is start:
            return
    raise AssertionError("Tab does not come back to the rooms")


def is_marked(widget):
    """Whether it has a ring, or looks other with the focus than without."""
    directly = Qt.FindChildOption.FindDirectChildrenOnly
    if widget.findChild(QWidget, "focus_ring", directly) is not None:
        return True
    focused = widget.grab().toImage()
    widget.clearFocus()
    looks_other = widget.grab().toImage() != focused
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    return looks_other


def test_every_stop_has_a_ring_and_a_name(qtbot, qapp, window):
    rings = FocusRings(qapp)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for page in window.rooms.pages:
        for widget in stops(qtbot, window, page):
            about = f"{type(widget).__name__} {widget.objectName()!r} on page {page}"
            assert isinstance(widget, _RINGED_BY_THE_STYLE) or is_marked(widget), about
            assert widget.objectName(), about
            assert widget.accessibleName() or isinstance(widget, QTabBar), about
    window.setFocus()
    rings.deleteLater()
