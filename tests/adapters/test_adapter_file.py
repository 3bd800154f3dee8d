"""Adapter files on a network: size, exact predictions, refusals that change nothing."""

import copy
import dataclasses
import subprocess
import sys
import time

import pytest
import safetensors
import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attach, attached_layers, detach, merge
from vera_studio.errors import AdapterError
from vera_studio.models.convnet import CLASS_NAMES, ConvNet
from vera_studio.recipe import MAX_RANK, AdapterSettings

SETTINGS = AdapterSettings(rank=32, seed=5, d_initial=0.2)
TRAINING = {
    "before": [0.654321, 0.7] * 5,
    "after": [0.654321, 0.123456] * 5,
    "targets": ["bird", "cat", "dog"],
    "epochs": 6,
    "best_epoch": 5,
    "validation_accuracy": 0.654321,
    "data": "cifar10",
    "images": 15_000,
}


@pytest.fixture
def trained(convnet, attach_trained):
    attach_trained(convnet, SETTINGS)
    return convnet


@pytest.fixture
def path(trained, tmp_path):
    path = tmp_path / "birds.safetensors"
    adapter_file.save(path, trained, SETTINGS, CLASS_NAMES, TRAINING)
    return path


@pytest.fixture
def bare(trained):
    """The same base without an adapter."""
    network = copy.deepcopy(trained)
    detach(network)
    return network


def state_of(network):
    """All that an unchanged network must still be."""
    return (
        [(name, id(module)) for name, module in network.named_modules()],
        [(name, p.requires_grad, p._version) for name, p in network.named_parameters()],
    )


def test_is_small(path):
    assert path.stat().st_size <= 4096


def test_the_same_adapter_gives_the_same_bytes(path, trained):
    again = path.with_name("again.safetensors")
    program = (
        "import sys; from pathlib import Path; from vera_studio.adapters import adapter_file as f;"
        "from vera_studio.adapters.adapter_file import _to_bytes;"
        "file = f.load(Path(sys.argv[1]));"
        "Path(sys.argv[2]).write_bytes(_to_bytes(file.info, file.vectors))"
    )
    subprocess.run([sys.executable, "-c", program, str(path), str(again)], check=True)
    assert again.read_bytes() == path.read_bytes()
    adapter_file.save(again, trained, SETTINGS, CLASS_NAMES, TRAINING)
    assert again.read_bytes() == path.read_bytes()


def test_any_safetensors_reader_can_read_it(path, trained):
    tensors = safetensors.torch.load_file(path)
    assert list(tensors) == sorted(tensors)
    assert tensors.keys() == {f"fc{n}.{name}" for n in range(1, 6) for name in ("d", "b")}
    assert torch.equal(tensors["fc1.d"], trained.fc1.d)
    with safetensors.safe_open(path, framework="numpy") as file:
        assert file.metadata()["rank"] == "32"


def test_info_says_how_it_was_made(path):
    info = adapter_file.inspect(path)
    assert info == adapter_file.load(path).info
    assert (info.format_version, info.rank, info.seed, info.d_initial) == (1, 32, 5, 0.2)
    assert info.layers == ("fc1", "fc2", "fc3", "fc4", "fc5")
    assert info.class_names == CLASS_NAMES
    assert info.training["validation_accuracy"] == 0.6543
    assert info.training["after"] == [0.6543, 0.1235] * 5


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        AdapterSettings(rank=1, layers=("fc5",)),
        AdapterSettings(rank=MAX_RANK, layers=("fc4", "fc3"), d_initial=1 / 3, seed=2**32 - 1),
    ],
)
def test_predicts_bit_for_bit_as_when_written(convnet, images, tmp_path, attach_trained, settings):
    attach_trained(convnet, settings)
    expected = convnet(images)
    path = tmp_path / "a.safetensors"
    adapter_file.save(path, convnet, settings, CLASS_NAMES, {})
    detach(convnet)
    assert not torch.equal(convnet(images), expected)
    adapter_file.apply(adapter_file.load(path), convnet, CLASS_NAMES)
    assert torch.equal(convnet(images), expected)
    assert {n for n, p in convnet.named_parameters() if p.requires_grad} == {
        f"{layer}.{name}" for layer in attached_layers(convnet) for name in ("d", "b")
    }


def test_predicts_bit_for_bit_in_another_process(path, trained, bare, images, tmp_path):
    torch.save((bare.state_dict(), images), tmp_path / "base.pt")
    program = """
import sys, torch
from pathlib import Path
from vera_studio.adapters import adapter_file
from vera_studio.models.convnet import CLASS_NAMES, ConvNet
folder = Path(sys.argv[1])
weights, images = torch.load(folder / "base.pt")
network = ConvNet().eval()
network.load_state_dict(weights)
adapter_file.apply(adapter_file.load(folder / "birds.safetensors"), network, CLASS_NAMES)
torch.save(network(images).detach(), folder / "logits.pt")
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert torch.equal(torch.load(tmp_path / "logits.pt"), trained(images))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_keeps_other_dtypes(small, tmp_path, attach_trained, dtype):
    settings = AdapterSettings(rank=3)
    x = torch.ones(2, 6, dtype=dtype)
    attach_trained(small.to(dtype), settings)
    expected = small(x)
    adapter_file.save(tmp_path / "a.safetensors", small, settings, ["a", "b", "c"], {})
    content = adapter_file.load(tmp_path / "a.safetensors")
    adapter_file.apply(content, small, ["a", "b", "c"])
    assert torch.equal(small(x), expected)


def test_takes_the_place_of_another_adapter(path, trained, images, attach_trained):
    expected = trained(images)
    detach(trained)
    before = state_of(trained)
    attach_trained(trained, AdapterSettings(rank=3, layers=("fc2",)))
    adapter_file.apply(adapter_file.load(path), trained, CLASS_NAMES)
    assert torch.equal(trained(images), expected)
    detach(trained)
    assert state_of(trained) == before


def test_saving_without_an_adapter_or_with_other_settings_is_refused(bare, trained, tmp_path):
    path = tmp_path / "a.safetensors"
    with pytest.raises(AdapterError, match="no adapter"):
        adapter_file.save(path, bare, SETTINGS, CLASS_NAMES, {})
    for change in ({"seed": 6}, {"rank": 31}):
        other = dataclasses.replace(SETTINGS, **change)
        with pytest.raises(AdapterError, match="other settings"):
            adapter_file.save(path, trained, other, CLASS_NAMES, {})
    assert not path.exists()


# Files that fit another network


def refused(path, network, message, class_names=CLASS_NAMES, images=None):
    content = adapter_file.load(path)
    before = state_of(network)
    with pytest.raises(AdapterError, match=message):
        adapter_file.apply(content, network, class_names)
    assert state_of(network) == before


@pytest.mark.parametrize("adapted", [False, True])
def test_other_networks_are_refused_and_left_as_they_were(path, adapted):
    other = ConvNet()
    wider = ConvNet()
    wider.fc5 = nn.Linear(84, 12)
    without = ConvNet()
    without.fc4 = nn.Identity()
    half = ConvNet().half()
    for network in (other, wider, without, half) if adapted else ():
        attach(network, AdapterSettings(rank=2, layers=("fc1",)))
    refused(path, other, "other weights: expected a base with digest .*, found ")
    refused(path, wider, r"fc5\.b is expected as \(\(12,\).*found as \(\(10,\)")
    refused(path, without, r"expected layers among fc1, fc2, fc3, fc5; found fc4\.")
    refused(path, half, r"expected as .*float16.*found as .*float32")


def test_other_classes_are_refused(path, bare):
    refused(path, bare, "expected a, b; found airplane, automobile", class_names=("a", "b"))
    refused(path, bare, "for other classes", class_names=CLASS_NAMES[::-1])


def test_a_merged_base_is_refused(path, trained):
    merge(trained)
    refused(path, trained, "other weights")


def test_projections_that_come_out_different_are_refused(path, bare):
    rewrite(path, metadata={"seed": "6"})
    refused(path, bare, "projections cannot be made from its seed")


# Files that cannot be used at all


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


def test_no_file_or_an_empty_one(tmp_path):
    cannot_be_read(tmp_path / "missing.safetensors", "expected a file, found nothing")
    cannot_be_read(tmp_path, "expected a file, found a folder")
    (tmp_path / "empty.safetensors").touch()
    cannot_be_read(tmp_path / "empty.safetensors", "found one of 0")


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"not a file of tensors at all",
        b"\x89PNG\r\n\x1a\n" + bytes(1000),
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
    cannot_be_read(path, "expected a file of 1 to 67,108,864 bytes, found one of 67,108,865")


def test_other_safetensors_files(tmp_path, bare):
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(bare.state_dict(), path)
    cannot_be_read(path, "not an adapter: expected the format 'vera-studio-adapter'.*nothing")
    safetensors.torch.save_file(bare.state_dict(), path, {"format": "pt"})
    cannot_be_read(path, "not an adapter.*found 'pt'")


def test_another_format_version(path):
    rewrite(path, metadata={"format_version": "2"})
    cannot_be_read(path, "another format version: expected '1', found '2'")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"rank": "many"}, "rank: expected a whole number, found 'many'"),
        ({"rank": "2000"}, "rank must be from 1 to 1,024"),
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
        ({"fc3.b": torch.zeros(84, 1)}, r"expected fc3\.b with shape \(84,\), found \(84, 1\)"),
        ({"fc3.b": torch.zeros(())}, r"expected fc3\.b with shape \(1,\), found \(\)"),
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


def test_a_vector_of_another_length_than_the_layer(path, bare):
    rewrite(path, tensors={"fc3.b": torch.zeros(83)})
    refused(path, bare, r"fc3\.b is expected as \(\(84,\).*found as \(\(83,\)")


def test_a_damaged_byte_is_refused_or_harmless(path, bare):
    """Any failure is an AdapterError, and none leaves a trace on the network."""
    content = path.read_bytes()
    before = state_of(bare)
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        place, value = torch.randint(0, 256 * len(content), (1,), generator=generator).item(), 0
        place, value = divmod(place, 256)
        path.write_bytes(content[:place] + bytes([value]) + content[place + 1 :])
        network = copy.deepcopy(bare)
        try:
            adapter_file.apply(adapter_file.load(path), network, CLASS_NAMES)
        except AdapterError:
            assert not attached_layers(network)
    assert state_of(bare) == before


def test_inspecting_does_not_read_the_vectors(path):
    """A file whose vectors are all nonsense says of itself what it did."""
    info = adapter_file.inspect(path)
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    path.write_bytes(content[:end] + b"\xff" * (len(content) - end))
    assert adapter_file.inspect(path) == info
    with pytest.raises(AdapterError, match="finite"):
        adapter_file.load(path)


def test_a_failed_write_leaves_the_old_file(path, trained, monkeypatch):
    before = path.read_bytes()

    def full_disk(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(Exception, match="No space left"):
        adapter_file.save(path, trained, SETTINGS, CLASS_NAMES, {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


# Size before training


@pytest.mark.parametrize("rank", [1, 32, MAX_RANK])
@pytest.mark.parametrize("layers", [None, ("fc5",)])
def test_the_size_is_told_before_training(convnet, tmp_path, rank, layers):
    settings = AdapterSettings(rank=rank, layers=layers)
    told = adapter_file.file_bytes(convnet, settings, CLASS_NAMES)
    attach(convnet, settings)
    assert adapter_file.file_bytes(convnet, settings, CLASS_NAMES) == told
    path = tmp_path / "a.safetensors"
    figures = {key: TRAINING[key] for key in ("before", "after")}
    adapter_file.save(path, convnet, settings, CLASS_NAMES, figures)
    assert abs(path.stat().st_size - told) <= 32
    adapter_file.save(path, convnet, settings, CLASS_NAMES, TRAINING)
    assert 0 <= path.stat().st_size - told <= 200


def test_the_size_is_told_fast_enough_for_a_slider(convnet):
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        adapter_file.file_bytes(convnet, AdapterSettings(rank=MAX_RANK), CLASS_NAMES)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.005


# Vectors in memory


def test_vectors_come_and_go(trained, images):
    expected = trained(images)
    kept = adapter_file.vectors(trained)
    with torch.no_grad():
        trained.fc1.b.zero_()
    assert kept["fc1.b"].any()
    assert not any(vector.requires_grad for vector in kept.values())
    adapter_file.load_vectors(trained, kept)
    assert torch.equal(trained(images), expected)
    assert trained.fc1.b.requires_grad


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fc9.d": torch.zeros(1)}, r"fc9\.d is expected as absent, found as \(1,\)"),
        ({"fc2.d": torch.zeros(31)}, r"fc2\.d is expected as \(32,\), found as \(31,\)"),
    ],
)
def test_vectors_that_do_not_fit_change_nothing(trained, change, message):
    before = state_of(trained)
    with pytest.raises(AdapterError, match=message):
        adapter_file.load_vectors(trained, adapter_file.vectors(trained) | change)
    assert state_of(trained) == before


def test_without_an_adapter_there_are_no_vectors(bare):
    assert adapter_file.vectors(bare) == {}
