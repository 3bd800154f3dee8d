"""The images kept on the disk: their size is shown, and they can be emptied."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from tests.ui.photographs import make_photographs
from vera_studio.data.image_cache import DEFAULT_LIMIT, cache_bytes, cache_limit
from vera_studio.data.open_data import open_data
from vera_studio.data.preprocessing import square
from vera_studio.recipe import DataSettings
from vera_studio.ui.runner import Runner
from vera_studio.ui.window.image_cache_dialog import ImageCacheDialog


@pytest.fixture
def filled(tmp_path, own_data_folder):
    """A cache with the images of a folder in it."""
    folder = make_photographs(tmp_path / "garden", count=4)
    open_data(DataSettings(source="folder", folder=str(folder)), ("ants", "bees"), square(32))
    assert cache_bytes() > 0


@pytest.fixture
def dialog(qtbot, own_data_folder):
    runner = Runner()
    dialog = ImageCacheDialog(runner)
    qtbot.addWidget(dialog)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.show()
    yield dialog
    assert runner.wait(5000)


def size(dialog):
    return dialog.findChild(QLabel, "image_cache_size").text()


def test_the_cache_is_shown_and_emptied(qtbot, filled, dialog):
    qtbot.waitUntil(lambda: size(dialog).endswith("KB"))
    button = dialog.findChild(QPushButton, "empty_image_cache")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: size(dialog) == "Empty")
    assert cache_bytes() == 0
    assert not button.isEnabled()
    assert "nothing in it" in button.toolTip()


def test_the_limit_is_kept(qtbot, dialog):
    qtbot.waitUntil(lambda: dialog.limit.value() == DEFAULT_LIMIT // 10**9)
    dialog.limit.selectAll()
    qtbot.keyClicks(dialog.limit, "3")
    qtbot.keyClick(dialog.limit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: cache_limit() == 3 * 10**9)
