"""What an adapter says of its training, there and back, and of networks with many classes."""

import dataclasses
import json
import math

import pytest
import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_fit import other_classes
from vera_studio.adapters.adapter_metadata import from_metadata, to_metadata
from vera_studio.adapters.attach import attach
from vera_studio.adapters.classes import MOST_NAMED, Classes
from vera_studio.adapters.gains import class_gains, gains, is_for_all, target_classes
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings

THOUSAND = tuple(f"a class of many words, number {number}" for number in range(1000))
RECORD = TrainingRecord(
    data="CIFAR-10",
    network="the pretrained ConvNet",
    targets=("bird", "cat"),
    keep_others=0.5,
    epochs=6,
    before=Accuracies((0.25, math.nan, 0.5)),
    epoch=0,
    validation_accuracy=0.75,
    after=Accuracies((0.5, 0.5, 1.0)),
    combined=(("birds", 0.5), ("cats", -2.0)),
    more={"flips": True},
)


def test_comes_back_as_it_was():
    told = json.loads(json.dumps(RECORD.to_json()).replace("NaN", "null"))
    assert TrainingRecord.from_json(told) == RECORD


def test_says_nothing_of_what_is_not_known():
    assert TrainingRecord().to_json() == {}
    assert TrainingRecord.from_json({}) == TrainingRecord()


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(TrainingRecord)])
@pytest.mark.parametrize(
    "value", [None, True, -1, 10**400, 1.5, "x", [], [[]], ["x", None], {}, {"per_target": 3}]
)
def test_whatever_a_file_says_is_read(name, value):
    """What cannot be right counts as not told, and can be written again."""
    record = TrainingRecord.from_json({name: value})
    assert TrainingRecord.from_json(record.to_json()) == record
    if name == "more":
        assert record.more == {"more": value}


def of_many(targets, before=0.5, after=0.75):
    """As a run with a network of a thousand classes tells it; every class without images counts."""
    everything = len(targets) == len(THOUSAND)
    indices = [THOUSAND.index(name) for name in targets]
    shares = [before] * 999 + [math.nan]
    gained = [after if index in indices else before for index in range(1000)]
    return TrainingRecord(
        targets=() if everything else tuple(targets),
        are_all_targets=everything,
        before=Accuracies.of(shares, indices),
        after=Accuracies.of(gained, indices),
    )


@pytest.fixture
def wide():
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 1000))


@pytest.fixture
def save(wide, tmp_path):
    def save(record):
        path = tmp_path / "wide.safetensors"
        attach(wide, AdapterSettings(rank=1, layers=("0",)))
        adapter_file.save(path, wide, THOUSAND, record)
        return path

    return save


def test_a_thousand_names_are_a_digest(save, wide):
    path = save(of_many(THOUSAND[:3]))
    assert path.stat().st_size < 2048
    info = adapter_file.inspect(path)
    assert info.classes == Classes.of(THOUSAND)
    assert (info.classes.count, info.classes.names) == (1000, ())
    adapter_file.apply(adapter_file.load(path), wide, THOUSAND)
    for others, message in (
        (THOUSAND[::-1], "1,000 classes, which are called otherwise or come in another order"),
        (THOUSAND[:10], "1,000 classes, and the network that is open has 10"),
    ):
        assert message in other_classes(info, others)
        with pytest.raises(AdapterError, match="does not fit"):
            adapter_file.apply(adapter_file.load(path), wide, others)


def test_the_figures_of_the_targets_are_kept_with_the_means(save):
    info = adapter_file.inspect(save(of_many(THOUSAND[:3])))
    assert target_classes(info) == THOUSAND[:3]
    assert not is_for_all(info)
    found = gains(info)
    assert (found.targets_before, found.targets_after) == (0.5, 0.75)
    assert (found.others_before, found.others_after) == (0.5, 0.5)
    assert [(one.name, one.after) for one in class_gains(info)] == [
        (name, 0.75) for name in THOUSAND[:3]
    ]


def test_where_all_are_targets_the_mean_stands_for_them(save):
    path = save(of_many(THOUSAND))
    assert path.stat().st_size < 2048
    info = adapter_file.inspect(path)
    assert is_for_all(info)
    assert target_classes(info) == ()
    (mean,) = class_gains(info)
    assert (mean.name, mean.before, mean.after) == ("Mean of the targets", 0.5, 0.75)


def test_names_are_told_up_to_a_hundred_classes():
    names = THOUSAND[:MOST_NAMED]
    assert Classes.of(names).names == names
    assert Classes.of((*names, "one more")).names == ()


@pytest.mark.parametrize(
    ("key", "value"), [("class_count", "many"), ("class_count", None), ("class_names_digest", "0")]
)
def test_what_cannot_be_right_is_refused(save, key, value):
    metadata = to_metadata(adapter_file.inspect(save(TrainingRecord())))
    metadata.pop(key)
    if value is not None:
        metadata[key] = value
    with pytest.raises(AdapterError, match=f"{key}: expected"):
        from_metadata(metadata)


def test_a_small_network_is_told_as_before(convnet, tmp_path):
    """A list with a share for each class, and the names of all targets."""
    shares = Accuracies.of([0.5] * 10, range(10))
    assert TrainingRecord(before=shares).to_json() == {"before": [0.5] * 10}
    assert torch.equal(torch.tensor(shares.per_class), torch.full((10,), 0.5))
