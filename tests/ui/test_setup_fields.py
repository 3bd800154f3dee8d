"""The fields of the set-up: what they refuse, their defaults, and the order of the Tab key."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QWidget,
)

from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.ui.state.run_control import RunState


def field(window, name):
    return window.setup_panel.findChild(QWidget, name)


def type_text(qtbot, window, name, text, key=Qt.Key.Key_Return):
    box = field(window, name)
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)
    if key:
        qtbot.keyClick(box, key)
    return box


def note(window, setting):
    label = window.setup_panel.findChild(QLabel, f"refused_{setting}")
    return label.text() if label.isVisibleTo(window.setup_panel) else ""


def start_button(window):
    return window.setup_panel.findChild(QPushButton, "start_button")


@pytest.mark.parametrize(
    ("name", "setting", "text", "allowed"),
    [
        ("learning_rate", "training_learning_rate", "100", "a number from 0.000001 to 10, not 100"),
        ("learning_rate", "training_learning_rate", "1e-7", "from 0.000001 to 10, not 1e-7"),
        ("learning_rate", "training_learning_rate", "fast", "a number from 0.000001 to 10"),
        ("epochs", "training_epochs", "-1", "a whole number from 1 to 10,000, not -1; empty for"),
        ("epochs", "training_epochs", "2.5", "a whole number from 1 to 10,000, not 2.5"),
        ("batch_size", "training_batch_size", "70000", "from 1 to 65,536, not 70000; empty for"),
        ("shift", "training_shift", "9", "from 0 to 8, not 9"),
        ("training_seed", "training_seed", "99999999999", "from 0 to 2,147,483,647"),
        ("cache_megabytes", "training_cache_megabytes", "-5", "from 0 to 1,000,000, not -5"),
        ("rank", "adapter_rank", "5000", "a whole number from 1 to 1,024, not 5000"),
        ("d_initial", "adapter_d_initial", "0", "a number other than 0 from"),
        ("d_initial", "adapter_d_initial", "-11", "to 10, not -11"),
        ("projection_seed", "adapter_seed", "-1", "from 0 to 2,147,483,647, not -1"),
    ],
)
def test_a_value_outside_is_refused_where_it_is_typed(
    qtbot, window, settle, name, setting, text, allowed
):
    before = window.studio.workspace.recipe
    box = type_text(qtbot, window, name, text)
    assert allowed in note(window, setting)
    assert box.lineEdit().text().startswith(text)  # left as it was typed
    assert window.studio.workspace.recipe == before
    assert not start_button(window).isEnabled()
    assert box.accessibleName() in start_button(window).toolTip()
    type_text(qtbot, window, name, "1")
    assert note(window, setting) == ""
    assert start_button(window).isEnabled()
    settle()


def test_a_refused_text_stays_when_the_field_is_left_and_others_are_edited(qtbot, window, settle):
    box = type_text(qtbot, window, "learning_rate", "100", key=Qt.Key.Key_Tab)
    assert box.text() == "100"
    type_text(qtbot, window, "rank", "16")
    assert box.text() == "100"
    assert "not 100" in note(window, "training_learning_rate")
    assert window.studio.workspace.recipe.training.learning_rate is None
    window.studio.start_run()
    assert window.studio.run.state is RunState.IDLE
    settle()


def test_what_is_being_typed_is_not_called_wrong_before_it_can_be(qtbot, window):
    type_text(qtbot, window, "d_initial", "-", key=None)
    assert note(window, "adapter_d_initial") == ""
    qtbot.keyClicks(field(window, "d_initial"), "0.")
    assert note(window, "adapter_d_initial") == ""
    qtbot.keyClicks(field(window, "d_initial"), "5")
    qtbot.keyClick(field(window, "d_initial"), Qt.Key.Key_Return)
    assert window.studio.workspace.recipe.adapter.d_initial == -0.5


def test_small_learning_rates_are_kept_to_the_digit(qtbot, window):
    type_text(qtbot, window, "learning_rate", "0.0000015")
    assert window.studio.workspace.recipe.training.learning_rate == 1.5e-6


def test_the_arrows_leave_auto_at_the_automatic_rate(qtbot, window):
    box = field(window, "learning_rate")
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert window.studio.workspace.recipe.training.learning_rate == 0.02
    type_text(qtbot, window, "learning_rate", "")
    qtbot.keyClick(box, Qt.Key.Key_Backspace)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "Auto (0.02)"
    assert window.studio.workspace.recipe.training.learning_rate is None


def test_the_arrows_leave_auto_at_the_rank_for_alpha(qtbot, window):
    window.studio.workspace.edit_adapter(method="lora", rank=8)
    qtbot.keyClick(field(window, "alpha"), Qt.Key.Key_Up)
    assert window.studio.workspace.recipe.adapter.alpha == 8


def test_a_refused_rank_is_forgotten_with_its_field(qtbot, window, settle):
    type_text(qtbot, window, "rank", "5000")
    window.studio.workspace.edit_adapter(method="bias")
    assert start_button(window).isEnabled()
    settle()


def test_the_start_keys_take_what_was_typed(qtbot, window, settle):
    type_text(qtbot, window, "epochs", "1", key=None)
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: window.studio.workspace.result is not None, timeout=60_000)
    settle()
    assert window.studio.workspace.result.epochs_done == 1


# Defaults


def reset(window, setting):
    return window.setup_panel.findChild(QToolButton, f"reset_{setting}")


def test_a_field_goes_back_to_its_default(qtbot, window, settle):
    button = reset(window, "training_epochs")
    assert not button.isVisibleTo(window.setup_panel)
    assert button.toolTip() == "Back to the default: Auto"
    type_text(qtbot, window, "epochs", "99")
    assert button.isVisibleTo(window.setup_panel)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.studio.workspace.recipe == Recipe()
    assert field(window, "epochs").setting() is None
    assert not button.isVisibleTo(window.setup_panel)
    settle()


def test_all_go_back_to_their_defaults_and_again(qtbot, window, settle):
    button = window.setup_panel.findChild(QPushButton, "reset_all_button")
    assert not button.isEnabled()
    assert "have their defaults" in button.toolTip()
    workspace = window.studio.workspace
    workspace.edit_adapter(method="lora", rank=5, layers=("fc1",))
    workspace.edit_training(keep_others=0.1, target_classes=("cat",), flips=False, device="cpu")
    edited = workspace.recipe
    type_text(qtbot, window, "epochs", "0")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (workspace.recipe.adapter, workspace.recipe.training) == (
        AdapterSettings(),
        TrainingSettings(),
    )
    assert note(window, "training_epochs") == ""
    assert button.text() == "&Undo Reset"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert workspace.recipe == edited
    assert button.text() == "&Reset to Defaults"
    settle()


@pytest.mark.parametrize(("name", "default"), [("rank_slider", 20), ("keep_others", 44)])
def test_sliders_mark_their_default(qtbot, window, name, default):
    slider = field(window, name)
    assert "The mark is the default" in slider.toolTip()
    slider.setValue(default)
    handle_at_default = slider.mark_place().x()
    width = slider.width()
    assert abs(handle_at_default / width - default / slider.maximum()) < 0.05


# Tab and wheel


def focus_stops(window):
    first = window.setup_panel.findChild(QWidget, "open_network_chooser")
    stops, widget = [], first
    while True:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisibleTo(window):
            stops.append(widget.objectName())
        widget = widget.nextInFocusChain()
        if widget is first:
            return stops


def test_layers_come_before_start_in_the_order_of_tab(window):
    stops = focus_stops(window)
    layers = [f"layer_fc{k}" for k in range(1, 6)]
    first = stops.index("layer_fc1")
    assert stops[first : first + 5] == layers
    assert stops.index("projection_seed") < first
    assert stops.index("layer_fc5") < stops.index("epochs") < stops.index("start_button")


def test_the_wheel_scrolls_the_panel_over_every_field(qtbot, window, settle):
    panel = window.setup_panel
    window.resize(1024, 700)
    area = panel.findChild(QScrollArea)
    before = window.studio.workspace.recipe
    panel.findChild(QPushButton, "open_network_chooser").setFocus()
    for box in (*panel.findChildren(QAbstractSpinBox), *panel.findChildren(QSlider)):
        if not box.objectName() or not box.isVisibleTo(panel):
            continue
        area.ensureWidgetVisible(box)
        bar = area.verticalScrollBar()
        step = -120 if bar.value() < bar.maximum() else 120
        at = bar.value()
        place = box.mapTo(window, QPoint(8, box.height() // 2))
        QTest.wheelEvent(window.windowHandle(), QPointF(place), QPoint(0, step))
        assert bar.value() != at, box.objectName()
    assert window.studio.workspace.recipe == before
