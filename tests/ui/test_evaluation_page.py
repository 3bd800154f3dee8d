"""From a finished run to a mistaken picture, what to do about it, and back."""

import time

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from tests.command_line import COLOURS, write_class
from tests.ui.adapters import make_adapter
from tests.ui.conftest import LOADING_MILLISECONDS
from vera_studio.data.image_marks import load_marks
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.errors import Cancelled
from vera_studio.recipe import DataSettings
from vera_studio.runs.predictions import Predictions, no_classes, no_shares
from vera_studio.ui.jobs import evaluation as evaluation_jobs
from vera_studio.ui.jobs.evaluation import _evaluated, evaluate_network
from vera_studio.ui.pages.evaluation.selection import Selection, images_of, words_for
from vera_studio.ui.state.run_control import RunState

NAMES = ("cat", "dog", "ship")
LEFT = Qt.MouseButton.LeftButton


def evaluated(truth, told, base_told=None, names=NAMES, share=0.9):
    """Figures of images of these classes that were taken for those, by either network."""
    count = len(truth)
    shares = np.linspace(share, share / 2, count, dtype=np.float32)[:, None]
    base = no_classes(count) if base_told is None else np.array(base_told)[:, None]
    base_shares = no_shares(count) if base_told is None else shares[::-1].copy()
    files = tuple(f"{index}.jpg" for index in range(count))
    truth, told = np.array(truth), np.array(told)[:, None]
    predictions = Predictions("test", names, files, truth, told, shares, base, base_shares)
    return _evaluated(predictions, DataSettings())


@pytest.fixture
def folder(tmp_path):
    """Images whose classes are told by their colour, one cat in the colour of the dogs."""
    for part, count in (("train", 16), ("val", 4), ("test", 4)):
        for name in NAMES:
            write_class(tmp_path / part, name, count, len(part))
    odd = np.full((32, 32, 3), COLOURS["dog"], dtype=np.uint8)
    Image.fromarray(odd).save(tmp_path / "val" / "cat" / "odd.png")
    return tmp_path


def wait_for_figures(qtbot, page):
    qtbot.waitUntil(
        lambda: page._evaluated is not None and not page._evaluating.is_going,
        timeout=LOADING_MILLISECONDS,
    )


def test_an_evaluation_that_was_stopped_can_be_begun_again(qtbot, window, settle, monkeypatch):
    def stop(*_):
        raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr(evaluation_jobs, "evaluate_network", stop)
        window.rooms.show_page("evaluate")
        settle()
    page = window.evaluation_page
    assert page._empty.button.text() == "Evaluate Again"
    qtbot.mouseClick(page._empty.button, LEFT)
    wait_for_figures(qtbot, page)
    assert page.summary.isVisible()


def tab(rooms, title):
    return next(row for row in range(rooms.tabs.count()) if rooms.tabs.tabText(row) == title)


def click_tile(qtbot, grid, key):
    grid.set_current(key)
    rect = grid.visualRect(grid.currentIndex())
    grid.setCurrentIndex(grid.model().index(-1, 0))
    qtbot.mouseClick(grid.viewport(), LEFT, pos=rect.center())


def test_from_a_run_to_a_mistaken_picture_and_back(qtbot, window, settle, folder):
    rooms, studio, page = window.rooms, window.studio, window.evaluation_page
    studio.open_folder(folder)
    settle()
    studio.workspace.edit_training(epochs=2)
    rooms.show_page("training")
    qtbot.mouseClick(window.setup_panel.start_button, LEFT)
    qtbot.waitUntil(lambda: studio.workspace.result is not None, timeout=LOADING_MILLISECONDS)
    settle()
    qtbot.mouseClick(rooms.forward, LEFT)
    assert rooms.page == "results"
    place = rooms.tabs.tabRect(tab(rooms, "Evaluate")).center()
    qtbot.mouseClick(rooms.tabs, LEFT, pos=place)
    wait_for_figures(qtbot, page)
    assert page.source.parts.choice == "validation"
    assert "13 validation images" in page.summary.text()
    assert rooms.subject.text().startswith(page.source.choice.currentText())
    files = page._evaluated.predictions.files
    odd = next(row for row, file in enumerate(files) if file.endswith("odd.png"))
    click_tile(qtbot, page.gallery.grid, odd)
    pane = page.gallery.pane
    assert pane.truth.text() == "It is: cat"
    assert not pane.after.told[0].is_true
    assert len(pane.before.told) == 3
    assert pane.name.text() == files[odd]
    qtbot.waitUntil(lambda: pane.picture.image is not None)
    # Marked, left out when asked, and never touched.
    qtbot.mouseClick(pane.marks["mislabelled"], LEFT)
    assert load_marks(folder) == {files[odd]: "mislabelled"}
    assert page.marks.text.text() == "Marked: 1 mislabelled."
    assert next(tile for tile in page.gallery.grid.tiles if tile.key == odd).is_marked
    qtbot.mouseClick(page.marks.apply, LEFT)
    settle()
    assert studio.workspace.recipe.data.left_out == (files[odd],)
    assert files[odd] not in studio.workspace.data.validation.names
    assert (folder / files[odd]).is_file()
    assert "left out of the data" in page.marks.text.text()
    assert not page.marks.apply.isVisible()
    rooms.show_page("data")
    assert "1 image is left out by name." in window.data_page.notes.text.text()
    qtbot.mouseClick(window.data_page.notes.left_out_button, LEFT)
    settle()
    assert files[odd] in studio.workspace.data.validation.names
    rooms.show_page("evaluate")
    qtbot.mouseClick(page.marks.apply, LEFT)
    settle()
    # And in again.
    qtbot.mouseClick(pane.marks["mislabelled"], LEFT)
    assert page.marks.apply.text() == "Use All Again"
    qtbot.mouseClick(page.marks.apply, LEFT)
    settle()
    assert files[odd] in studio.workspace.data.validation.names
    assert not page.marks.isVisible()
    # With other images open there are figures, and a way to the pictures.
    studio.open_source("sample")
    settle()
    assert page.gallery._pictures.read(odd) is None
    qtbot.mouseClick(page.gallery.open_button, LEFT)
    settle()
    assert not page.gallery.open_button.isVisible()
    assert page.gallery._pictures.read(odd) is not None
    # What in it decided is one click away.
    qtbot.mouseClick(pane.look, LEFT)
    assert rooms.page == "looked"
    settle()
    assert window.looked_page.view.change.isVisible()
    qtbot.mouseClick(rooms.tabs, LEFT, pos=rooms.tabs.tabRect(tab(rooms, "Results")).center())
    assert rooms.page == "results"


def test_what_is_on_is_evaluated_and_gets_a_temperature(qtbot, window, settle):
    studio, page = window.studio, window.evaluation_page
    window.rooms.show_page("evaluate")
    wait_for_figures(qtbot, page)
    assert page.source.choice.currentText() == "Now: the network, nothing on"
    assert "right</b> of 200 validation images" in page.summary.text()
    qtbot.mouseClick(page.view.findChild(QToolButton, "evaluation_view_confusion"), LEFT)
    button = page.confusion.findChild(QToolButton, "confusion_when_before")
    assert "nothing to compare" in button.toolTip()
    assert page.gallery.choice.count() == 1
    studio.adapters._take(make_adapter(studio.workspace.model), "Birds")
    settle()
    wait_for_figures(qtbot, page)
    assert page.source.choice.currentText() == "Now: Birds"
    assert page.gallery.choice.count() == 3
    test = page.source.parts.findChild(QToolButton, "evaluation_part_test")
    qtbot.mouseClick(test, LEFT)
    wait_for_figures(qtbot, page)
    assert "1,000 test images" in page.summary.text()
    assert "measured once" in page.summary.text()
    view = page.calibration
    assert "None has been fitted" in view.keep.toolTip()
    qtbot.mouseClick(page.view.findChild(QToolButton, "evaluation_view_calibration"), LEFT)
    qtbot.mouseClick(view.fit, LEFT)
    qtbot.waitUntil(view.keep.isEnabled, timeout=LOADING_MILLISECONDS)
    fitted = view._fitted
    qtbot.mouseClick(view.keep, LEFT)
    settle()
    assert studio.workspace.adapter.content.info.temperature == pytest.approx(fitted)
    assert f"{fitted:.4g}" in view.temperature.text()


def test_a_run_that_kept_nothing_says_so(qtbot, window, tmp_path):
    page = window.evaluation_page
    window.rooms.show_page("evaluate")
    page.source.choose_run(tmp_path / "old")
    assert page._empty.isVisible()
    qtbot.mouseClick(page._empty.button, LEFT)
    wait_for_figures(qtbot, page)
    assert page.source.choice.currentText().startswith("Now: ")
    assert window.studio.run.state is RunState.IDLE


def test_images_are_chosen_by_what_is_wrong_with_them():
    found = evaluated([0, 0, 1, 1, 2], [0, 1, 1, 0, 2], [1, 0, 1, 2, 0])

    def files(selection):
        return images_of(selection, found).tolist()

    assert files(Selection("wrong")) == [1, 3]  # the surest first
    assert files(Selection("mended")) == [4, 0]  # by how sure the mistake was before
    assert files(Selection("broken")) == [1]
    assert files(Selection("class", 1)) == [3]
    assert files(Selection("cell", 0, 1)) == [1]
    assert files(Selection("cell", 0, 1, "before")) == [0]
    assert files(Selection("cell", 0, 1, "difference")) == [0, 1]
    assert words_for(Selection("cell", 0, 1, "before"), found) == "cat taken for dog, before"
    assert words_for(Selection("cell", 2, 2), found) == "ship right"


def test_cells_pairs_and_classes_lead_to_their_pictures(qtbot, window):
    page = window.evaluation_page
    window.rooms.show_page("evaluate")
    wait_for_figures(qtbot, page)
    page._take(evaluated([0, 0, 0, 1, 1, 2], [1, 1, 0, 1, 0, 2], [0, 1, 0, 1, 1, 0]))
    assert "50.0%" in page.summary.text()
    qtbot.mouseClick(page.view.findChild(QToolButton, "evaluation_view_pairs"), LEFT)
    assert [row[:4] for row in page.pairs.table.texts()] == [
        ["cat", "dog", "2", "1"],
        ["dog", "cat", "1", "0"],
        ["ship", "cat", "0", "1"],
    ]
    assert [row[:4] for row in page.classes.table.texts()] == [
        ["cat", "3", "33.3%", "\N{MINUS SIGN}33.3"],
        ["dog", "2", "50.0%", "\N{MINUS SIGN}50.0"],
        ["ship", "1", "100.0%", "+100.0"],
    ]
    page.pairs.table.select(1)
    page.pairs.table.clicked.emit(page.pairs.table.currentIndex())
    assert page.gallery.choice.currentText() == "dog taken for cat (1)"
    confusion = page.view.findChild(QToolButton, "evaluation_view_confusion")
    qtbot.mouseClick(confusion, LEFT)
    matrix = page.confusion.matrix
    qtbot.mouseClick(matrix, LEFT, pos=matrix.cell_rect(0, 1).center().toPoint())
    assert page.gallery.choice.currentText() == "cat taken for dog (2)"
    assert [tile.key for tile in page.gallery.grid.tiles] == [0, 1]
    qtbot.mouseClick(page.confusion.findChild(QToolButton, "confusion_when_difference"), LEFT)
    assert matrix.accessibleDescription() == "cat: +1 of 3 images taken for dog"
    assert page.confusion._text(0, 1) == "+1"
    qtbot.mouseClick(page.confusion.findChild(QToolButton, "confusion_unit_shares"), LEFT)
    assert page.confusion._text(0, 1) == "+33%"
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Return):
        qtbot.keyClick(matrix, key)
    assert page.gallery.choice.currentText() == "cat right, come or gone (1)"
    page.filter.setText("ship")
    assert [NAMES[row] for row in page.confusion._shown] == ["cat", "ship"]
    page.filter.clear()
    page.classes.table.select(1)
    page.classes.table.clicked.emit(page.classes.table.currentIndex())
    assert page.gallery.choice.currentText() == "Wrong: dog (1)"
    page._take(evaluated([0, 1], [0, 1], [0, 1]))
    assert page.gallery.note.text() == "There are none."
    assert not page.gallery.pane.isVisible()


def test_a_thousand_classes_stay_usable(qtbot, window):
    page = window.evaluation_page
    window.rooms.show_page("evaluate")
    wait_for_figures(qtbot, page)
    page._evaluated = None
    random = np.random.default_rng(0)
    truth = np.arange(10_000) % 1000
    told = np.where(random.random(10_000) < 0.6, truth, random.integers(0, 1000, 10_000))
    names = tuple(f"class {number}" for number in range(1000))
    page._take(evaluated(truth, told, random.permutation(told), names))
    assert page.view.choice == "pairs"
    assert len(page.pairs.table.texts()) == 1000
    assert "pairs more" in page.pairs._note.text()
    page._show_view("confusion")
    assert len(page.confusion._shown) == 1000
    assert not page.confusion.matrix.grab().isNull()
    page.filter.setText("class 7")
    assert 111 <= len(page.confusion._shown) < 1000


def test_ten_thousand_images_take_under_two_seconds(window):
    workspace = window.studio.workspace
    images = workspace.data.test
    many = ImageSet(images.read().repeat(10, 1, 1, 1), images.labels.repeat(10))
    data = ImageData("sample", "many", workspace.class_names, many, many, many)
    begun = time.process_time()
    found = evaluate_network(
        workspace.model, None, data, DataSettings(), "test", lambda _: None, lambda: False
    )
    assert len(found.predictions.files) == 10_000
    assert time.process_time() - begun < 2
