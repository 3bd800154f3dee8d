"""Sets of images and what is known about them, whole data sets among them."""

import functools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from vera_studio.data.content import Copies, digest_of, order_of
from vera_studio.data.pixels import MemoryPixels, NoPixels, Pixels
from vera_studio.errors import ShouldStop as ShouldStop
from vera_studio.errors import never_stop as never_stop
from vera_studio.recipe import DataSource
from vera_studio.wording import first_of, sentence, skipped_text

PARTS = ("train", "validation", "test")
_NO_COPIES = Copies()
_PURPOSES = {"train": "train on", "validation": "validate on", "test": "test on"}
OnProgress = Callable[[int, int], None]  # (done, total)


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


class ImageSet:
    """Images and their classes, in the same order; a part of a set copies no image.

    Attributes:
        labels: (count,) int64, on the host: indices into the data's class names.
        names: of the images' files, below the folder; empty where there are none.
        digests: SHA-256 of each image's pixels, rows of RGB; empty where they are not known yet.
        pixels: where the images are read from.
        rows: (count,) int64: which of the rows of `pixels` are this set's; None for all.
    """

    def __init__(
        self,
        images: Tensor | Pixels,
        labels: Tensor,
        names: tuple[str, ...] = (),
        rows: Tensor | None = None,
        digests: tuple[bytes, ...] = (),
    ) -> None:
        """Describe images in memory (count, 3, height, width) uint8, RGB, or anywhere else."""
        self.pixels: Pixels = MemoryPixels(images) if isinstance(images, Tensor) else images
        self.labels, self.names, self.digests = labels, names, digests
        self.rows = None if rows is None else rows.to(self.pixels.device)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        """Where indices have to be, and images come to be."""
        return self.pixels.device

    @property
    def image_size(self) -> int:
        """Pixels a side."""
        return self.pixels.shape[-1]

    def counts(self, class_count: int) -> tuple[int, ...]:
        """How many images each of `class_count` classes has."""
        return tuple(torch.bincount(self.labels, minlength=class_count).tolist())

    def read(self, indices: Tensor | None = None) -> Tensor:
        """The images (n, 3, height, width) uint8 at `indices` (n,) int64; without, all of them."""
        if indices is None:
            return self.pixels.read(self._all_rows())
        rows = indices if self.rows is None else self.rows.index_select(0, indices)
        return self.pixels.read(rows)

    def subset(self, indices: Tensor) -> "ImageSet":
        """The images at `indices` (count,) int64, on the host, in that order."""
        numbers = indices.tolist()
        names = tuple(self.names[index] for index in numbers) if self.names else ()
        digests = tuple(self.digests[index] for index in numbers) if self.digests else ()
        rows = indices if self.rows is None else self.rows.cpu()[indices]
        return ImageSet(self.pixels, self.labels[indices], names, rows, digests)

    def joined(self, other: "ImageSet") -> "ImageSet":
        """These images and then the `other`s; copied only where they lie in different places."""
        labels, names = torch.cat([self.labels, other.labels]), self.names + other.names
        if self.pixels is not other.pixels:
            return ImageSet(torch.cat([self.read(), other.read()]), labels, names)
        return ImageSet(
            self.pixels, labels, names, torch.cat([self._all_rows(), other._all_rows()])
        )

    def on(self, device: torch.device) -> "ImageSet":
        """The same images in the memory of `device`; where they are there, nothing is copied.

        Images that are not in memory stay where they are.
        """
        if self.device == device or not isinstance(self.pixels, MemoryPixels):
            return self
        pixels = self.read().to(device)
        return ImageSet(pixels, self.labels, self.names, None, self.digests)

    def alone(self) -> "ImageSet":
        """The same images, with no others beside them that would stay in memory for their sake."""
        if not isinstance(self.pixels, MemoryPixels):
            return self
        return ImageSet(self.read(), self.labels, self.names, None, self.digests)

    def without_pixels(self) -> "ImageSet":
        """What is known of the images, without what they show."""
        nothing = NoPixels((len(self), *self.pixels.shape[1:]))
        return ImageSet(nothing, self.labels, self.names, None, self.digests)

    def _all_rows(self) -> Tensor:
        if self.rows is not None:
            return self.rows
        return torch.arange(len(self), device=self.device)


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
    notes: tuple[str, ...] = ()  # sentences for the user, of how the folder was understood
    copied: Copies = _NO_COPIES
    copies_left_out: bool = False  # of the test

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 over class names, parts, labels and pixels of all images.

        The same for two copies of a folder, whatever its files are called. Takes a second or so
        for tens of thousands of images of which it is not known yet what they show.
        """
        return digest_of(self.class_names, self._parts)

    @functools.cached_property
    def order(self) -> str:
        """SHA-256 over the pixels of all images in their order, which runs go on with alone."""
        return order_of(self._parts)

    def without_pixels(self) -> "ImageData":
        """What is known of the images, without what they show."""
        return replace(
            self,
            train=self.train.without_pixels(),
            validation=self.validation.without_pixels(),
            test=self.test.without_pixels(),
        )

    @property
    def _parts(self) -> dict[str, ImageSet]:
        return {name: getattr(self, name) for name in PARTS}

    @property
    def lacking(self) -> dict[str, tuple[str, ...]]:
        """For those of PARTS that lack some, the classes that have images, but none there."""
        counts = {name: getattr(self, name).counts(len(self.class_names)) for name in PARTS}
        there = [
            index
            for index in range(len(self.class_names))
            if any(c[index] for c in counts.values())
        ]
        found = {
            name: tuple(self.class_names[index] for index in there if not own[index])
            for name, own in counts.items()
        }
        return {name: classes for name, classes in found.items() if classes}

    @property
    def lacking_text(self) -> str:
        """Sentences that say which classes have nothing to train, validate or test on; or empty."""
        return " ".join(
            f"Nothing to {_PURPOSES[name]} of {_classes(len(classes))}: {first_of(classes)}."
            for name, classes in self.lacking.items()
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that is to be told before a run, a sentence or two each."""
        told = (*self.notes, self.skipped_text, self.copies_text, self.lacking_text)
        return tuple(text for text in told if text)

    @property
    def copies(self) -> tuple[str, ...]:
        """Files to test on that show what is trained or validated on: they can be left out."""
        return self.copied.tested + self.copied.tested_validated

    @property
    def copies_text(self) -> str:
        """Sentences on pictures that are there more than once and should not; or empty."""
        end = "left out of the test" if self.copies_left_out else "measured on all the same"
        told = (
            _copies_text(self.copied.tested, "test on", "train on", f", and {end}"),
            _copies_text(self.copied.tested_validated, "test on", "validate on", f", and {end}"),
            _copies_text(self.copied.validated, "validate on", "train on", ""),
            _contradictions_text(self.copied.contradicting),
        )
        return " ".join(text for text in told if text)

    @property
    def skipped_text(self) -> str:
        """How many files were skipped and why; empty where none were."""
        return skipped_text(skipped_reasons(self.skipped))


def empty_set(image_size: int) -> ImageSet:
    """A set of no images of `image_size` pixels a side."""
    images = torch.empty((0, 3, image_size, image_size), dtype=torch.uint8)
    return ImageSet(images, torch.empty(0, dtype=torch.int64))


def _copies_text(files: tuple[str, ...], purpose: str, other: str, end: str) -> str:
    if not files:
        return ""
    what = f"picture to {purpose} is" if len(files) == 1 else f"pictures to {purpose} are"
    return f"{len(files):,} {what} among those to {other} too{end}: {first_of(files, 3)}."


def _contradictions_text(files: tuple[str, ...]) -> str:
    if not files:
        return ""
    return (
        f"{len(files):,} files show pictures that are in the folders of several classes: "
        f"{first_of(files, 4)}."
    )


def _classes(count: int) -> str:
    return "1 class" if count == 1 else f"{count:,} classes"
