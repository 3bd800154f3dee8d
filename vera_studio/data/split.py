"""Holding a share of every class out of a set of images."""

import torch
from torch import Tensor

from vera_studio.data.content import first_copies
from vera_studio.data.store import ImageSet


def hold_out(images: ImageSet, share: float, seed: int) -> tuple[ImageSet, ImageSet]:
    """Split `images` in two, each class by itself, the same way for the same seed.

    Of a class with at least two images at least one is held out and at least one kept;
    of a class with one image it is kept. Copies of one picture stay on one side, where it is
    known what the images show.

    Args:
        images: the images to split.
        share: of every class, 0 to 1, to hold out.
        seed: of the random choice.

    Returns:
        The images that are kept and those held out, each in their former order.
    """
    if images.digests:
        first = first_copies(images.digests)
        originals = torch.unique(first)
        held_out = torch.zeros(len(images), dtype=torch.bool)
        held_out[originals] = held_out_mask(images.labels[originals], share, seed)
        held_out = held_out[first]
    else:
        held_out = held_out_mask(images.labels, share, seed)
    return images.subset(_where(~held_out)), images.subset(_where(held_out))


def held_out_mask(labels: Tensor, share: float, seed: int) -> Tensor:
    """Which images `hold_out` holds out: (count,) bool for `labels` (count,) int64."""
    generator = torch.Generator().manual_seed(seed)
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    for members in members_of_each(labels):
        order = torch.randperm(len(members), generator=generator)
        held_out[members[order[: _held_out_count(len(members), share)]]] = True
    return held_out


def members_of_each(labels: Tensor) -> tuple[Tensor, ...]:
    """Where the images of each class are, in one pass over `labels` (count,) int64.

    Returns:
        The places (members,) int64, rising, for each class that there is, in their order.
    """
    order = torch.argsort(labels, stable=True)
    _, counts = torch.unique_consecutive(labels[order], return_counts=True)
    return torch.split(order, counts.tolist())


def _held_out_count(count: int, share: float) -> int:
    if count < 2:
        return 0
    return min(max(round(count * share), 1), count - 1)


def _where(mask: Tensor) -> Tensor:
    return mask.nonzero().flatten()
