"""Choosing a method in the set-up panel: what is offered, what it comes to, what is trained."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QPushButton, QSpinBox, QWidget

from vera_studio.ui.state.run_control import RunState

FIELDS = {"rank", "rank_slider", "alpha", "d_initial", "sharing", "projection_seed"}


def choose(qtbot, window, name, text):
    box = window.setup_panel.findChild(QComboBox, name)
    box.setFocus()
    row = box.findText(text)
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(row):
        qtbot.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == text


def shown(window):
    panel = window.setup_panel
    return {name for name in FIELDS if panel.findChild(QWidget, name).isVisibleTo(panel)}


def figures(window):
    return window.setup_panel.findChild(QLabel, "adapter_figures").text()


@pytest.mark.parametrize(
    ("method", "fields", "trained", "rate"),
    [
        ("VeRA", FIELDS - {"alpha"}, "542 of 89,660", "0.02"),
        ("LoRA", FIELDS - {"d_initial", "sharing"}, "36,928 of 126,046", "0.002"),
        ("All weights", set(), "73,414 of 89,118", "0.0005"),
        ("Biases and norms", set(), "382 of 89,118", "0.03"),
    ],
)
def test_a_method_shows_what_it_needs_and_comes_to(
    qtbot, window, settle, method, fields, trained, rate
):
    choose(qtbot, window, "method", method)
    assert shown(window) == fields
    assert f"{trained} numbers are trained" in figures(window)
    assert window.setup_panel.findChild(QDoubleSpinBox, "learning_rate").text() == f"Auto ({rate})"
    settle()


def test_one_pair_for_all_layers(qtbot, window, settle):
    choose(qtbot, window, "sharing", "One pair for all layers")
    assert window.studio.workspace.recipe.adapter.sharing == "all"
    assert f"1 pair of frozen projections, {32 * (400 + 120):,} numbers" in figures(window)
    settle()


def test_a_lora_adapter_is_trained_and_put_on(qtbot, window, settle):
    choose(qtbot, window, "method", "LoRA")
    alpha = window.setup_panel.findChild(QDoubleSpinBox, "alpha")
    assert alpha.text() == "Auto (the rank)"
    for box, text in ((alpha, "16"), (window.setup_panel.findChild(QSpinBox, "rank"), "8")):
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, text)
        qtbot.keyClick(box, Qt.Key.Key_Return)
    start = next(b for b in window.setup_panel.findChildren(QPushButton) if b.text() == "Start")
    with qtbot.waitSignal(window.studio.workspace.adapter_changed, timeout=60_000):
        qtbot.mouseClick(start, Qt.MouseButton.LeftButton)
    settle()
    assert window.studio.run.state is RunState.IDLE
    settings = window.studio.workspace.adapter.content.info.settings
    assert (settings.method, settings.rank, settings.scale) == ("lora", 8, 2.0)
    result = window.studio.workspace.result
    assert result.after.accuracy > result.before.accuracy + 0.2
    window.rooms.show_page("parameters")
    settle()
    kinds = {info.module_kinds for info in window.parameters_page._inspection.tensors}
    assert ("LoraLayer",) in kinds
