"""Controls that are disabled say why."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from vera_studio.ui.widgets.reasons import allow, show_reason


def make_button(qtbot, tip="Exports it"):
    button = QPushButton("Export")
    button.setToolTip(tip)
    qtbot.addWidget(button)
    return button


def test_a_disabled_control_says_why_until_it_is_enabled(qtbot):
    button = make_button(qtbot)
    allow(button, "No adapter is on.")
    assert not button.isEnabled()
    assert button.toolTip() == "Exports it\nNo adapter is on."
    allow(button, "A run is going on.")
    assert button.toolTip() == "Exports it\nA run is going on."
    allow(button)
    assert button.isEnabled()
    assert button.toolTip() == "Exports it"


def test_a_tip_that_changes_meanwhile_is_kept(qtbot):
    button = make_button(qtbot)
    allow(button, "No adapter is on.")
    button.setToolTip("Exports ants")
    allow(button, "A run is going on.")
    assert button.toolTip() == "Exports ants\nA run is going on."
    allow(button)
    assert button.toolTip() == "Exports ants"


def test_what_is_in_a_disabled_panel_says_why_too(qtbot):
    panel, button, plain = QWidget(), make_button(qtbot), QWidget()
    qtbot.addWidget(panel)
    layout = QVBoxLayout(panel)
    layout.addWidget(button)
    layout.addWidget(plain)
    allow(button, "Nothing is selected.")
    allow(panel, "A run is going on.")
    assert button.toolTip() == "Exports it\nNothing is selected."
    allow(button)
    assert button.toolTip() == "Exports it\nA run is going on."
    late = make_button(qtbot, "Came later")
    layout.addWidget(late)
    show_reason(late)
    assert late.toolTip() == "Came later\nA run is going on."
    allow(panel)
    assert (button.toolTip(), plain.toolTip(), late.toolTip()) == ("Exports it", "", "Came later")


def test_an_action_says_why(qapp):
    action = QAction("&Start")
    action.setToolTip("Fine-tune (Ctrl+R)")
    allow(action, "Choose at least one class.")
    assert action.toolTip() == "Fine-tune (Ctrl+R)\nChoose at least one class."
    allow(action)
    assert action.toolTip() == "Fine-tune (Ctrl+R)"
