"""What images show, as digests of their pixels: copies are found, and a whole data set is named."""

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from vera_studio.data.store import ImageSet

_BYTES_AT_ONCE = 2**24


def digests_of(images: "ImageSet") -> tuple[bytes, ...]:
    """SHA-256 of the pixels (height, width, 3) of each image; known ones are not made again."""
    if images.digests or not len(images):
        return images.digests
    at_once = max(1, _BYTES_AT_ONCE // (3 * images.image_size**2))
    every = torch.arange(len(images), device=images.device)
    images.digests = tuple(
        hashlib.sha256(image).digest()
        for indices in torch.split(every, at_once)
        for image in images.read(indices).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    )
    return images.digests


def first_copies(digests: Sequence[bytes]) -> Tensor:
    """For each image (count,) int64 the first one that shows the same: itself, if no earlier."""
    first: dict[bytes, int] = {}
    return torch.tensor([first.setdefault(d, i) for i, d in enumerate(digests)], dtype=torch.int64)


def copies_among(digests: Sequence[bytes], others: Sequence[bytes]) -> Tensor:
    """Which of the first images show what is among the others too: (count,) bool."""
    there = set(others)
    return torch.tensor([one in there for one in digests], dtype=torch.bool)


@dataclass(frozen=True)
class Copies:
    """Files that show what another file shows too, by what makes that matter."""

    tested: tuple[str, ...] = ()  # to test on, with the picture of one that is trained on
    tested_validated: tuple[str, ...] = ()  # of one that is validated on, and none trained on
    validated: tuple[str, ...] = ()  # to validate on, with the picture of one trained on
    contradicting: tuple[str, ...] = ()  # with the picture of one of another class


def find_copies(train: "ImageSet", validation: "ImageSet", test: "ImageSet") -> Copies:
    """The copies among the images of three parts, whose digests are known."""
    trained, chosen_by = set(train.digests), set(validation.digests) - set(train.digests)
    labels: dict[bytes, set[int]] = {}
    for part in (train, validation, test):
        for digest, label in zip(part.digests, part.labels.tolist(), strict=True):
            labels.setdefault(digest, set()).add(label)
    several = {digest for digest, own in labels.items() if len(own) > 1}
    return Copies(
        _names_among(test, trained),
        _names_among(test, chosen_by),
        _names_among(validation, trained),
        tuple(name for part in (train, validation, test) for name in _names_among(part, several)),
    )


def _names_among(images: "ImageSet", digests: Set[bytes]) -> tuple[str, ...]:
    pairs = zip(images.names, images.digests, strict=True)
    return tuple(name for name, digest in pairs if digest in digests)


def order_of(parts: "Mapping[str, ImageSet]") -> str:
    """SHA-256, as hexadecimal digits, over every part's images in their order."""
    whole = hashlib.sha256()
    for name, images in parts.items():
        whole.update(f"{name} {len(images)}".encode() + b"".join(digests_of(images)))
    return whole.hexdigest()


def digest_of(class_names: Sequence[str], parts: "Mapping[str, ImageSet]") -> str:
    """SHA-256, as hexadecimal digits, over the names of classes and every part's images.

    Of an image count its part, its label and its pixels; not its name, nor its place among others.
    """
    whole = hashlib.sha256(json.dumps(list(class_names)).encode())
    for name, images in parts.items():
        whole.update(f"{name} {len(images)}".encode())
        pairs = zip(images.labels.tolist(), digests_of(images), strict=True)
        whole.update(b"".join(label.to_bytes(8, "big") + one for label, one in sorted(pairs)))
    return whole.hexdigest()
