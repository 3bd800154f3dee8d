"""What is told of each image agrees with the plainest way to find it out."""

import pytest
import torch

from vera_studio.training.answers import Answers


@pytest.fixture
def logits():
    return torch.randn(60, 7, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def truth():
    return torch.randint(0, 6, (60,), generator=torch.Generator().manual_seed(5))


def test_the_likeliest_classes_come_first_with_their_shares(logits, truth):
    found = Answers.of(logits.split(25), truth, 7)
    assert found.told.shape == found.shares.shape == (60, 5)
    for told, shares, row in zip(found.told, found.shares, logits, strict=True):
        order = sorted(range(7), key=lambda index: -float(row[index]))
        assert told.tolist() == order[:5]
        exact = row.exp() / row.exp().sum()
        assert shares.tolist() == pytest.approx([float(exact[i]) for i in order[:5]], abs=1e-6)


def test_two_classes_are_all_that_is_told(logits, truth):
    found = Answers.of([logits[:, :2]], truth % 2, 2)
    assert found.told.shape == (60, 2)
    assert found.shares.sum(dim=1).tolist() == pytest.approx([1] * 60)


def test_of_no_images_nothing_is_told():
    found = Answers.of([], torch.empty(0).long(), 7)
    assert found.told.shape == (0, 5)
    assert found.evaluation().images == 0
