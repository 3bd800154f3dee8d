"""The page of adapters, clicked through as a person would."""

import dataclasses
import errno
import html
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
)

from tests.command_line import write_class
from tests.top_level import top_level_widgets
from tests.ui.adapters import make_adapter, put_in_library
from vera_studio import environment
from vera_studio.adapters import adapter_file
from vera_studio.adapters.similarity import similarities
from vera_studio.ui.jobs import training as training_jobs
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.workspace import LoadedAdapter
from vera_studio.ui.widgets.adapter_model import NAME, SWITCH

RUN_MILLISECONDS = 60_000


@pytest.fixture
def page(window):
    """The page in front, with two adapters in the library and none on."""
    model = window.studio.workspace.model
    put_in_library(make_adapter(model), "Birds")
    put_in_library(make_adapter(model, seed=1, method="lora"), "Cats", minutes=1)
    window.studio.shelf.refresh()
    window.rooms.show_page("library")
    return window.adapters_page


def click(qtbot, parent, name, kind=QPushButton):
    button = parent.findChild(kind, name)
    assert button is not None, name
    assert button.isEnabled(), name
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def click_cell(qtbot, page, name, column, keys=Qt.KeyboardModifier.NoModifier):
    place = page.table.visualRect(cell(page, name, column)).center()
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, keys, place)


def cell(page, name, column):
    proxy = page.table.proxy
    row = next(r for r in range(proxy.rowCount()) if proxy.index(r, NAME).data() == name)
    return proxy.index(row, column)


def names(page):
    return [page.table.proxy.index(row, NAME).data() for row in range(page.table.proxy.rowCount())]


def is_on(page, name):
    state = cell(page, name, SWITCH).data(Qt.ItemDataRole.CheckStateRole)
    return Qt.CheckState(state) == Qt.CheckState.Checked


def select_both(qtbot, page):
    click_cell(qtbot, page, "Birds", NAME)
    click_cell(qtbot, page, "Cats", NAME, Qt.KeyboardModifier.ControlModifier)


def message_box():
    boxes = [w for w in top_level_widgets() if isinstance(w, QMessageBox)]
    return next((box for box in boxes if box.isVisible()), None)


def close_message(qtbot):
    qtbot.waitUntil(lambda: message_box() is not None)
    box = message_box()
    text = box.text() + box.informativeText()
    box.close()
    return text


def test_an_empty_library_says_what_fills_it_and_a_run_does(qtbot, window, settle):
    page = window.adapters_page
    window.rooms.show_page("library")
    button = page.findChild(QPushButton, "import_adapter_button")
    assert button.isVisible()
    window.studio.workspace.edit_training(epochs=1, target_classes=("bird", "cat"))
    click(qtbot, page, "empty_state_action")
    qtbot.waitUntil(
        lambda: (
            window.studio.run.state is RunState.IDLE and window.studio.workspace.adapter is not None
        ),
        timeout=RUN_MILLISECONDS,
    )
    settle()
    name = "bird, cat · VeRA 32 · others 44% · Built-in sample"
    assert names(page) == [name]
    assert is_on(page, name)
    assert not button.isVisible()
    kept = list(environment.library_folder().glob("*.safetensors"))
    assert kept == [window.studio.workspace.adapter.path]


def test_a_click_switches_at_once_and_the_accuracy_follows(qtbot, window, page, settle):
    click_cell(qtbot, page, "Birds", SWITCH)
    assert window.studio.workspace.adapter.title == "Birds"
    assert is_on(page, "Birds")
    assert not window.studio.busy.is_busy
    assert window.findChild(QLabel, "adapter_text").text() == "Birds"
    settle()
    assert "Birds" in page.on_label.text()
    assert "of the validation images right" in page.on_label.text()
    click_cell(qtbot, page, "Cats", SWITCH)
    assert (is_on(page, "Birds"), is_on(page, "Cats")) == (False, True)
    click_cell(qtbot, page, "Cats", SWITCH)
    assert window.studio.workspace.adapter is None
    assert not is_on(page, "Cats")


def test_during_a_comparison_nothing_is_switched(qtbot, window, page):
    window.studio.workspace.edit_training(epochs=400)
    window.studio.start_comparison(window.comparison_page.settings())
    window.rooms.show_page("library")
    click_cell(qtbot, page, "Birds", SWITCH)
    assert window.studio.workspace.adapter is None
    assert not is_on(page, "Birds")
    assert not page.findChild(QToolButton, "adapter_switch_button").isEnabled()


def test_deleting_can_be_undone_by_button_and_by_menu(qtbot, window, page):
    click_cell(qtbot, page, "Birds", NAME)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert names(page) == ["Cats"]
    assert page.undo_bar.isVisible()
    assert "Birds" in page.undo_bar.label.text()
    click(qtbot, page, "undo_button")
    assert names(page) == ["Cats", "Birds"]
    assert not page.undo_bar.isVisible()
    undo = window.findChild(QAction, "action_undo_delete")
    assert not undo.isEnabled()
    click_cell(qtbot, page, "Cats", NAME)
    click(qtbot, page, "adapter_delete_button", QToolButton)
    assert names(page) == ["Birds"]
    undo.trigger()
    assert names(page) == ["Cats", "Birds"]


def test_a_name_is_edited_in_place_and_notes_beside_it(qtbot, window, page, settle):
    click_cell(qtbot, page, "Birds", NAME)
    qtbot.keyClick(page.table, Qt.Key.Key_F2)
    editor = page.table.viewport().findChild(QLineEdit)
    qtbot.keyClicks(editor, "Owls")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(page) == ["Cats", "Owls"])
    notes = page.findChild(QPlainTextEdit, "adapter_notes")
    notes.setFocus()
    qtbot.keyClicks(notes, "learned at night")
    click_cell(qtbot, page, "Cats", NAME)
    assert notes.toPlainText() == ""
    info = {entry.name: entry.info for entry in window.studio.shelf.entries}["Owls"]
    assert info.notes == "learned at night"
    click_cell(qtbot, page, "Owls", NAME)
    assert notes.toPlainText() == "learned at night"


def test_notes_are_saved_when_the_window_is_closed_over_them(qtbot, window, page):
    click_cell(qtbot, page, "Birds", NAME)
    notes = page.findChild(QPlainTextEdit, "adapter_notes")
    notes.setFocus()
    qtbot.keyClicks(notes, "unfinished")
    window.close()
    entries = {entry.name: entry for entry in window.studio.shelf.entries}
    assert entries["Birds"].info.notes == "unfinished"
    assert adapter_file.inspect(entries["Birds"].path).notes == "unfinished"


def test_two_are_combined_live_and_the_combination_is_kept(qtbot, window, page, settle):
    select_both(qtbot, page)
    click(qtbot, page, "adapter_combine_button", QToolButton)
    assert (is_on(page, "Birds"), is_on(page, "Cats")) == (True, True)
    slider = page.findChild(QSlider, "weight_slider_2")
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    sign = "\N{MULTIPLICATION SIGN}"
    title = f"1 {sign} Birds + 0.75 {sign} Cats"
    qtbot.waitUntil(lambda: window.studio.workspace.adapter.title == title)
    # Selected again, and the other way round, the two are shown as they are on.
    keys = page.table.selected
    page.table.select(())
    page.table.select(keys[::-1])
    form, places = page.pair.combine_form, {entry.path: entry.name for entry in page._shelf.entries}
    shown = dict(zip((places[path] for path in page.pair._pair), form.weights, strict=True))
    assert shown == {"Birds": 1.0, "Cats": 0.75}
    assert form.keep_button.isEnabled()
    name = page.findChild(QLineEdit, "combination_name")
    name.selectAll()
    qtbot.keyClicks(name, "Both")
    click(qtbot, page, "keep_combination_button")
    assert names(page)[0] == "Both"
    assert is_on(page, "Both")
    settle()


def test_two_are_compared_by_class_and_by_layer(qtbot, window, page, settle):
    select_both(qtbot, page)
    click(qtbot, page, "compare_button")
    settle()
    model, data = window.studio.workspace.model, window.studio.workspace.data
    paths = {entry.name: entry.path for entry in window.studio.shelf.entries}
    contents = [adapter_file.load(paths[name]) for name in ("Birds", "Cats")]
    first, second = (
        training_jobs.measure(
            model, LoadedAdapter(None, c, ""), data, "validation", print, lambda: False
        ).evaluation
        for c in contents
    )
    classes = page.pair.compare_view.classes.texts()
    assert [row[0] for row in classes[:2]] == ["airplane", "automobile"]
    assert [row[1] for row in classes[:10]] == [f"{share:.1%}" for share in first.per_class]
    assert [row[2] for row in classes[:10]] == [f"{share:.1%}" for share in second.per_class]
    alike = similarities(*contents, model.network, model.class_names)
    layers = page.pair.compare_view.layers.texts()
    assert [row[0] for row in layers] == list(alike)
    expected = [f"{cosine:+.2f}" for cosine in alike.values()]
    assert [row[1].replace("\N{MINUS SIGN}", "-") for row in layers] == expected


def test_selecting_reads_no_adapter_whole(qtbot, window, page, monkeypatch):
    def fail(path):
        raise AssertionError(f"{path} was read whole")

    monkeypatch.setattr(adapter_file, "load", fail)
    click_cell(qtbot, page, "Birds", NAME)
    facts = page.details.findChild(QWidget, "adapter_facts").findChildren(QLabel)
    count = sum(
        value.numel() for value in make_adapter(window.studio.workspace.model).parameters.values()
    )
    assert any(label.text().startswith(f"{count:,} numbers in ") for label in facts)


def test_what_does_not_fit_or_is_damaged_is_told(qtbot, window, page):
    foreign = make_adapter(window.studio.workspace.model, seed=2)
    info = dataclasses.replace(foreign.info, base_digest="0" * 64)
    put_in_library(dataclasses.replace(foreign, info=info), "Foreign", minutes=2)
    (environment.library_folder() / "broken.safetensors").write_bytes(b"x")
    window.studio.shelf.refresh()
    assert page.problems.isVisible()
    assert "broken.safetensors" in page.problems.text()
    assert "other weights" in cell(page, "Foreign", NAME).data(Qt.ItemDataRole.ToolTipRole)
    click_cell(qtbot, page, "Foreign", SWITCH)
    assert "other weights" in close_message(qtbot)
    assert not is_on(page, "Foreign")


def test_exports_ask_where_and_say_in_which_form(
    qtbot, window, page, settle, tmp_path, monkeypatch
):
    asked = []

    def type_name(_, title, start, *__):
        asked.append((title, Path(start).name))
        return str(tmp_path / "owls"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", type_name)
    told = []
    window.studio.message.connect(told.append)
    click_cell(qtbot, page, "Birds", NAME)
    page.findChild(QAction, "action_adapter_export_peft").trigger()
    settle()
    assert asked == [("Export Birds to PEFT: New Folder", "Birds-peft")]
    assert (tmp_path / "owls" / "adapter_config.json").is_file()
    assert "LoRA that computes exactly the same" in told[-1]
    page.findChild(QAction, "action_adapter_export_peft").trigger()
    settle()
    assert (tmp_path / "owls" / "Birds-peft" / "adapter_config.json").is_file()

    path = tmp_path / "weights"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "PyTorch (*.pt)"))
    page.findChild(QAction, "action_adapter_export_merged").trigger()
    settle()
    assert path.with_suffix(".pt").is_file()


def test_a_folder_that_may_not_be_read_takes_no_export(qtbot, window, page, tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path), ""))
    monkeypatch.setattr(Path, "iterdir", refuse)
    told = []
    window.studio.failed.connect(told.append)
    click_cell(qtbot, page, "Birds", NAME)
    page.findChild(QAction, "action_adapter_export_peft").trigger()
    assert [str(error) for error in told] == [
        f"Cannot write to the folder {tmp_path}: Permission denied."
    ]
    message_box().close()


def test_what_cannot_be_exported_says_why_before_it_asks_where(
    qtbot, window, page, settle, monkeypatch
):
    from vera_studio.exchange import onnx_export

    def never(*_):
        raise AssertionError("asked for a place")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", never)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", never)
    monkeypatch.setattr(onnx_export, "is_available", lambda: False)
    full = make_adapter(window.studio.workspace.model, method="full")
    path = put_in_library(full, "All of it", minutes=3)
    window.studio.shelf.refresh()
    window.studio.adapters.switch_on(path)
    for target, reason in (("peft", "merged weights instead"), ("onnx", "pip install onnx")):
        action = window.actions_by_name[f"export_{target}"]
        assert reason in action.statusTip()
        action.trigger()
        assert reason in close_message(qtbot)
    settle()


def run_of(qtbot, window, settle, epochs=1):
    """A run to its end; its result."""
    window.studio.workspace.edit_training(epochs=epochs, target_classes=("bird", "cat"))
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: window.studio.workspace.result is not None, timeout=RUN_MILLISECONDS)
    settle()
    return window.studio.workspace.result


def test_after_a_run_its_adapter_is_selected_and_every_export_says_which_it_takes(
    qtbot, window, page, settle, tmp_path, monkeypatch
):
    click_cell(qtbot, page, "Birds", NAME)
    run_of(qtbot, window, settle)
    new = "bird, cat · VeRA 32 · others 44% · Built-in sample"
    assert page.table.selected == (str(window.studio.workspace.adapter.path),)
    button = page.findChild(QToolButton, "adapter_export_button")
    assert new in button.toolTip()
    assert "bird, cat · VeRA" in window.findChild(QMenu, "menu_export_selected").title()
    assert "bird, cat · VeRA" in window.menuBar().findChild(QMenu, "menu_export").title()
    assert window.actions_by_name["export_merged"].statusTip().startswith(new)

    # Whatever is on, the page of results exports what it shows.
    click_cell(qtbot, page, "Cats", SWITCH)
    window.rooms.show_page("results")
    export = window.results_page.findChild(QToolButton, "export_button")
    assert new in export.toolTip()
    path = tmp_path / "out.safetensors"
    titles = []

    def choose(_, title, *__):
        titles.append(title)
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    qtbot.mouseClick(export, Qt.MouseButton.LeftButton)
    settle()
    assert titles[0].startswith("Export bird, cat · VeRA")
    assert adapter_file.inspect(path).name == new
    kept, _ = window.studio.adapters.of_run(window.studio.workspace.result)
    window.studio.shelf.rename(kept, "Owls")
    assert "Owls" in export.toolTip()
    window.studio.shelf.delete([kept])
    qtbot.mouseClick(export, Qt.MouseButton.LeftButton)
    settle()
    assert adapter_file.load(path).info.settings.rank == 32


def test_a_run_that_gained_nothing_leaves_nothing_to_export(qtbot, window, page, settle):
    result = dataclasses.replace(run_of(qtbot, window, settle), best_epoch=0)
    window.studio.workspace.set_result(result)
    export = window.results_page.findChild(QToolButton, "export_button")
    assert not export.isEnabled()
    assert "no adapter" in export.toolTip()


def test_what_cannot_be_done_says_why(qtbot, window, page):
    named = page.actions_strip.by_name
    assert "Select one adapter" in named["switch"].toolTip()
    assert "Select two adapters" in named["compare"].toolTip()
    assert "Select one adapter" in page.findChild(QToolButton, "adapter_export_button").toolTip()
    click_cell(qtbot, page, "Birds", NAME)
    assert named["switch"].isEnabled()
    assert "Select" not in named["switch"].toolTip()
    window.studio.workspace.edit_training(epochs=400)
    window.studio.start_comparison(window.comparison_page.settings())
    assert "comparison is going on" in named["switch"].toolTip()


def test_an_adapter_of_other_images_is_shown_as_such(qtbot, window, page, settle):
    content = make_adapter(window.studio.workspace.model, seed=5)
    training = dataclasses.replace(content.info.training, data="<b>Waste</b>")
    info = dataclasses.replace(content.info, training=training)
    path = put_in_library(dataclasses.replace(content, info=info), "Waste", minutes=5)
    window.studio.shelf.refresh()
    click_cell(qtbot, page, "Waste", NAME)
    sentence = "Trained on other images: <b>Waste</b>; open is Built-in sample."
    assert sentence in [label.text() for label in page.details.findChildren(QLabel)]
    window.studio.adapters.switch_on(path)
    settle()
    assert html.escape(sentence) in page.on_label.text()
    click_cell(qtbot, page, "Birds", NAME)
    window.studio.adapters.switch_on(window.studio.shelf.entries[-1].path)
    settle()
    assert "other images" not in page.on_label.text()


def test_with_no_image_held_out_there_is_no_accuracy(qtbot, window, page, settle, tmp_path):
    for seed, name in enumerate(("cat", "dog")):
        write_class(tmp_path / "few", name, 1, seed)
    window.studio.open_folder(tmp_path / "few")
    settle()
    click_cell(qtbot, page, "Birds", SWITCH)
    settle()
    assert "No images are held out to measure on." in page.on_label.text()
    assert "nan" not in page.on_label.text()


def test_names_that_look_like_html_are_shown_letter_by_letter(qtbot, window, page, settle):
    """A name with an image in it would have Qt read that file."""
    name = "<b>x</b><img src='file:///etc/passwd'>"
    path = put_in_library(make_adapter(window.studio.workspace.model, seed=6), name, minutes=6)
    window.studio.shelf.refresh()
    window.studio.adapters.switch_on(path)
    click_cell(qtbot, page, name, NAME)
    settle()
    select_other = Qt.KeyboardModifier.ControlModifier
    click_cell(qtbot, page, "Birds", NAME, select_other)
    click(qtbot, page, "compare_button")
    settle()
    click_cell(qtbot, page, name, NAME)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert name in page.undo_bar.label.text()
    tips = [window.findChild(QAction, "action_undo_delete").toolTip()]
    tips += [widget.toolTip() for widget in window.findChildren(QWidget)]
    tips += [action.toolTip() for action in window.findChildren(QAction)]
    headings = page.pair.compare_view.classes.model()
    tips += [
        str(headings.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole))
        for column in range(headings.columnCount())
    ]
    assert any("&lt;img" in tip for tip in tips)
    assert not any("<img" in tip for tip in tips)
    for label in window.findChildren(QLabel):
        if label.textFormat() is not Qt.TextFormat.PlainText:
            assert "<img" not in label.text(), label.objectName()


def test_long_names_leave_the_window_as_small_as_it_was(qtbot, window, page, settle):
    least = window.minimumSizeHint().width()
    model = window.studio.workspace.model
    path = put_in_library(make_adapter(model, seed=7), "x" * 100, minutes=7)
    other = put_in_library(make_adapter(model, seed=8), "y" * 100, minutes=8)
    window.studio.shelf.refresh()
    window.studio.adapters.switch_on(path)
    settle()
    page.table.select((str(path), str(other)))
    click(qtbot, page, "compare_button")
    settle()
    window.studio.shelf.delete([other])
    assert page.undo_bar.isVisible()
    assert "y" * 100 in page.undo_bar.label.toolTip()
    assert "x" * 100 in page.on_label.toolTip()
    assert window.minimumSizeHint().width() == least
