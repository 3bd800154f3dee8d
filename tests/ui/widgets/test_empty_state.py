from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.empty_state import EmptyState

LONG = "When a run has ended, the accuracy of every class on the test images stands here. " * 2


def test_the_button_does_what_it_says(qtbot):
    state = EmptyState(icon("results"), "No run yet", "Press Start.", "&Start…")
    qtbot.addWidget(state)
    with qtbot.waitSignal(state.action_triggered):
        qtbot.mouseClick(state.button, Qt.MouseButton.LeftButton)
    assert state.button.accessibleName() == "Start"


def test_without_an_action_there_is_no_button(qtbot):
    state = EmptyState(icon("results"), "No run yet")
    qtbot.addWidget(state)
    state.show()
    assert not state.button.isVisible()
    state.set_text("No run yet", "Press Start.", "Start")
    assert state.button.isVisible()


def test_a_long_text_is_not_cut_off(qtbot):
    state = EmptyState(icon("results"), "No run yet", LONG)
    qtbot.addWidget(state)
    state.resize(600, 400)
    with qtbot.waitExposed(state):
        state.show()
    label = next(label for label in state.findChildren(QLabel) if label.text() == LONG)
    assert label.height() >= label.heightForWidth(label.width())
