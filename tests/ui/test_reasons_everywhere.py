"""Every control that is disabled says why."""

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
)

from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.widgets.reasons import reason_of

CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)

PARTS = ("qt_", "Scroll")  # how Qt names what is in its own widgets


def silent(window):
    """Names of disabled controls whose tips give no reason."""
    found = []
    for control in (one for kind in CONTROLS for one in window.findChildren(kind)):
        is_part = isinstance(control, QScrollBar) or control.objectName().startswith(PARTS)
        if is_part or control.isEnabled() or not control.objectName():
            continue
        # A button that stands for an action has the action's tip, with its reason.
        if not reason_of(control) and len(control.toolTip().splitlines()) < 2:
            found.append(control.objectName())
    for action in window.findChildren(QAction):
        is_own = action.objectName().startswith("action_")
        if is_own and not action.isEnabled() and not reason_of(action):
            found.append(action.objectName())
    return found


def test_nothing_is_disabled_without_a_reason_while_loading(new_window):
    assert silent(new_window()) == []


@pytest.mark.parametrize("running", [False, True])
def test_nothing_is_disabled_without_a_reason(qtbot, window, running):
    if running:
        window.studio.workspace.edit_training(epochs=400)
        window.actions_by_name["start"].trigger()
        assert window.studio.run.state is RunState.RUNNING
    assert silent(window) == []
    if running:
        tip = window.setup_panel.findChild(QAbstractButton, "start_button").toolTip()
        assert tip.endswith("Not while a run is going on.")
