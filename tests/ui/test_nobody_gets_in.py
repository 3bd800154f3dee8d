"""Whatever is dropped on the window is told or opened, and does nothing beside."""

import os

import pytest
from PySide6.QtWidgets import QMessageBox

from tests import audit
from tests.hostile import make_hostile


def close_messages(window):
    # Not QApplication.topLevelWidgets(), among which are some that are being deleted.
    for box in window.findChildren(QMessageBox):
        box.close()


@pytest.mark.skipif(os.name == "nt", reason="needs pipes and links")
@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".toml", ""])
def test_files_that_mean_harm_are_dropped(qtbot, window, settle, tmp_path, own_data_folder, suffix):
    paths = make_hostile(tmp_path / "dropped", suffix)
    model = window.studio.workspace.model
    with audit.recording() as seen:
        for path in paths:
            window.studio.open_path(path)
            settle()
            close_messages(window)
    assert seen.strays(tmp_path, writable=(own_data_folder,)) == []
    assert seen.unpickled == []
    assert window.studio.is_free
    assert window.studio.workspace.model is model
