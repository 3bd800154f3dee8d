"""The page of images: what is open, other images, and the download with all that can go wrong."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
)

from tests.top_level import top_level_widgets
from vera_studio.adapters import adapter_file
from vera_studio.data import cifar10, open_data
from vera_studio.ui.pages.images.page import DataPage
from vera_studio.ui.widgets.class_list import ClassList
from vera_studio.ui.widgets.picture_view import PictureView


@pytest.fixture
def page(window, tiny_cifar10, monkeypatch):
    """The page, where CIFAR-10 is the tiny one that the server has."""
    monkeypatch.setattr(cifar10, "_torchvision_dataset", lambda: tiny_cifar10)
    return window.data_page


def press(qtbot, page: DataPage, name):
    qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def download_text(page):
    return page.download.text.text()


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
    assert not page.download.isVisible()


def test_a_download_shows_its_progress_and_can_be_cancelled(
    qtbot, window, page, server, settle, own_data_folder
):
    server.go_on.clear()
    press(qtbot, page, "cifar10_button")
    press(qtbot, page, "download_button")
    qtbot.waitUntil(lambda: "MB" in download_text(page), timeout=20_000)
    assert page.download.bar.isVisible()
    press(qtbot, page, "cancel_download_button")
    server.go_on.set()
    settle()
    assert window.studio.workspace.data.source == "sample"
    assert not cifar10.is_downloaded(own_data_folder / "cifar10")
    assert page.findChild(QPushButton, "cifar10_button").isEnabled()
    # Told where it was started, with a way to begin again.
    assert page.download.isVisible()
    assert "was cancelled" in download_text(page)
    button = page.findChild(QPushButton, "download_button")
    assert button.isVisible()
    assert button.text() == "Try again"
    press(qtbot, page, "cancel_download_button")
    assert not page.download.isVisible()


def test_a_failed_download_says_why_and_can_be_tried_again(qtbot, window, page, server, settle):
    body, server.body = server.body, b"damaged"
    press(qtbot, page, "cifar10_button")
    press(qtbot, page, "download_button")
    button = page.findChild(QPushButton, "download_button")
    qtbot.waitUntil(lambda: button.text() == "Try again", timeout=20_000)
    settle()
    assert page.download.isVisible()
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
    (tmp_path / "cat" / "broken\u202e.png").write_bytes(b"no image")
    messages = []
    window.studio.message.connect(messages.append)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    press(qtbot, page, "folder_button")
    qtbot.waitUntil(lambda: window.studio.workspace.data.source == "folder", timeout=20_000)
    settle()
    skipped = page.findChild(QPlainTextEdit, "skipped_files")
    assert skipped.isVisibleTo(page)
    assert "1 file was skipped: 1 not an image (text)." in skipped.toPlainText()
    assert r"broken\u202e.png: Not an image" in skipped.toPlainText()
    assert any("1 file was skipped; the page Images says why." in text for text in messages)
    assert window.studio.workspace.data.train.counts(10)[1] > 0  # car is automobile


def test_how_many_of_each_class_are_in_each_part(page):
    rows = page.grid.rows._rows
    assert [row.counts for row in rows] == [(180, 20, 100)] * 10
    assert page.grid.rows.titles == ("Training", "Validation", "Test")


def test_the_network_itself_is_measured_before_any_run(qtbot, window, page, settle):
    accuracy = window.studio.workspace.accuracy
    assert accuracy.part == "validation"
    share = f"{accuracy.evaluation.accuracy:.1%} of the 200 validation images"
    assert share in page.accuracy.text()
    assert "ConvNet, pretrained" in page.accuracy.text()
    assert "test images" not in page.accuracy.text()
    notes = page.grid.rows._notes
    assert [note[1] for note in notes] == [f"{x:.1%}" for x in accuracy.evaluation.per_class]
    press(qtbot, page, "measure_test_button")
    assert not page.test_button.isEnabled()
    assert page.test_button.text() == "Measuring…"
    settle()
    test = window.studio.workspace.test_accuracy
    assert test.part == "test"
    assert f"{test.evaluation.accuracy:.1%} of the 1,000 test images" in page.accuracy.text()
    assert [note[2] for note in page.grid.rows._notes] == [
        f"{x:.1%}" for x in test.evaluation.per_class
    ]
    assert "They are measured" in page.test_button.toolTip()


def test_few_images_are_told_beside_the_figure(qtbot, window, page, settle, tmp_path):
    make_folder(tmp_path, ("cat", "dog"))
    window.studio.open_path(tmp_path)
    qtbot.waitUntil(lambda: window.studio.workspace.data.source == "folder", timeout=20_000)
    settle()
    assert [row.name for row in page.grid.rows._rows[:3]] == ["cat", "dog", "airplane"]
    assert page.grid.rows._notes[0][1].endswith("of 1)")
    assert " of the 2 validation images (" in page.accuracy.text()
    classes = window.setup_panel.findChild(ClassList)
    assert classes.model.index(3).data(Qt.ItemDataRole.ToolTipRole).endswith("of 1)")


def test_an_adapter_trained_on_other_images_is_shown_as_such(qtbot, window, page, settle, tmp_path):
    workspace = window.studio.workspace
    workspace.edit_training(epochs=1, keep_others=1.0)
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: workspace.adapter is not None, timeout=60_000)
    settle()
    label = window.setup_panel.findChild(QLabel, "foreign_images")
    assert not label.isVisibleTo(window.setup_panel)
    make_folder(tmp_path, ("cat", "dog"))
    window.studio.open_path(tmp_path)
    qtbot.waitUntil(lambda: workspace.data.source == "folder", timeout=20_000)
    settle()
    assert label.isVisibleTo(window.setup_panel)
    assert label.text() == (
        f"Trained on other images: Built-in sample; open is {workspace.data.title}."
    )
    assert label.text() in page.accuracy.text()


def test_images_are_the_same_by_content_not_by_name(qtbot, window, settle, tmp_path):
    workspace = window.studio.workspace
    here, copied, other = (tmp_path / one / "pets" for one in ("here", "copied", "other"))
    make_folder(here, ("cat", "dog"))
    shutil.copytree(here, copied)
    make_folder(other, ("cat", "ship"))

    def open_(folder):
        window.studio.open_path(folder)
        qtbot.waitUntil(lambda: workspace.data.folder == folder, timeout=20_000)
        settle()

    open_(here)
    workspace.edit_training(epochs=1, target_classes=("cat",), keep_others=0.0)
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: workspace.result is not None, timeout=60_000)
    settle()
    info = adapter_file.inspect(workspace.result.last_adapter)
    assert workspace.images_foreign_to(info) == ""
    open_(copied)
    assert workspace.images_foreign_to(info) == ""
    open_(other)
    assert workspace.data.title == info.training.data
    assert "other images of that name" in workspace.images_foreign_to(info)


def test_a_click_shows_the_picture_large(qtbot, window, page, settle, tmp_path):
    make_folder(tmp_path, ("cat", "dog"))
    window.studio.open_path(tmp_path)
    qtbot.waitUntil(lambda: window.studio.workspace.data.source == "folder", timeout=20_000)
    settle()
    rows = page.grid.rows
    qtbot.mouseClick(rows, Qt.MouseButton.LeftButton, pos=rows.place(0, 0).center())
    view = page.findChild(PictureView)
    assert view.isVisible()

    def fact(name):
        return view.findChild(QLabel, f"picture_{name}").text()

    assert fact("class") == "cat, image 1 of 10"
    assert fact("part") == "training images"
    file = Path(fact("file"))
    assert file.parent == tmp_path / "cat"
    assert file.is_file()
    assert not view.previous.isEnabled()
    qtbot.waitUntil(view.raw.isEnabled, timeout=20_000)
    shown = view.picture.pixmap().toImage()
    qtbot.mouseClick(view.raw, Qt.MouseButton.LeftButton, pos=view.raw.rect().center() / 4)
    assert view.raw.isChecked()
    assert view.picture.pixmap().toImage().size() == shown.size()
    seen = {fact("file")}
    for _ in range(9):
        qtbot.mouseClick(view.next, Qt.MouseButton.LeftButton)
        seen.add(fact("file"))
    assert fact("part") == "test images"
    assert seen == {str(path) for path in (tmp_path / "cat").iterdir()}
    assert "last image" in view.next.toolTip()
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert fact("class") == "cat, image 9 of 10"
    view.close()
    settle()


def test_too_little_memory_for_a_folder_is_a_message(
    qtbot, window, page, settle, tmp_path, monkeypatch
):
    def fail(*_, **__):
        raise MemoryError

    make_folder(tmp_path, ("cat", "dog"))
    monkeypatch.setattr(open_data, "open_folder", fail)
    window.studio.open_path(tmp_path)
    qtbot.waitUntil(lambda: message_box() is not None, timeout=20_000)
    box = message_box()
    text = box.text() + box.informativeText()
    box.close()
    settle()
    assert "open fewer images" in text
    assert "Traceback" not in text
    assert window.studio.workspace.data.source == "sample"


def make_folder(root, names):
    from PIL import Image

    for name in names:
        (root / name).mkdir(parents=True)
        for index in range(10):
            Image.new("RGB", (32, 32), (index, 80, 90)).save(root / name / f"{index}.png")


def message_box():
    boxes = [w for w in top_level_widgets() if isinstance(w, QMessageBox)]
    return next((box for box in boxes if box.isVisible()), None)
