"""Classifying a folder: the table, the keys, what is written, what is trained on."""

import csv
import threading

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton

from tests.command_line import write_class
from tests.ui.adapters import make_adapter
from tests.ui.conftest import message_box
from tests.ui.photographs import drop_on
from vera_studio.data.open_data import open_data
from vera_studio.errors import Cancelled
from vera_studio.models.model import open_model
from vera_studio.recipe import DataSettings, ModelSettings
from vera_studio.runs.given_classes import load_given
from vera_studio.training import classification
from vera_studio.ui.jobs import classify as classify_jobs
from vera_studio.ui.jobs.classify import training_folders
from vera_studio.ui.pages.classify.page import ClassifyPage
from vera_studio.ui.state.workspace import LoadedAdapter
from vera_studio.ui.widgets.classified_rows import CLASS, FILE, SHARE, STATE


@pytest.fixture
def page(window):
    window.rooms.show_page("classify")
    return window.findChild(ClassifyPage)


@pytest.fixture
def pictures(tmp_path):
    """Twenty drawings of cats and of ships, and a text."""
    folder = tmp_path / "pictures"
    for name in ("cat", "ship"):
        write_class(folder, name, 10, seed=3)
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def classified(page, pictures, settle):
    """The page, with the pictures in it."""
    assert drop_on(page, pictures)
    settle()
    return page


def press(qtbot, page, name):
    qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def texts(page, column):
    model = page.rows_model
    return [model.index(row, column).data() for row in range(model.rowCount())]


def close_message(answer="OK"):
    next(one for one in message_box().buttons() if one.text().replace("&", "") == answer).click()


def choose_folder(monkeypatch, folder):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))


def test_a_folder_that_is_dropped_becomes_a_table(qtbot, window, classified, pictures, settle):
    page = classified
    names = sorted(str(path.relative_to(pictures)) for path in pictures.rglob("*.png"))
    assert texts(page, FILE) == names
    assert page.top.counts.text().startswith("20 pictures, ")
    assert "1 file was skipped" in page.top.counts.text()
    assert "notes.txt" in page.top.counts.toolTip()
    assert "classified with the pretrained ConvNet" in page.top.subject.text()
    assert page.pane.file.text() == texts(page, FILE)[0]
    assert page.pane.shares.told[0][0] == texts(page, CLASS)[0]
    qtbot.waitUntil(lambda: page.pane.picture.image is not None)
    page.table.grab()  # which asks for the thumbnails in view
    picture = page.rows_model.index(0, 0)
    qtbot.waitUntil(lambda: picture.data(Qt.ItemDataRole.DecorationRole) is not None)
    assert not page.findChild(QPushButton, "stop_classify_button").isVisible()

    workspace = window.studio.workspace
    assert "press Again" not in page.top.subject.text()
    workspace.set_adapter(LoadedAdapter(None, make_adapter(workspace.model), "my own"))
    assert "Now there is my own on" in page.top.subject.text()
    assert "press Again to follow it" in page.top.subject.text()
    press(qtbot, page, "classify_again_button")
    settle()
    assert "classified with my own on" in page.top.subject.text()


def test_it_is_sorted_filtered_and_corrected_by_keys(qtbot, classified):
    page = classified
    header = page.table.horizontalHeader()
    header.setSortIndicator(SHARE, Qt.SortOrder.DescendingOrder)
    shares = [float(text.rstrip("%")) for text in texts(page, SHARE)]
    assert shares == sorted(shares, reverse=True)
    page.filters.which.setCurrentIndex(1)
    page.filters.percent.setValue(100)
    unsure = page.rows_model.rowCount()
    page.filters.percent.setValue(40)
    assert page.rows_model.rowCount() < unsure
    assert set(texts(page, STATE)) <= {"unsure"}
    page.filters.which.setCurrentIndex(0)
    page.filters.text.setText("SHIP/")
    qtbot.waitUntil(lambda: page.rows_model.rowCount() == 10)
    assert "10 shown" in page.top.counts.text()
    name = texts(page, CLASS)[0]
    page.filters.of_class.setCurrentText(name)
    assert set(texts(page, CLASS)) == {name}
    page.filters.show_all()
    page.filters.changed.emit()
    keys_correct(qtbot, page, page.table)


def keys_correct(qtbot, page, table):
    table.setFocus()
    table.selectRow(0)
    first = texts(page, CLASS)[0]
    qtbot.keyClicks(table, "d")
    assert "deer, dog" in page.bottom.hint.text()
    qtbot.keyClicks(table, "o")
    assert texts(page, CLASS)[0] == "dog"
    assert texts(page, STATE)[0] == "yours"
    assert table.currentIndex().row() == 1
    qtbot.keyClick(table, Qt.Key.Key_1)
    assert texts(page, CLASS)[1] == "airplane"
    third = texts(page, CLASS)[2]
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert (texts(page, CLASS)[2], texts(page, STATE)[2]) == (third, "yours")
    assert "3 yours" in page.top.counts.text()
    table.selectRow(0)
    qtbot.keyClick(table, Qt.Key.Key_Backspace)
    assert texts(page, CLASS)[0] == first
    assert table.currentIndex().row() == 0
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(table.selected) == 20
    item = page.pane.classes.item(8)
    place = page.pane.classes.visualItemRect(item).center()
    qtbot.mouseClick(page.pane.classes.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert set(texts(page, CLASS)) == {"ship"}


def test_a_table_and_copies_are_written(
    qtbot, window, classified, pictures, settle, tmp_path, monkeypatch
):
    page = classified
    page.table.selectRow(0)
    qtbot.keyClicks(page.table, "do")
    out = tmp_path / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    press(qtbot, page, "save_table_button")
    settle()
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == texts(page, FILE)
    assert [row["corrected"] for row in rows] == ["dog"] + 19 * [""]
    assert [row["class"] for row in rows][1:] == texts(page, CLASS)[1:]
    assert list(rows[0])[:4] == ["file", "class", "share", "second"]

    choose_folder(monkeypatch, tmp_path / "sorted")
    press(qtbot, page, "copy_pictures_button")
    settle()
    copies = [path for path in (tmp_path / "sorted").rglob("*") if path.is_file()]
    assert len(copies) == 20
    unsure = sum(row["unsure"] == "True" for row in rows)
    assert sum(path.parent.name == "unsure" for path in copies) == unsure > 0
    assert len(list((tmp_path / "sorted" / "dog").iterdir())) >= 1
    assert len(list(pictures.rglob("*.png"))) == 20

    choose_folder(monkeypatch, pictures / "cat")
    with qtbot.waitSignal(window.studio.failed) as failed:
        press(qtbot, page, "copy_pictures_button")
    assert "would be classified with them" in str(failed.args[0])
    close_message()
    assert not window.studio.runner.jobs


def test_what_a_person_said_joins_the_open_images_or_a_new_folder(
    qtbot, window, classified, settle, tmp_path, monkeypatch
):
    page, studio = classified, window.studio
    button = page.findChild(QPushButton, "add_training_button")
    assert not button.isEnabled()
    page.table.selectRow(0)
    qtbot.keyClicks(page.table, "do")
    assert training_folders(studio.workspace.data) == {}  # for the sample has no files
    choose_folder(monkeypatch, tmp_path / "new")
    press(qtbot, page, "add_training_button")
    settle()
    assert [path.parent.name for path in (tmp_path / "new").rglob("*.png")] == ["dog"]

    images = tmp_path / "images"
    for name in ("cat", "dog", "ship"):
        write_class(images / "train", name, 12, seed=5)
    studio.open_data(DataSettings("folder", str(images)))
    settle()
    press(qtbot, page, "add_training_button")
    close_message("Copy to the Open Images")
    settle()
    assert len(list((images / "train" / "dog").iterdir())) == 13
    data = studio.workspace.data
    assert len(data.train) + len(data.validation) + len(data.test) == 37


def test_training_images_lie_where_they_are_found(tmp_path):
    for part, name in (("train", "cat"), ("train", "ship"), ("val", "cat"), ("val", "dog")):
        write_class(tmp_path / part, name, 4, seed=1)
    model = open_model(ModelSettings())
    settings = DataSettings("folder", str(tmp_path))
    data = open_data(settings, model.class_names, model.preprocessing)
    folders = training_folders(data)
    assert folders["cat"] == tmp_path / "train" / "cat"
    assert folders["dog"] == tmp_path / "train" / "dog"


def test_what_a_person_said_is_said_again(qtbot, window, classified, pictures, settle):
    page = classified
    page.table.selectRow(0)
    qtbot.keyClicks(page.table, "dos")
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert texts(page, CLASS)[0] == "dog"
    window.rooms.show_page("data")
    settle()
    assert load_given(pictures)["cat/0.png"] == "dog"
    window.rooms.show_page("classify")
    page.table.selectRow(1)
    qtbot.keyClick(page.table, Qt.Key.Key_Backspace)
    press(qtbot, page, "classify_again_button")
    settle()
    assert (texts(page, CLASS)[0], texts(page, STATE)[0]) == ("dog", "yours")
    assert texts(page, STATE)[1] != "yours"
    assert "2 yours" in page.top.counts.text()


def test_it_can_be_stopped_and_begun_again(qtbot, page, pictures, settle, monkeypatch):
    real = classification.classify

    def slow(model, files, should_stop):
        for number, one in enumerate(real(model, files, should_stop=should_stop)):
            while number == 7 and not should_stop():
                nothing.wait(0.01)
            if should_stop():
                raise Cancelled
            yield one

    nothing = threading.Event()
    monkeypatch.setattr(classify_jobs, "_TOLD_SECONDS", 0)
    monkeypatch.setattr(classification, "classify", slow)
    drop_on(page, pictures)
    qtbot.waitUntil(lambda: len(page.rows_model.rows) == 6)
    assert page.top.bar.isVisible()
    assert not page.findChild(QPushButton, "save_table_button").isEnabled()
    press(qtbot, page, "stop_classify_button")
    settle()
    assert len(page.rows_model.rows) == 6  # and the text, which is none
    assert "Stopped before its end." in page.top.counts.text()
    assert page.findChild(QPushButton, "save_table_button").isEnabled()
    monkeypatch.setattr(classification, "classify", real)
    press(qtbot, page, "classify_again_button")
    settle()
    assert len(page.rows_model.rows) == 20
    assert "Stopped" not in page.top.counts.text()


def test_nothing_is_classified_while_it_cannot_be(qtbot, window, page, pictures, tmp_path):
    assert not drop_on(page, pictures / "notes.txt")
    assert not drop_on(page, pictures, pictures)
    workspace = window.studio.workspace
    known = workspace.model
    workspace.set_model(known.with_classes(("amber", "teal")), workspace.recipe.model)
    assert not drop_on(page, pictures)
    assert "knows nothing yet" in page._empty.button.toolTip()
    workspace.set_model(known, workspace.recipe.model)
    assert window.studio.runner.wait(20_000)
    empty = tmp_path / "empty"
    empty.mkdir()
    with qtbot.waitSignal(window.studio.failed) as failed:
        drop_on(page, empty)
    assert "holds no file" in str(failed.args[0])
    close_message()
    assert "holds no file" in page.top.counts.text()
    # Names that look like HTML, pictures of strange sizes.
    folder = tmp_path / "<b>odd<b> & more"
    folder.mkdir()
    Image.new("RGB", (900, 3), "red").save(folder / "<img src=x>.png")
    Image.new("LA", (1, 1)).save(folder / "tiny.png")
    drop_on(page, folder)
    assert window.studio.runner.wait(20_000)
    assert texts(page, FILE) == ["<img src=x>.png", "tiny.png"]
    assert page.rows_model.index(0, FILE).data(Qt.ItemDataRole.ToolTipRole).startswith("<p style")
