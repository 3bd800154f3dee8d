import pytest
from PySide6.QtCore import Qt

from vera_studio.ui.widgets import undo_bar
from vera_studio.ui.widgets.undo_bar import UndoBar


@pytest.fixture
def bar(qtbot, monkeypatch):
    monkeypatch.setattr(undo_bar, "_SHOWN_MILLISECONDS", 50)
    widget = UndoBar()
    qtbot.addWidget(widget)
    return widget


def test_it_offers_for_a_while(qtbot, bar):
    assert not bar.isVisible()
    bar.offer("Deleted Birds.")
    assert bar.isVisible()
    assert bar.label.text() == "Deleted Birds."
    with qtbot.waitSignal(bar.undo_requested):
        qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.isVisible())


def test_nothing_to_undo_hides_it(bar):
    bar.offer("Deleted Birds.")
    bar.offer("")
    assert not bar.isVisible()
