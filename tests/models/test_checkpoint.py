"""Files of weights: good ones of every kind load, others are refused and change nothing."""

import argparse
import os
import pickle
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from vera_studio.errors import Cancelled, ModelError
from vera_studio.models.checkpoint import load_weights
from vera_studio.models.weights_file import holds_weights


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


def test_a_missing_file_is_named(tmp_path):
    assert_refused(tmp_path / "none.pt", "There is no file")


@pytest.mark.parametrize("name", ["w.bin", "w.ckpt", "w.pth.tar", "w", "w.safetensors"])
def test_what_counts_is_the_content_not_the_ending(tmp_path, name):
    torch.save(weights(), tmp_path / name)
    assert_loaded(tmp_path / name)
    safetensors.torch.save_file(weights(), tmp_path / name)
    assert_loaded(tmp_path / name)


def test_files_of_older_versions_of_torch(tmp_path):
    base = torch.arange(40.0)
    state = weights() | {"0.weight": base[4:16].view(3, 4).t()}  # part of a storage, transposed
    torch.save(state, tmp_path / "w.pt", _use_new_zipfile_serialization=False)
    net = network()
    load_weights(net, tmp_path / "w.pt")
    for name, value in state.items():
        assert torch.equal(net.state_dict()[name], value)


def test_parameters_views_and_half_precision(tmp_path):
    state = {name: nn.Parameter(value.half().t().contiguous().t()) for name, value in plain()}
    torch.save(state, tmp_path / "w.pt")
    net = network()
    assert load_weights(net, tmp_path / "w.pt") == ("Its float16 numbers became float32.",)
    for name, value in plain():
        assert torch.equal(net.state_dict()[name], value.half().float())


def plain():
    return [(name, value) for name, value in weights().items()]


@pytest.mark.parametrize(
    "key", ["model_state_dict", "net", "weights", "params", "model_state", "ema", "whatever"]
)
def test_state_dicts_in_what_training_scripts_save(tmp_path, key):
    optimizer = torch.optim.AdamW(network().parameters()).state_dict()
    torch.save({"epoch": 3, key: weights(), "optimizer": optimizer}, tmp_path / "w.pt")
    net = network()
    assert load_weights(net, tmp_path / "w.pt") == ()
    assert torch.equal(net.state_dict()["0.weight"], weights()["0.weight"])


def test_objects_of_other_programs_beside_the_weights_do_no_harm(tmp_path):
    content = {"state_dict": weights(), "args": argparse.Namespace(lr=0.1), "when": Path("x")}
    torch.save(content, tmp_path / "w.pt")
    assert_loaded(tmp_path / "w.pt")


def test_of_several_that_fit_one_is_taken_and_the_others_are_told(tmp_path):
    averaged = {name: value + 1 for name, value in weights().items()}
    torch.save({"ema": averaged, "model": weights()}, tmp_path / "w.pt")
    net = network()
    (note,) = load_weights(net, tmp_path / "w.pt")
    assert "Of several that fit, model was taken; there are also ema." in note
    assert torch.equal(net.state_dict()["0.bias"], weights()["0.bias"])


def test_where_none_fits_the_closest_is_told_with_its_key(tmp_path):
    other = {"conv.weight": torch.zeros(3)}
    almost = weights()
    del almost["0.bias"]
    torch.save({"other": other, "model": almost}, tmp_path / "w.pt")
    assert_refused(tmp_path / "w.pt", "w.pt, under model, does not fit.*\n- missing: 0.bias$")


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "_orig_mod.module.", "model.", "net."])
def test_a_prefix_of_all_names_is_taken_off_and_told(tmp_path, prefix):
    state = {prefix + name: value for name, value in weights().items()}
    torch.save(state | {"n_averaged": torch.tensor(3)}, tmp_path / "w.pt")
    safetensors.torch.save_file(state, tmp_path / "w.safetensors")
    for name in ("w.pt", "w.safetensors"):
        net = network()
        note = load_weights(net, tmp_path / name)[0]
        assert note == f"The prefix {prefix} of all names was taken off."
        assert torch.equal(net.state_dict()["0.bias"], weights()["0.bias"])


def test_a_prefix_that_the_network_has_too_stays(tmp_path):
    net = nn.Sequential(nn.Linear(2, 2))  # all of its names begin with "0."
    torch.save(net.state_dict(), tmp_path / "w.pt")
    assert load_weights(nn.Sequential(nn.Linear(2, 2)), tmp_path / "w.pt") == ()


def test_buffers_of_whole_numbers_are_compared_by_shape_and_type(tmp_path):
    net = nn.Sequential(nn.BatchNorm1d(2))
    state = net.state_dict() | {"0.num_batches_tracked": torch.tensor(7)}
    torch.save(state, tmp_path / "w.pt")
    load_weights(net, tmp_path / "w.pt")
    assert int(net[0].num_batches_tracked) == 7
    torch.save(state | {"0.num_batches_tracked": torch.tensor(7.0)}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="num_batches_tracked holds float32 numbers, expected int"):
        load_weights(net, tmp_path / "w.pt")


def test_counters_that_the_network_has_not_are_passed_over_and_told(tmp_path):
    torch.save(weights() | {"bn.num_batches_tracked": torch.tensor(7)}, tmp_path / "w.pt")
    (note,) = load_weights(network(), tmp_path / "w.pt")
    assert "Passed over: bn.num_batches_tracked" in note
    torch.save(weights() | {"bn.weight": torch.zeros(2)}, tmp_path / "w.pt")
    assert_refused(tmp_path / "w.pt", "not part of the network: bn.weight")


def test_what_plays_no_part_may_be_missing_and_becomes_zeros(tmp_path):
    state = weights()
    del state["1.bias"]
    torch.save(state, tmp_path / "w.pt")
    net = network()
    (note,) = load_weights(net, tmp_path / "w.pt", unused=lambda: ("1.bias", "1.weight"))
    assert "It lacks 1, which the network does not use." in note
    assert not net[1].bias.any()
    with pytest.raises(ModelError, match=r"missing: 1\.bias"):
        load_weights(net, tmp_path / "w.pt", unused=lambda: ("0.bias",))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.to_sparse(), "is sparse, which the studio does not read"),
        (lambda t: t.to_sparse_csr(), "is sparse, which the studio does not read"),
        (lambda t: torch.zeros(t.shape, device="meta"), "has no values, only a shape"),
        (lambda t: t.to(torch.float8_e4m3fn), "is float8_e4m3fn, which the studio does not read"),
        (lambda t: torch.zeros(1).expand(10**5, 10**5), r"has shape \(100000, 100000\), expected"),
        (lambda t: t.double() * 1e300, "not made of finite numbers: 0.weight"),
        (lambda t: t.to(torch.complex64), "is complex64, which the studio does not read"),
        (lambda t: t.long(), "holds int64 numbers, expected float32"),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
def test_odd_tensors_are_told_before_anything_is_computed_with_them(tmp_path, change, expected):
    state = weights()
    state["0.weight"] = change(state["0.weight"])
    torch.save(state, tmp_path / "w.pt")
    assert_refused(tmp_path / "w.pt", f"0.weight.*{expected}|{expected}")


def test_an_expanded_tensor_of_the_right_shape_is_one(tmp_path):
    state = weights() | {"0.weight": torch.full((1, 1), 2.0).expand(4, 3)}
    torch.save(state, tmp_path / "w.pt")
    net = network()
    load_weights(net, tmp_path / "w.pt")
    assert torch.equal(net[0].weight, torch.full((4, 3), 2.0))


def test_programs_are_said_for_what_they_are(tmp_path):
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:  # as torch.jit.save makes it
        for name in ("script/data.pkl", "script/code/__torch__.py", "script/constants.pkl"):
            archive.writestr(name, b"x")
    assert_refused(tmp_path / "script.pt", "it is a TorchScript program")
    program = torch.export.export(network(), (torch.zeros(1, 3),))
    torch.export.save(program, tmp_path / "program.pt2")
    assert_refused(tmp_path / "program.pt2", "it is an exported program")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<!DOCTYPE html><title>404</title>", "it is a web page"),
        (b"\xef\xbb\xbf\n<html>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"),
        (b"\x89HDF\r\n\x1a\n", "it is an HDF5 file"),
        (b"", "it is empty"),
        (pickle.dumps({"a": 1}), "it is a pickle of Python, not a file that torch.save wrote"),
    ],
)
def test_what_is_no_file_of_weights_is_said_for_what_it_is(tmp_path, content, expected):
    (tmp_path / "w.pt").write_bytes(content)
    assert_refused(tmp_path / "w.pt", expected)


def test_no_message_has_a_librarys_words(tmp_path):
    safetensors.torch.save_file(weights(), tmp_path / "w.safetensors")
    whole = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(whole[:100])
    assert_refused(tmp_path / "w.safetensors", "it was cut off, or its table of contents is wrong")


def test_a_zip_of_something_else(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        archive.writestr("photos/a.txt", b"x")
    assert_refused(tmp_path / "w.pt", "a zip archive, but none that torch.save wrote")


@pytest.mark.skipif(os.name == "nt", reason="needs pipes and devices that are files")
@pytest.mark.timeout(30)
def test_pipes_and_devices_are_told(tmp_path):
    os.mkfifo(tmp_path / "w.pt")
    assert_refused(tmp_path / "w.pt", "it is a pipe, not a file")
    assert_refused(Path("/dev/zero"), "it is a device, not a file")


def test_stopping_is_asked_for(tmp_path):
    torch.save(weights(), tmp_path / "w.pt")
    with pytest.raises(Cancelled):
        load_weights(network(), tmp_path / "w.pt", should_stop=lambda: True)


def test_a_quick_look_does_not_read_a_long_list(tmp_path):
    """Nor is it one of an adapter; this one is no list at all, which takes reading to know."""
    content = (2**21).to_bytes(8, "little") + b"{" + bytes(2**21)
    (tmp_path / "w.safetensors").write_bytes(content)
    assert holds_weights(tmp_path / "w.safetensors")
    assert_refused(tmp_path / "w.safetensors", "its table of contents is wrong")


def test_an_adapter_is_said_to_be_one(tmp_path):
    about = {"format": "vera-studio-adapter"}
    safetensors.torch.save_file(weights(), tmp_path / "a.safetensors", about)
    assert_refused(tmp_path / "a.safetensors", "it is an adapter, not weights: import it as one")
    assert not holds_weights(tmp_path / "a.safetensors")
