"""Opening built-in models, and what the shipped weights say and do."""

import pytest
import torch

from vera_studio.errors import ModelError
from vera_studio.models.model import open_model, pretrained_facts
from vera_studio.models.registry import find
from vera_studio.recipe import ModelSettings


def test_the_pretrained_network_opens_ready_to_predict():
    model = open_model(ModelSettings())
    assert model.weights == "pretrained"
    assert not model.network.training
    assert sum(p.numel() for p in model.network.parameters()) == 89_118


def test_own_weights_are_opened_and_named(tmp_path):
    state = open_model(ModelSettings()).network.state_dict()
    state = {name: value + 1 for name, value in state.items()}
    torch.save(state, tmp_path / "mine.pt")
    model = open_model(ModelSettings(weights=str(tmp_path / "mine.pt")))
    assert model.weights == "mine.pt"
    assert torch.equal(model.network.state_dict()["fc1.bias"], state["fc1.bias"])


def test_a_file_without_what_the_forward_pass_does_not_use_opens_the_same_each_time(tmp_path):
    state = open_model(ModelSettings()).network.state_dict()
    torch.save({n: v for n, v in state.items() if not n.startswith("conv3")}, tmp_path / "w.pt")
    settings = ModelSettings(weights=str(tmp_path / "w.pt"))
    first, second = open_model(settings), open_model(settings)
    (note,) = first.notes
    assert note == "It lacks conv3, which the network does not use."
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name])
    assert all(p.grad is None for p in first.network.parameters())
    del state["fc5.weight"]
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"missing: fc5\.weight"):
        open_model(settings)


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(ModelError, match=r"no network 'resnet'\. Is it resnet"):
        open_model(ModelSettings(name="resnet"))


def test_the_shipped_weights_tell_how_they_were_made():
    facts = pretrained_facts(find("convnet"))
    assert facts["test_accuracy"] >= 0.68
    assert len(facts["test_accuracy_per_class"]) == 10
    assert facts["train_images"] == 50_000
    assert facts["recipe"]["seed"] == 0
