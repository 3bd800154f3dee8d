"""From a heap of pictures to a folder of classes that is opened, clicked as a person would."""

import csv

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QSpinBox

from tests.ui.conftest import answer_question, message_box
from vera_studio.ui.state import label_control
from vera_studio.ui.state.labelling import LEFT_OUT

KINDS = {"red": (210, 40, 30), "green": (30, 180, 50), "blue": (30, 50, 220)}
EACH = 5


@pytest.fixture
def heap(tmp_path):
    """Five pictures of each of three colours, in no order, beside a letter."""
    folder = tmp_path / "heap"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(EACH):
        for index, (name, colour) in enumerate(KINDS.items()):
            noise = random.integers(-25, 25, (40, 40, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}{index}-{name}.png")
    (folder / "letter.txt").write_text("Dear")
    return folder


@pytest.fixture
def page(window, monkeypatch):
    """The page, whose pictures the small network sees: it takes no time."""
    monkeypatch.setattr(label_control, "_SMALL", 0)
    yield window.label_page
    window.label_page.control.labelling.note_saved()  # else closing the window would ask


@pytest.fixture
def filled(qtbot, window, page, heap, settle):
    """The page with the heap in three groups."""
    window.rooms.show_page("label")
    page.look_through(heap)
    settle()
    page.findChild(QSpinBox, "label_groups").setValue(3)
    return page


def drop(window, folder):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, left, none))


def kind_shown(page):
    """The colour of all pictures that are shown."""
    names = {
        page._title_of(picture).split("-")[1].removesuffix(".png") for picture in page.grid.pictures
    }
    assert len(names) == 1
    return names.pop()


def enter_name(qtbot, page, name):
    """Type a name as a person does who looks at the pictures."""
    qtbot.keyClicks(page.grid, name[0])
    field = page.findChild(QLineEdit, "label_name_field")
    qtbot.keyClicks(field, name[1:])
    qtbot.keyClick(field, Qt.Key.Key_Return)


def click(qtbot, page, name):
    button = page.findChild(QPushButton, name)
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def select(page, *rows):
    page.grid.clearSelection()
    model = page.grid.selectionModel()
    for row in rows:
        model.select(page.grid.model().index(row, 0), model.SelectionFlag.Select)


def test_from_a_dropped_heap_to_a_folder_of_classes_that_opens(
    qtbot, window, page, heap, settle, tmp_path, monkeypatch
):
    drop(window, heap)
    qtbot.waitUntil(lambda: window.studio.folders.proposal is not None, timeout=20_000)
    pane = window.data_page.folder_pane
    assert "no folders of classes" in window.studio.folders.proposal.sentence
    assert pane.answers[0].text() == "Label by Sight"
    settle()
    qtbot.mouseClick(pane.answers[0], Qt.MouseButton.LeftButton)
    settle()
    assert window.rooms.page == "label"
    assert "15 pictures. 1 file was skipped" in page.top.subject.toolTip()

    page.findChild(QSpinBox, "label_groups").setValue(3)
    for index in range(3):
        assert page.side.groups.count() == 3 - index
        name = kind_shown(page)
        enter_name(qtbot, page, name)
    assert page.named.format() == "15 of 15 named"
    assert "Every picture has a name" in page.heading.text()
    assert not list(tmp_path.glob("*/*/"))  # nothing is written yet

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "sorted"), ""))
    page.findChild(QAction, "save_label_folders").trigger()
    settle()
    for name in KINDS:
        copies = sorted(path.name for path in (tmp_path / "sorted" / name).iterdir())
        assert copies == sorted(path.name for path in heap.glob(f"*-{name}.png"))
    assert len(list(heap.iterdir())) == 16
    assert page.control.unsaved == ""

    click(qtbot, page, "open_labelled_button")
    qtbot.waitUntil(lambda: window.studio.folders.proposal is not None, timeout=20_000)
    proposal = window.studio.folders.proposal
    window.studio.folders.answer(next(one for one in proposal.answers if one.key == "own_here"))
    workspace = window.studio.workspace
    names = ("blue", "green", "red")
    qtbot.waitUntil(lambda: workspace.data.class_names == names, timeout=20_000)
    assert workspace.class_names == names
    assert len(workspace.data.train) > 0


def test_one_key_names_a_group_the_next_one_comes_and_all_is_taken_back(qtbot, filled):
    page, first = filled, kind_shown(filled)
    enter_name(qtbot, page, "first")
    assert kind_shown(page) != first
    qtbot.keyClick(page.grid, "1")
    assert page.side.classes.item(0).text().endswith("first   (10)")
    qtbot.keyClick(page.grid, Qt.Key.Key_Delete)
    assert page.control.labelling.left_out == EACH
    assert page.named.format() == "10 of 15 named, 5 left out"
    labelling = page.control.labelling
    for _ in range(3):
        click(qtbot, page, "label_undo_button")
    assert kind_shown(page) == first
    shown = list(page.grid.pictures)
    select(page, 0, 1)
    enter_name(qtbot, page, "odd")
    assert page.grid.pictures == shown[2:]
    select(page, 0)
    qtbot.keyClick(page.grid, Qt.Key.Key_Delete)
    assert labelling.of_class(LEFT_OUT) == [shown[2]]
    select(page, 0)
    click(qtbot, page, "label_apart_button")
    assert page.grid.pictures == [shown[3]]
    for _ in range(3):
        qtbot.keyClick(page.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (labelling.named, labelling.left_out, len(labelling.waiting())) == (0, 0, 3)
    click(qtbot, page, "label_redo_button")
    assert labelling.named == 2


def test_a_class_is_looked_at_its_pictures_go_elsewhere_and_it_is_renamed(qtbot, filled):
    page, labelling = filled, filled.control.labelling
    enter_name(qtbot, page, "red")
    enter_name(qtbot, page, "green")
    page.side.shown.emit("class", 0)
    assert page.heading.text() == "red: 5 pictures"
    qtbot.keyClick(page.grid, "2")  # none is selected
    assert labelling.of_class(1) != []
    assert len(labelling.of_class(0)) == EACH
    select(page, 0)
    qtbot.keyClick(page.grid, "2")
    assert len(labelling.of_class(1)) == EACH + 1
    select(page, 0)
    qtbot.keyClick(page.grid, Qt.Key.Key_Backspace)
    assert len(labelling.of_class(0)) == EACH - 2
    page.side.renamed.emit(0, "crimson")
    assert labelling.classes == ("crimson", "green")
    page.side.dropped.emit("class", 1, labelling.of_class(0))
    assert page.heading.text().startswith("Group ")
    assert len(labelling.of_class(1)) == 2 * EACH - 1

    while labelling.undo_text:
        click(qtbot, page, "label_undo_button")
    page.findChild(QSpinBox, "label_groups").setValue(3)
    first = page._number
    qtbot.keyClick(page.grid, Qt.Key.Key_Space)
    assert page._number != first
    click(qtbot, page, "label_split_button")
    qtbot.waitUntil(lambda: len(labelling.waiting()) == 4)
    groups = page.findChild(QSpinBox, "label_groups")
    enter_name(qtbot, page, "named")
    named = labelling.named
    groups.setValue(1)
    assert len(labelling.waiting()) == 1
    assert labelling.named == named
    page.side.dropped.emit("group", 0, labelling.of_class(0)[:1])
    assert labelling.named == named - 1


def test_what_is_named_while_labels_are_saved_is_not_taken_for_saved(
    qtbot, window, filled, settle, tmp_path
):
    enter_name(qtbot, filled, "mine")
    filled.control.save_table(tmp_path / "labels.csv")
    enter_name(qtbot, filled, "later")
    settle()
    assert filled.control.unsaved
    filled.control.save_table(tmp_path / "labels.csv")
    settle()
    assert not filled.control.unsaved


def test_a_table_has_the_named_pictures_alone_and_what_would_go_wrong_is_refused(
    qtbot, window, filled, settle, heap, tmp_path, monkeypatch
):
    name = kind_shown(filled)
    enter_name(qtbot, filled, "mine")
    path = tmp_path / "labels.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    answer_question("Save the Others")
    filled.findChild(QAction, "save_label_table").trigger()
    settle()
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == ["mine"] * EACH
    assert all(row["file"].endswith(f"-{name}.png") for row in rows)

    told = []
    window.studio.failed.connect(lambda error: told.append(str(error)))
    filled.side.renamed.emit(0, "test")
    filled.findChild(QAction, "save_label_folders").trigger()
    assert "A folder called test would be taken for a part" in told.pop()
    message_box().close()
    filled.side.renamed.emit(0, "mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(heap / "sorted"), ""))
    answer_question("Save the Others")
    filled.findChild(QAction, "save_label_folders").trigger()
    assert "lies in the folder of the pictures" in told.pop()
    message_box().close()


def test_names_that_were_not_saved_are_not_lost_without_a_question(
    qtbot, window, filled, settle, heap
):
    enter_name(qtbot, filled, "mine")
    answer_question("Keep Them")
    window.close()
    assert window.isVisible()
    answer_question("Keep Them")
    filled.look_through(heap)
    assert filled.control.labelling.named == EACH
    filled._look_again()  # the same pictures: their names stay
    settle()
    assert filled.control.labelling.named == EACH


def test_a_folder_without_a_picture_is_refused_as_before(qtbot, window, page, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear")
    told = []
    window.studio.failed.connect(lambda error: told.append(str(error)))
    drop(window, tmp_path / "letters")
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert "has no subfolders of classes" in told[0]
    assert window.studio.folders.proposal is None
    message_box().close()
