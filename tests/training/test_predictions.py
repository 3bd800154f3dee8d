"""What is told of each image agrees with the plainest way to find it out."""

import pytest
import torch

from vera_studio.training.predictions import Predictions


@pytest.fixture
def logits():
    return torch.randn(60, 7, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def truth():
    return torch.randint(0, 6, (60,), generator=torch.Generator().manual_seed(5))


def test_the_likeliest_classes_come_first_with_their_shares(logits, truth):
    found = Predictions.of(logits.split(25), truth, 7)
    assert found.told.shape == found.shares.shape == (60, 5)
    for told, shares, row in zip(found.told, found.shares, logits, strict=True):
        order = sorted(range(7), key=lambda index: -float(row[index]))
        assert told.tolist() == order[:5]
        exact = row.exp() / row.exp().sum()
        assert shares.tolist() == pytest.approx([float(exact[i]) for i in order[:5]], abs=1e-6)


def test_a_confusion_matrix_has_the_true_classes_in_its_rows(logits, truth):
    found = Predictions.of([logits], truth, 7)
    expected = [[0] * 7 for _ in range(7)]
    for row, label in zip(logits, truth.tolist(), strict=True):
        expected[label][int(row.argmax())] += 1
    assert found.confusion().tolist() == expected
    assert sum(expected[i][i] for i in range(7)) / 60 == found.evaluation().accuracy
    assert 0 < found.evaluation().accuracy < 1


def test_two_classes_are_all_that_is_told(logits, truth):
    found = Predictions.of([logits[:, :2]], truth % 2, 2)
    assert found.told.shape == (60, 2)
    assert found.shares.sum(dim=1).tolist() == pytest.approx([1] * 60)


def test_of_no_images_nothing_is_told():
    found = Predictions.of([], torch.empty(0).long(), 7)
    assert found.told.shape == (0, 5)
    assert found.evaluation().images == 0
    assert int(found.confusion().sum()) == 0
