import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from vera_studio.ui.widgets.legend import Legend

BLUE = QColor("blue")


@pytest.fixture
def legend(qtbot):
    widget = Legend()
    qtbot.addWidget(widget)
    for name in ("bird", "cat", "dog"):
        widget.set_entry(name, name, BLUE, dashed=False, bar=False)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def test_a_click_hides_and_shows(qtbot, legend):
    told = []
    legend.toggled.connect(lambda key, on: told.append((key, on)))
    for _ in range(2):
        qtbot.mouseClick(legend.entry("cat"), Qt.MouseButton.LeftButton)
    assert told == [("cat", False), ("cat", True)]


def test_keys_reach_the_entries(qtbot, legend):
    legend.activateWindow()
    legend.entry("bird").setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(legend.entry("bird").hasFocus)
    qtbot.keyClick(legend.entry("bird"), Qt.Key.Key_Tab)
    with qtbot.waitSignal(legend.toggled) as signal:
        qtbot.keyClick(legend.focusWidget(), Qt.Key.Key_Space)
    assert signal.args == ["cat", False]


def test_an_entry_can_change_its_look(legend):
    entry = legend.entry("cat")
    legend.set_entry("cat", "cats", BLUE, dashed=True, bar=False)
    assert legend.entry("cat") is entry
    assert (entry.text(), entry.accessibleName()) == ("cats", "Show cats")


def test_entries_go_on_in_the_next_line_where_the_width_ends(legend):
    widths = [legend.entry(name).sizeHint().width() for name in ("bird", "cat", "dog")]
    line = legend.heightForWidth(sum(widths) + 100)
    assert legend.heightForWidth(max(widths) + 5) > 2.5 * line
    legend.resize(max(widths) + 5, 200)
    places = [legend.entry(name).pos() for name in ("bird", "cat", "dog")]
    assert {place.x() for place in places} == {0}
    assert len({place.y() for place in places}) == 3


def test_a_cleared_legend_takes_no_room(legend):
    legend.clear()
    assert legend.heightForWidth(500) == 0
