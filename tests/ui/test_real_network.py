"""A network of 224 pixels and 1,000 classes, clicked through from opening it to importing."""

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from tests.ui.conftest import LOADING_MILLISECONDS, is_settled
from tests.ui.test_main_job import logits, run_to_end, type_number
from tests.ui.test_networks import choose, click, few_networks, open_chooser  # noqa: F401
from vera_studio.data.sample import drawn_images
from vera_studio.ui.pages.setup.adapter_form import AdapterForm

LAST_STAGE = ("blocks.6.*", "conv_head")


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


def tick_last_stage(window):
    window.studio.workspace.edit_adapter(layers=LAST_STAGE)


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
    tick_last_stage(window)
    type_number(qtbot, window, "rank", 4)
    form = window.setup_panel.findChild(AdapterForm)
    figures = form.findChild(QLabel, "adapter_figures").text()
    assert "4,652" in figures or "trained" in figures
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
