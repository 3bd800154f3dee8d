"""Augmentation: every variant is what it says, and all are drawn alike."""

import pytest
import torch
import torch.nn.functional as F

from vera_studio.data.augmentation import Augmentation


def pixels(count=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 8, 7), dtype=torch.uint8, generator=generator)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("flips", "shift", "variants"), [(False, 0, 1), (True, 0, 2), (False, 1, 9), (True, 2, 50)]
)
def test_variants_are_counted(flips, shift, variants):
    assert Augmentation(flips, shift).variants == variants


@pytest.mark.parametrize("augmentation", [Augmentation(), Augmentation(True, 2)])
def test_variant_0_is_the_image(augmentation):
    images = pixels()
    found = augmentation.apply(images, torch.zeros(4, dtype=torch.int64))
    assert torch.equal(found, images)


def test_flips_mirror_left_and_right():
    images = pixels()
    before = images.clone()
    found = Augmentation(flips=True).apply(images, torch.tensor([0, 1, 1, 0]))
    mirrored = images[1:3].flip(3)
    assert torch.equal(found, torch.stack([images[0], *mirrored, images[3]]))
    assert torch.equal(images, before)


@pytest.mark.parametrize("flips", [False, True])
def test_each_shift_is_a_part_of_the_mirrored_edge_image(flips):
    augmentation = Augmentation(flips, shift=2)
    image = pixels(1)
    found = augmentation.apply(
        image.expand(augmentation.variants, -1, -1, -1), torch.arange(augmentation.variants)
    )
    expected = set()
    for one in (image, image.flip(3))[: 1 + flips]:
        padded = F.pad(one.float(), (2,) * 4, mode="reflect").to(torch.uint8)[0]
        for top in range(5):
            for left in range(5):
                expected.add(padded[:, top : top + 8, left : left + 7].numpy().tobytes())
    assert found.dtype == torch.uint8
    assert {one.contiguous().numpy().tobytes() for one in found} == expected
    assert len(expected) == augmentation.variants


def test_all_variants_are_drawn_about_equally_often():
    counts = torch.bincount(Augmentation(True, 1).draw(18_000, generator()))
    assert len(counts) == 18
    assert counts.min() > 850
    assert counts.max() < 1150


def test_draws_follow_the_generator():
    augmentation = Augmentation(True, 2)
    first, same, other = (augmentation.draw(50, generator(seed)) for seed in (5, 5, 6))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
