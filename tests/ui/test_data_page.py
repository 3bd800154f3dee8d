"""The page of images: what is open, other images, and the download with all that can go wrong."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPlainTextEdit, QPushButton

from vera_studio.data import cifar10
from vera_studio.ui.pages.data_page import DataPage


@pytest.fixture
def page(window, tiny_cifar10, monkeypatch):
    """The page, where CIFAR-10 is the tiny one that the server has."""
    monkeypatch.setattr(cifar10, "_torchvision_dataset", lambda: tiny_cifar10)
    return window.data_page


def press(qtbot, page: DataPage, name):
    qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def download_text(page):
    return page._download_text.text()


def test_the_sample_is_shown_with_its_numbers(window):
    text = window.data_page.summary.text()
    assert "1,800 images to train on" in text
    assert "200 held out to validate" in text
    assert "1,000 to test" in text


def test_cifar10_is_downloaded_and_opened(qtbot, window, page, settle):
    press(qtbot, page, "cifar10_button")
    assert "has not been downloaded" in download_text(page)
    press(qtbot, page, "download_button")
    qtbot.waitUntil(lambda: window.studio.workspace.data.source == "cifar10", timeout=20_000)
    settle()
    assert "CIFAR-10" in page.summary.text()
    assert not page.findChild(type(page._download), "download_box").isVisible()


def test_a_download_shows_its_progress_and_can_be_cancelled(
    qtbot, window, page, server, settle, own_data_folder
):
    server.go_on.clear()
    press(qtbot, page, "cifar10_button")
    press(qtbot, page, "download_button")
    qtbot.waitUntil(lambda: "MB" in download_text(page), timeout=20_000)
    assert page._download_bar.isVisible()
    press(qtbot, page, "cancel_download_button")
    server.go_on.set()
    settle()
    assert window.studio.workspace.data.source == "sample"
    assert not cifar10.is_downloaded(own_data_folder / "cifar10")
    assert page.findChild(QPushButton, "cifar10_button").isEnabled()


def test_a_failed_download_says_why_and_can_be_tried_again(qtbot, window, page, server, settle):
    body, server.body = server.body, b"damaged"
    press(qtbot, page, "cifar10_button")
    press(qtbot, page, "download_button")
    button = page.findChild(QPushButton, "download_button")
    qtbot.waitUntil(lambda: button.text() == "Try again", timeout=20_000)
    settle()
    assert "damaged" in download_text(page)
    assert window.studio.workspace.data.source == "sample"
    server.body = body
    press(qtbot, page, "download_button")
    qtbot.waitUntil(lambda: window.studio.workspace.data.source == "cifar10", timeout=20_000)
    settle()


def test_a_folder_is_opened_and_its_broken_files_are_listed(
    qtbot, window, page, settle, tmp_path, monkeypatch
):
    make_folder(tmp_path, ("cat", "car"))
    (tmp_path / "cat" / "broken.png").write_bytes(b"no image")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    press(qtbot, page, "folder_button")
    qtbot.waitUntil(lambda: window.studio.workspace.data.source == "folder", timeout=20_000)
    settle()
    skipped = page.findChild(QPlainTextEdit, "skipped_files")
    assert skipped.isVisibleTo(page)
    assert "1 file was skipped" in skipped.toPlainText()
    assert "broken.png" in skipped.toPlainText()
    assert window.studio.workspace.data.train.counts(10)[1] > 0  # car is automobile


def test_a_folder_of_unknown_classes_is_refused_with_both_lists(
    qtbot, window, page, settle, tmp_path, monkeypatch
):
    make_folder(tmp_path, ("cat", "cow"))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    press(qtbot, page, "folder_button")
    qtbot.waitUntil(lambda: message_box() is not None, timeout=20_000)
    box = message_box()
    text = box.text() + box.informativeText()
    box.close()
    settle()
    assert "cow" in text
    assert "airplane" in text
    assert window.studio.workspace.data.source == "sample"


def make_folder(root, names):
    from PIL import Image

    for name in names:
        (root / name).mkdir()
        for index in range(10):
            Image.new("RGB", (32, 32), (index, 80, 90)).save(root / name / f"{index}.png")


def message_box():
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
    return next((box for box in boxes if box.isVisible()), None)
