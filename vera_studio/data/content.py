"""What images show, as digests of their pixels: copies are found, and a whole data set is named."""

import hashlib
import json
from collections.abc import Mapping, Sequence
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
