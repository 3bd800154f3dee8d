"""Adapter files that cannot be used, or not on this network: refused, and nothing changes."""

import copy
import dataclasses
import os

import pytest
import safetensors
import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters import adapter_file, file_size
from vera_studio.adapters.adapter_fit import check_fit
from vera_studio.adapters.attach import attach, attached_layers, merge
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.models.convnet import CLASS_NAMES, ConvNet
from vera_studio.recipe import AdapterSettings


@pytest.fixture
def refused(state_of):
    """A function that applies a file and expects a message and an untouched network."""

    def refused(path, network, message, class_names=CLASS_NAMES):
        content = adapter_file.load(path)
        before = state_of(network)
        with pytest.raises(AdapterError, match=message):
            adapter_file.apply(content, network, class_names)
        assert state_of(network) == before

    return refused


def rewrite(path, metadata=None, tensors=None):
    """Change a file's metadata and tensors; a value of None removes the key."""
    with safetensors.safe_open(path, framework="pt") as file:
        text = file.metadata() | (metadata or {})
    content = safetensors.torch.load_file(path) | (tensors or {})
    safetensors.torch.save_file(
        {key: value for key, value in content.items() if value is not None},
        path,
        {key: value for key, value in text.items() if value is not None},
    )


def cannot_be_read(path, message, functions=(adapter_file.inspect, adapter_file.load)):
    for function in functions:
        with pytest.raises(AdapterError, match=message) as caught:
            function(path)
        assert path.name in str(caught.value)


# Files that fit another network


@pytest.mark.parametrize("adapted", [False, True])
def test_other_networks_are_refused_and_left_as_they_were(path, adapted, refused):
    other = ConvNet()
    wider = ConvNet()
    wider.fc5 = nn.Linear(84, 12)
    without = ConvNet()
    without.fc4 = nn.Identity()
    half = ConvNet().half()
    for network in (other, wider, without, half) if adapted else ():
        attach(network, AdapterSettings(rank=2, layers=("fc1",)))
    refused(path, other, "trained on other weights than those that are open")
    refused(path, wider, r"fc5\.b: expected float32 \(12,\), found float32 \(10,\)")
    refused(path, without, r"this one has no layer fc4\.")
    refused(path, half, r"fc1\.d: expected float16 \(32,\), found float32 \(32,\)")


def test_other_classes_are_refused(path, bare, refused):
    names = (*CLASS_NAMES[:8], "boat", CLASS_NAMES[9])
    refused(path, bare, "the network lacks ship, and the adapter lacks boat", class_names=names)
    refused(path, bare, "the same ones in another order", class_names=CLASS_NAMES[::-1])


def test_a_message_names_a_few_of_a_thousand_classes(path, bare, refused):
    names = [f"class {number}" for number in range(1000)]
    refused(path, bare, "the adapter lacks class 0, .*class 9 and 990 more", class_names=names)


def test_what_was_trained_on_what_is_named(path, bare):
    """A digest tells a person nothing."""
    content = adapter_file.load(path)

    def message(network, opened):
        record = TrainingRecord.from_json({"network": network})
        info = dataclasses.replace(content.info, base_digest="0" * 64, training=record)
        foreign = dataclasses.replace(content, info=info)
        with pytest.raises(AdapterError) as caught:
            check_fit(foreign, bare, CLASS_NAMES, opened)
        assert "0000" not in str(caught.value)
        return str(caught.value).removeprefix("The adapter does not fit. ")

    ours = "the pretrained ConvNet"
    assert message("own.pth", ours) == f"It was trained on own.pth; open is {ours}."
    assert message(None, ours) == (
        f"It was trained on other weights than those of {ours}, which is open."
    )
    assert message("own.pth", "") == "It was trained on own.pth; open are other weights."
    assert message("own.pth", "own.pth") == (
        "It was trained on own.pth, but with other weights than are open."
    )
    assert message(["own.pth"], "") == ("It was trained on other weights than those that are open.")


def test_a_merged_base_is_refused(path, trained, refused):
    merge(trained)
    refused(path, trained, "other weights")


def test_projections_that_come_out_different_are_refused(path, bare, refused):
    rewrite(path, metadata={"seed": "6"})
    refused(path, bare, "projections cannot be made from its seed")


# Files that cannot be used at all


def test_no_file_or_an_empty_one(tmp_path):
    cannot_be_read(tmp_path / "missing.safetensors", "expected a file, found nothing")
    cannot_be_read(tmp_path, "it is a folder, not a file")
    (tmp_path / "empty.safetensors").touch()
    cannot_be_read(tmp_path / "empty.safetensors", "it is empty")


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"not a file of tensors at all",
        b"\xff" * 8 + b"{}",
        (2**62).to_bytes(8, "little") + b"{}",
        (99_999_999).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"\xff\xfe",
        (9).to_bytes(8, "little") + b'{"a":{}} ',
    ],
)
def test_what_is_not_safetensors(tmp_path, content):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(content)
    cannot_be_read(path, "expected a whole safetensors file, found something else or a damaged one")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), "it is a picture: open the folder"),
        (b"%!PS-Adobe-3.0", "it is a PostScript drawing"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><title>404</title>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git LFS"),
    ],
)
def test_another_kind_of_file_is_told_for_what_it_is(tmp_path, content, told):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(content)
    cannot_be_read(path, told)


def test_a_truncated_or_overlong_file_of_any_length(path):
    content = path.read_bytes()
    for length in (*range(1, len(content), 97), len(content) - 1):
        path.write_bytes(content[:length])
        cannot_be_read(path, "expected a whole safetensors file")
    path.write_bytes(content + b"x")
    cannot_be_read(path, "expected a whole safetensors file")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.safetensors"
    with path.open("wb") as file:
        file.truncate(64 * 2**20 + 1)  # takes no room on the disk
    cannot_be_read(path, "it has more than the 67,108,864 bytes that such a file may have")


def test_a_file_that_says_no_end_of_itself_is_refused_unread(path):
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length] + b" " * 2**20
    path.write_bytes(len(header).to_bytes(8, "little") + header + content[8 + length :])
    cannot_be_read(path, "expected a whole safetensors file")


@pytest.mark.skipif(os.name == "nt", reason="needs pipes and devices that are files")
@pytest.mark.timeout(30)
def test_pipes_and_devices_are_told(tmp_path):
    os.mkfifo(tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").symlink_to("/dev/zero")
    cannot_be_read(tmp_path / "a.safetensors", "it is a pipe, not a file")
    cannot_be_read(tmp_path / "b.safetensors", "it is a device, not a file")


def test_an_adapter_too_large_for_a_file_is_refused_before_it_is_trained(bare, monkeypatch):
    monkeypatch.setattr(file_size, "MAX_FILE_BYTES", 2**20 + 200_000)
    adapter_file.check_plan(bare, AdapterSettings())
    for refuses in (
        lambda: adapter_file.check_plan(bare, AdapterSettings(method="full")),
        lambda: adapter_file.file_bytes(bare, AdapterSettings(method="full"), CLASS_NAMES),
    ):
        with pytest.raises(AdapterError, match=r"its file can have 1 MiB\. Choose fewer"):
            refuses()


def test_other_safetensors_files(tmp_path, bare):
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(bare.state_dict(), path)
    cannot_be_read(path, "not an adapter: expected the format 'vera-studio-adapter'.*nothing")
    safetensors.torch.save_file(bare.state_dict(), path, {"format": "pt"})
    cannot_be_read(path, "not an adapter.*found 'pt'")


def test_another_format_version(path):
    rewrite(path, metadata={"format_version": "5"})
    cannot_be_read(path, "another format version: expected '1' or '2' or '3' or '4', found '5'")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"rank": "many"}, "rank: expected a whole number, found 'many'"),
        ({"rank": "2000"}, "Rank must be from 1 to 1,024"),
        ({"rank": "31"}, r"expected fc1\.d with shape \(31,\), found \(32,\)"),
        ({"layers": '["fc1"]'}, r"no tensors but those of its layers, found fc2\.b, .* and 3 more"),
        ({"layers": '["fc1","fc9"]'}, r"expected the tensors fc9\.b, fc9\.d, found none"),
        ({"training": None}, "training: expected a JSON object, found nothing"),
    ],
)
def test_metadata_that_cannot_be_right(path, metadata, message):
    rewrite(path, metadata=metadata)
    cannot_be_read(path, message)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"fc3.b": None}, r"expected the tensors fc3\.b, found none"),
        ({"more": torch.zeros(1)}, "found more"),
        ({"fc3.d": torch.zeros(31)}, r"expected fc3\.d with shape \(32,\), found \(31,\)"),
        ({"fc3.b": torch.zeros(84, 1)}, r"expected fc3\.b with shape \(out,\), found \(84, 1\)"),
        ({"fc3.b": torch.zeros(())}, r"expected fc3\.b with shape \(out,\), found \(\)"),
        (
            {"fc3.b": torch.zeros(84, dtype=torch.int32)},
            r"expected fc3\.b as one of F32.*found I32",
        ),
    ],
)
def test_tensors_that_cannot_be_right(path, tensors, message):
    rewrite(path, tensors=tensors)
    cannot_be_read(path, message)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_values_that_are_not_finite(path, value):
    vector = torch.zeros(84)
    vector[50] = value
    rewrite(path, tensors={"fc3.b": vector})
    message = r"expected finite numbers, found others in fc3\.b"
    cannot_be_read(path, message, functions=[adapter_file.load])


def test_a_vector_of_another_length_than_the_layer(path, bare, refused):
    rewrite(path, tensors={"fc3.b": torch.zeros(83)})
    refused(path, bare, r"fc3\.b: expected float32 \(84,\), found float32 \(83,\)")


def test_a_damaged_byte_is_refused_or_harmless(path, bare):
    """Any failure is an AdapterError, and none leaves a trace on the network."""
    content = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        place = torch.randint(len(content), (), generator=generator).item()
        value = torch.randint(256, (), generator=generator).item()
        path.write_bytes(content[:place] + bytes([value]) + content[place + 1 :])
        network = copy.deepcopy(bare)
        try:
            adapter_file.apply(adapter_file.load(path), network, CLASS_NAMES)
        except AdapterError:
            assert not attached_layers(network)


def test_inspecting_does_not_read_the_vectors(path):
    """A file whose vectors are all nonsense says of itself what it did."""
    info = adapter_file.inspect(path)
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    path.write_bytes(content[:end] + b"\xff" * (len(content) - end))
    assert adapter_file.inspect(path) == info
    with pytest.raises(AdapterError, match="finite"):
        adapter_file.load(path)
