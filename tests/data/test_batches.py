"""What a network is fed: normalised pixels, every target and a share of the rest."""

import pytest
import torch

from vera_studio.data.batches import EpochSampler, normalise

MEAN, STD = (0.5, 0.4, 0.3), (0.5, 0.25, 0.2)
LABELS = torch.arange(100) % 10  # ten images of each of ten classes


def pixels(count=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 6, 5), dtype=torch.uint8, generator=generator)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def sampler(keep_others, targets=(2, 5), seed=0, labels=LABELS):
    return EpochSampler(labels, targets, keep_others, generator(seed))


def test_normalise_is_scale_then_mean_then_deviation():
    images = pixels()
    expected = torch.empty(images.shape)
    for channel, (mean, std) in enumerate(zip(MEAN, STD, strict=True)):
        expected[:, channel] = (images[:, channel] / 255 - mean) / std
    found = normalise(images, MEAN, STD)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-6)


def test_normalise_takes_black_and_white_to_the_ends():
    ends = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 1, 1)
    found = normalise(ends, (0.5,) * 3, (0.5,) * 3)
    assert found.flatten().tolist() == pytest.approx([-1.0] * 3 + [1.0] * 3)


def test_keeping_none_of_the_others_leaves_the_targets():
    drawn = sampler(0.0).draw()
    assert set(LABELS[drawn].tolist()) == {2, 5}
    assert sorted(drawn.tolist()) == [i for i in range(100) if i % 10 in (2, 5)]


def test_keeping_all_is_every_image_once():
    assert sorted(sampler(1.0).draw().tolist()) == list(range(100))


def test_all_classes_as_targets_is_every_image_once():
    assert sorted(sampler(0.3, range(10)).draw().tolist()) == list(range(100))


@pytest.mark.parametrize(("share", "others"), [(0.0, 0), (0.1, 8), (0.25, 20), (0.5, 40), (1, 80)])
def test_the_share_counts_the_others(share, others):
    one = sampler(share)
    drawn = one.draw().tolist()
    assert len(one) == len(drawn) == len(set(drawn)) == 20 + others
    assert sum(i % 10 in (2, 5) for i in drawn) == 20


def test_each_epoch_draws_afresh():
    one = sampler(0.25)
    others = [{i for i in one.draw().tolist() if i % 10 not in (2, 5)} for _ in range(8)]
    assert len({frozenset(drawn) for drawn in others}) == 8
    assert len(set().union(*others)) > 60  # of 80, though an epoch has but 20


def test_the_order_is_mixed():
    one = sampler(1.0)
    first, second = one.draw().tolist(), one.draw().tolist()
    assert first != sorted(first)
    assert first != second


def test_the_same_seed_draws_the_same_epochs():
    first, same, other = sampler(0.5, seed=1), sampler(0.5, seed=1), sampler(0.5, seed=2)
    epochs = [first.draw().tolist() for _ in range(3)]
    assert epochs == [same.draw().tolist() for _ in range(3)]
    assert epochs != [other.draw().tolist() for _ in range(3)]


def test_without_other_images_there_is_nothing_to_keep():
    one = sampler(0.5, labels=torch.tensor([2, 5, 5]))
    assert len(one) == 3
    assert sorted(one.draw().tolist()) == [0, 1, 2]


UNEVEN = torch.tensor([0] * 50 + [1] * 10 + [2] * 3 + [3] * 20)


def balanced(seed=0, keep_others=0.0, targets=(0, 1, 2)):
    return EpochSampler(UNEVEN, targets, keep_others, generator(seed), balance=True)


def test_balanced_draws_have_as_many_images_of_each_target():
    drawn = balanced().draw()
    assert len(drawn) == len(balanced()) == 63
    assert torch.bincount(UNEVEN[drawn]).tolist() == [21, 21, 21]
    for label in (1, 2):  # each of a small class about as often as the next
        times = torch.bincount(drawn)[UNEVEN[:63] == label]
        assert times.max() - times.min() <= 1
    assert len(torch.unique(drawn[UNEVEN[drawn] == 0])) == 21


def test_over_some_epochs_balanced_draws_show_every_image():
    sampler = balanced()
    drawn = torch.cat([sampler.draw() for _ in range(12)])
    assert set(drawn.tolist()) == set(range(63))


def test_what_does_not_divide_is_drawn_and_others_come_on_top():
    drawn = balanced(keep_others=0.5, targets=(0, 1)).draw()
    counts = torch.bincount(UNEVEN[drawn], minlength=4).tolist()
    assert counts[:2] == [30, 30]
    assert sum(counts[2:]) == round(0.5 * 23)
    sampler = EpochSampler(torch.tensor([0, 0, 0, 1, 1]), (0, 1), 0.0, generator(), balance=True)
    extra = {
        tuple(torch.bincount(torch.tensor([0, 0, 0, 1, 1])[sampler.draw()]).tolist())
        for _ in range(20)
    }
    assert extra == {(3, 2), (2, 3)}
