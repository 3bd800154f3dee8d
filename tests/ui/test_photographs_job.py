"""From a folder of photographs to a file and back, by clicks alone."""

import os
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton, QToolButton

from tests.ui.photographs import drop, make_photographs
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.state.run_control import RunState

_MILLISECONDS = 300_000


def press(qtbot, parent, name, kind=QPushButton):
    button = parent.findChild(kind, name)
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def is_settled(window):
    return window.studio.is_ready and not window.studio.runner.jobs


def predictions(window):
    """What the window's network, with what is on it, says to each test image; file by file."""
    workspace = window.studio.workspace
    network = with_adapter(workspace.model, workspace.adapter)
    images = workspace.data.test
    with torch.no_grad():
        batches = [
            network(workspace.model.preprocessing(images.read(some)))
            for some in torch.arange(len(images)).split(32)
        ]
    return dict(zip(images.names, torch.cat(batches).argmax(1).tolist(), strict=True))


@pytest.fixture(params=["drawn", "ants and bees"])
def photographs(request, tmp_path):
    if request.param == "drawn":
        return make_photographs(tmp_path / "garden", count=15)
    if "VERA_STUDIO_ANTS_BEES" not in os.environ:
        pytest.skip("VERA_STUDIO_ANTS_BEES names no folder")
    return Path(os.environ["VERA_STUDIO_ANTS_BEES"])


@pytest.mark.timeout(900)  # hundreds of photographs go through a network of millions of numbers
def test_drop_accept_start_export_quit_import(
    qtbot, new_window, photographs, tmp_path, monkeypatch
):
    exported = tmp_path / "insects.safetensors"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(exported), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(exported), ""))
    window = new_window()
    window.load()
    qtbot.waitUntil(lambda: is_settled(window), timeout=_MILLISECONDS)

    drop(window, photographs)
    qtbot.waitUntil(window.data_page.folder_pane.isVisible, timeout=_MILLISECONDS)
    press(qtbot, window.data_page, "proposal_answer_1")
    workspace = window.studio.workspace
    qtbot.waitUntil(lambda: workspace.own_classes == ("ants", "bees"), timeout=_MILLISECONDS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=_MILLISECONDS)
    assert workspace.model.kind.name == "efficientnet_lite0"

    press(qtbot, window.setup_panel, "start_button")
    assert window.studio.run.state is RunState.RUNNING
    qtbot.waitUntil(lambda: workspace.adapter is not None, timeout=_MILLISECONDS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=_MILLISECONDS)
    result = workspace.result
    assert result.after.accuracy > 0.9
    assert result.class_names == ("ants", "bees")
    said = predictions(window)

    window.rooms.show_page("results")
    press(qtbot, window.results_page, "export_button", QToolButton)
    qtbot.waitUntil(exported.exists, timeout=_MILLISECONDS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=_MILLISECONDS)
    window.close()

    again = new_window()
    again.load()
    qtbot.waitUntil(lambda: is_settled(again), timeout=_MILLISECONDS)
    assert again.studio.workspace.own_classes == ("ants", "bees")
    again.actions_by_name["import_adapter"].trigger()
    qtbot.waitUntil(lambda: again.studio.workspace.adapter is not None, timeout=_MILLISECONDS)
    qtbot.waitUntil(lambda: is_settled(again), timeout=_MILLISECONDS)
    assert predictions(again) == said
