"""The page of what VeRA did: each layer drawn and in figures, and set to zero for a moment."""

import math

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from tests.ui.adapters import make_adapter
from vera_studio.adapters.attach import attached_layers
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.training.evaluation import evaluate
from vera_studio.ui.jobs import insight as insight_jobs
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.state.layer_parts import drawing_of, words_on
from vera_studio.ui.state.workspace import LoadedAdapter


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


def changes(model, **settings):
    adapter = LoadedAdapter(None, make_adapter(model, **settings), "Birds")
    found = insight_jobs.what_it_did(model, adapter, AdapterSettings(), print, lambda: False)
    return {change.name: change for change in found.changes}


def press(qtbot, page, name):
    button = page.findChild(QPushButton, name)
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_from_a_layer_to_what_accuracy_does_without_it(qtbot, window, settle):
    page, workspace = window.vera_page, window.studio.workspace
    window.rooms.show_page("vera")
    settle()
    names = [row[0] for row in page.table.texts()]
    assert names == ["fc1", "fc2", "fc3", "fc4", "fc5"]  # as the adapter is set up
    assert page.heat.scale.text().startswith("Nothing is changed yet")
    assert "nothing to set to zero" in page.zero.toolTip()

    adapter = LoadedAdapter(None, make_adapter(workspace.model), "Birds")
    workspace.set_adapter(adapter)
    qtbot.waitUntil(lambda: page.about.text() == "Birds", timeout=10_000)
    settle()
    page.table.select(2)
    assert page.drawing.accessibleDescription().startswith("fc3: 84 inputs go through W of 84")
    assert "the very same as in fc4" in page.words.text()
    assert page.vector.title == "fc3.d"
    page.parameter.setCurrentText("b")
    assert page.vector.title == "fc3.b"
    change = next(one for one in page._found.changes if one.name == "fc3")
    assert dict(page.vector._values)["after"].tolist() == pytest.approx(change.parameters["b"])
    assert page.heat.describe(83.5, 0.5)[1].startswith("output 0, input 83")

    kept = {name: value.clone() for name, value in adapter.content.parameters.items()}
    press(qtbot, page, "zero_layer")
    assert not page.zero.isEnabled()
    settle()
    network = with_adapter(workspace.model, adapter)
    images = workspace.data.validation
    whole = evaluate(workspace.model.with_network(network), images).accuracy
    network.fc3.b.data.zero_()
    without = evaluate(workspace.model.with_network(network), images).accuracy
    assert page.outcome.text().startswith(f"Without fc3 {without:.1%}, with it {whole:.1%}")
    assert page.table.texts()[2][-1].startswith(f"{without:.1%} (")
    assert workspace.adapter is adapter  # and as it was
    assert all(torch.equal(kept[name], adapter.content.parameters[name]) for name in kept)
    assert not attached_layers(workspace.model.network)

    press(qtbot, page, "zero_each")
    settle()
    assert all(row[-1] for row in page.table.texts())
    workspace.set_adapter(None)
    settle()
    assert not any(row[-1] for row in page.table.texts())


def test_of_each_method_it_draws_what_that_trains(model):
    vera = changes(model)["fc3"]
    assert [part.name for part in drawing_of(vera).branch] == ["A", "d", "B", "b"]
    assert [part.is_trained for part in drawing_of(vera).branch] == [False, True, False, True]
    assert "88 numbers are trained where W has 7,056 (1.25%)" in words_on(vera)
    lora = drawing_of(changes(model, method="lora")["fc1"])
    assert [(part.name, part.size) for part in lora.branch] == [
        ("A", "4 \N{MULTIPLICATION SIGN} 400"),
        ("B", "120 \N{MULTIPLICATION SIGN} 4"),
    ]
    full = changes(model, method="full")["fc5"]
    assert [part.name for part in drawing_of(full).branch] == ["ΔW"]
    assert "a change of its own" in words_on(full)
    bias = changes(model, method="bias")["fc5"]
    assert [part.name for part in drawing_of(bias).branch] == ["Δ bias"]
    assert math.isnan(bias.effective_rank)
    own = model.with_classes(("amber", "teal"))
    settings = own.settings_for(AdapterSettings(rank=2))
    head = changes(own, layers=settings.layers, head=settings.head)["fc5"]
    assert drawing_of(head).weight.note == "new: zeros"
