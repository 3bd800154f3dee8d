"""Runs with a cache and without are the same run, and every run says which it is."""

from dataclasses import replace

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.data.preprocessing import square
from vera_studio.models import convnet
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.events import EpochDone, Notice, Stage, StepsDone
from vera_studio.training import feature_cache
from vera_studio.training.cut import CannotSplitError
from vera_studio.training.loop import train
from vera_studio.training.open_inputs import cut_within, widest


def recipe(**training):
    values = {"epochs": 3, "batch_size": 16, "device": "cpu", "seed": 5} | training
    return Recipe(training=TrainingSettings(**values))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def run(chosen, data, folder, **kwargs):
    """The result, every loss, every validation and the notices of a run."""
    events = []
    result = train(chosen, folder, events.append, data=data, **kwargs)
    losses = [loss for event in of(StepsDone, events) for loss in event.losses]
    validations = [event.validation for event in of(EpochDone, events)]
    return result, losses, validations, [event.text for event in of(Notice, events)]


@pytest.mark.parametrize("flips", [False, True])
@pytest.mark.parametrize("keep_others", [0.0, 0.5])
@pytest.mark.parametrize("place", ["in memory", "in a temporary file"])
def test_a_cached_run_is_the_uncached_one(
    tiny_data, tmp_path, flips, keep_others, place, monkeypatch
):
    if place != "in memory":
        monkeypatch.setattr(feature_cache, "free_bytes", lambda device: 0)
    data = tiny_data(train=16)
    chosen = recipe(target_classes=("cat", "dog"), flips=flips, keep_others=keep_others)
    plain = replace(chosen, training=replace(chosen.training, feature_cache=False))
    result, losses, validations, told = run(chosen, data, tmp_path / "cached")
    expected, expected_losses, expected_validations, other = run(plain, data, tmp_path / "plain")
    assert place in told[0]
    assert "Feature cache off" in other[0]
    assert losses == pytest.approx(expected_losses, rel=1e-3, abs=1e-5)
    assert result.best_epoch == expected.best_epoch
    pairs = zip(
        [result.before, result.after, *validations],
        [expected.before, expected.after, *expected_validations],
        strict=True,
    )
    for one, other in pairs:
        assert one.per_class == other.per_class
        assert one.loss == pytest.approx(other.loss, rel=1e-4)
    found, wanted = (
        adapter_file.load(folder / "last.safetensors").parameters
        for folder in (tmp_path / "cached", tmp_path / "plain")
    )
    for name, vector in found.items():
        torch.testing.assert_close(vector, wanted[name], rtol=1e-2, atol=2e-3)
    assert losses[-1] < losses[0]  # or nothing was compared


def test_on_photographs_a_cached_run_predicts_as_the_uncached_one(real_images, tmp_path):
    from vera_studio.data.folder import open_folder

    data = open_folder(real_images, convnet.CLASS_NAMES, square(32))
    data = replace(
        data,
        train=data.train.subset(torch.arange(0, len(data.train), 9)),
        validation=data.validation.subset(torch.arange(500)),
    )
    chosen = recipe(epochs=2, batch_size=None, target_classes=("bird", "cat", "dog"))
    plain = replace(chosen, training=replace(chosen.training, feature_cache=False))
    result, losses, _, notices = run(chosen, data, tmp_path / "cached")
    expected, expected_losses, _, _ = run(plain, data, tmp_path / "plain")
    assert any("Feature cache on" in notice for notice in notices)
    assert losses == pytest.approx(expected_losses, rel=1e-3)
    # 10,000 predictions; rounding may decide one that is a tie.
    assert result.after.accuracy == pytest.approx(expected.after.accuracy, abs=2e-4)
    assert result.before.accuracy == pytest.approx(expected.before.accuracy, abs=2e-4)


@pytest.mark.parametrize(
    ("training", "notice"),
    [
        (
            {},
            "Feature cache on: less than 1 MB in memory, 152 numbers an image, computed up to fc1.",
        ),
        ({"cache_megabytes": 1}, "Feature cache on: less than 1 MB in memory, 152 numbers"),
        ({"cache_megabytes": 0}, "off: it would take 133.8 KB, and 0 bytes are allowed."),
        ({"feature_cache": False}, "Feature cache off: it is switched off in the set-up."),
        ({"shift": 1}, "off: shifted images come in 18 variants each, too many to keep."),
        ({"shift": 1, "flips": False}, "off: shifted images come in 9 variants each"),
        (
            {"epochs": 1},
            "off: not worth it for so short a run, which computes 200 images in all",
        ),
    ],
)
def test_every_run_says_whether_it_has_a_cache(tiny_data, tmp_path, training, notice):
    _, _, _, notices = run(recipe(**training), tiny_data(), tmp_path)
    assert len(notices) == 1
    assert notice in notices[0]


def test_progress_is_told_while_features_are_computed(tiny_data, tmp_path):
    events = []
    train(recipe(), tmp_path, events.append, data=tiny_data())
    shares = [event.done for event in of(Stage, events) if event.done is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_full_disk_switches_the_cache_off(tiny_data, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(feature_cache, "free_bytes", lambda device: 0)
    monkeypatch.setattr(feature_cache.np, "memmap", full)
    result, _, _, notices = run(recipe(), tiny_data(), tmp_path)
    assert notices == [
        "Feature cache off: it is beyond the memory that is free, and no file can hold it "
        "(No space left on device)."
    ]
    assert result.epochs_done == 3


def test_a_network_that_cannot_be_traced_is_trained_without_a_cache(tiny_data, tmp_path):
    class Branching(convnet.ConvNet):
        def forward(self, images):
            assert images.shape[1] == 3
            return super().forward(images if images.sum() else -images)

    model = open_model(ModelSettings())
    network = Branching()
    network.load_state_dict(model.network.state_dict())
    own = replace(model, network=network.eval())
    chosen = recipe()
    _, losses, _, notices = run(chosen, tiny_data(), tmp_path / "own", model=own)
    assert notices[0].startswith("Feature cache off: this network cannot be split: its code cannot")
    _, expected, _, _ = run(chosen, tiny_data(), tmp_path / "shipped")
    assert losses == pytest.approx(expected, rel=1e-3)


def test_only_images_that_can_be_drawn_are_computed(tiny_data, tmp_path, monkeypatch):
    sizes = []
    real = feature_cache._open_store

    def counting(total, *rest):
        sizes.append(total)
        return real(total, *rest)

    monkeypatch.setattr(feature_cache, "_open_store", counting)
    data = tiny_data(train=8)
    for number, keep in enumerate((0.0, 0.5)):
        chosen = recipe(target_classes=("cat",), keep_others=keep, epochs=50)
        train(chosen, tmp_path / str(number), data=data)
    assert sizes == [2 * 8 + 30 + 30, 2 * 80 + 30 + 30]


def test_a_cut_is_sought_whose_features_fit_into_memory_and_else_into_a_file():
    assert widest(1000, 4, torch.device("cpu"), 3072) == 1000  # 4 MB for 1,000 views
    assert widest(1, 4, torch.device("cpu"), 3072) == 2 * 3072  # wider ones do not pay
    asked = []

    def cut(width):
        asked.append(width)
        if width < 5000:
            raise CannotSplitError
        return "a cut"

    assert cut_within(cut, 1000, 3072) == "a cut"
    assert asked == [1000, 6144]
