import pytest
import torch

from vera_studio.data.split import held_out_mask, hold_out
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
