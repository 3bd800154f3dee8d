import math
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette, QTextDocument
from PySide6.QtWidgets import QApplication

from vera_studio.ui.widgets.adapter_model import (
    ADDED,
    CLASSES,
    NAME,
    OTHERS,
    SIZE,
    SWITCH,
    TARGETS,
    AdapterRow,
)
from vera_studio.ui.widgets.adapter_table import AdapterTable

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def row(key, minutes=0, **changes):
    values = {
        "is_on": False,
        "name": f"Adapter {key}",
        "method": "VeRA",
        "rank": 32,
        "classes": "bird",
        "all_classes": "bird",
        "targets_gain": 12.34,
        "others_gain": -1.0,
        "bytes": 3100,
        "added": NOON + timedelta(minutes=minutes),
    }
    return AdapterRow(key=key, **(values | changes))


@pytest.fixture
def table(qtbot):
    widget = AdapterTable()
    qtbot.addWidget(widget)
    widget.resize(800, 300)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.set_rows([row("a"), row("b", 1), row("c", 2, targets_gain=math.nan, rank=None)])
    return widget


def shown(table, column=NAME):
    return [table.proxy.index(r, column).data() for r in range(table.proxy.rowCount())]


def click(qtbot, table, row_number, column, keys=Qt.KeyboardModifier.NoModifier):
    place = table.visualRect(table.proxy.index(row_number, column)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, keys, place)


def test_the_newest_stands_first_and_columns_sort_by_their_values(table):
    assert shown(table) == ["Adapter c", "Adapter b", "Adapter a"]
    table.set_rows([row("a", bytes=900), row("b", bytes=10_000), row("c", bytes=2000)])
    table.sortByColumn(SIZE, Qt.SortOrder.AscendingOrder)
    assert shown(table, SIZE) == ["900 bytes", "2.0 KB", "10.0 KB"]


def test_what_is_not_known_is_a_dash_below_everything(table):
    table.sortByColumn(TARGETS, Qt.SortOrder.AscendingOrder)
    assert shown(table, TARGETS) == ["\N{EN DASH}", "+12.3", "+12.3"]
    assert shown(table, OTHERS)[0] == "\N{MINUS SIGN}1.0"


def test_a_click_anywhere_in_its_cell_asks_to_turn_a_switch(qtbot, table):
    with qtbot.waitSignal(table.switch_requested) as asked:
        click(qtbot, table, 0, SWITCH)
    assert asked.args == ["c", True]
    table.set_rows([row("a", is_on=True)])
    with qtbot.waitSignal(table.switch_requested) as asked:
        click(qtbot, table, 0, SWITCH)
    assert asked.args == ["a", False]
    asked = []
    table.switch_requested.connect(lambda *_: asked.append(1))
    click(qtbot, table, 0, ADDED)
    assert asked == []


def test_a_switch_is_drawn_as_it_is(table):
    def colors(is_on):
        table.set_rows([row("a", is_on=is_on)])
        place = table.visualRect(table.proxy.index(0, SWITCH))
        image = table.viewport().grab(place).toImage()
        return {image.pixelColor(x, image.height() // 2).name() for x in range(image.width())}

    accent = table.palette().color(QPalette.ColorRole.Accent).name()
    assert accent in colors(True)
    assert accent not in colors(False)


def test_selected_are_told_in_the_order_of_selecting_and_stay_so(qtbot, table):
    told = []
    table.selection_changed.connect(told.append)
    click(qtbot, table, 2, NAME)
    click(qtbot, table, 0, NAME, Qt.KeyboardModifier.ControlModifier)
    assert told == [("a",), ("a", "c")]
    table.set_rows([row("c"), row("d"), row("a")])
    assert table.selected == ("a", "c")
    table.set_rows([row("d"), row("c")])
    assert told[2:] == [("c",)]


def test_names_keep_their_room_and_other_columns_give_way(table):
    table.resize(1200, 300)
    QApplication.processEvents()
    assert not any(table.isColumnHidden(column) for column in range(9))
    table.resize(670, 300)  # as in a window of 1024 x 700
    QApplication.processEvents()
    assert table.columnWidth(NAME) >= 220
    assert not any(table.isColumnHidden(column) for column in (SWITCH, NAME, TARGETS, OTHERS))
    assert table.isColumnHidden(SIZE)
    assert table.horizontalScrollBar().maximum() == 0
    table.resize(1200, 300)
    QApplication.processEvents()
    assert not table.isColumnHidden(SIZE)


def test_the_day_is_shown_and_the_time_is_in_the_tip(table):
    now = datetime.now().astimezone()
    table.set_rows([row("a"), row("b", added=now)])
    assert shown(table, ADDED) == [f"today, {now:%H:%M}", f"{NOON.astimezone():%Y-%m-%d}"]
    tip = table.proxy.index(1, ADDED).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == f"{NOON.astimezone():%Y-%m-%d %H:%M}"


def test_a_name_is_shown_letter_by_letter(table):
    name = "<b>x</b><img src='file:///etc/passwd'>"
    table.set_rows([row("a", name=name, all_classes=name, obstacle="")])
    for column in (NAME, CLASSES):
        tip = table.proxy.index(0, column).data(Qt.ItemDataRole.ToolTipRole)
        document = QTextDocument()
        document.setHtml(tip)
        assert document.toPlainText() == name
        assert "<img" not in tip


def test_what_cannot_be_switched_on_is_grey_and_says_why(table):
    table.set_rows([row("a", obstacle="It is for other weights.")])
    index = table.proxy.index(0, NAME)
    grey = table.palette().brush(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert index.data(Qt.ItemDataRole.ForegroundRole).color() == grey.color()
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "It is for other weights."
