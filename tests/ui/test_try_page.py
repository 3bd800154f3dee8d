"""Trying pictures: dropped, pasted, opened, seen by a camera; said anew with every adapter."""

import importlib.util
import sys
import types

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QPushButton

from tests.command_line import write_class
from tests.ui.adapters import make_adapter
from tests.ui.photographs import drop_on
from vera_studio.recipe import AdapterSettings
from vera_studio.ui.pages.try_images.page import TryPage
from vera_studio.ui.state import camera
from vera_studio.ui.state.workspace import LoadedAdapter
from vera_studio.ui.widgets.reasons import allow


@pytest.fixture
def page(window):
    window.rooms.show_page("try")
    return window.findChild(TryPage)


@pytest.fixture
def pictures(tmp_path):
    """Ten pictures of cats."""
    write_class(tmp_path, "cat", 10, seed=3)
    return sorted((tmp_path / "cat").iterdir())


def classes(page):
    """What stands below the pictures."""
    return [page.strip.item(row).text() for row in range(page.strip.count())]


def first(answer):
    return answer.shares.told[0][0]


def press(qtbot, page, name):
    qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def adapter_on(model, seed, **settings):
    return LoadedAdapter(None, make_adapter(model, seed, **settings), f"number {seed}")


def test_ten_pictures_are_dropped_and_named_and_named_anew_with_an_adapter(
    qtbot, window, page, pictures, settle
):
    workspace = window.studio.workspace
    assert not page.strip.isVisible()
    assert drop_on(page, *pictures)
    settle()
    named = classes(page)
    assert len(named) == 10
    assert set(named) <= set(workspace.class_names)
    assert len(page.base.shares.told) == 5
    assert first(page.base) == named[0]
    assert page.base.heading.text() == "The pretrained ConvNet"
    assert page.adapted.heading.text() == "No adapter is on"
    assert page.picture.image is not None
    before = page.base.shares.told

    workspace.set_adapter(adapter_on(workspace.model, 3))
    settle()
    assert page.adapted.heading.text() == "With number 3"
    assert page.base.shares.told == before
    assert page.adapted.shares.told != before
    assert classes(page)[0] == first(page.adapted)
    page.strip.setCurrentRow(4)
    assert page.title.text() == "4.png"
    assert classes(page)[4] == first(page.adapted)
    press(qtbot, page, "look_at_tried_button")
    assert window.rooms.page == "looked"
    settle()
    assert window.looked_page.view.after.told.text().startswith(classes(page)[4])
    window.rooms.show_page("try")
    workspace.set_adapter(None)
    settle()
    assert classes(page) == named
    assert page.adapted.shares.told == ()

    page.strip.setCurrentRow(0)
    qtbot.keyClick(page.strip, Qt.Key.Key_Delete)
    assert classes(page) == named[1:]
    assert page.title.text() == "1.png"
    press(qtbot, page, "clear_pictures_button")
    assert classes(page) == []
    assert not page.strip.isVisible()
    assert not page.findChild(QPushButton, "clear_pictures_button").isEnabled()

    window.rooms.show_page("data")
    assert drop_on(window, *pictures[:2])  # wherever they are dropped
    settle()
    assert window.rooms.page == "try"
    assert classes(page) == named[:2]


def test_with_classes_of_ones_own_the_network_alone_says_its_own(window, page, pictures, settle):
    workspace = window.studio.workspace
    own = workspace.model.with_classes(("amber", "teal"))
    workspace.set_model(own, workspace.recipe.model)
    head = own.settings_for(AdapterSettings(method="head")).head
    adapter = make_adapter(own, 2, method="head", layers=(), head=head)
    workspace.set_adapter(LoadedAdapter(None, adapter, "my colours"))
    page.add_files(pictures[:1])
    settle_jobs(window)
    assert first(page.adapted) in ("amber", "teal")
    assert first(page.base) in own.original.class_names
    assert "does not know your classes" in page.base.note.text()
    assert page.base.note.isVisible()


def settle_jobs(window):
    assert window.studio.runner.wait(20_000)


def test_pictures_are_pasted_opened_and_refused(
    qtbot, window, page, pictures, settle, tmp_path, monkeypatch
):
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("no picture")
    with qtbot.waitSignal(window.studio.message) as told:
        press(qtbot, page, "paste_picture_button")
    assert "no picture in the clipboard" in told.args[0]

    clipboard.setImage(QImage(str(pictures[3])))
    press(qtbot, page, "paste_picture_button")
    clipboard.clear()  # what it holds must not outlive the application
    monkeypatch.setattr(
        QFileDialog, "getOpenFileNames", lambda *_: ([str(pictures[3]), str(pictures[4])], "")
    )
    press(qtbot, page, "open_pictures_button")
    (tmp_path / "<b>not.png").write_bytes(b"<html>no picture</html>")
    assert drop_on(page, tmp_path / "<b>not.png")
    settle()
    assert page.title.text() == "Pasted picture"
    pasted = page.base.shares.told
    page.strip.setCurrentRow(1)
    assert page.base.shares.told == pasted  # the same pixels
    page.strip.setCurrentRow(3)
    assert classes(page)[3] == "no picture"
    assert "Web page" in page.title.text()
    assert page.picture.image is None
    assert page.base.shares.told == ()

    monkeypatch.setattr("vera_studio.ui.state.try_control.MOST", 5)
    with qtbot.waitSignal(window.studio.message) as told:
        page.add_files(pictures[5:8])
    assert "the page Classify takes whole folders" in told.args[0]
    settle()
    assert len(classes(page)) == 5

    (tmp_path / "adapter.safetensors").touch()
    for other in (tmp_path, tmp_path / "adapter.safetensors"):
        assert not drop_on(page, other)  # these the window takes


class FakeSink(QObject):
    videoFrameChanged = Signal(object)  # noqa: N815 - Qt's name


class FakeCamera(QObject):
    errorOccurred = Signal(object, str)  # noqa: N815 - Qt's name
    is_on = False

    def __init__(self, device, parent):
        super().__init__(parent)

    def start(self):
        FakeCamera.is_on = True

    def stop(self):
        FakeCamera.is_on = False


class FakeSession(QObject):
    def setCamera(self, part):
        self.camera = part

    def setVideoSink(self, part):
        self.sink = part


class Frame:
    def __init__(self, image):
        self.toImage = lambda: image


def test_what_a_camera_sees_is_named_as_it_sees_it(
    qtbot, window, page, pictures, settle, monkeypatch
):
    there: list[str] = []
    button = page.live.button
    if importlib.util.find_spec("PySide6.QtMultimedia") is None:
        assert not button.isEnabled()
        assert "pip install PySide6-Addons" in button.toolTip()
    devices = types.SimpleNamespace(videoInputs=lambda: there, defaultVideoInput=lambda: "one")
    fake = types.SimpleNamespace(
        QMediaDevices=devices,
        QCamera=FakeCamera,
        QMediaCaptureSession=FakeSession,
        QVideoSink=FakeSink,
    )
    monkeypatch.setattr(camera, "missing_module", lambda: "")
    monkeypatch.setattr(camera, "_FRAME_SECONDS", 0)
    monkeypatch.setitem(sys.modules, "PySide6.QtMultimedia", fake)
    allow(button)
    press(qtbot, page, "camera_button")
    assert not button.isEnabled()
    assert "No camera was found" in button.toolTip()
    assert not button.isChecked()

    there.append("one")
    allow(button)
    press(qtbot, page, "camera_button")
    assert FakeCamera.is_on
    sink = page.findChild(FakeSink)
    seen = []
    for file in pictures[:2]:
        sink.videoFrameChanged.emit(Frame(QImage(str(file))))
        settle()
        seen.append(page.base.shares.told)
    assert seen[0] != seen[1]
    assert len(classes(page)) == 1
    press(qtbot, page, "keep_frame_button")
    settle()
    assert len(classes(page)) == 2
    page.strip.setCurrentRow(1)
    assert page.base.shares.told == seen[1]
    with qtbot.waitSignal(window.studio.message) as told:
        page.live.camera._parts[0].errorOccurred.emit(1, "it was unplugged")
    assert "unplugged" in told.args[0]
    assert not FakeCamera.is_on
    allow(button)
    press(qtbot, page, "camera_button")
    assert FakeCamera.is_on
    window.rooms.show_page("data")  # nobody looks: it is off
    assert not FakeCamera.is_on
