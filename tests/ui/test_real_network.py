"""A network of 224 pixels and 1,000 classes, clicked through from opening it to importing."""

import pytest
import torch
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QPushButton, QTreeView

from tests.ui.conftest import LOADING_MILLISECONDS, is_settled
from tests.ui.test_main_job import logits, run_to_end, type_number
from tests.ui.test_networks import choose, click, few_networks, open_chooser  # noqa: F401
from vera_studio.data.sample import drawn_images
from vera_studio.ui.pages.setup.adapter_form import AdapterForm

LAST_STAGE = ("blocks.6.*",)


@pytest.fixture(autouse=True)
def few_images(monkeypatch):
    """The sample, small enough for a network that takes a while."""
    monkeypatch.setattr(drawn_images, "TRAIN_PER_CLASS", 10)
    monkeypatch.setattr(drawn_images, "TEST_PER_CLASS", 2)


def open_lite(qtbot, window):
    chooser = open_chooser(qtbot, window)
    choose(qtbot, chooser, "Lite0")
    click(qtbot, chooser, "open_network_button")
    qtbot.waitUntil(lambda: not chooser.isVisible(), timeout=LOADING_MILLISECONDS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)


def tick_last_stage(qtbot, window):
    """In the tree of layers, in place of what is ticked there."""
    form = window.setup_panel.findChild(AdapterForm)
    qtbot.mouseClick(form.findChild(QPushButton, "choose_layers"), Qt.MouseButton.LeftButton)
    dialog = window.findChild(QDialog, "layers_dialog")
    click(qtbot, dialog, "untick_shown")
    tree = dialog.findChild(QTreeView, "layer_tree")
    blocks = next(index for index in rows(tree) if index.data() == "blocks")
    last = next(index for index in rows(tree, blocks) if index.data() == "6")
    tree.setCurrentIndex(last)
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    click(qtbot, dialog, "close_layers")


def rows(tree, parent=None):
    parent = parent or QModelIndex()
    return [tree.model().index(row, 0, parent) for row in range(tree.model().rowCount(parent))]


def test_lite0_from_opening_it_to_importing_its_adapter(
    qtbot,
    window,
    settle,
    few_networks,  # noqa: F811
    new_window,
    tmp_path,
    monkeypatch,
):
    open_lite(qtbot, window)
    assert window.setup_panel.findChild(QLabel, "model_text").text() == (
        "EfficientNet-Lite0, pretrained"
    )
    tick_last_stage(qtbot, window)
    assert window.studio.workspace.recipe.adapter.layers == LAST_STAGE
    type_number(qtbot, window, "rank", 4)
    form = window.setup_panel.findChild(AdapterForm)
    figures = form.findChild(QLabel, "adapter_figures").text()
    # d and b of three convolutions: 4 and 1,152, 4 and 1,152, 4 and 320.
    assert "2,636 of 4,654,644 numbers are trained" in figures
    run_to_end(qtbot, window, settle, epochs=1)
    result = window.studio.workspace.result
    assert len(result.target_classes) == 10  # those of the sample, of a thousand
    assert len(window.results_page.chart.gain_texts()) == 10

    before = logits(window)
    path = tmp_path / "lite.safetensors"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.actions_by_name["export_file"].trigger()
    settle()
    assert path.stat().st_size < 100_000
    window.close()

    again = new_window()  # which opens what was left
    again.studio.load()
    qtbot.waitUntil(lambda: is_settled(again), timeout=LOADING_MILLISECONDS)
    assert again.studio.workspace.model.kind.name == "efficientnet_lite0"
    assert again.studio.workspace.recipe.adapter.layers == LAST_STAGE
    bare = logits(again)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    again.actions_by_name["import_adapter"].trigger()
    qtbot.waitUntil(
        lambda: again.studio.workspace.adapter is not None, timeout=LOADING_MILLISECONDS
    )
    qtbot.waitUntil(lambda: is_settled(again), timeout=LOADING_MILLISECONDS)
    assert torch.equal(logits(again), before)
    assert not torch.equal(bare, before)


def test_switching_on_a_large_network_is_a_job(qtbot, window, settle, few_networks):  # noqa: F811
    from tests.ui.adapters import make_adapter, put_in_library

    open_lite(qtbot, window)
    adapter = make_adapter(window.studio.workspace.model, targets=("robin",))
    path = put_in_library(adapter, "Robins")
    window.studio.shelf.load()
    settle()
    window.studio.adapters.switch_on(path)
    assert window.studio.workspace.adapter is None  # the window goes on meanwhile
    assert window.studio.busy.is_busy
    settle()
    assert window.studio.workspace.adapter.title == "Robins"
    button = window.setup_panel.findChild(QPushButton, "remove_adapter_button")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle()
    assert window.studio.workspace.adapter is None
