import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from vera_studio.ui.widgets.parameter_model import (
    COLUMNS,
    COUNT,
    NAME,
    NAME_ROLE,
    SHAPE,
    SHARED_WITH,
    STATE,
    TYPE,
)
from vera_studio.ui.widgets.parameter_tree import ParameterRow, ParameterTree


def parameter(name, kinds, shape, address, state="frozen", kind="Parameter", shared=()):
    count = 1
    for size in shape:
        count *= size
    return ParameterRow(
        name, kinds, kind, shape, count, state, "float32", 4 * count, address, shared
    )


def vera_layer(name, rank, other):
    """The rows of an 84 to 84 layer; its projections are those of `other`."""
    kinds = ("VeraLayer",)
    inner = (*kinds, "ProjectionPair")
    start = {"fc3": 0x1000, "fc4": 0x2000}[name]
    return [
        parameter(f"{name}.d", kinds, (rank,), start, "trainable"),
        parameter(f"{name}.b", kinds, (84,), start + 1, "trainable"),
        parameter(f"{name}.base.weight", (*kinds, "Linear"), (84, 84), start + 2),
        parameter(f"{name}.base.bias", (*kinds, "Linear"), (84,), start + 3),
        *(
            parameter(
                f"{name}.projections.{letter}",
                inner,
                shape,
                0x9000 + place,
                "frozen, shared",
                "Buffer",
                (f"{other}.projections.{letter}",),
            )
            for place, (letter, shape) in enumerate((("A", (rank, 84)), ("B", (84, rank))))
        ),
    ]


def network(rank=32):
    conv = [parameter("conv1.weight", ("Conv2d",), (6, 3, 5, 5), 0x100)]
    return [*conv, *vera_layer("fc3", rank, "fc4"), *vera_layer("fc4", rank, "fc3")]


@pytest.fixture
def tree(qtbot):
    widget = ParameterTree()
    qtbot.addWidget(widget)
    widget.resize(900, 500)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.set_rows(network())
    return widget


def index_of(tree, name):
    return next(index for index in tree._indices() if index.data(NAME_ROLE) == name)


def cells(tree, name):
    index = index_of(tree, name)
    return [index.siblingAtColumn(column).data() for column in range(9)]


def shown_rows(tree):
    """Full names of the rows that a person sees, from top to bottom."""
    names, index = [], tree.tree.model().index(0, 0)
    while index.isValid():
        names.append(index.data(NAME_ROLE))
        index = tree.tree.indexBelow(index)
    return names


def test_a_parameter_in_words_and_figures(tree):
    assert cells(tree, "fc3.d") == [
        *("d", "Parameter", "32", "32", "trainable"),
        *("float32", "128", "0x1000", ""),
    ]
    assert cells(tree, "fc4.projections.A")[4:] == [
        *("frozen, shared", "float32", "10,752", "0x9000", "fc3.projections.A"),
    ]
    assert (
        cells(tree, "conv1.weight")[2]
        == "6 \N{MULTIPLICATION SIGN} 3 \N{MULTIPLICATION SIGN} 5 \N{MULTIPLICATION SIGN} 5"
    )


def test_what_is_trainable_is_bold(tree):
    def weight(name):
        font = index_of(tree, name).siblingAtColumn(4).data(Qt.ItemDataRole.FontRole)
        return font is not None and font.bold()

    assert weight("fc3.d")
    assert not weight("fc3.base.weight")


def test_modules_sum_up_what_is_in_them(tree):
    inside = 32 + 84 + 84 * 84 + 84 + 2 * 32 * 84
    assert cells(tree, "fc3")[:5] == ["fc3", "VeraLayer", "", f"{inside:,}", "116 trainable"]
    assert cells(tree, "fc3.projections")[1] == "ProjectionPair"


def test_totals_count_shared_memory_once(tree):
    total = 450 + 2 * (32 + 84 + 84 * 84 + 84)
    buffers = 2 * 32 * 84
    assert tree.totals.text() == (
        f"232 of {total:,} parameters trainable ({232 / total:.2%})"
        f" · {buffers:,} more numbers in projections and other buffers"
        f" · {4 * (total + buffers):,} bytes in all"
    )


def test_the_filter_keeps_what_matches_and_the_modules_above(qtbot, tree):
    qtbot.keyClicks(tree.filter, "fc4.D")
    assert tree.visible_counts() == {"fc4.d": 32}
    assert shown_rows(tree) == ["fc4", "fc4.d"]
    tree.filter.clear()
    qtbot.keyClicks(tree.filter, "projectionpair")
    assert len(tree.visible_counts()) == 4
    qtbot.keyClicks(tree.filter, "nothing")
    assert shown_rows(tree) == []


def test_trainable_only(qtbot, tree):
    qtbot.keyClick(tree.trainable_only, Qt.Key.Key_Space)
    assert tree.visible_counts() == {"fc3.d": 32, "fc3.b": 84, "fc4.d": 32, "fc4.b": 84}
    assert shown_rows(tree) == ["fc3", "fc3.d", "fc3.b", "fc4", "fc4.d", "fc4.b"]


def test_expand_and_collapse(qtbot, tree):
    qtbot.mouseClick(tree.collapse_button, Qt.MouseButton.LeftButton)
    assert shown_rows(tree) == ["conv1", "fc3", "fc4"]
    qtbot.mouseClick(tree.expand_button, Qt.MouseButton.LeftButton)
    assert len(shown_rows(tree)) == 3 + 4 + len(network())


def test_selecting_tells_the_parameter(qtbot, tree):
    tree.tree.setFocus()
    tree.select("fc3")
    told = []
    tree.parameter_selected.connect(told.append)
    qtbot.keyClick(tree.tree, Qt.Key.Key_Down)
    qtbot.keyClick(tree.tree, Qt.Key.Key_Down)
    qtbot.keyClick(tree.tree, Qt.Key.Key_Up)
    qtbot.keyClick(tree.tree, Qt.Key.Key_Up)
    assert told == ["fc3.d", "fc3.b", "fc3.d", ""]


def test_new_rows_leave_open_closed_and_selected_as_they_were(tree):
    tree.tree.collapse(index_of(tree, "fc3"))
    tree.select("fc4.b")
    tree.tree.setColumnWidth(0, 321)
    told = []
    tree.parameter_selected.connect(told.append)
    tree.set_rows(network(rank=64))
    assert tree.tree.columnWidth(0) == 321
    assert "fc3.d" not in shown_rows(tree)
    assert "fc4.d" in shown_rows(tree)
    assert tree.tree.currentIndex().data(NAME_ROLE) == "fc4.b"
    assert told == ["fc4.b"]
    assert cells(tree, "fc4.d")[3] == "64"


def test_a_selection_that_is_gone_is_told(tree):
    tree.select("fc4.b")
    told = []
    tree.parameter_selected.connect(told.append)
    tree.set_rows(network()[:1])
    assert told == [""]


def test_sorting_and_back_to_the_order_of_the_network(qtbot, tree):
    natural = shown_rows(tree)
    tree.tree.header().setSortIndicator(3, Qt.SortOrder.DescendingOrder)
    assert shown_rows(tree)[0] == "fc3"
    assert [n for n in shown_rows(tree) if n.startswith("fc3.b")][:2] == [
        "fc3.base",
        "fc3.base.weight",
    ]
    tree.tree.header().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    assert shown_rows(tree) == natural


def test_copying_rows(qtbot, tree):
    tree.select("fc3.d")
    tree.activateWindow()
    tree.tree.setFocus()
    qtbot.waitUntil(tree.tree.hasFocus)
    qtbot.keyClick(tree.tree, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(tree.tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:2] == ["Name", "Kind"]
    assert lines[1].split("\t") == [
        *("fc3.d", "Parameter", "32", "32", "trainable"),
        *("float32", "128", "0x1000", ""),
    ]
    assert lines[2].startswith("fc3.b\t")
    assert len(lines) == 3


def test_without_rows_it_says_so(tree):
    tree.set_rows(())
    assert not tree.tree.isVisible()
    assert tree.totals.text() == ""
    assert tree.proxy.rowCount(QModelIndex()) == 0


@pytest.mark.parametrize("width", [670, 900])
def test_what_is_shared_with_what_is_in_sight_and_other_columns_give_way(tree, width):
    tree.resize(width, 500)
    QApplication.processEvents()
    header = tree.tree.header()
    left = header.sectionViewportPosition(SHARED_WITH)
    assert left + 116 <= tree.tree.viewport().width()
    assert not any(map(tree.tree.isColumnHidden, (NAME, SHAPE, COUNT, STATE, SHARED_WITH)))
    assert tree.tree.isColumnHidden(TYPE)
    tree.resize(1400, 500)
    QApplication.processEvents()
    assert not any(map(tree.tree.isColumnHidden, range(len(COLUMNS))))


def test_a_name_of_somebody_else_s_is_shown_letter_by_letter(tree):
    name = "<img src='file:///etc/passwd'>"
    tree.set_rows([parameter(name, (), (2,), 0x100)])
    assert "<img" not in tree._indices()[0].data(Qt.ItemDataRole.ToolTipRole)


def test_a_large_network_opens_outside_only_and_keeps_what_was_opened(qtbot):
    tree = ParameterTree()
    qtbot.addWidget(tree)

    def at(name):
        return tree.proxy.mapFromSource(tree.model.index_of(name))

    rows = [
        parameter(f"blocks.{n}.{k}.weight", ("Sequential", "Block", "Conv2d"), (2,), 100 * n + k)
        for n in range(50)
        for k in range(10)
    ]
    tree.set_rows(rows)
    assert tree.tree.isExpanded(at("blocks"))
    assert not tree.tree.isExpanded(at("blocks.7"))
    tree.tree.expand(at("blocks.7"))
    tree.set_rows(rows)
    assert tree.tree.isExpanded(at("blocks.7"))


def test_columns_fit_the_names_of_each_network_that_is_shown(tree):
    tree.set_rows(network())
    before = tree.tree.columnWidth(NAME)
    kinds = ("Sequential", "Sequential", "DepthwiseSeparable", "BatchNorm2d")
    tree.set_rows([parameter("blocks.0.0.bn1.num_batches_tracked", kinds, (2,), 0x100)])
    assert tree.tree.columnWidth(NAME) > before
    index = tree.proxy.mapFromSource(tree.model.index_of("blocks.0.0.bn1.num_batches_tracked"))
    name = tree.tree.fontMetrics().horizontalAdvance(index.data())
    assert tree.tree.visualRect(index).width() >= name


def test_columns_stay_as_they_were_made_for_the_same_network(tree):
    tree.set_rows(network())
    tree.tree.setColumnWidth(NAME, 300)
    tree.set_rows(network(rank=8))
    assert tree.tree.columnWidth(NAME) == 300
