"""What is remembered can be texts, numbers and bytes, whatever stands in the file."""

import json
import logging
import os

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMenu

from tests.ui.conftest import message_box
from vera_studio import environment
from vera_studio.ui.app import make_window
from vera_studio.ui.error_reporter import ErrorReporter
from vera_studio.ui.state.settings import Settings


def test_what_is_kept_comes_back(tmp_path):
    path = tmp_path / "folder" / "settings.json"
    Settings(path).keep(name="Grüße\n\udcff", number=3, texts=["a", "b\tc"], data=b"\x00\xff")
    again = Settings(path)
    assert again.text("name") == "Grüße\n\udcff"
    assert again.texts("texts") == ["a", "b\tc"]
    assert again.data("data") == b"\x00\xff"
    assert (again.text("none", "default"), again.texts("none"), again.data("none")) == (
        "default",
        [],
        b"",
    )


def test_the_same_values_are_not_written_again(tmp_path):
    path = tmp_path / "settings.json"
    settings = Settings(path)
    settings.keep(name="x")
    path.unlink()
    settings.keep(name="x")
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"[General]\ncolor_scheme=dark",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"color_scheme": ' + b"9" * 100_000 + b"}",
        b'["color_scheme"]',
        b'{"color_scheme": {"a": 1}, "geometry": [[1]], "recent": [1, 2]}',
        b'{"color_scheme": 1e999, "last_folder": null}',
        b" " * 2**21,
    ],
    ids=["ini", "bytes", "nested", "number", "list", "kinds", "float", "huge"],
)
def test_a_damaged_or_foreign_file_counts_as_empty_and_is_logged(tmp_path, caplog, content):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        settings = Settings(path)
    assert settings.text("color_scheme", "system") == "system"
    assert (settings.texts("recent"), settings.data("geometry")) == ([], b"")
    assert str(path) in caplog.text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_counts_as_empty_and_is_not_waited_for(tmp_path, caplog, kind):
    path = tmp_path / "settings.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with caplog.at_level(logging.WARNING):
        assert Settings(path).text("color_scheme", "system") == "system"
    assert "the defaults are taken" in caplog.text


def test_what_cannot_be_written_is_logged_and_goes_on(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file" / "settings.json")
    with caplog.at_level(logging.WARNING):
        settings.keep(name="x")
    assert settings.text("name") == "x"
    assert "Settings are not kept" in caplog.text


def test_a_window_opens_on_foreign_settings(qtbot, caplog):
    values = {
        "color_scheme": "pink",
        "geometry": "AAAA",
        "docks": "AAAA",
        "recipe": "[[[",
        "page": 3,
    }
    environment.settings_file().write_text(json.dumps(values))
    window = make_window(ErrorReporter())
    qtbot.addWidget(window)
    window.show()
    assert window.width() > 600
    assert message_box() is None
    assert "cannot be taken" in caplog.text


class _Trap:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", ["settings.ini", "settings.json"])
def test_nothing_in_the_data_folder_is_unpickled(qtbot, own_data_folder, tmp_path, name):
    """PySide6 unpickles Python objects in the INI files of QSettings, which can run programs."""
    path, sprung = own_data_folder / name, tmp_path / "sprung"
    trap = QSettings(str(path), QSettings.Format.IniFormat)
    for key in ("color_scheme", "geometry", "docks", "recent_paths", "last_folder"):
        trap.setValue(key, _Trap(sprung))
    trap.sync()
    copy = tmp_path / "copy.ini"  # what was written under one name is not read again from it
    copy.write_bytes(path.read_bytes())
    QSettings(str(copy), QSettings.Format.IniFormat).value("color_scheme")
    assert sprung.exists(), "the trap works"
    sprung.unlink()
    window = make_window(ErrorReporter())
    qtbot.addWidget(window)
    window.findChild(QMenu, "menu_recent").aboutToShow.emit()
    assert not sprung.exists()
