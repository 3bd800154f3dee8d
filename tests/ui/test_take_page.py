"""The page that writes the classifier to files, clicked as a person would."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QToolButton

from tests.ui.adapters import make_adapter, put_in_library
from vera_studio.exchange import export_for_use
from vera_studio.export_targets import USE_FILES
from vera_studio.ui.pages.take_page import TakePage
from vera_studio.ui.widgets.reasons import reason_of


def test_what_is_on_is_written_for_use_and_shown(qtbot, window, settle, tmp_path, monkeypatch):
    page = window.findChild(TakePage)
    window.rooms.show_page("take")
    button = page.findChild(QToolButton, "take_export_button")
    assert "no adapter" in reason_of(window.actions_by_name["export_use"])
    assert not button.isEnabled()

    path = put_in_library(make_adapter(window.studio.workspace.model), "Birds")
    window.studio.shelf.refresh()
    window.studio.adapters.switch_on(path)
    assert "ConvNet with Birds in it: 10 classes" in page.findChild(QLabel, "take_subject").text()

    monkeypatch.setattr(export_for_use, "onnx_content", lambda *_: (b"network", "Checked."))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "b"), ""))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle()
    assert {file.name for file in (tmp_path / "b").iterdir()} == set(USE_FILES)
    assert str(tmp_path / "b") in page.findChild(QLabel, "take_done").text()

    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    qtbot.mouseClick(page.findChild(QPushButton, "take_show_button"), Qt.MouseButton.LeftButton)
    assert opened == [str(tmp_path / "b")]
    qtbot.mouseClick(page.findChild(QToolButton, "take_copy_button"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().startswith("pip install onnxruntime pillow\npython")


def test_every_other_form_has_its_button(window):
    page = window.findChild(TakePage)
    for target in ("file", "peft", "lora", "merged", "onnx"):
        button = page.findChild(QToolButton, f"take_{target}_button")
        assert button.defaultAction() is window.actions_by_name[f"export_{target}"]
        assert button.text().endswith("…")
