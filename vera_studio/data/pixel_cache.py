"""The cache file of one folder's images, as one network takes them.

Rows of pixels are only ever added to the file, so that whoever reads it reads on; an index that is
replaced whole says which row is which image. A row is believed where its SHA-256 is the one in the
index: whatever a crash, a full disk or another program leaves costs time, and nothing else.
"""

import contextlib
import hashlib
import os
import secrets
import threading
import time
import weakref
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import filelock
import numpy as np
import PIL
from numpy.typing import NDArray

from vera_studio import environment
from vera_studio.data.cache_index import CachedImage, CacheIndex, read_index, write_index
from vera_studio.data.image_cache import INDEX, LOCK, PIXELS, make_room
from vera_studio.data.image_file import PIXELS_VERSION
from vera_studio.data.image_formats import formats, heif_format
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.errors import StudioError
from vera_studio.files import is_regular

_SAVE_SECONDS = 60.0  # between two writings of the index
_LEAST_USED = 0.5  # of the rows of a file; with less it is made anew
_TRIED = 8  # images of a cache, before the others are believed to be there
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file as it was when it was looked at; another size or time, and it is another file.

    What unpacks an archive may give all files one time; the system's own account has another.
    """

    name: str  # its path below the folder
    size: int  # bytes
    time: int  # nanoseconds, when its content was last changed
    changed: int  # nanoseconds, when anything of it was (on Windows: when it was made)


class PixelFile:
    """A file of rows of pixels (size, size, 3), one image each, that is open."""

    def __init__(self, path: Path, size: int, writes: bool) -> None:
        """Open the file, to add to it too where it `writes`.

        Raises:
            OSError: it cannot be opened.
        """
        self._row_bytes = 3 * size**2
        self._seeking = threading.Lock()
        flags = os.O_RDWR | os.O_CREAT if writes else os.O_RDONLY
        self._handle = os.open(path, flags | _FLAGS, 0o666)
        weakref.finalize(self, os.close, self._handle)

    def read_into(self, row: int, pixels: NDArray[np.uint8]) -> bool:
        """Fill `pixels` (size, size, 3), in one block, from a row; whether all of it was there."""
        try:
            return self._read_at(row * self._row_bytes, pixels.data.cast("B"))
        except OSError:
            return False

    def write(self, row: int, pixels: NDArray[np.uint8]) -> None:
        """Write a row, whose place is at the end of the file or beyond.

        Raises:
            OSError: there is no room.
        """
        view = np.ascontiguousarray(pixels).data.cast("B")
        os.lseek(self._handle, row * self._row_bytes, os.SEEK_SET)
        while view:
            view = view[os.write(self._handle, view) :]

    def _read_at(self, offset: int, view: memoryview) -> bool:
        if hasattr(os, "preadv"):  # not on Windows
            return os.preadv(self._handle, [view], offset) == len(view)
        with self._seeking:
            os.lseek(self._handle, offset, os.SEEK_SET)
            content = os.read(self._handle, len(view))
        view[: len(content)] = content
        return len(content) == len(view)


class PixelCache:
    """The images of a folder that were decoded before, and room for more, while it is entered.

    Where there is none, where it is not to be believed, or another program writes to it, it is
    empty or takes nothing; it never raises.
    """

    def __init__(self, folder: Path, form: Preprocessing) -> None:
        """Name the cache of the images of `folder`, prepared as `form` says."""
        self._size = form.size
        prepared = [form.size, form.resize, form.interpolation, form.cuts_first]
        opened = [list(formats()), list(heif_format())]
        self._maker = [PIXELS_VERSION, PIL.__version__, *opened, prepared]
        place = os.fsencode(folder.resolve()) + repr(prepared).encode()
        self._key = hashlib.sha256(place).hexdigest()[:32]
        self._folder = folder
        self._home = environment.images_cache_folder()
        self._index_path = self._home / f"{self._key}{INDEX}"
        self._lock: filelock.BaseFileLock | None = None
        self._images: dict[str, CachedImage] = {}
        self._touched: set[str] = set()
        self._pixels, self._rows = "", 0
        self._is_new, self._room = False, 0  # rows that can be taken
        self._distrusted: set[str] = set()
        self._saved = time.monotonic()
        self.file: PixelFile | None = None  # of the rows, as long as there are some

    def __enter__(self) -> "PixelCache":
        self._lock = self._locked()
        index = read_index(self._index_path, self._maker)
        if index and len(index.images) >= _LEAST_USED * index.rows:
            with contextlib.suppress(OSError, ValueError):  # of a name that no file can have
                file = PixelFile(self._home / index.pixels, self._size, writes=False)
                if _seems_sound(file, index, self._size):
                    self.file, self._images = file, dict(index.images)
                    self._pixels, self._rows = index.pixels, index.rows
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_new:
            self._save()
        else:
            with contextlib.suppress(OSError):
                os.utime(self._index_path)  # was used just now
        if self._lock:
            self._lock.release()

    def find(self, stamp: FileStamp) -> CachedImage | None:
        """The image of a file that is as it was when it was cached."""
        self._touched.add(stamp.name)
        found = self._images.get(stamp.name)
        if found and (found.size, found.time, found.changed) == (
            stamp.size,
            stamp.time,
            stamp.changed,
        ):
            return found
        return None

    def make_room(self, count: int) -> None:
        """Get ready to take `count` images more, or as many of them as there can be room for."""
        if self._lock is None:
            return
        if not self._pixels:
            self._delete_others()  # nothing of them is believed, and they would take the room
        each = 3 * self._size**2
        room = make_room(each * count, self._key, each) // each
        if not room:
            return
        name = self._pixels or f"{self._key}.{secrets.token_hex(8)}{PIXELS}"
        with contextlib.suppress(OSError):
            self.file = PixelFile(self._home / name, self._size, writes=True)
            self._pixels, self._room = name, room

    def add(self, stamp: FileStamp, pixels: NDArray[np.uint8], digest: bytes) -> int | None:
        """Keep an image (size, size, 3); its row, or None where it cannot be kept."""
        if not self._room or self.file is None:
            return None
        try:
            self.file.write(self._rows, pixels)
        except OSError:  # a full disk: what was written of the row is of no row that is known
            self._room = 0
            return None
        self._room -= 1
        row, self._rows, self._is_new = self._rows, self._rows + 1, True
        self._images[stamp.name] = CachedImage(row, stamp.size, stamp.time, stamp.changed, digest)
        if time.monotonic() - self._saved > _SAVE_SECONDS:
            self._save()
        return row

    def distrust(self, name: str) -> None:
        """Have the image of a file made anew at the next opening: its row is not what it was.

        Where it is one of many, not each of them has the index written.
        """
        self._distrusted.add(name)
        count = len(self._distrusted)
        if count & (count - 1) == 0:  # at 1, 2, 4, 8 and so on: the index of many images is large
            self._forget()

    def _forget(self) -> None:
        """Take the distrusted images out of the index, as it is now."""
        lock = self._locked()
        if lock is None:  # who writes it now will be told the next time
            return
        try:
            index = read_index(self._index_path, self._maker)
            if index and index.pixels == self._pixels:
                kept = {k: one for k, one in index.images.items() if k not in self._distrusted}
                with contextlib.suppress(StudioError):
                    write_index(self._index_path, self._maker, replace(index, images=kept))
        finally:
            lock.release()

    def _locked(self) -> filelock.BaseFileLock | None:
        """The lock on this cache, taken; None where another has it, or there can be none."""
        with contextlib.suppress(OSError, NotImplementedError, filelock.Timeout):
            self._home.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self._home / f"{self._key}{LOCK}", timeout=0)
            lock.acquire()
            return lock
        return None

    def _save(self) -> None:
        """Write the index, without files that are gone. What it tells of need not be on the disk.

        Rows that a crash of the machine loses are noticed by their digests.
        """
        self._saved = time.monotonic()
        there = {
            name: image
            for name, image in self._images.items()
            if name in self._touched or is_regular(self._folder / name)
        }
        with contextlib.suppress(StudioError):
            index = CacheIndex(self._pixels, self._rows, there)
            write_index(self._index_path, self._maker, index)
            self._delete_others()

    def _delete_others(self) -> None:
        """Delete what processes that were killed left of this cache, and what it had before."""
        for path in self._home.glob(f"{self._key}.*{PIXELS}"):
            if path.name != self._pixels:
                with contextlib.suppress(OSError):
                    path.unlink()


def _seems_sound(file: PixelFile, index: CacheIndex, size: int) -> bool:
    """Whether a few rows from all over the file are what the index says; each is asked later."""
    images = list(index.images.values())
    pixels = np.empty((size, size, 3), dtype=np.uint8)
    return all(
        file.read_into(one.row, pixels) and pixel_digest(pixels) == one.digest
        for one in images[:: max(1, len(images) // _TRIED)]
    )


def pixel_digest(pixels: NDArray[np.uint8]) -> bytes:
    """SHA-256 of the pixels (height, width, 3) of an image."""
    return hashlib.sha256(np.ascontiguousarray(pixels).data).digest()
