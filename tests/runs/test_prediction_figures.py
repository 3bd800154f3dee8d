"""Each figure agrees with the plainest way to find it, image by image."""

import json
import math

import numpy as np
import pytest

from vera_studio.runs import prediction_figures as figures
from vera_studio.runs.predictions import Predictions, no_classes, no_shares

COUNT, CLASSES = 200, 6  # the last is in no image and is never told


@pytest.fixture
def truth():
    return np.random.default_rng(1).integers(0, CLASSES - 1, COUNT)


@pytest.fixture
def told(truth):
    generator = np.random.default_rng(2)
    first = np.where(generator.random(COUNT) < 0.6, truth, generator.integers(0, 5, COUNT))
    return np.stack([first, (first + 1) % 5], axis=1)


def test_confusion_has_the_true_classes_in_its_rows(truth, told):
    expected = [[0] * CLASSES for _ in range(CLASSES)]
    for one, other in zip(truth, told[:, 0], strict=True):
        expected[one][other] += 1
    assert figures.confusion(truth, told, CLASSES).tolist() == expected
    pairs = figures.confused_pairs(truth, told, CLASSES)
    assert all(expected[one][other] == count and one != other for one, other, count in pairs)
    counts = [count for _, _, count in pairs]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == sum(truth != told[:, 0]) > 0


def test_precision_recall_and_f1(truth, told):
    found = figures.per_class(truth, told, CLASSES)
    for index in range(CLASSES - 1):
        right = sum((truth == index) & (told[:, 0] == index))
        precision, recall = right / sum(told[:, 0] == index), right / sum(truth == index)
        assert found.precision[index] == pytest.approx(precision)
        assert found.recall[index] == pytest.approx(recall)
        assert found.f1[index] == pytest.approx(2 * precision * recall / (precision + recall))
        assert found.count[index] == sum(truth == index)
    assert all(math.isnan(one[-1]) for one in (found.precision, found.recall, found.f1))


def test_calibration(truth, told):
    right = truth == told[:, 0]
    shares = np.random.default_rng(3).uniform(0, 1, COUNT)
    shares[:2] = 0.0, 1.0
    found = figures.calibration(shares, right, bins=4)
    error = 0.0
    for number in range(4):
        low, high = number / 4, (number + 1) / 4
        inside = [i for i, s in enumerate(shares) if low < s <= high or (number == 0 == s)]
        share = sum(shares[i] for i in inside) / len(inside)
        accuracy = sum(right[i] for i in inside) / len(inside)
        assert found.count[number] == len(inside)
        assert found.share[number] == pytest.approx(share)
        assert found.right[number] == pytest.approx(accuracy)
        error += len(inside) / COUNT * abs(share - accuracy)
    assert found.error == pytest.approx(error)
    assert math.isnan(figures.calibration(shares[:0], right[:0]).error)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_a_temperature_minimises_the_loss(true_temperature):
    generator = np.random.default_rng(5)
    logits = generator.normal(size=(2000, 4)) * 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([generator.choice(4, p=row) for row in shares])
    found = figures.fit_temperature(logits * true_temperature, truth)
    assert found == pytest.approx(true_temperature, rel=0.1)

    def loss(temperature):
        scaled = logits * true_temperature / temperature
        logs = np.log(np.exp(scaled).sum(axis=1))
        return float(np.mean(logs - scaled[np.arange(2000), truth]))

    assert loss(found) <= min(loss(found * 1.001), loss(found / 1.001))


def test_a_temperature_has_limits():
    logits = np.eye(3)[[0, 1, 2]]
    assert figures.fit_temperature(logits, np.array([0, 1, 2])) == pytest.approx(0.05, rel=1e-4)
    assert figures.fit_temperature(logits, np.array([1, 2, 0])) == pytest.approx(20, rel=1e-4)
    assert figures.fit_temperature(logits[:0], np.empty(0, dtype=np.int64)) == 1


def test_all_of_it_goes_into_json(truth, told):
    names = tuple("abcdef")
    shares = np.tile(np.array([0.75, 0.25], dtype=np.float32), (COUNT, 1))
    files = tuple(map(str, range(COUNT)))
    base = told[:, ::-1]
    one = Predictions("test", names, files, truth, told, shares, base, shares)
    found = json.loads(json.dumps(figures.to_json(one), allow_nan=False))
    assert list(found["classes"]) == list("abcde")
    assert found["classes"]["a"]["images"] == sum(truth == 0)
    wrong = sum(pair["images"] for pair in found["confused"])
    assert wrong == COUNT - one.right.sum()
    error = abs(0.75 - figures.accuracy(one.right))
    assert found["calibration"]["error"] == pytest.approx(error, abs=1e-6)
    assert found["mended"] - found["broken"] == one.right.sum() - one.base_right.sum()
    assert found["base"]["classes"]["b"]["images"] == sum(truth == 1)
    bare = Predictions("", names, files, truth, told, shares, no_classes(COUNT), no_shares(COUNT))
    assert "base" not in figures.to_json(bare)
    assert not figures.mended(bare).any() | figures.broken(bare).any()
