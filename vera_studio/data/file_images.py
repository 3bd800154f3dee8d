"""Images in files, decoded once and kept at the network's size: in memory, or in a cache file.

Few images are read into memory. Of many only numbers and names are: their pixels stay in the cache
file, or, where that has no room, are decoded anew whenever they are asked for.
"""

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vera_studio.data.cache_index import CachedImage
from vera_studio.data.decoding import Decoded, decode, threads
from vera_studio.data.folder_tree import FoundFile
from vera_studio.data.image_file import UnreadableImage
from vera_studio.data.pixel_cache import FileStamp, PixelCache, pixel_digest
from vera_studio.data.pixels import MemoryPixels, Pixels
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.data.store import ImageSet, OnProgress, ShouldStop, SkippedFile, never_stop
from vera_studio.errors import Cancelled, DataError
from vera_studio.memory import free_memory

MOST_IN_MEMORY = 2**28  # bytes of pixels: 90,000 images of 32 x 32, 1,700 of 224 x 224
_SHARE_OF_MEMORY = 4  # a quarter of what is free
_REPORT_EVERY = 100  # files
# In a file, on average: decoding fewer takes less time than threads wait for Python's lock. On two
# cores photographs of 100 KB take 0.57 of one thread's time in two, of 16 KB 1.4, of 1 KB 2.2.
_FEW_BYTES = 50_000


@dataclass(frozen=True, eq=False)
class FileImages:
    """The images among files."""

    images: ImageSet
    kept: list[int]  # for each image, which of the files it is
    skipped: list[SkippedFile]
    note: str = ""  # a sentence for the user


class FilePixels:
    """Images in a cache file, or in files that are decoded when they are asked for."""

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        form: Preprocessing,
        digests: Sequence[bytes],
        rows: Sequence[int],
        cache: PixelCache,
    ) -> None:
        """Describe the images of the files `names` below `root`.

        Args:
            root: the folder.
            names: paths below it.
            form: how they are prepared.
            digests: SHA-256 of each image's pixels.
            rows: the row of each in the cache's file; -1 where it is not in it.
            cache: that was filled with them.
        """
        self._root, self._names, self._form = root, names, form
        self._digests = digests
        self._rows = rows
        self._cache, self._file = cache, cache.file
        self._believed = np.zeros(len(names), dtype=bool)  # whose digest was seen to be right

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(rows, 3, height, width)."""
        return len(self._names), 3, self._form.size, self._form.size

    @property
    def device(self) -> torch.device:
        """The host."""
        return torch.device("cpu")

    def read(self, rows: Tensor) -> Tensor:
        """The images (n, 3, height, width) uint8 of the rows (n,) int64, channels last.

        Raises:
            DataError: a file is not what it was when the folder was opened.
        """
        numbers = rows.tolist()
        size = self._form.size
        pixels = np.empty((len(numbers), size, size, 3), dtype=np.uint8)
        missing = [k for k, row in enumerate(numbers) if not self._read_cached(row, pixels[k])]
        if missing:
            paths = [self._root / self._names[numbers[k]] for k in missing]
            several = threads() if len(missing) > 1 else 1
            with closing(decode(paths, self._form, never_stop, several)) as found:
                for k, image in zip(missing, found, strict=True):
                    pixels[k] = self._checked(numbers[k], image)
        return torch.from_numpy(pixels).permute(0, 3, 1, 2)

    def _read_cached(self, row: int, pixels: NDArray[np.uint8]) -> bool:
        if self._file is None or self._rows[row] < 0:
            return False
        if self._file.read_into(self._rows[row], pixels):
            if self._believed[row]:
                return True
            if pixel_digest(pixels) == self._digests[row]:
                self._believed[row] = True
                return True
        self._cache.distrust(self._names[row])
        return False

    def _checked(self, row: int, image: Decoded) -> NDArray[np.uint8]:
        if isinstance(image, UnreadableImage):
            if not self._root.is_dir():
                raise DataError(
                    f"The folder {self._root} is gone, and images are read from it when they are "
                    "needed. Bring it back, or the disk that it is on."
                )
            why = f"cannot be read any more: {image}"
        elif pixel_digest(image) != self._digests[row]:
            why = "has changed since the folder was opened."
        else:
            return image
        raise DataError(f"{self._root / self._names[row]} {why} Open the folder again.")


def read_files(
    root: Path,
    files: Sequence[FoundFile],
    form: Preprocessing,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> FileImages:
    """Open the images among `files`, in their order, from the cache where they are in it.

    Args:
        root: the folder that they are in.
        files: to open.
        form: how they are prepared.
        on_progress: told how many files are done.
        should_stop: asked after every file.

    Raises:
        MemoryError: there is none left.
        Cancelled: `should_stop` said so; what was decoded before stays in the cache.
    """
    with PixelCache(root, form) as cache:
        reading = _Reading(root, files, form, cache)
        reading.find_cached(should_stop)
        reading.read(on_progress, should_stop)
    return reading.result()


class _Reading:
    """One opening of files, step by step."""

    def __init__(
        self, root: Path, files: Sequence[FoundFile], form: Preprocessing, cache: PixelCache
    ) -> None:
        self._root, self._files, self._form, self._cache = root, files, form, cache
        self._names = _names(root, files)
        self._stamps: list[FileStamp | None] = []
        self._cached: list[CachedImage | None] = []
        self._rows: list[int] = []  # these four of the images alone
        self._digests: list[bytes] = []
        self._kept: list[int] = []
        self._skipped: list[SkippedFile] = []
        size = len(files) * 3 * form.size**2
        shape = (len(files), 3, form.size, form.size)
        is_small = size <= min(MOST_IN_MEMORY, free_memory() // _SHARE_OF_MEMORY)
        # One block from the start: a list of tens of thousands of tensors takes far more.
        self._memory = np.empty(shape, dtype=np.uint8) if is_small else None

    def find_cached(self, should_stop: ShouldStop) -> None:
        """Look up every file in the cache, and read into memory what is to be there."""
        root = str(self._root)
        for index, name in enumerate(self._names):
            if should_stop():
                raise Cancelled
            stamp = _stamp(root, name)
            found = self._cache.find(stamp) if stamp else None
            if found and self._memory is not None and not self._load(index, found):
                found = None
            self._stamps.append(stamp)
            self._cached.append(found)

    def read(self, on_progress: OnProgress, should_stop: ShouldStop) -> None:
        """Decode the others, and put all in their order."""
        missing = [index for index, found in enumerate(self._cached) if found is None]
        if missing:
            self._cache.make_room(len(missing))
        paths = (self._files[index].path for index in missing)
        total = len(self._files)
        with closing(decode(paths, self._form, should_stop, self._threads(missing))) as images:
            for index, found in enumerate(self._cached):
                if found:
                    self._keep(index, found.row, found.digest)
                else:
                    self._take(index, next(images))
                if should_stop():
                    raise Cancelled
                if (index + 1) % _REPORT_EVERY == 0 or index + 1 == total:
                    on_progress(index + 1, total)

    def result(self) -> FileImages:
        """What came of it."""
        names = tuple(self._names[index] for index in self._kept)
        labels = torch.tensor([self._files[index].label for index in self._kept], dtype=torch.int64)
        digests, note = tuple(self._digests), ""
        if self._memory is not None:
            pixels: Pixels = MemoryPixels(torch.from_numpy(self._memory))
            rows = torch.tensor(self._kept, dtype=torch.int64) if self._skipped else None
        else:
            pixels = FilePixels(
                self._root, names, self._form, digests, tuple(self._rows), self._cache
            )
            rows, note = None, _cache_note(self._rows)
        images = ImageSet(pixels, labels, names, rows, digests)
        return FileImages(images, self._kept, self._skipped, note)

    def _load(self, index: int, found: CachedImage) -> bool:
        """Read an image from the cache into memory; whether it was there as it should be."""
        size = self._form.size
        pixels = np.empty((size, size, 3), dtype=np.uint8)
        file, memory = self._cache.file, self._memory
        if file is None or memory is None or not file.read_into(found.row, pixels):
            return False
        memory[index] = pixels.transpose(2, 0, 1)
        return pixel_digest(pixels) == found.digest

    def _take(self, index: int, image: Decoded) -> None:
        """Keep an image that was decoded, or why it is none."""
        if isinstance(image, UnreadableImage):
            self._skipped.append(SkippedFile(self._names[index], image.kind, image.detail))
            return
        digest, stamp = pixel_digest(image), self._stamps[index]
        row = self._cache.add(stamp, image, digest) if stamp else None
        if self._memory is not None:
            self._memory[index] = image.transpose(2, 0, 1)
        self._keep(index, -1 if row is None else row, digest)

    def _keep(self, index: int, row: int, digest: bytes) -> None:
        self._kept.append(index)
        self._rows.append(row)
        self._digests.append(digest)

    def _threads(self, missing: Sequence[int]) -> int:
        sizes = [stamp.size for index in missing if (stamp := self._stamps[index])]
        return threads() if sizes and sum(sizes) / len(sizes) > _FEW_BYTES else 1


def _names(root: Path, files: Sequence[FoundFile]) -> list[str]:
    """The path of each file below `root`; pathlib would take a second for 100,000."""
    folders: dict[Path, str] = {}
    for folder in {file.folder for file in files}:
        below = folder.relative_to(root)
        folders[folder] = f"{below}{os.sep}" if below.parts else ""
    return [folders[file.folder] + file.name for file in files]


def _cache_note(rows: Sequence[int]) -> str:
    """How much of a folder too large for the memory is kept on the disk; empty where all is."""
    kept = sum(row >= 0 for row in rows)
    if kept == len(rows):
        return ""
    return (
        f"The image cache keeps {kept:,} of the {len(rows):,} images; the others are read "
        "from their files whenever they are needed, which takes longer."
    )


def _stamp(root: str, name: str) -> FileStamp | None:
    """The file as it is now; None where it cannot be looked at."""
    try:
        status = os.stat(f"{root}{os.sep}{name}")  # noqa: PTH116 - several times as fast
    except (OSError, ValueError):
        return None
    return FileStamp(name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
