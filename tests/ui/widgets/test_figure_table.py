import math

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from vera_studio.ui.widgets.figure_table import Cell, Column, FigureTable

COLUMNS = (Column("Method", "What", is_text=True), Column("Accuracy", "How well"))
ROWS = (
    (Cell("VeRA", "VeRA"), Cell("9.5%", 0.095)),
    (Cell("LoRA", "LoRA", "rank 4"), Cell("10.2%", 0.102)),
    (Cell("Bias", "Bias"), Cell("", math.nan)),
)


@pytest.fixture
def table(qtbot):
    widget = FigureTable(COLUMNS)
    qtbot.addWidget(widget)
    widget.set_rows(ROWS)
    widget.resize(400, 200)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def names(table):
    return [row[0] for row in table.texts()]


def click_heading(qtbot, table, column):
    header = table.horizontalHeader()
    place = header.viewport().rect().center()
    place.setX(header.sectionViewportPosition(column) + header.sectionSize(column) // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_rows_come_as_they_are_given(table):
    assert table.texts() == [["VeRA", "9.5%"], ["LoRA", "10.2%"], ["Bias", ""]]


def test_figures_are_sorted_by_value_and_nothing_is_least(qtbot, table):
    click_heading(qtbot, table, 1)
    assert names(table) == ["Bias", "VeRA", "LoRA"]
    click_heading(qtbot, table, 1)
    assert names(table) == ["LoRA", "VeRA", "Bias"]
    click_heading(qtbot, table, 1)
    assert names(table) == ["VeRA", "LoRA", "Bias"]


def test_the_order_outlives_new_figures(qtbot, table):
    click_heading(qtbot, table, 1)
    table.set_rows((*ROWS[:2], (Cell("Bias", "Bias"), Cell("9.9%", 0.099))))
    assert names(table) == ["VeRA", "Bias", "LoRA"]
    table.set_rows(ROWS[:1])
    assert names(table) == ["VeRA"]


def test_selected_rows_outlive_new_figures(table):
    flag = QItemSelectionModel.SelectionFlag
    index = table.model().index(1, 0)
    table.selectionModel().select(index, flag.ClearAndSelect | flag.Rows)
    table.set_rows((ROWS[0], (ROWS[1][0], Cell("11.0%", 0.11)), ROWS[2]))
    assert table.copied_text() == "Method\tAccuracy\nLoRA\t11.0%"


def test_copying(qtbot, table):
    table.activateWindow()
    table.setFocus()
    qtbot.waitUntil(table.hasFocus)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == table.copied_text()
    assert table.copied_text().splitlines() == [
        *("Method\tAccuracy", "VeRA\t9.5%", "LoRA\t10.2%", "Bias\t")
    ]
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Method\tAccuracy\nLoRA\t10.2%"


def test_figures_stand_at_the_right(table):
    alignment = Qt.ItemDataRole.TextAlignmentRole
    name, figure = (table.model().index(0, column).data(alignment) for column in (0, 1))
    assert name & Qt.AlignmentFlag.AlignLeft
    assert figure & Qt.AlignmentFlag.AlignRight
    assert table.model().index(1, 0).data(Qt.ItemDataRole.ToolTipRole) == "rank 4"


def test_every_row_fits_in_the_height_that_it_tells(table):
    table.resize(400, table.height_of_all())
    assert table.verticalScrollBar().maximum() == 0
    table.resize(400, table.height_of_all() - 12)
    assert table.verticalScrollBar().maximum() > 0


def test_where_there_is_no_room_columns_give_way_in_their_order(qtbot):
    names = ("Method", "Share", "File", "Targets")
    columns = [
        Column(name, "", gives_way=order) for name, order in zip(names, (0, 2, 1, 0), strict=True)
    ]
    table = FigureTable(columns)
    qtbot.addWidget(table)
    table.set_rows([[Cell("a figure", 1.0)] * 4])
    with qtbot.waitExposed(table):
        table.show()
    needed = table.sizeHintForColumn(0)

    def hidden(width):
        table.resize(width, 200)
        QApplication.processEvents()
        assert table.horizontalScrollBar().maximum() == 0
        return {name for column, name in enumerate(names) if table.isColumnHidden(column)}

    assert hidden(6 * needed) == set()
    assert hidden(4 * needed - needed // 3) == {"File"}
    assert hidden(3 * needed - needed // 3) == {"File", "Share"}
    assert hidden(6 * needed) == set()
    assert table.copied_text().splitlines()[0].split("\t") == list(names)


def test_rows_are_selected_by_their_numbers_whatever_the_order(qtbot, table):
    click_heading(qtbot, table, 1)
    with qtbot.waitSignal(table.selection_changed):
        table.select_rows((1, 2))
    assert table.selected_rows == (2, 1)
    assert table.copied_text().splitlines()[1:] == ["Bias\t", "LoRA\t10.2%"]
    table.set_filter("lora")
    assert table.selected_rows == (1,)


def test_the_headings_go_on_to_the_edge(qtbot):
    table = FigureTable((Column("Method", "What"), Column("Accuracy", "How well")))
    qtbot.addWidget(table)
    table.resize(900, 200)
    with qtbot.waitExposed(table):
        table.show()
    header = table.horizontalHeader()
    end, picture = header.length(), header.viewport().grab().toImage()
    inside, beyond = (end - 4, 2), ((end + picture.width()) // 2, 2)
    assert end < picture.width()
    assert picture.pixelColor(*beyond) == picture.pixelColor(*inside)
