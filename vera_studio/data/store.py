"""Images in memory: whole data sets as uint8 tensors, with what is known about them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vera_studio.recipe import DataSource
from vera_studio.wording import sentence, skipped_text

OnProgress = Callable[[int, int], None]  # (done, total)
ShouldStop = Callable[[], bool]


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


def never_stop() -> bool:
    """Let the work go on to its end."""
    return False


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images and their classes, in the same order."""

    images: Tensor  # (count, 3, height, width) uint8, RGB
    labels: Tensor  # (count,) int64, indices into the data's class names
    names: tuple[str, ...] = ()  # of their files, below the folder; empty where there are none

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self, class_count: int) -> tuple[int, ...]:
        """How many images each of `class_count` classes has."""
        return tuple(torch.bincount(self.labels, minlength=class_count).tolist())

    def subset(self, indices: Tensor) -> "ImageSet":
        """A copy of the images at `indices` (count,) int64, in that order."""
        # Several times as fast as indexing.
        names = tuple(self.names[index] for index in indices.tolist()) if self.names else ()
        return ImageSet(self.images.index_select(0, indices), self.labels[indices], names)


@dataclass(frozen=True)
class SkippedFile:
    """A file among the images, or a folder, that could not be used."""

    path: str
    kind: str  # why, in words that many files can share, such as "damaged"
    detail: str = ""  # of this one

    @property
    def reason(self) -> str:
        """A sentence for the user."""
        return sentence(self.kind, self.detail)


def skipped_reasons(files: Iterable[SkippedFile]) -> dict[str, int]:
    """How many of the files there are of each kind, the most frequent kind first."""
    return dict(Counter(file.kind for file in files).most_common())


@dataclass(frozen=True, eq=False)
class ImageData:
    """A data set, split in three; the test images are never trained on or selected by.

    The class names are exactly the network's, in its order; a class may have no images.
    """

    source: DataSource
    title: str
    class_names: tuple[str, ...]
    train: ImageSet
    validation: ImageSet  # held out of the training images to choose the best epoch
    test: ImageSet
    skipped: tuple[SkippedFile, ...] = ()
    folder: Path | None = None  # in which the images' files are

    @property
    def skipped_text(self) -> str:
        """How many files were skipped and why; empty where none were."""
        return skipped_text(skipped_reasons(self.skipped))


def empty_set(image_size: int) -> ImageSet:
    """A set of no images of `image_size` pixels a side."""
    images = torch.empty((0, 3, image_size, image_size), dtype=torch.uint8)
    return ImageSet(images, torch.empty(0, dtype=torch.int64))
