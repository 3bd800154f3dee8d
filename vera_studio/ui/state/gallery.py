"""The images that are open, class by class, read one at a time as they are looked at."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vera_studio.errors import DataError

if TYPE_CHECKING:  # which imports torch
    from vera_studio.data.store import ImageData

PARTS = ("training", "validation", "test")
_GREY = 128


@dataclass(frozen=True, eq=False)
class Picture:
    """One image, and what is known of it."""

    pixels: Any  # (height, width, 3) uint8 NumPy array, as the network takes it
    class_name: str
    part: str  # one of PARTS
    file: Path | None  # None where the images come from no files


class Gallery:
    """Every class's images, its training images first, then those to validate, then to test.

    Nothing is copied: what takes long with many images or classes is done for the class that is
    looked at.
    """

    def __init__(self, data: "ImageData") -> None:
        self.class_names = data.class_names
        self._folder = data.folder
        self._parts = (data.train, data.validation, data.test)
        counts = [part.counts(len(data.class_names)) for part in self._parts]
        self.counts = tuple(zip(*counts, strict=True))  # a class: of each of PARTS
        self._members = lru_cache(maxsize=64)(self._find)

    def __call__(self, row: int, position: int) -> Any:
        """The pixels (height, width, 3) of the image at `position` of the class `row`.

        Grey where its file is not what it was when it was opened; a run says so.
        """
        part, index = self._place(row, position)
        try:
            image = self._parts[part].read(index)[0]
        except DataError:
            size = self._parts[part].image_size
            image = index.new_full((3, size, size), _GREY).byte()
        return image.permute(1, 2, 0).contiguous().numpy()

    def picture(self, row: int, position: int) -> Picture:
        """The image at `position` of the class `row`."""
        part, index = self._place(row, position)
        names = self._parts[part].names
        file = self._folder / names[int(index)] if names and self._folder else None
        return Picture(self(row, position), self.class_names[row], PARTS[part], file)

    def _place(self, row: int, position: int) -> tuple[int, Any]:
        """Which part an image is in, and where in it: (1,) int64."""
        part = 0
        while position >= self.counts[row][part]:
            position -= self.counts[row][part]
            part += 1
        return part, self._members(row, part)[position : position + 1]

    def _find(self, row: int, part: int) -> Any:
        """Indices of the images of the class `row` in a part."""
        return (self._parts[part].labels == row).nonzero().flatten()
