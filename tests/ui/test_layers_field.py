"""Choosing layers in the set-up panel: ticks of a small network, a tree of a large one."""

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QTreeView, QWidget

from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.ui.jobs import parameters as parameter_jobs
from vera_studio.ui.pages.setup.adapter_form import AdapterForm
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.cut_estimate import CutEstimate
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.layer_model import NAME_ROLE


@pytest.fixture(scope="module")
def lite():
    return open_model(ModelSettings(name="efficientnet_lite0"))


@pytest.fixture
def form(qtbot):
    """Makes the form with a network open."""
    runner = Runner()

    def make(model):
        workspace = Workspace()
        form = AdapterForm(workspace, CutEstimate(workspace, runner))
        qtbot.addWidget(form)
        form.resize(320, 700)
        form.show()
        workspace.set_model(model, ModelSettings(name=model.kind.name))
        return form, workspace

    yield make
    runner.cancel_all()
    assert runner.wait(60_000)


def click(qtbot, parent, name, kind=QCheckBox):
    widget = parent.findChild(kind, name)
    place = QPoint(8, widget.height() // 2)  # a tick box is not clicked in the space beside it
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)
    return widget


def text(parent, name):
    return parent.findChild(QLabel, name).text()


def test_a_small_network_has_a_tick_for_each_layer(qtbot, form):
    panel, workspace = form(open_model(ModelSettings()))
    unused = panel.findChild(QCheckBox, "layer_conv3")
    assert not unused.isEnabled()
    assert "does not use it" in unused.toolTip()
    assert not panel.findChild(QPushButton, "choose_layers").isVisibleTo(panel)
    click(qtbot, panel, "layer_conv2")
    assert workspace.recipe.adapter.layers == ("conv2", "fc1", "fc2", "fc3", "fc4", "fc5")
    assert "590 of 89,708" in text(panel, "adapter_figures")
    click(qtbot, panel, "layer_conv2")
    assert workspace.recipe.adapter.layers is None


def test_all_ticks_of_a_small_network_are_in_sight(qtbot, form):
    panel, _ = form(open_model(ModelSettings()))
    last = panel.findChild(QCheckBox, "layer_fc5")
    qtbot.waitUntil(lambda: last.geometry().bottom() < last.parentWidget().height())


def test_a_large_network_has_a_tick_for_each_kind(qtbot, form, lite):
    panel, workspace = form(lite)
    assert panel.findChild(QPushButton, "choose_layers").isVisibleTo(panel)
    assert not panel.findChild(QCheckBox, "layer_normalisation").isEnabled()
    workspace.edit_adapter(layers=("classifier",))
    click(qtbot, panel, "layer_last_stage")
    assert workspace.recipe.adapter.layers == ("blocks.6.*", "conv_head", "classifier")
    assert text(panel, "layers_summary") == "5 layers: blocks.6, conv_head, classifier"
    assert "5,064 of 4,657,072" in text(panel, "adapter_figures")
    linear = panel.findChild(QCheckBox, "layer_linear")
    convolutions = panel.findChild(QCheckBox, "layer_convolutions")
    assert linear.checkState() == Qt.CheckState.Checked
    assert convolutions.checkState() == Qt.CheckState.PartiallyChecked
    click(qtbot, panel, "layer_convolutions")
    assert text(panel, "layers_summary") == "All 50 layers"
    reset = panel.findChild(QWidget, "reset_adapter_layers")
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert workspace.recipe.adapter.layers is None
    assert text(panel, "layers_summary").startswith("By default: ")


def test_another_method_trains_what_it_can_in_the_same_parts(form, lite):
    panel, workspace = form(lite)
    workspace.edit_adapter(layers=("blocks.6.*",), method="bias")
    assert panel.findChild(QCheckBox, "layer_normalisation").isEnabled()
    assert text(panel, "layers_summary") == "3 layers: blocks.6"


def row_of(tree, name, parent=None):
    parent = parent or QModelIndex()
    model = tree.model()
    for number in range(model.rowCount(parent)):
        index = model.index(number, 0, parent)
        if index.data(NAME_ROLE) == name:
            return index
        if name.startswith(f"{index.data(NAME_ROLE)}."):
            return row_of(tree, name, index)
    raise AssertionError(name)


def test_the_tree_ticks_whole_branches_by_keys_and_says_what_they_come_to(qtbot, form, lite):
    panel, workspace = form(lite)
    workspace.edit_adapter(layers=("classifier",))
    click(qtbot, panel, "choose_layers", QPushButton)
    dialog = panel.window().findChild(QWidget, "layers_dialog")
    tree = dialog.findChild(QTreeView, "layer_tree")
    tree.setFocus()
    tree.setCurrentIndex(row_of(tree, "blocks.5"))
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert workspace.recipe.adapter.layers == ("blocks.5.*", "classifier")
    blocks = row_of(tree, "blocks").data(Qt.ItemDataRole.CheckStateRole)
    assert Qt.CheckState(blocks) == Qt.CheckState.PartiallyChecked
    assert text(dialog, "dialog_adapter_figures") == text(panel, "adapter_figures")
    qtbot.keyClicks(dialog.findChild(QLineEdit, "layer_filter"), "blocks.?.0.conv_dw")
    click(qtbot, dialog, "tick_shown", QPushButton)
    assert "blocks.1.0.conv_dw" in workspace.recipe.adapter.layers
    assert tree.isRowHidden(row_of(tree, "conv_head").row(), QModelIndex())
    dialog.findChild(QLineEdit, "layer_filter").clear()
    click(qtbot, dialog, "default_layers", QPushButton)
    assert workspace.recipe.adapter == AdapterSettings()
    norm = row_of(tree, "bn1")
    assert not norm.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "changes matrices" in norm.data(Qt.ItemDataRole.ToolTipRole)
    click(qtbot, dialog, "close_layers", QPushButton)


def test_the_cut_for_the_cache_is_told_once_it_is_found(qtbot, lite):
    workspace, runner = Workspace(), Runner()
    estimate = CutEstimate(workspace, runner)
    with qtbot.waitSignal(estimate.changed, timeout=60_000):
        workspace.set_model(lite, ModelSettings(name="efficientnet_lite0"))
    assert "numbers an image" in estimate.text
    with qtbot.waitSignal(estimate.changed):
        workspace.edit_training(feature_cache=False)
    assert estimate.text == ""
    assert runner.wait(60_000)


def test_a_cut_that_cannot_be_looked_for_is_told(qtbot, lite, monkeypatch):
    def fail(*_):
        raise MemoryError("no memory for another copy")

    monkeypatch.setattr(parameter_jobs, "find_cut", fail)
    workspace, runner = Workspace(), Runner()
    estimate = CutEstimate(workspace, runner)
    with qtbot.waitSignal(estimate.failed) as told:
        workspace.set_model(lite, ModelSettings(name="efficientnet_lite0"))
    assert isinstance(told.args[0], MemoryError)
    assert runner.wait(60_000)


def test_a_method_without_anything_to_train_keeps_the_run_from_starting(form, lite):
    panel, workspace = form(lite)
    workspace.edit_adapter(layers=("conv_head",), method="bias")
    assert "finds nothing to train in conv_head" in text(panel, "adapter_figures")
    assert workspace.layer_problems()
    panel.findChild(QWidget, "reset_adapter_layers").click()
    assert not workspace.layer_problems()
