"""What the model has on: checked by what it then computes."""

from types import SimpleNamespace

import pytest
import torch

from tests.ui.adapters import make_adapter, put_in_library
from vera_studio import environment
from vera_studio.adapters import adapter_file
from vera_studio.adapters.combination import combine
from vera_studio.exchange.export import export
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.jobs.adapters import plan_export
from vera_studio.ui.runner import Runner
from vera_studio.ui.state import adapter_control
from vera_studio.ui.state.adapter_control import AdapterControl
from vera_studio.ui.state.busy import BusyJobs
from vera_studio.ui.state.shelf import Shelf
from vera_studio.ui.state.workspace import Workspace


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


@pytest.fixture
def control(qapp, model):
    """A control with two adapters in the library, the network open and nothing on."""
    workspace, runner, shelf = Workspace(), Runner(), Shelf()
    busy = BusyJobs(runner)
    control = AdapterControl(workspace, shelf, busy)
    control.workspace, control.runner, control.shelf = workspace, runner, shelf
    control.paths = (
        put_in_library(make_adapter(model), "Birds"),
        put_in_library(make_adapter(model, seed=1, method="lora"), "Cats", minutes=1),
    )
    control.errors, control.told = [], []
    control.failed.connect(control.errors.append)
    busy.failed.connect(control.errors.append)
    control.message.connect(control.told.append)
    shelf.load()
    workspace.set_model(model, ModelSettings())
    yield control
    assert runner.wait(20_000)


def logits(control):
    images = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    workspace = control.workspace
    return with_adapter(workspace.model, workspace.adapter).eval()(images)


def test_switching_takes_effect_before_the_call_returns(control, model):
    bare, birds = logits(control), control.paths[0]
    control.switch_on(birds)
    assert control.workspace.adapter.title == "Birds"
    assert control.active == (birds,)
    with_birds = logits(control)
    assert not torch.equal(with_birds, bare)
    control.switch_on(control.paths[1])
    assert not torch.equal(logits(control), with_birds)
    control.switch_on(birds)
    assert torch.equal(logits(control), with_birds)
    control.switch_off()
    assert control.active == ()
    assert torch.equal(logits(control), bare)
    assert control.workspace.model is model


def test_an_adapter_for_other_weights_is_refused_and_what_is_on_stays(control, model):
    import dataclasses

    foreign = make_adapter(model, seed=3)
    info = dataclasses.replace(foreign.info, base_digest="0" * 64)
    path = put_in_library(dataclasses.replace(foreign, info=info), "Foreign")
    control.shelf.refresh()
    entries = {entry.name: entry for entry in control.shelf.entries}
    assert "other weights" in control.obstacle(entries["Foreign"])
    assert control.obstacle(entries["Birds"]) == ""
    control.switch_on(control.paths[0])
    control.switch_on(path)
    assert "other weights" in str(control.errors[0])
    assert control.active == (control.paths[0],)


def test_two_combined_compute_what_their_sum_does(control, model):
    control.combine(control.paths, (1.0, 0.5))
    adapter = control.workspace.adapter
    assert adapter.title == "1 \N{MULTIPLICATION SIGN} Birds + 0.5 \N{MULTIPLICATION SIGN} Cats"
    assert control.active == control.paths
    parts = [adapter_file.load(path) for path in control.paths]
    expected = combine(*parts, (1.0, 0.5), model.network, model.class_names)
    for name, value in expected.parameters.items():
        assert torch.equal(adapter.content.parameters[name], value)


def test_a_combination_can_be_kept(control):
    control.combine(control.paths, (1.0, 0.5))
    before = logits(control)
    control.keep_combination("Both")
    entry = control.shelf.entries[0]
    assert (entry.name, control.active) == ("Both", (entry.path,))
    assert torch.equal(logits(control), before)
    assert entry.info.training.combined == (("Birds", 1.0), ("Cats", 0.5))


@pytest.fixture
def slow(monkeypatch):
    """The network counts as one on which combining takes a while."""
    monkeypatch.setattr(adapter_control, "_MOST_AT_ONCE", 0)


def test_weights_on_their_way_keep_nothing_waiting_and_the_last_are_put_on(control, slow):
    titles, busy = [], []
    control.workspace.adapter_changed.connect(lambda adapter: titles.append(adapter.title))
    control._busy.changed.connect(busy.append)
    for weight in (0.1, 0.2, 0.3, 0.4):
        control.combine(control.paths, (1.0, weight))
    control.keep_combination("Both")  # what is shown, which is on its way
    assert len(control.runner.jobs) == 1
    assert control.runner.wait(20_000)
    sign = "\N{MULTIPLICATION SIGN}"
    assert titles == [f"1 {sign} Birds + 0.4 {sign} Cats", "Both"]
    assert control.shelf.entries[0].info.training.combined == (("Birds", 1.0), ("Cats", 0.4))
    assert busy == []


def test_a_combination_on_its_way_gives_way_to_what_is_put_on_meanwhile(control, slow):
    control.combine(control.paths, (1.0, 0.5))
    control.switch_off()
    assert control.runner.wait(20_000)
    assert control.workspace.adapter is None


def test_a_new_name_of_what_is_on_is_shown_and_exported(control):
    control.switch_on(control.paths[0])
    control.shelf.rename(control.paths[0], "Owls")
    adapter = control.workspace.adapter
    assert (adapter.title, adapter.content.info.name) == ("Owls", "Owls")


def test_what_is_deleted_comes_off(control):
    control.switch_on(control.paths[0])
    control.shelf.delete([control.paths[1]])
    assert control.active == (control.paths[0],)
    control.shelf.delete([control.paths[0]])
    assert control.workspace.adapter is None


@pytest.mark.parametrize("target", ["file", "peft"])
def test_an_import_is_kept_and_on(control, model, tmp_path, target):
    content = make_adapter(model, seed=4)
    path = tmp_path / ("taken" if target == "peft" else "taken.safetensors")
    if target == "peft":
        export(content, model, "peft", path)
    else:
        adapter_file.write(path, content)
    control.import_adapter(path)
    assert control.runner.wait(20_000)
    assert control.workspace.adapter.title == "taken"
    assert control.workspace.adapter.path.parent == environment.library_folder()
    assert len(control.shelf.entries) == 3


def test_an_equal_one_is_told_and_no_second_copy_kept(control, model, tmp_path):
    taken = []
    control.taken.connect(taken.append)
    adapter_file.write(tmp_path / "again.safetensors", make_adapter(model))
    control.import_adapter(tmp_path / "again.safetensors")
    assert control.runner.wait(20_000)
    assert control.told[-1] == (
        "Imported again.safetensors. The library has this adapter already, as Birds; no second "
        "copy was made. The model has Birds on."
    )
    assert len(control.shelf.entries) == 2
    assert taken == [control.paths[0]]


def test_where_an_adapter_began_makes_no_other_of_it(control, model, tmp_path):
    """The same numbers on the same projections compute the same."""
    import dataclasses

    content = make_adapter(model)
    settings = dataclasses.replace(content.info.settings, d_initial=0.5)
    info = dataclasses.replace(content.info, settings=settings)
    assert not control.shelf.keep(dataclasses.replace(content, info=info), "Other").is_new


def test_a_message_says_what_was_trained_on_what(control, model):
    import dataclasses

    foreign = make_adapter(model, seed=3)
    training = dataclasses.replace(foreign.info.training, network="cifar_net.pth")
    info = dataclasses.replace(foreign.info, base_digest="0" * 64, training=training)
    path = put_in_library(dataclasses.replace(foreign, info=info), "Foreign")
    control.shelf.refresh()
    reason = "It was trained on cifar_net.pth; open is the pretrained ConvNet."
    assert control.obstacle(control.shelf.entry(path)) == reason
    control.switch_on(path)
    assert reason in str(control.errors[0])


def test_a_run_that_came_to_nothing_puts_nothing_on(control, model, tmp_path):
    control.switch_on(control.paths[0])
    control.take_trained(SimpleNamespace(has_adapter=False, best_adapter=tmp_path / "none"))
    assert control.runner.wait(20_000)
    assert control.active == (control.paths[0],)
    assert (len(control.shelf.entries), control.errors) == (2, [])


def test_what_is_no_adapter_is_refused_and_changes_nothing(control, model, tmp_path):
    control.switch_on(control.paths[0])
    export(make_adapter(model), model, "merged", tmp_path / "weights.safetensors")
    control.import_adapter(tmp_path / "weights.safetensors")
    assert control.runner.wait(20_000)
    assert "weights.safetensors" in str(control.errors[0])
    assert control.active == (control.paths[0],)
    assert len(control.shelf.entries) == 2


def test_exports_say_what_was_written_and_why(control, model, tmp_path):
    control.switch_on(control.paths[0])
    content = control.workspace.adapter.content
    for target, name in (("file", "a.safetensors"), ("peft", "peft"), ("merged", "m.pt")):
        control.export(content, target, tmp_path / name)
        assert control.runner.wait(20_000)
        assert (tmp_path / name).exists()
    assert "bytes" in control.told[-3]
    assert "PEFT's VeRA has one for all" in control.told[-2]
    assert adapter_file.load(tmp_path / "a.safetensors").info == content.info


def test_what_peft_cannot_have_is_known_before_it_is_tried(model):
    full = make_adapter(model, method="full").info.settings
    plan = plan_export(full, "peft")
    assert not plan.is_possible
    assert "merged weights" in plan.sentence
    assert plan_export(full, "merged").is_possible
    assert plan_export(make_adapter(model, sharing="all").info.settings, "peft").is_possible
