"""The main job, clicked through as a person would: on the sample, from start to import."""

import pytest
import torch
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QSpinBox,
)

from tests.ui.adapters import make_adapter
from tests.ui.conftest import answer_question, message_box
from vera_studio import recipe_file
from vera_studio.runs.events import EpochDone, StepsDone
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.pages.network_chooser import NetworkChooser
from vera_studio.ui.pages.training_page import class_key
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.widgets.class_list import ClassList

RUN_MILLISECONDS = 60_000


def click(qtbot, parent, name, kind=QPushButton):
    button = parent.findChild(kind, name)
    assert button is not None, name
    assert button.isEnabled(), name
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def type_number(qtbot, parent, name, number):
    box = parent.findChild(QSpinBox, name)
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, str(number))
    qtbot.keyClick(box, Qt.Key.Key_Return)


def text_of(parent, name):
    return parent.findChild(QLabel, name).text()


def tick_only(qtbot, window, names):
    click(qtbot, window.setup_panel, "classes_none")
    classes = window.setup_panel.findChild(ClassList)
    for row, number in enumerate(classes.shown()):
        if classes.model.names[number] in names:
            classes.list.setCurrentIndex(classes.model.index(row))
            qtbot.keyClick(classes.list, Qt.Key.Key_Space)


def collect_events(window):
    events = []
    window.studio.run.events.connect(events.extend)
    return events


def start(qtbot, window):
    events = collect_events(window)
    click(qtbot, window.setup_panel, "start_button")
    assert window.studio.run.state is RunState.RUNNING
    qtbot.waitUntil(
        lambda: any(isinstance(event, StepsDone) for event in events), timeout=RUN_MILLISECONDS
    )
    return events


def run_to_end(qtbot, window, settle, epochs=2):
    type_number(qtbot, window, "epochs", epochs)
    events = start(qtbot, window)
    qtbot.waitUntil(lambda: window.studio.run.state is RunState.IDLE, timeout=RUN_MILLISECONDS)
    qtbot.waitUntil(lambda: window.studio.workspace.adapter is not None)
    settle()
    return events


def logits(window):
    workspace = window.studio.workspace
    from vera_studio.training.evaluation import predict

    network = with_adapter(workspace.model, workspace.adapter)
    return predict(workspace.model.with_network(network), workspace.data.test.read()[:200])


def test_the_window_opens_on_the_sample_and_says_so(window):
    assert window.studio.workspace.data.source == "sample"
    assert text_of(window.statusBar(), "status_images") == "Built-in sample"
    assert "Built-in sample" in text_of(window.data_page, "data_summary")
    assert text_of(window.setup_panel, "model_text") == "ConvNet, pretrained"
    assert text_of(window.statusBar(), "status_device") in ("CPU", "CUDA", "MPS")
    classes = window.setup_panel.findChild(ClassList)
    assert len(classes.shown()) == 10


def test_rank_and_layers_show_what_they_come_to(qtbot, window):
    assert "542 of 89,660" in text_of(window, "adapter_figures")
    assert "0.60%" in text_of(window, "adapter_figures")
    assert "4 pairs" in text_of(window, "adapter_figures")
    type_number(qtbot, window, "rank", 1)
    assert "387 of 89,505" in text_of(window, "adapter_figures")
    click(qtbot, window, "layer_fc1", QCheckBox)
    assert window.studio.workspace.recipe.adapter.layers == ("fc2", "fc3", "fc4", "fc5")
    assert "266 of 89,384" in text_of(window, "adapter_figures")


def test_without_classes_a_run_cannot_start_and_the_panel_says_why(qtbot, window):
    click(qtbot, window.setup_panel, "classes_none")
    assert not window.setup_panel.findChild(QPushButton, "start_button").isEnabled()
    assert "at least one class" in text_of(window.setup_panel, "start_problem")
    click(qtbot, window.setup_panel, "classes_all")
    assert window.setup_panel.findChild(QPushButton, "start_button").isEnabled()


def test_weakest_three_ticks_the_three_least_accurate(qtbot, window):
    click(qtbot, window.setup_panel, "classes_weakest")
    accuracy = window.studio.workspace.accuracy.evaluation.per_class
    names = window.studio.workspace.class_names
    chosen = window.studio.workspace.recipe.training.target_classes
    assert len(chosen) == 3
    others = [accuracy[i] for i, name in enumerate(names) if name not in chosen]
    assert all(accuracy[names.index(name)] <= min(others) for name in chosen)


def test_the_whole_main_job(qtbot, window, settle, tmp_path, monkeypatch):
    # Tick classes, choose a rank, start.
    tick_only(qtbot, window, ("bird", "cat", "dog"))
    assert window.studio.workspace.recipe.training.target_classes == ("bird", "cat", "dog")
    type_number(qtbot, window, "rank", 16)
    type_number(qtbot, window, "rank", 32)
    type_number(qtbot, window, "epochs", 400)
    events = start(qtbot, window)
    assert window.rooms.page == "training"
    assert not window.setup_panel.findChild(QPushButton, "start_button").isEnabled()

    # Pause: nothing more comes in; resume: it does.
    click(qtbot, window.setup_panel, "pause_button")
    assert window.studio.run.state is RunState.PAUSED
    window.studio.runner.deliver()
    qtbot.wait(200)
    count = len(events)
    qtbot.wait(300)
    assert len(events) == count
    assert window.setup_panel.findChild(QPushButton, "pause_button").text() == "Resume"
    click(qtbot, window.setup_panel, "pause_button")
    qtbot.waitUntil(
        lambda: sum(isinstance(event, EpochDone) for event in events) >= 3,
        timeout=RUN_MILLISECONDS,
    )

    # Stop: the run so far is kept and its adapter is on.
    click(qtbot, window.setup_panel, "stop_button")
    qtbot.waitUntil(lambda: window.studio.workspace.adapter is not None, timeout=RUN_MILLISECONDS)
    settle()
    result = window.studio.workspace.result
    assert result.stopped
    assert result.folder.is_dir()
    assert result.best_adapter.is_file()

    # The plots have data.
    steps, losses = window.training_page.losses.points("raw")
    assert len(steps) == len(losses) > 10
    assert len(window.training_page.losses.points("smoothed")[0]) == len(steps)
    names = window.studio.workspace.class_names
    for key in (*(class_key(names.index(name)) for name in ("bird", "cat", "dog")), "others"):
        assert len(window.training_page.accuracies.points(key)[0]) >= 4
    assert "points" in text_of(window.results_page, "result_summary")

    # The tree shows 542.
    page = window.parameters_page
    window.rooms.show_page("parameters")
    qtbot.waitUntil(lambda: "542 of 89,660" in page.tree.totals.text())
    page.tree.parameter_selected.emit("fc1.b")
    trained = window.studio.workspace.adapter.content.parameters["fc1.b"]
    assert trained.abs().max() > 0

    # Export, remove, import: the same predictions, bit for bit.
    before = logits(window)
    path = tmp_path / "exported"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.actions_by_name["export_file"].trigger()
    settle()
    path = path.with_suffix(".safetensors")
    assert path.stat().st_size <= 4096
    click(qtbot, window.setup_panel, "remove_adapter_button")
    settle()
    assert not torch.equal(logits(window), before)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    window.actions_by_name["import_adapter"].trigger()
    qtbot.waitUntil(lambda: window.studio.workspace.adapter is not None)
    settle()
    assert torch.equal(logits(window), before)


def test_an_adapter_is_imported_by_dropping_it(qtbot, window, settle):
    run_to_end(qtbot, window, settle)
    path = window.studio.workspace.result.best_adapter
    before = logits(window)
    window.studio.adapters.switch_off()
    settle()
    drop(window, path)
    qtbot.waitUntil(lambda: window.studio.workspace.adapter is not None)
    settle()
    assert torch.equal(logits(window), before)


def test_a_peft_folder_is_imported_by_dropping_it(qtbot, window, settle, tmp_path):
    from vera_studio.exchange.export import export

    model = window.studio.workspace.model
    export(make_adapter(model), model, "peft", tmp_path / "from-peft")
    drop(window, tmp_path / "from-peft")
    qtbot.waitUntil(lambda: window.studio.workspace.adapter is not None)
    settle()
    assert window.studio.workspace.adapter.title == "from-peft"
    assert window.studio.workspace.data.source == "sample"
    # Either of the folder's two files stands for it.
    window.studio.adapters.switch_off()
    drop(window, tmp_path / "from-peft" / "adapter_model.safetensors")
    qtbot.waitUntil(lambda: window.studio.workspace.adapter is not None)
    settle()
    assert len(window.studio.shelf.entries) == 1


def test_a_file_that_is_no_adapter_is_refused_and_changes_nothing(qtbot, window, settle, tmp_path):
    run_to_end(qtbot, window, settle)
    adapter = window.studio.workspace.adapter
    path = tmp_path / "broken.safetensors"
    path.write_bytes(adapter.path.read_bytes()[:-30])
    drop(window, path)
    qtbot.waitUntil(lambda: message_box() is not None)
    assert "broken.safetensors" in message_box().text()
    message_box().close()
    settle()
    assert window.studio.workspace.adapter is adapter


def test_opening_other_weights_takes_the_adapter_off(qtbot, window, settle, tmp_path, monkeypatch):
    run_to_end(qtbot, window, settle)
    state = window.studio.workspace.model.network.state_dict()
    path = tmp_path / "mine.pt"
    torch.save({name: value * 0.9 for name, value in state.items()}, path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    click(qtbot, window.setup_panel, "open_network_chooser")
    chooser = window.findChild(NetworkChooser)
    qtbot.waitUntil(chooser.file_button.isEnabled, timeout=RUN_MILLISECONDS)
    click(qtbot, chooser, "network_file_button")
    qtbot.waitUntil(lambda: window.studio.workspace.model.weights == "mine.pt")
    settle()
    assert window.studio.workspace.adapter is None
    assert text_of(window.setup_panel, "model_text") == "ConvNet, mine.pt"


def test_the_saved_recipe_is_what_the_window_shows(qtbot, window, tmp_path, monkeypatch):
    type_number(qtbot, window, "rank", 8)
    tick_only(qtbot, window, ("ship",))
    path = tmp_path / "recipe.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.actions_by_name["save_recipe"].trigger()
    recipe = recipe_file.load(path)
    assert recipe == window.studio.workspace.recipe
    assert recipe.adapter.rank == 8
    assert recipe.training.target_classes == ("ship",)


@pytest.mark.parametrize(("answer", "kept"), [("Stop and save", True), ("Discard", False)])
def test_closing_during_a_run_asks_and_does_as_told(qtbot, window, own_data_folder, answer, kept):
    type_number(qtbot, window, "epochs", 400)
    start(qtbot, window)
    answer_question(answer)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=RUN_MILLISECONDS)
    runs = list((own_data_folder / "runs").glob("*/best.safetensors"))
    assert bool(runs) is kept


def test_closing_during_a_run_can_be_called_off(qtbot, window):
    type_number(qtbot, window, "epochs", 400)
    start(qtbot, window)
    answer_question("Keep running")
    window.close()
    assert window.isVisible()
    assert window.studio.run.state is RunState.RUNNING


def test_geometry_and_docks_come_back(qtbot, window, new_window):
    window.resize(790, 610)  # the offscreen screen has 800 x 800
    dock = next(d for d in window.findChildren(type(window.setup_panel.parent())))
    dock.hide()
    window.close()
    again = new_window()
    assert (again.width(), again.height()) == (790, 610)
    same = next(d for d in again.findChildren(type(dock)) if d.objectName() == dock.objectName())
    assert not same.isVisible()


def drop(window, path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    where, buttons = QPointF(5, 5), Qt.MouseButton.LeftButton
    keys, action = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(where.toPoint(), action, mime, buttons, keys)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(where, action, mime, buttons, keys))
