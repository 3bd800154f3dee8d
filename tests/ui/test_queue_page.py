"""The queue's page, clicked through as a person would."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton

from vera_studio.runs.queue_file import Queue
from vera_studio.ui.pages.queue.sweep_dialog import SweepDialog, read_rates

MILLISECONDS = 60_000


@pytest.fixture
def page(window):
    """The page, with a queue that is held."""
    window.rooms.show_page("queue")
    window.studio.queue.hold(True)
    window.studio.workspace.edit_training(epochs=1)
    return window.queue_page


def click(qtbot, parent, name):
    button = parent.findChild(QPushButton, name)
    assert button.isEnabled(), name
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def about(page):
    return page.findChild(QLabel, "queue_about").text()


def waiting(page):
    return [page.list.item(row).text().partition(",")[0] for row in range(page.list.count())]


def add_sweep(qtbot, window, ranks, rates=""):
    window.actions_by_name["sweep"].trigger()
    dialog = window.findChild(SweepDialog)
    dialog.choice.findChild(QLineEdit, "ranks_vera").setText(ranks)
    qtbot.keyClicks(dialog.rates, rates)
    told = dialog.plan.text()
    click(qtbot, dialog, "add_sweep_button")
    qtbot.waitUntil(lambda: window.findChild(SweepDialog) is None)
    return told


def ranks(page):
    return [entry.recipe.adapter.rank for entry in page._queue.waiting]


def test_runs_are_added_swept_moved_held_removed_and_run(qtbot, window, page):
    assert "Nothing waits" in [label.text() for label in page.findChildren(QLabel)]
    assert about(page) == "No run waits. The queue is held."
    click(qtbot, window.setup_panel, "add_to_queue_button")
    assert about(page) == "1 run waits. The queue is held."
    told = add_sweep(qtbot, window, "4, 8, 16")
    assert told.replace("\N{MULTIPLICATION SIGN}", "x") == (
        "3 methods and ranks x 1 seed: 3 runs. How long a run takes is not known yet."
    )
    assert ranks(page) == [32, 4, 8, 16]

    # By buttons and by keys.
    page.list.setCurrentRow(0)
    assert "at the end already" in page.up_button.toolTip()
    click(qtbot, page, "queue_down_button")
    assert ranks(page) == [4, 32, 8, 16]
    qtbot.keyClick(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert ranks(page) == [4, 8, 32, 16]
    qtbot.keyClick(page.list, Qt.Key.Key_Space)
    assert page.entry_button.text() == "Release"
    page.list.setCurrentRow(3)
    qtbot.keyClick(page.list, Qt.Key.Key_Delete)
    page.list.setCurrentRow(0)
    click(qtbot, page, "remove_entries_button")
    assert ranks(page) == [8, 32]

    # The one that is not held has its turn; the other stays.
    click(qtbot, page, "hold_queue_button")
    qtbot.waitUntil(lambda: len(page._queue.ended) == 1, timeout=MILLISECONDS)
    qtbot.waitUntil(lambda: window.studio.shelf.entries != (), timeout=MILLISECONDS)
    assert window.rooms.page == "queue"
    assert window.studio.workspace.adapter is None  # kept, not put on
    title, ended, before, after, change, took = page.table.texts()[0]
    assert (title, ended) == ("VeRA, rank 8", "finished")
    assert before.endswith("%")
    assert after.endswith("%")
    assert change[0] in "+-"
    assert took
    assert about(page).startswith("1 run waits, about 0:0")
    assert "2 runs. About 0:0" in add_sweep(qtbot, window, "2", "0.1 0.2")

    # Its results are a click away; it can be run again; the list can be emptied.
    page.table.select(0)
    page._queue.hold(True)
    click(qtbot, page, "queue_again_button")
    assert ranks(page)[-1] == 8
    click(qtbot, page, "queue_results_button")
    qtbot.waitUntil(lambda: window.rooms.page == "results", timeout=MILLISECONDS)
    assert window.studio.workspace.result.subject.rank == 8
    window.rooms.show_page("queue")
    click(qtbot, page, "clear_queue_button")
    assert page._queue.ended == ()
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=MILLISECONDS)


def test_rows_are_dragged(page):
    queue = page._queue
    queue.add([(str(rank), page._studio.workspace.recipe) for rank in range(3)])
    names = page.list.names()
    page.list.setCurrentRow(0)
    page.list.insertItem(2, page.list.takeItem(0))  # what Qt does in a drop
    page.list.order_wanted.emit(page.list.names())
    assert [entry.name for entry in queue.waiting] == [names[1], names[2], names[0]]
    queue._set(Queue())


def test_others_can_be_opened_while_a_run_of_the_queue_goes_on(qtbot, window, page):
    studio = window.studio
    studio.workspace.edit_training(epochs=10_000)
    window.actions_by_name["add_to_queue"].trigger()
    page._queue.hold(False)
    qtbot.waitUntil(lambda: studio.run.is_going)
    assert "a run is going on" in window.actions_by_name["start"].toolTip()
    assert window.actions_by_name["open_network"].isEnabled()
    studio.open_source("sample")
    qtbot.waitUntil(lambda: not studio.busy.is_busy, timeout=MILLISECONDS)
    assert studio.run.is_going
    page._queue.skip()
    qtbot.waitUntil(lambda: not studio.run.is_going, timeout=MILLISECONDS)
    assert not page._queue.queue.is_held
    qtbot.waitUntil(lambda: not studio.runner.jobs, timeout=MILLISECONDS)


def test_rates_are_read():
    assert read_rates("0.001, 1e-2;0.001") == ((0.001, 0.01), "")
    assert read_rates("") == ((), "")
    assert read_rates("0.1, x, 99, nan, 1_0") == (
        (0.1,),
        "x, 99, nan: no learning rate from 0.000001 to 10.",
    )
