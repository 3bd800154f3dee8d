"""Where the pixels of images are: in memory, or wherever else they can be read from."""

from typing import Protocol

import torch
from torch import Tensor


class Pixels(Protocol):
    """Images of one size, in rows that are read by number."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(rows, 3, height, width)."""
        ...

    @property
    def device(self) -> torch.device:
        """Where the numbers of rows have to be, and images come to be."""
        ...

    def read(self, rows: Tensor) -> Tensor:
        """The images (n, 3, height, width) uint8 of the rows (n,) int64, in that order."""
        ...


class NoPixels:
    """Images of which all is known but what they show."""

    def __init__(self, shape: tuple[int, int, int, int]) -> None:
        """Say that they are (rows, 3, height, width)."""
        self.shape = shape
        self.device = torch.device("cpu")

    def read(self, rows: Tensor) -> Tensor:
        """Refuse: whoever has these does not need what they show."""
        raise AssertionError("these images are no longer there")


class MemoryPixels:
    """Images in memory, of the host or of a device."""

    def __init__(self, images: Tensor) -> None:
        """Keep `images` (count, 3, height, width) uint8, which are not copied."""
        self.images = images

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(rows, 3, height, width)."""
        count, channels, height, width = self.images.shape
        return count, channels, height, width

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self.images.device

    def read(self, rows: Tensor) -> Tensor:
        """A copy of the images of the rows (n,) int64."""
        return self.images.index_select(0, rows)  # several times as fast as indexing
