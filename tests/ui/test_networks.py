"""Other networks in the window: chosen, opened, downloaded, and what becomes of the rest."""

import functools
import hashlib
import http.server
import threading
import time

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from tests.ui.adapters import make_adapter
from tests.ui.conftest import message_box
from vera_studio import recipe_file
from vera_studio.errors import Cancelled
from vera_studio.models import registry
from vera_studio.models.kind import NetworkKind
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.jobs.opening import NetworkRow
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.pages.class_names_dialog import ClassNamesDialog
from vera_studio.ui.pages.network_chooser import NetworkChooser
from vera_studio.ui.state.workspace import LoadedAdapter, Workspace

MILLISECONDS = 60_000
LITE = "efficientnet_lite0"


def click(qtbot, parent, name):
    button = parent.findChild(QPushButton, name)
    assert button.isEnabled(), (name, button.toolTip())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def open_chooser(qtbot, window):
    click(qtbot, window.setup_panel, "open_network_chooser")
    chooser = window.findChild(NetworkChooser)
    qtbot.waitUntil(lambda: chooser.table.model().rowCount() > 0, timeout=MILLISECONDS)
    return chooser


def choose(qtbot, chooser, text):
    chooser.filter.clear()
    qtbot.keyClicks(chooser.filter, text)
    chooser.table.setCurrentIndex(chooser.table.model().index(0, 0))


@pytest.fixture
def few_networks(monkeypatch):
    """The networks that come with the studio and one to download, without torchvision."""
    shipped = {name: make() for name, make in registry._SHIPPED.items()}
    monkeypatch.setattr(registry, "every", lambda: shipped)
    return shipped


@pytest.fixture
def served(few_networks, tmp_path, monkeypatch):
    """A network whose weights are on a server on loopback; returns their file there."""
    folder = tmp_path / "served"
    folder.mkdir()
    file = folder / "linear-weights.pth"
    content = few_networks["convnet"].weights_file.read_bytes()
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    plain = few_networks["convnet"]
    kind = NetworkKind(
        name="distant",
        title="Distant",
        build=plain.build,
        load=plain.load,
        class_names=plain.class_names,
        preprocessing=plain.preprocessing,
        parameters=plain.parameters,
        url=f"http://127.0.0.1:{server.server_port}/{file.name}",
        sha256_start=hashlib.sha256(content).hexdigest()[:8],
        download_megabytes=0.4,
    )
    few_networks["distant"] = kind
    monkeypatch.setitem(registry._SHIPPED, "distant", lambda: kind)
    yield file, content
    server.shutdown()
    server.server_close()
    thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_the_chooser_lists_networks_and_filters_them(qtbot, window, few_networks):
    chooser = open_chooser(qtbot, window)
    assert [row[0] for row in chooser.table.texts()] == ["ConvNet", "EfficientNet-Lite0"]
    row = chooser.table.texts()[1]
    assert row[1] == "\N{CHECK MARK}"  # its weights are here
    assert row[5] == "224"
    choose(qtbot, chooser, "effic")
    assert [row[0] for row in chooser.table.texts()] == ["EfficientNet-Lite0"]
    assert "on this machine" in chooser.about.text()
    chooser.close()


def test_every_network_has_its_figures(qtbot, window):
    chooser = open_chooser(qtbot, window)
    rows = {row[0]: row for row in chooser.table.texts()}
    assert len(rows) > 70
    assert rows["ResNet18"][1:] == ["", "45 MB", "11.7 M", "69.8%", "224", "1.81"]
    choose(qtbot, chooser, "ResNet18")
    assert chooser.open_button.text() == "Download and Open"
    assert "45 MB" in chooser.about.text()
    chooser.close()


def test_a_network_is_downloaded_opened_and_marked(qtbot, window, settle, served):
    file, content = served
    chooser = open_chooser(qtbot, window)
    choose(qtbot, chooser, "distant")
    click(qtbot, chooser, "open_network_button")
    # The server has no such file yet: the reason stands in the dialog, and one tries again.
    qtbot.waitUntil(lambda: "404" in chooser.download.text.text(), timeout=MILLISECONDS)
    settle()
    assert window.studio.workspace.model.kind.name == "convnet"
    file.write_bytes(content)
    click(qtbot, chooser, "download_button")
    qtbot.waitUntil(lambda: not chooser.isVisible(), timeout=MILLISECONDS)
    settle()
    assert window.studio.workspace.model.kind.name == "distant"
    assert window.studio.workspace.recipe.model == ModelSettings(name="distant")
    again = open_chooser(qtbot, window)
    qtbot.waitUntil(lambda: again.table.texts()[-1][1] == "\N{CHECK MARK}", timeout=MILLISECONDS)
    again.close()
    settle()


def test_a_download_that_is_cancelled_is_told_and_can_be_tried_again(
    qtbot, window, settle, served, monkeypatch
):
    def hang(settings, may_download, on_event, should_stop):
        on_event(Progress(1, 2, opening_jobs.DOWNLOAD_WEIGHTS))
        while not should_stop():
            threading.Event().wait(0.01)
        raise Cancelled

    monkeypatch.setattr(opening_jobs, "open_model", hang)
    chooser = open_chooser(qtbot, window)
    choose(qtbot, chooser, "distant")
    click(qtbot, chooser, "open_network_button")
    qtbot.waitUntil(lambda: chooser.download.bar.isVisible(), timeout=MILLISECONDS)
    click(qtbot, chooser, "cancel_download_button")
    qtbot.waitUntil(lambda: "cancelled" in chooser.download.text.text(), timeout=MILLISECONDS)
    settle()
    assert chooser.download.button.text() == "Try again"
    assert window.studio.workspace.model.kind.name == "convnet"
    chooser.close()


def test_no_download_is_told_of_where_weights_of_the_users_own_do_not_open(
    qtbot, window, settle, few_networks, tmp_path, monkeypatch
):
    path = tmp_path / "mine.pt"
    torch.save({"other": torch.zeros(2)}, path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    chooser = open_chooser(qtbot, window)
    choose(qtbot, chooser, "ConvNet")
    click(qtbot, chooser, "network_file_button")
    qtbot.waitUntil(lambda: message_box() is not None, timeout=MILLISECONDS)
    assert "mine.pt" in message_box().text() + message_box().informativeText()
    message_box().close()
    assert not chooser.download.isVisible()
    settle()

    def hang(settings, may_download, on_event, should_stop):
        while not should_stop():
            threading.Event().wait(0.01)
        raise Cancelled

    monkeypatch.setattr(opening_jobs, "open_model", hang)
    told = []
    window.studio.message.connect(told.append)
    click(qtbot, chooser, "open_network_button")
    window.studio.busy.cancel()
    settle()
    assert told == ["Opening the network was cancelled."]
    assert not chooser.download.isVisible()
    chooser.close()


def test_images_and_draft_follow_another_network(qtbot, window, settle):
    workspace = window.studio.workspace
    adapter = make_adapter(workspace.model)
    workspace.set_adapter(LoadedAdapter(None, adapter, "Birds"))
    workspace.edit_adapter(layers=("fc1",))
    workspace.edit_training(target_classes=("bird", "cat"))
    window.studio.open_model(ModelSettings(name=LITE))
    qtbot.waitUntil(lambda: workspace.model.kind.name == LITE, timeout=MILLISECONDS)
    assert workspace.data is None  # at no time are there images of other classes
    assert workspace.adapter is None
    assert workspace.recipe.adapter.layers is None
    assert workspace.recipe.training.target_classes is None
    qtbot.waitUntil(lambda: workspace.data is not None, timeout=MILLISECONDS)
    assert workspace.data.class_names == workspace.model.class_names
    assert len(workspace.class_names) == 1000


def test_a_recipe_opens_the_network_that_it_names(qtbot, window, settle, tmp_path):
    path = tmp_path / "lite.toml"
    recipe = Recipe(
        model=ModelSettings(name=LITE),
        adapter=AdapterSettings(layers=("blocks.6.*",)),
        training=TrainingSettings(target_classes=("robin",)),
    )
    recipe_file.save(recipe, path)
    window.studio.open_recipe(path)
    workspace = window.studio.workspace
    qtbot.waitUntil(
        lambda: workspace.recipe.adapter.layers == ("blocks.6.*",), timeout=MILLISECONDS
    )
    assert workspace.model.kind.name == LITE
    assert workspace.recipe == recipe
    assert workspace.data.class_names == workspace.model.class_names
    assert workspace.problems() == []


@pytest.mark.parametrize("button", ["download_button", "open_network_button"])
def test_a_recipe_downloads_nothing_by_itself(qtbot, window, settle, served, tmp_path, button):
    file, content = served
    recipe = Recipe(model=ModelSettings(name="distant"), training=TrainingSettings(epochs=3))
    recipe_file.save(recipe, tmp_path / "far.toml")
    window.studio.open_path(tmp_path / "far.toml")
    settle()
    assert window.studio.workspace.model.kind.name == "convnet"
    file.write_bytes(content)  # now it could come
    chooser = window.findChild(NetworkChooser)
    assert chooser.isVisible()
    assert "far.toml: The weights of Distant are not on this" in chooser.download.text.text()
    qtbot.waitUntil(lambda: chooser.table.current_row is not None, timeout=MILLISECONDS)
    click(qtbot, chooser, button)
    qtbot.waitUntil(lambda: not chooser.isVisible(), timeout=MILLISECONDS)
    settle()
    assert window.studio.workspace.model.kind.name == "distant"
    assert window.studio.workspace.recipe.training.epochs == 3


@pytest.fixture
def own_weights(tmp_path):
    """A file of the ConvNet's weights for three classes."""
    network = open_model(ModelSettings()).network
    state = network.state_dict()
    state["fc5.weight"], state["fc5.bias"] = state["fc5.weight"][:3], state["fc5.bias"][:3]
    path = tmp_path / "three.pt"
    torch.save(state, path)
    return path


def open_own(qtbot, window, path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    chooser = open_chooser(qtbot, window)
    choose(qtbot, chooser, "ConvNet")
    click(qtbot, chooser, "network_file_button")
    qtbot.waitUntil(lambda: window.findChild(ClassNamesDialog) is not None, timeout=MILLISECONDS)
    return window.findChild(ClassNamesDialog)


def test_weights_of_other_classes_ask_for_their_names(
    qtbot, window, few_networks, own_weights, monkeypatch
):
    workspace = window.studio.workspace
    dialog = open_own(qtbot, window, own_weights, monkeypatch)
    assert workspace.class_names == ("0", "1", "2")
    dialog.names.setPlainText("bird\ncat")
    assert not dialog.use.isEnabled()
    assert "3 classes, and 2 names" in dialog.use.toolTip()
    dialog.names.setPlainText("bird\ncat\ndog\n")
    click(qtbot, dialog, "use_class_names")
    qtbot.waitUntil(lambda: not window.studio.busy.is_busy, timeout=MILLISECONDS)
    assert workspace.class_names == ("bird", "cat", "dog")
    assert workspace.recipe.model.class_names == ("bird", "cat", "dog")
    # The sample draws classes that this network lacks: there are no images, and one is told.
    assert workspace.data is None
    assert "bird, cat, dog" in window.data_page.summary.text()
    assert workspace.problems() == ["No images are open."]


def test_weights_of_other_classes_may_keep_numbers(
    qtbot, window, few_networks, own_weights, monkeypatch
):
    dialog = open_own(qtbot, window, own_weights, monkeypatch)
    click(qtbot, dialog, "keep_class_numbers")
    qtbot.waitUntil(lambda: not window.studio.busy.is_busy, timeout=MILLISECONDS)
    assert window.studio.workspace.class_names == ("0", "1", "2")
    assert window.studio.workspace.recipe.model.class_names is None


def test_a_name_too_often_is_found_among_very_many(qtbot):
    numbers = tuple(str(number) for number in range(21_843))
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ClassNamesDialog("mine.pt", numbers, parent)
    started = time.process_time()
    dialog.names.setPlainText("\n".join(("bird", *numbers[1:-1], "bird")))
    assert time.process_time() - started < 3  # counting each name among all took 14 s
    assert "Two classes cannot have one name: bird." in dialog.use.toolTip()
    assert not dialog.use.isEnabled()


def test_images_that_fit_the_next_network_stay_open(qapp):
    class Data:
        source, class_names = "sample", ("a", "b")

    class Model:
        class_names, preprocessing, sites = ("a", "b"), "small", {"fc": None}

    workspace = Workspace()
    workspace.set_model(Model(), ModelSettings())
    workspace.set_data(Data(), workspace.recipe.data)
    other = Model()
    other.preprocessing = "large"
    workspace.set_model(other, ModelSettings(name="b"))
    assert workspace.data is not None  # resized where they are computed on
    workspace.data.source = "folder"
    workspace.set_model(other, ModelSettings(name="c"))
    assert workspace.data is None


def test_networks_are_rows_of_plain_values(few_networks):
    rows = opening_jobs.list_networks(None, None)
    assert all(isinstance(row, NetworkRow) for row in rows)
    assert rows[1].accuracy is None or 0 < rows[1].accuracy < 1
