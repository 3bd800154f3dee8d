"""Adapters with classes of their own: they bring these along, whatever is open."""

import dataclasses
import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton

from tests.ui.adapters import make_adapter, put_in_library
from tests.ui.conftest import LOADING_MILLISECONDS
from tests.ui.photographs import drop, make_photographs
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings
from vera_studio.ui.pages.adapters.rows import facts


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


@pytest.fixture
def paths(model, own_data_folder):
    """Of two adapters in the library: one for ants and bees, one for the network's classes."""
    own = model.with_classes(("ants", "bees"))
    insects = make_adapter(own, targets=("ants", "bees"), head="fc5", layers=("fc1", "fc2"))
    return put_in_library(insects, "Insects"), put_in_library(make_adapter(model), "Birds")


@pytest.fixture
def window(paths, window):
    return window


def test_switching_one_on_gives_the_network_its_classes(qtbot, paths, window, settle):
    told = []
    window.studio.message.connect(told.append)
    window.studio.adapters.switch_on(paths[0])
    workspace = window.studio.workspace
    assert workspace.own_classes == ("ants", "bees")
    assert workspace.data is None  # the sample is of other classes
    assert told[-1] == "The model has Insects on. Open images of ants, bees for it."
    assert "ants, bees" in window.data_page.summary.text()


def test_images_of_its_classes_that_are_open_stay(qtbot, paths, window, tmp_path):
    workspace = window.studio.workspace
    drop(window, make_photographs(tmp_path / "garden"))
    box = window.data_page.folder_pane
    qtbot.waitUntil(box.isVisible, timeout=LOADING_MILLISECONDS)
    qtbot.mouseClick(box.answers[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(workspace.own_classes), timeout=LOADING_MILLISECONDS)
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=LOADING_MILLISECONDS)
    data = workspace.data
    window.studio.adapters.switch_on(paths[0])
    assert workspace.data is data
    qtbot.waitUntil(lambda: workspace.accuracy is not None, timeout=LOADING_MILLISECONDS)
    window.studio.adapters.switch_off()
    assert workspace.is_untrained
    assert workspace.accuracy is None
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=LOADING_MILLISECONDS)


def test_one_for_the_networks_classes_gives_these_back(paths, window):
    window.studio.adapters.switch_on(paths[0])
    window.studio.adapters.switch_on(paths[1])
    workspace = window.studio.workspace
    assert not workspace.model.has_own_classes
    assert workspace.adapter.title == "Birds"


def test_the_library_refuses_neither(paths, window):
    entries = window.studio.shelf.entries
    assert [window.studio.adapters.obstacle(entry) for entry in entries] == ["", ""]
    window.studio.adapters.switch_on(paths[0])
    assert [window.studio.adapters.obstacle(entry) for entry in entries] == ["", ""]


@pytest.fixture
def of_lite(model, own_data_folder):
    """The file of an adapter on EfficientNet-Lite0, for classes of its own."""
    lite = open_model(ModelSettings(name="efficientnet_lite0")).with_classes(("ants", "bees"))
    adapter = make_adapter(lite, targets=("ants", "bees"), head="classifier", layers=("conv_head",))
    training = dataclasses.replace(adapter.info.training, network=lite.kind.pretrained_title)
    info = dataclasses.replace(adapter.info, network=lite.kind.name, training=training)
    return put_in_library(dataclasses.replace(adapter, info=info), "Garden")


def test_one_of_another_network_is_switched_on_with_that(qtbot, of_lite, window):
    workspace, library = window.studio.workspace, window.adapters_page
    window.rooms.show_page("library")
    library.table.select((str(of_lite),))
    switch = library.findChild(QToolButton, "adapter_switch_button")
    assert switch.isEnabled()
    entry = window.studio.shelf.entry(of_lite)
    assert window.studio.adapters.obstacle(entry).endswith("Switching it on opens that.")
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.adapter is not None, timeout=LOADING_MILLISECONDS)
    assert workspace.model.kind.name == "efficientnet_lite0"
    assert workspace.adapter.title == "Garden"
    assert workspace.own_classes == ("ants", "bees")
    assert window.studio.adapters.obstacle(entry) == ""
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=LOADING_MILLISECONDS)


def test_one_of_another_network_is_imported_with_that(qtbot, of_lite, window, tmp_path):
    workspace = window.studio.workspace
    elsewhere = shutil.copy(of_lite, tmp_path / "garden.safetensors")
    window.studio.open_path(elsewhere)
    qtbot.waitUntil(lambda: workspace.adapter is not None, timeout=LOADING_MILLISECONDS)
    assert workspace.model.kind.name == "efficientnet_lite0"
    assert workspace.own_classes == ("ants", "bees")
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=LOADING_MILLISECONDS)


def test_the_details_tell_of_the_last_layer(paths, window):
    told = dict(facts(window.studio.shelf.entry(paths[0])))
    assert told["Last layer"] == "fc5, trained whole, for ants, bees"
    assert "Last layer" not in dict(facts(window.studio.shelf.entry(paths[1])))


def test_the_set_up_counts_the_last_layer(qtbot, paths, window):
    window.studio.adapters.switch_on(paths[0])
    figures = window.setup_panel.findChild(QLabel, "adapter_figures")
    assert "170 of these are the last layer's." in figures.text()  # 84 x 2 and 2
    window.studio.workspace.edit_adapter(method="head")
    assert figures.text().startswith("170 of ")
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=LOADING_MILLISECONDS)
