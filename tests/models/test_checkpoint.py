"""Files of weights: good ones of every kind load, others are refused and change nothing."""

import pickle

import pytest
import safetensors.torch
import torch
from torch import nn

from vera_studio.errors import ModelError
from vera_studio.models.checkpoint import load_weights


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


def weights():
    torch.manual_seed(1)
    return {name: torch.randn_like(value) for name, value in network().state_dict().items()}


def assert_loaded(path):
    net = network()
    load_weights(net, path)
    for name, value in weights().items():
        assert torch.equal(net.state_dict()[name], value)


def assert_refused(path, expected):
    net = network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(ModelError, match=expected):
        load_weights(net, path)
    for name, value in before.items():
        assert torch.equal(net.state_dict()[name], value)


def test_safetensors(tmp_path):
    safetensors.torch.save_file(weights(), tmp_path / "w.safetensors")
    assert_loaded(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state},
        lambda state: {f"module.{name}": value for name, value in state.items()},
    ],
)
@pytest.mark.parametrize("name", ["w.pt", "w.PTH"])
def test_state_dicts_of_every_common_form(tmp_path, wrap, name):
    torch.save(wrap(weights()), tmp_path / name)
    assert_loaded(tmp_path / name)


def test_weights_saved_on_a_device_that_is_not_here(tmp_path, monkeypatch):
    # What torch.save writes for a tensor on a GPU, from a machine without one: its name for
    # the storage's location.
    monkeypatch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
    torch.save(weights(), tmp_path / "w.pt")
    monkeypatch.undo()
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="CUDA"):  # the file does say CUDA
            torch.load(tmp_path / "w.pt", weights_only=True)
    assert_loaded(tmp_path / "w.pt")


def test_missing_unknown_and_misshapen_tensors_are_all_named(tmp_path):
    state = weights()
    del state["0.bias"]
    state["2.weight"] = torch.zeros(1)
    state["1.weight"] = torch.zeros(2, 5)
    torch.save(state, tmp_path / "w.pt")
    assert_refused(
        tmp_path / "w.pt",
        r"(?s)missing: 0\.bias.*not part of the network: 2\.weight"
        r".*1\.weight has shape \(2, 5\), expected \(2, 4\)",
    )


def test_values_that_are_not_finite_are_refused(tmp_path):
    state = weights()
    state["0.weight"][0, 0] = float("nan")
    torch.save(state, tmp_path / "w.pt")
    assert_refused(tmp_path / "w.pt", r"not made of finite numbers: 0\.weight")


def test_a_whole_module_is_not_unpickled(tmp_path):
    torch.save(network(), tmp_path / "w.pt")
    assert_refused(tmp_path / "w.pt", "holds more than tensors")


def test_code_in_a_pickle_does_not_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    (tmp_path / "w.pt").write_bytes(pickle.dumps({"a": Harmful()}))
    assert_refused(tmp_path / "w.pt", "w.pt")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 100, b"\xff" * 16 + b"{}"])
def test_files_that_are_something_else(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert_refused(tmp_path / name, name)


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_truncated_files(tmp_path, name):
    whole = tmp_path / f"whole_{name}"
    if name.endswith("pt"):
        torch.save(weights(), whole)
    else:
        safetensors.torch.save_file(weights(), whole)
    (tmp_path / name).write_bytes(whole.read_bytes()[:-20])
    assert_refused(tmp_path / name, name)


@pytest.mark.parametrize("content", [[1, 2], {}, {"a": 3}, torch.zeros(3)])
def test_content_that_is_no_state_dict(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    assert_refused(tmp_path / "w.pt", r"state dict")


def test_other_endings_and_missing_files(tmp_path):
    (tmp_path / "w.bin").write_bytes(b"x")
    assert_refused(tmp_path / "w.bin", r"expected \.safetensors, \.pt, \.pth")
    assert_refused(tmp_path / "none.pt", "There is no file")
