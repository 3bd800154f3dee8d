"""Groups of pictures that look alike."""

from itertools import pairwise

import numpy as np
import pytest

from vera_studio.data import grouping
from vera_studio.data.grouping import group, proposed_groups
from vera_studio.errors import Cancelled


def heap(kinds, each, width=30, seed=0):
    """Features of pictures of some kinds, well apart and of different lengths, and their kinds."""
    generator = np.random.default_rng(seed)
    means = generator.standard_normal((kinds, width)) * 4
    truth = np.repeat(np.arange(kinds), each)
    features = means[truth] + generator.standard_normal((kinds * each, width)) * 0.3
    features *= generator.uniform(0.5, 3, (len(features), 1))
    shuffled = generator.permutation(len(features))
    return features[shuffled].astype(np.float32), truth[shuffled]


def same_parts(found, truth):
    """Whether both part the pictures in the same way, whatever the parts are called."""
    pairs = set(zip(found.tolist(), truth.tolist(), strict=True))
    return len(pairs) == len(set(found.tolist())) == len(set(truth.tolist()))


@pytest.mark.parametrize("kinds", [2, 5, 9])
def test_kinds_that_are_apart_are_the_groups(kinds):
    features, truth = heap(kinds, 20)
    found = group(features).groups(kinds)
    assert same_parts(found, truth)
    assert sorted(set(found.tolist())) == list(range(kinds))


def test_more_groups_part_those_before_and_stay_beside_each_other():
    seen = group(heap(4, 25)[0])
    fewer, more = seen.groups(4), seen.groups(20)
    assert len(set(more.tolist())) == 20
    for one in range(20):
        assert len(set(fewer[more == one].tolist())) == 1
    parents = [fewer[more == one][0] for one in range(20)]
    changes = sum(one != other for one, other in pairwise(parents))
    assert changes == 3


def test_of_many_pictures_centres_are_joined(monkeypatch):
    features, truth = heap(5, 100)
    monkeypatch.setattr(grouping, "_MOST_JOINED", 200)
    monkeypatch.setattr(grouping, "_CENTRES", 60)
    seen = group(features)
    assert len(seen.features) == 500
    assert same_parts(seen.groups(5), truth)
    calls = iter([False, False, True])
    with pytest.raises(Cancelled):
        group(features, lambda: next(calls))


def test_a_group_is_parted_and_what_fits_least_comes_last():
    features, truth = heap(3, 15)
    seen = group(features)
    two = np.flatnonzero(truth < 2)
    assert same_parts(seen.parted(two), truth[two])
    odd = np.flatnonzero(truth == 2)[0]
    members = np.append(np.flatnonzero(truth == 0), odd)
    assert seen.typical_first(members)[-1] == odd
    assert sorted(seen.typical_first(members)) == sorted(members)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_pictures_or_alike_or_without_numbers(count):
    for value in (0.0, 1.0, np.nan, np.inf):
        seen = group(np.full((count, 8), value, dtype=np.float32))
        assert len(seen.groups(5)) == count
        assert seen.groups(1).tolist() == [0] * count
        assert set(seen.parted(np.arange(count)).tolist()) <= {0, 1}


def test_many_are_parted_by_way_of_centres(monkeypatch):
    monkeypatch.setattr(grouping, "_MOST_JOINED", 50)
    monkeypatch.setattr(grouping, "_CENTRES", 20)
    features = np.repeat(np.eye(2, 8, dtype=np.float32), 40, axis=0)
    features += np.random.default_rng(0).normal(0, 0.01, features.shape).astype(np.float32)
    parts = group(features).parted(np.arange(80))
    assert len(set(parts[:40])) == len(set(parts[40:])) == 1
    assert parts[0] != parts[40]
    with pytest.raises(Cancelled):
        group(features).parted(np.arange(80), lambda: True)


def test_how_many_groups_are_proposed():
    assert [proposed_groups(n) for n in (0, 1, 2, 100, 5000)] == [1, 1, 1, 10, 71]
