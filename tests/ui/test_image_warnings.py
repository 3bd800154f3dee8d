"""What there is to know of the images before a run, and the fields that own classes bring."""

import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget

from tests.ui.conftest import LOADING_MILLISECONDS
from tests.ui.photographs import make_photographs
from vera_studio.recipe import DataSettings
from vera_studio.ui.state.automatic import automatic_course
from vera_studio.ui.state.image_warnings import image_warnings


def settle_down(qtbot, window):
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=LOADING_MILLISECONDS)


def open_own(qtbot, window, folder):
    """Open `folder` with a new last layer for its classes."""
    settings = DataSettings(source="folder", folder=str(folder), classes="own")
    window.studio.open_data(settings)
    settle_down(qtbot, window)
    assert window.studio.workspace.own_classes


@pytest.fixture
def uneven(tmp_path):
    """Many ants and few bees to train on, ants alone to test on, one of them seen in training."""
    make_photographs(tmp_path / "train", count=40)
    for number in range(10, 40):
        (tmp_path / "train" / "bees" / f"{number:03}.jpg").unlink()
    test = tmp_path / "test" / "ants"
    test.mkdir(parents=True)
    for number in range(30, 34):
        shutil.move(tmp_path / "train" / "ants" / f"{number:03}.jpg", test)
    shutil.copy(tmp_path / "train" / "ants" / "000.jpg", test / "again.jpg")
    return tmp_path


def test_uneven_classes_and_copies_are_told_before_a_run(qtbot, window, uneven):
    open_own(qtbot, window, uneven)
    lacking, spread, copies = image_warnings(window.studio.workspace)
    assert "bees" in lacking
    assert "to test" in lacking
    assert "they are drawn evenly" in spread
    assert "among those to train on too" in copies
    shown = window.data_page.findChild(QLabel, "images_warnings").text()
    for text in (lacking, spread, copies):
        assert text in shown
    link = window.setup_panel.findChild(QPushButton, "warnings_button")
    assert "3 warnings" in link.text()
    window.rooms.show_page("results")
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert window.rooms.page == "data"


def test_copies_are_left_out_of_the_test_by_a_click(qtbot, window, uneven):
    open_own(qtbot, window, uneven)
    workspace = window.studio.workspace
    before = len(workspace.data.test)
    button = window.data_page.findChild(QPushButton, "copies_button")
    assert button.text() == "Leave Them Out of the Test"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle_down(qtbot, window)
    assert len(workspace.data.test) == before - 1
    assert workspace.recipe.data.leave_out_copies
    assert button.text() == "Test on Them Too"


def test_the_sample_has_nothing_to_warn_of(window):
    assert image_warnings(window.studio.workspace) == ()
    assert not window.data_page.notes.isVisible()
    link = window.setup_panel.findChild(QPushButton, "warnings_button")
    assert not link.isVisibleTo(window.setup_panel)


def test_the_fields_show_what_own_classes_get_by_themselves(qtbot, window, uneven):
    panel = window.setup_panel
    rate = panel.findChild(QWidget, "head_learning_rate")
    assert not rate.isVisibleTo(panel)
    assert panel.findChild(QWidget, "patience").text() == "Auto (never)"
    assert panel.findChild(QWidget, "views").text() == "Auto (off)"
    open_own(qtbot, window, uneven)
    course = automatic_course(window.studio.workspace)
    assert rate.isVisibleTo(panel)
    assert rate.text() == f"Auto ({course.head_learning_rate:g})"
    assert panel.findChild(QWidget, "patience").text() == f"Auto ({course.patience})"
    assert panel.findChild(QWidget, "epochs").text() == f"Auto ({course.epochs})"
    assert panel.findChild(QComboBox, "balance").currentText() == "Auto (on)"


def test_evenness_is_chosen_by_hand(qtbot, window, uneven):
    open_own(qtbot, window, uneven)
    balance = window.setup_panel.findChild(QComboBox, "balance")
    balance.setCurrentIndex(2)
    balance.activated.emit(2)
    workspace = window.studio.workspace
    assert workspace.recipe.training.balance is False
    assert "the large ones count for more" in image_warnings(workspace)[1]
    workspace.edit_training(balance=None)
    assert balance.currentText() == "Auto (on)"
