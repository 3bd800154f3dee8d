import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSpinBox

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.comparison_choice import ComparisonChoice, MethodOption, read_ranks

OPTIONS = (
    MethodOption("vera", "VeRA", "Two vectors", True, "4, 32"),
    MethodOption("lora", "LoRA", "Two matrices", False, "8"),
    MethodOption("full", "All", "Everything", True),
)


@pytest.fixture
def choice(qtbot):
    widget = ComparisonChoice(OPTIONS, most_rank=1024, seeds=3, most_seeds=9)
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def type_ranks(qtbot, choice, key, text):
    field = choice.findChild(QLineEdit, f"ranks_{key}")
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    return field


def tick(qtbot, choice, key):
    box = choice.findChild(QCheckBox, f"compare_{key}")
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center() / 4)


@pytest.mark.parametrize(
    ("text", "ranks"),
    [
        ("4", (4,)),
        ("4, 16,64", (4, 16, 64)),
        (" 16;4  64 ", (16, 4, 64)),
        ("4,, 4, 04,", (4,)),
        ("1 1024", (1, 1024)),
    ],
)
def test_ranks_are_read(text, ranks):
    assert read_ranks(text, 1024) == (ranks, "")


@pytest.mark.parametrize(
    ("text", "ranks", "problem"),
    [
        ("", (), "Enter a rank"),
        (" , ", (), "Enter a rank"),
        ("four", (), "four is no rank from 1 to 1,024."),
        ("4, 0, 1025", (4,), "0, 1025 is no rank"),
        ("-4", (), "-4 is no rank"),
        ("4.5", (), "4.5 is no rank"),
        ("²", (), "² is no rank"),
    ],
)
def test_what_is_no_rank_is_named(text, ranks, problem):
    read, told = read_ranks(text, 1024)
    assert read == ranks
    assert problem in told


def test_what_is_ticked_is_chosen(qtbot, choice):
    assert choice.chosen() == (("vera", 4), ("vera", 32), ("full", None))
    with qtbot.waitSignal(choice.changed):
        tick(qtbot, choice, "lora")
    assert choice.chosen() == (("vera", 4), ("vera", 32), ("lora", 8), ("full", None))
    tick(qtbot, choice, "vera")
    tick(qtbot, choice, "full")
    assert choice.chosen() == (("lora", 8),)
    assert choice.problems() == []
    tick(qtbot, choice, "lora")
    assert choice.problems() == ["Tick at least one method."]


def test_ranks_can_be_typed_only_for_what_is_ticked(qtbot, choice):
    assert not choice.findChild(QLineEdit, "ranks_lora").isEnabled()
    tick(qtbot, choice, "lora")
    field = type_ranks(qtbot, choice, "lora", "2 4,2")
    assert choice.chosen()[2:4] == (("lora", 2), ("lora", 4))
    assert field.text() == "2, 4"


def test_wrong_ranks_are_told_and_shown(qtbot, choice):
    loss = plot_colors(choice.palette()).loss
    field = type_ranks(qtbot, choice, "vera", "4, x")
    assert choice.problems() == ["VeRA: x is no rank from 1 to 1,024."]
    assert field.palette().text().color() == loss
    assert field.text() == "4, x"
    type_ranks(qtbot, choice, "vera", "4")
    assert choice.problems() == []
    assert field.palette().text().color() != loss
    type_ranks(qtbot, choice, "vera", "x")
    tick(qtbot, choice, "vera")  # what is not ticked may say anything
    assert choice.problems() == []


def test_the_number_of_seeds(qtbot, choice):
    box = choice.findChild(QSpinBox, "comparison_seeds")
    with qtbot.waitSignal(choice.changed):
        qtbot.keyClick(box, Qt.Key.Key_Up)
    assert choice.seeds.value() == 4
    assert (box.minimum(), box.maximum()) == (1, 9)


def test_a_number_of_seeds_outside_is_refused(qtbot, choice):
    choice.seeds.setFocus()
    choice.seeds.selectAll()
    qtbot.keyClicks(choice.seeds, "50")
    qtbot.keyClick(choice.seeds, Qt.Key.Key_Return)
    assert choice.problems() == ["Seeds must be a whole number from 1 to 9, not 50."]
    assert choice.seeds.text() == "50"
    assert choice.seeds.value() == 3
