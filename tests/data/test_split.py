import pytest
import torch

from vera_studio.data import split
from vera_studio.data.batches import EpochSampler
from vera_studio.data.split import held_out_mask, hold_out, members_of_each
from vera_studio.data.store import ImageSet


@pytest.mark.parametrize(
    ("count", "share", "held_out"),
    [(0, 0.2, 0), (1, 0.5, 0), (2, 0.1, 1), (10, 0.2, 2), (3, 0.9, 2), (100, 0.1, 10)],
)
def test_how_many_of_a_class_are_held_out(count, share, held_out):
    labels = torch.full((count,), 4)
    assert held_out_mask(labels, share, seed=0).sum() == held_out


def test_every_image_is_in_exactly_one_part_and_in_its_order():
    labels = torch.tensor([0, 1, 0, 1, 1, 0, 1, 0, 1, 0])
    images = torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1).expand(10, 3, 2, 2)
    kept, held_out = hold_out(ImageSet(images, labels), 0.4, seed=3)
    assert kept.counts(2) == (3, 3)
    assert held_out.counts(2) == (2, 2)
    numbers = [part.read()[:, 0, 0, 0].tolist() for part in (kept, held_out)]
    assert sorted(numbers[0] + numbers[1]) == list(range(10))
    assert [sorted(part) for part in numbers] == numbers


def test_the_seed_decides_the_choice():
    labels = torch.zeros(50, dtype=torch.int64)
    first = held_out_mask(labels, 0.2, seed=1)
    assert torch.equal(first, held_out_mask(labels, 0.2, seed=1))
    assert not torch.equal(first, held_out_mask(labels, 0.2, seed=2))


def test_the_members_of_each_class_come_as_one_looks_for_them_class_by_class():
    labels = torch.randint(0, 50, (300,), generator=torch.Generator().manual_seed(0)) * 3
    expected = [(labels == label).nonzero().flatten() for label in torch.unique(labels)]
    found = members_of_each(labels)
    assert len(found) == len(expected)
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))
    assert not members_of_each(labels[:0])


def test_many_classes_are_no_pass_each(monkeypatch):
    asked = []

    def noting(labels):
        asked.append(len(labels))
        return members_of_each(labels)

    labels = torch.arange(30_000) % 10_000
    monkeypatch.setattr(split, "members_of_each", noting)
    assert held_out_mask(labels, 0.4, seed=0).sum() == 10_000
    assert asked == [30_000]
    sampler = EpochSampler(labels, range(10_000), 1.0, torch.Generator(), balance=True)
    assert torch.equal(labels[sampler.draw()].bincount(), torch.full((10_000,), 3))
