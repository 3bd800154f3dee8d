"""Five rooms: what stands in each, how one goes there, and the way that leads on."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tests.ui.conftest import LOADING_MILLISECONDS
from vera_studio import environment
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.window.rooms import ROOMS, Rooms, room_of


@pytest.fixture
def rooms(qtbot):
    widget = Rooms()
    qtbot.addWidget(widget)
    for name in ("parameters", "data", "results", "comparison", "library"):
        widget.add_page(name, QWidget())
    widget.show_page("data")
    widget.show()
    qtbot.addWidget(widget.rail)
    return widget


def tab_titles(rooms):
    return [rooms.tabs.tabText(row) for row in range(rooms.tabs.count())]


def dock_of(window):
    return window.findChild(QDockWidget, "dock_setup")


def test_there_are_five_rooms_and_every_page_is_in_one():
    assert [room.name for room in ROOMS] == ["images", "train", "understand", "adapters", "use"]
    pages = [page.name for room in ROOMS for page in room.pages]
    assert len(pages) == len(set(pages))
    assert room_of("parameters").title == "Understand"
    with pytest.raises(KeyError):
        room_of("somewhere")


def test_pages_stand_in_the_order_of_the_table_and_empty_rooms_are_not_offered(rooms):
    assert rooms.pages == ["data", "results", "parameters", "library", "comparison"]
    buttons = rooms.rail.findChildren(QToolButton)
    offered = [button.text() for button in buttons if not button.isHidden()]
    assert offered == ["Images", "Understand", "Adapters"]


def test_a_room_with_one_page_has_no_tabs(rooms):
    assert not rooms.tabs.isVisible()
    rooms.show_page("results")
    assert rooms.tabs.isVisible()
    assert tab_titles(rooms) == ["Results", "Parameters"]


def test_a_room_comes_back_with_the_page_that_was_left_in_it(qtbot, rooms):
    told = []
    rooms.page_changed.connect(told.append)
    rooms.show_page("parameters")
    rooms.show_room("images")
    rooms.show_room("understand")
    assert rooms.page == "parameters"
    rooms.tabs.setCurrentIndex(0)
    rooms.show_room("adapters")
    rooms.show_room("use")  # nothing in it
    rooms.step(1)
    rooms.step(1)
    assert told == [
        *("parameters", "data", "parameters", "results", "library", "comparison", "library")
    ]
    assert (rooms.page, rooms.room) == ("library", "adapters")


def test_each_page_needs_only_its_own_size(rooms):
    wide = QWidget()
    wide.setMinimumSize(900, 700)
    page = QWidget()
    QVBoxLayout(page).addWidget(wide)
    rooms.add_page("evaluate", page)
    assert rooms.minimumSizeHint().width() < 900
    rooms.show_page("evaluate")
    assert rooms.minimumSizeHint().width() >= 900


def test_keys_lead_to_rooms_and_pages(qtbot, new_window):
    window = new_window()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    for key, room in ((Qt.Key.Key_4, "adapters"), (Qt.Key.Key_3, "understand")):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        assert window.rooms.room == room
    assert window.rooms.page == "results"
    window.findChild(QAction, "action_next_page").trigger()
    assert window.rooms.page != "results"
    window.findChild(QAction, "action_previous_page").trigger()
    assert window.rooms.page == "results"
    window.findChild(QAction, "action_page_comparison").trigger()
    assert window.rooms.page == "comparison"
    button = window.rooms.rail.findChild(QToolButton, "room_images")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.rooms.page == "data"


def test_the_set_up_stands_beside_images_and_train_only(new_window):
    window = new_window()
    dock, shows = dock_of(window), window.findChild(QDockWidget, "dock_setup").toggleViewAction()
    assert dock.isVisible()
    for page, is_beside in (("training", True), ("results", False), ("library", False)):
        window.rooms.show_page(page)
        assert dock.isVisible() == is_beside
        assert shows.isEnabled() == is_beside
    assert "beside Images and Train" in shows.toolTip()
    window.rooms.show_page("data")
    assert dock.isVisible()
    dock.close()
    window.rooms.show_page("results")
    window.rooms.show_page("training")
    assert not dock.isVisible(), "the user closed it"
    window.rooms.show_page("results")
    window.close()
    again = new_window()
    again.rooms.show_page("training")
    assert not dock_of(again).isVisible()
    dock_of(again).toggleViewAction().trigger()
    again.rooms.show_page("results")
    again.close()
    once_more = new_window()
    assert not dock_of(once_more).isVisible()
    once_more.rooms.show_page("data")
    assert dock_of(once_more).isVisible()


def test_settings_of_before_there_were_rooms_do_no_harm(new_window):
    Settings(environment.settings_file()).keep(page="Compare", docks=b"of another arrangement")
    assert new_window().rooms.page == "comparison"
    Settings(environment.settings_file()).keep(page="No such page")
    assert new_window().rooms.page == "data"


def test_each_room_says_what_it_is_about_and_leads_on(qtbot, window, settle):
    rooms, studio = window.rooms, window.studio
    forward = rooms.forward
    assert rooms.subject.text() == "ConvNet, pretrained · Built-in sample"
    qtbot.mouseClick(forward, Qt.MouseButton.LeftButton)
    assert rooms.page == "training"
    assert forward.isHidden(), "the set-up has Start already"
    plain, start = window.palette(), window.setup_panel.start_button
    assert start.palette().button() != plain.button()
    dock_of(window).close()
    assert start.palette().button() == plain.button()
    assert forward.text() == "Start"
    studio.workspace.edit_training(epochs=1, target_classes=())
    assert not forward.isEnabled()
    assert "class" in forward.toolTip()
    studio.workspace.edit_training(target_classes=None)
    qtbot.mouseClick(forward, Qt.MouseButton.LeftButton)
    assert studio.run.state is RunState.RUNNING
    assert "goes on" in forward.toolTip()
    qtbot.waitUntil(lambda: rooms.subject.text().startswith("Run "), timeout=LOADING_MILLISECONDS)
    settle()
    qtbot.waitUntil(forward.isEnabled, timeout=LOADING_MILLISECONDS)
    qtbot.mouseClick(forward, Qt.MouseButton.LeftButton)
    assert rooms.page == "results"
    assert "VeRA, rank" in rooms.subject.text()
    rooms.show_room("adapters")
    assert studio.workspace.adapter.title in rooms.subject.text()
    assert isinstance(forward, QPushButton)


def test_every_page_fits_a_small_screen(window):
    for page in window.rooms.pages:
        window.rooms.show_page(page)
        QApplication.processEvents()
        least = window.minimumSizeHint()
        assert (least.width() <= 1024, least.height() <= 700) == (True, True), (page, least)


def test_going_from_room_to_room_leaves_the_window_as_large_as_it_is(window):
    window.resize(1024, 700)
    for page in ("training", "looked", "training", "vera", "data", "evaluate"):
        window.rooms.show_page(page)
        QApplication.processEvents()
        assert window.size().toTuple() == (1024, 700)
