"""Recent files, About, diagnostics, the full screen, and what dialogs start with."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu
from safetensors.torch import save_file

import vera_studio
from tests.command_line import write_class
from tests.ui.adapters import make_adapter
from tests.ui.conftest import message_box
from vera_studio import environment
from vera_studio.recipe import Recipe
from vera_studio.recipe_file import save
from vera_studio.ui.app import make_window
from vera_studio.ui.error_reporter import ErrorReporter
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.widgets import file_dialogs
from vera_studio.ui.widgets.plain_text import plain_tip


def recent_entries(window):
    menu = window.findChild(QMenu, "menu_recent")
    menu.aboutToShow.emit()
    return menu.actions()[:-2]  # a line, then the entry that clears the list


def test_recent_files_show_kind_and_folder_with_the_path_as_tip(qtbot, window, settle, tmp_path):
    folder = tmp_path / "R&D <b>x"
    folder.mkdir()
    save(Recipe(), folder / "first.toml")
    images = tmp_path / "pets"
    for name in ("cat", "dog"):
        write_class(images / "train", name, 12, 0)
    window.studio.open_path(folder / "first.toml")
    settle()
    window.studio.open_path(images)
    settle()
    newest, recipe = recent_entries(window)
    assert newest.text() == f"pets, images, in {tmp_path.name}".replace("&", "&&")
    assert recipe.text() == "first.toml, recipe, in R&&D <b>x"
    assert recipe.toolTip() == plain_tip(str(folder / "first.toml"))
    assert "<b>" not in recipe.toolTip()
    recipe.trigger()
    settle()
    assert recent_entries(window)[0].text().startswith("first.toml")
    (folder / "first.toml").unlink()
    assert [entry.text()[:4] for entry in recent_entries(window)] == ["pets"]
    window.findChild(QMenu, "menu_recent").actions()[-1].trigger()
    assert recent_entries(window) == []


def test_what_was_opened_is_looked_at_once(window, settle, tmp_path, monkeypatch):
    looks, look = [], opening_jobs.holds_weights
    monkeypatch.setattr(
        opening_jobs, "holds_weights", lambda path: looks.append(path) or look(path)
    )
    path = tmp_path / "mine.safetensors"
    save_file(window.studio.workspace.model.network.state_dict(), path)
    window.studio.open_path(path)
    settle()
    assert recent_entries(window)[0].text().startswith("mine.safetensors, weights")
    assert looks == [path]


def test_about_names_versions_device_and_licence(qtbot, window):
    window.actions_by_name["about"].trigger()
    box = message_box()
    text = box.text() + box.informativeText()
    for part in (f"VeRA Studio {vera_studio.__version__}", "PyTorch", "Qt", "CPU", "MIT licence"):
        assert part in text
    box.close()


def test_diagnostics_can_be_copied_at_any_time_and_name_no_path(qtbot, window, tmp_path):
    own = make_window(ErrorReporter())  # nothing is loaded in this one
    qtbot.addWidget(own)
    for one in (own, window):
        QGuiApplication.clipboard().clear()
        one.actions_by_name["copy_diagnostics"].trigger()
        text = QGuiApplication.clipboard().text()
        assert f"VeRA Studio {vera_studio.__version__}" in text
        for private in (Path.home(), environment.data_folder(), environment.log_file()):
            assert str(private) not in text
    assert "Images: sample, " in text
    assert "Device: " in text
    assert "[adapter]" in text


def test_f11_fills_the_screen_and_goes_back(qtbot, new_window):
    window = new_window()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert not window.isFullScreen()


@pytest.fixture
def starts(monkeypatch):
    """Where each dialog that asks for a file started."""
    found = []

    def note(parent, title, start, *_):
        found.append(Path(start))
        return "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", note)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", note)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *some: note(*some)[0])
    return found


def test_every_dialog_starts_in_the_last_folder_after_the_next_start_too(
    qtbot, window, starts, tmp_path, monkeypatch
):
    for name in ("open_model", "open_folder", "open_recipe", "import_adapter"):
        window.actions_by_name[name].trigger()
    assert set(starts) == {Path.home()}
    with monkeypatch.context() as patch:
        patch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a.toml"), ""))
        window.actions_by_name["save_recipe"].trigger()
    starts.clear()
    window.actions_by_name["open_folder"].trigger()
    window.actions_by_name["save_recipe"].trigger()
    window.studio.adapters._take(make_adapter(window.studio.workspace.model), "Birds & cats")
    window.actions_by_name["export_lora"].trigger()
    assert starts == [tmp_path, tmp_path / "recipe.toml", tmp_path / "Birds-cats-peft"]
    file_dialogs.LastFolder.of_application().path = ""
    window.close()
    again = make_window(ErrorReporter())
    qtbot.addWidget(again)
    assert file_dialogs.LastFolder.of_application().path == str(tmp_path)


def test_no_label_or_tip_takes_a_foreign_name_for_html(qtbot, window, settle, tmp_path):
    name = "<b>x</b><img src='file:///etc/hostname'>"
    images = tmp_path / name.replace("/", "_")
    for one in ("cat", "dog"):
        write_class(images / "train", one, 12, 0)
    window.studio.adapters._take(make_adapter(window.studio.workspace.model), name)
    window.studio.open_folder(images)
    settle()
    entry = window.studio.shelf.entries[0]
    window.adapters_page.table.select((str(entry.path),))
    for widget in window.findChildren(object):
        if hasattr(widget, "toolTip"):
            assert "<img" not in widget.toolTip(), (widget, widget.parent())
        if isinstance(widget, QLabel) and "<img" in widget.text():
            assert widget.textFormat() is Qt.TextFormat.PlainText, widget.objectName()
    window.studio.shelf.delete([entry.path])
    undo = window.actions_by_name["undo_delete"]
    assert "img" in undo.toolTip()
    assert "<img" not in undo.toolTip()


def test_a_folder_that_cannot_be_made_is_told(new_window, own_data_folder):
    (own_data_folder / "runs").write_text("no folder")
    window = new_window()
    window.actions_by_name["open_runs"].trigger()
    box = message_box()
    assert box.text().startswith("Cannot open the folder")
    box.close()
