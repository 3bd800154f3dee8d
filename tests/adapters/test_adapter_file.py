"""Adapter files on a network: same bytes, exact predictions, size told before."""

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
from vera_studio.adapters.attach import adapted_with, attach, attached_layers, detach
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.methods import METHODS
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import MAX_RANK, AdapterSettings


def test_is_small(path):
    assert path.stat().st_size <= 4096


def test_the_same_adapter_gives_the_same_bytes(path, trained, settings, training):
    again = path.with_name("again.safetensors")
    program = (
        "import sys; from pathlib import Path; from vera_studio.adapters import adapter_file as f;"
        "from vera_studio.adapters.adapter_file import to_bytes;"
        "file = f.load(Path(sys.argv[1]));"
        "Path(sys.argv[2]).write_bytes(to_bytes(file))"
    )
    subprocess.run([sys.executable, "-c", program, str(path), str(again)], check=True)
    assert again.read_bytes() == path.read_bytes()
    adapter_file.save(again, trained, CLASS_NAMES, training)
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
    settings = info.settings
    assert (info.format_version, settings.method, settings.rank) == (4, "vera", 32)
    assert (settings.seed, settings.d_initial, settings.sharing) == (5, 0.2, "shape")
    assert info.layers == ("fc1", "fc2", "fc3", "fc4", "fc5")
    assert info.classes == Classes.of(CLASS_NAMES)
    assert info.training.validation_accuracy == 0.6543
    assert info.training.after.per_class == (0.6543, 0.1235) * 5


@pytest.mark.parametrize(
    "settings",
    [
        AdapterSettings(rank=32),
        AdapterSettings(rank=1, layers=("fc5",)),
        AdapterSettings(rank=MAX_RANK, layers=("fc4", "fc3"), d_initial=1 / 3, seed=2**31 - 1),
    ],
)
def test_predicts_bit_for_bit_as_when_written(convnet, images, tmp_path, attach_trained, settings):
    attach_trained(convnet, settings)
    expected = convnet(images)
    path = tmp_path / "a.safetensors"
    adapter_file.save(path, convnet, CLASS_NAMES, TrainingRecord())
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
    adapter_file.save(tmp_path / "a.safetensors", small, ["a", "b", "c"], TrainingRecord())
    content = adapter_file.load(tmp_path / "a.safetensors")
    adapter_file.apply(content, small, ["a", "b", "c"])
    assert torch.equal(small(x), expected)


def test_takes_the_place_of_another_adapter(path, trained, images, attach_trained, state_of):
    expected = trained(images)
    detach(trained)
    before = state_of(trained)
    attach_trained(trained, AdapterSettings(rank=3, layers=("fc2",)))
    adapter_file.apply(adapter_file.load(path), trained, CLASS_NAMES)
    assert torch.equal(trained(images), expected)
    detach(trained)
    assert state_of(trained) == before


def test_saving_without_an_adapter_is_refused(bare, tmp_path):
    path = tmp_path / "a.safetensors"
    with pytest.raises(AdapterError, match="no adapter"):
        adapter_file.save(path, bare, CLASS_NAMES, TrainingRecord())
    assert not path.exists()


def test_saving_makes_and_digests_nothing_anew(trained, path, monkeypatch, training):
    """Of a network of 100 MB that takes a second, and runs save at every epoch."""
    info = adapter_file.inspect(path)
    again = path.with_name("again.safetensors")
    adapter_file.save(again, trained, CLASS_NAMES, training, info.base_digest)

    def refused(*args):
        raise AssertionError("made anew")

    for name in ("adapter_file.base_digest", "adapted.digest", "projections.make_pair"):
        monkeypatch.setattr(f"vera_studio.adapters.{name}", refused)
    adapter_file.save(again, trained, CLASS_NAMES, training, info.base_digest)
    assert again.read_bytes() == path.read_bytes()


def test_a_network_knows_how_it_was_adapted(convnet, settings):
    assert adapted_with(convnet) is None
    adapted = attach(convnet, settings)
    named = dataclasses.replace(settings, layers=("fc1", "fc2", "fc3", "fc4", "fc5"))
    assert adapted.settings == named
    assert adapted_with(convnet) is adapted
    copied = adapted_with(copy.deepcopy(convnet))
    assert (copied.settings, copied.projections_digest) == (named, adapted.projections_digest)
    detach(convnet)
    assert adapted_with(convnet) is None


def test_a_failed_write_leaves_the_old_file(path, trained, monkeypatch, settings):
    before = path.read_bytes()

    def full_disk(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(Exception, match="No space left"):
        adapter_file.save(path, trained, CLASS_NAMES, TrainingRecord())
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


# Size before training


@pytest.mark.parametrize("rank", [1, 32, MAX_RANK])
@pytest.mark.parametrize("layers", [None, ("fc5",)])
def test_the_size_is_told_before_training(convnet, tmp_path, rank, layers, training):
    settings = AdapterSettings(rank=rank, layers=layers)
    told = adapter_file.file_bytes(convnet, settings, CLASS_NAMES)
    attach(convnet, settings)
    assert adapter_file.file_bytes(convnet, settings, CLASS_NAMES) == told
    path = tmp_path / "a.safetensors"
    figures = TrainingRecord(before=training.before, after=training.after)
    adapter_file.save(path, convnet, CLASS_NAMES, figures)
    assert abs(path.stat().st_size - told) <= 32
    adapter_file.save(path, convnet, CLASS_NAMES, training)
    assert 0 <= path.stat().st_size - told <= 200


@pytest.mark.parametrize("method", METHODS)
def test_the_size_is_exact_but_for_the_record(convnet, tmp_path, method):
    head = "fc5" if method == "head" else None
    settings = AdapterSettings(rank=7, method=method, layers=("conv2", "fc1", "fc4"), head=head)
    attach(convnet, settings)
    figures = Accuracies.of([0.1234] * 10, ())
    path = tmp_path / "a.safetensors"
    adapter_file.save(path, convnet, CLASS_NAMES, TrainingRecord(before=figures, after=figures))
    assert adapter_file.file_bytes(convnet, settings, CLASS_NAMES) == path.stat().st_size


def test_the_size_of_a_large_one_is_told_without_making_it(monkeypatch):
    """All numbers of a network of 60 MB, whose weights may be on the way to somewhere else."""
    network = nn.Sequential(*(nn.Linear(400, 400) for _ in range(90))).to("meta")
    told = adapter_file.file_bytes(network, AdapterSettings(method="full"), ["a"] * 400)
    assert told == pytest.approx(90 * (400 * 400 + 400) * 4, rel=0.001)


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
    kept = adapter_file.parameters(trained)
    with torch.no_grad():
        trained.fc1.b.zero_()
    assert kept["fc1.b"].any()
    assert not any(vector.requires_grad for vector in kept.values())
    adapter_file.load_parameters(trained, kept)
    assert torch.equal(trained(images), expected)
    assert trained.fc1.b.requires_grad


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fc9.d": torch.zeros(1)}, r"fc9\.d: expected none, found \(1,\)"),
        ({"fc2.d": torch.zeros(31)}, r"fc2\.d: expected \(32,\), found \(31,\)"),
    ],
)
def test_vectors_that_do_not_fit_change_nothing(trained, change, message, state_of):
    before = state_of(trained)
    with pytest.raises(AdapterError, match=message):
        adapter_file.load_parameters(trained, adapter_file.parameters(trained) | change)
    assert state_of(trained) == before


def test_without_an_adapter_there_are_no_vectors(bare):
    assert adapter_file.parameters(bare) == {}
