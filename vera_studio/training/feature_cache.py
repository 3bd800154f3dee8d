"""Features of a frozen part, computed once and kept for a run.

They are kept on the device that computes where the budget allows, else in the host's memory,
else in a temporary file that the system removes with the last handle to it, so that nothing is
left behind, not by a crash either.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from vera_studio import environment
from vera_studio.errors import Cancelled
from vera_studio.training.frozen_part import Split
from vera_studio.training.inputs import FeatureInputs, ImageInputs
from vera_studio.training.memory import (
    free_bytes,
    halve_when_out_of_memory,
    is_out_of_memory,
)
from vera_studio.training.threads import in_parallel
from vera_studio.wording import size_text

Place = Literal["device", "memory", "file"]
_BUDGET_SHARE = 4  # a quarter of the free memory, unless the user sets another budget
_DISK_SHARE = 2  # half of the free disk
_LEFT_ON_DISK = 10**9  # bytes, whatever else writes to it
_CPU = torch.device("cpu")
# Numbers in a chunk of images: on a CPU what is computed of them should fit into its caches.
_CHUNK_NUMBERS = {"cpu": 128 * 3 * 32 * 32, "cuda": 8192 * 3 * 32 * 32, "mps": 2048 * 3 * 32 * 32}
_SMALLEST_CHUNK = 16  # images


def budget_of(megabytes: int | None, device: torch.device, sharing: int = 1) -> int:
    """Bytes that features may take in memory: what was set, or a quarter of what is free.

    Of what is this machine's, that is shared by `sharing` processes.
    """
    if megabytes is not None:
        return megabytes * 10**6 // sharing
    return max(_free(place, sharing) for place in (device, _CPU)) // _BUDGET_SHARE


class NoRoomError(Exception):
    """Features cannot be kept, in no file either; the message is a clause that says why."""


class FeatureCache:
    """The features of all views of some sets of images; a context manager.

    Attributes:
        inputs: one for each of the sets, to compute on.
        place: where the features are.
        bytes: how large they are.
    """

    def __init__(
        self,
        parts: Split,
        sources: Sequence[ImageInputs],
        budget: int | None = None,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        should_stop: Callable[[], bool] = lambda: False,
        sharing: int = 1,
    ) -> None:
        """Compute the features.

        Args:
            parts: of the network that the sources have.
            sources: the images, all on one device.
            budget: bytes that the features may take, wherever they are; None for a quarter of
                the memory that is free on the device or the host, else half of the disk.
            on_progress: told how many of how many views are done.
            should_stop: asked before every chunk.
            sharing: processes that keep features in this machine's memory.

        Raises:
            NoRoomError: the features are beyond the budget, or neither fit into memory nor can
                be kept in a file.
            Cancelled: `should_stop` said so.
        """
        total = sum(source.views for source in sources)
        self.bytes = total * parts.width * parts.dtype.itemsize
        device = sources[0].labels.device
        self._store = _open_store(total, parts, device, budget, sharing)
        self.place: Place = self._store.place
        try:
            done = 0
            for source in sources:
                for rows in _features(parts, source):
                    if should_stop():
                        raise Cancelled
                    self._store.write(rows)
                    done += len(rows)
                    on_progress(done, total)
            self.inputs = self._make_inputs(parts, sources)
        except BaseException:
            self.close()
            raise

    def _make_inputs(
        self, parts: Split, sources: Sequence[ImageInputs]
    ) -> tuple[FeatureInputs, ...]:
        rows = torch.split(self._store.rows(), [source.views for source in sources])
        return tuple(
            FeatureInputs(parts.trained, own, source.labels)
            for own, source in zip(rows, sources, strict=True)
        )

    def close(self) -> None:
        """Give up the features."""
        self.inputs = ()
        self._store.close()

    def __enter__(self) -> "FeatureCache":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _features(parts: Split, source: ImageInputs) -> Iterator[torch.Tensor]:
    """Rows of features (chunk, width) of one chunk of views after the other."""
    views = torch.arange(source.views, device=source.index_device)
    device = source.labels.device.type
    chunk = max(_SMALLEST_CHUNK, _CHUNK_NUMBERS[device] // source.image_numbers)

    def compute(some: torch.Tensor) -> torch.Tensor:
        return parts.frozen(source.gather(some))  # type: ignore[no-any-return]

    def compute_in_halves(some: torch.Tensor) -> torch.Tensor:
        return torch.cat(list(halve_when_out_of_memory(compute, some, len(some))))

    if device == "cpu":
        return in_parallel(compute_in_halves, torch.split(views, chunk)) if len(views) else iter(())
    return halve_when_out_of_memory(compute, views, chunk)


def _free(place: torch.device, sharing: int) -> int:
    """Bytes that are free for one of so many processes, each of which has a GPU of its own."""
    return free_bytes(place) // (sharing if place.type == "cpu" else 1)


def _open_store(
    total: int, parts: Split, device: torch.device, budget: int | None, sharing: int
) -> "_MemoryStore | _FileStore":
    """The best place that has room."""
    size = total * parts.width * parts.dtype.itemsize
    if budget is not None and size > budget:
        raise NoRoomError(f"it would take {size_text(size)}, and {size_text(budget)} are allowed")
    for place in dict.fromkeys((device, _CPU)):
        share = _BUDGET_SHARE if budget is None else 1
        if size <= _free(place, sharing) // share:
            try:
                return _MemoryStore(total, parts, place)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
    return _FileStore(size, parts, sharing)


class _MemoryStore:
    def __init__(self, total: int, parts: Split, device: torch.device) -> None:
        self.place: Place = "memory" if device.type == "cpu" else "device"
        self._rows = torch.empty((total, parts.width), dtype=parts.dtype, device=device)
        self._done = 0

    def write(self, rows: torch.Tensor) -> None:
        self._rows[self._done : self._done + len(rows)] = rows
        self._done += len(rows)

    def rows(self) -> torch.Tensor:
        return self._rows

    def close(self) -> None:
        """Nothing to do: memory is given back with the last reference to it."""


class _FileStore:
    """Rows in a file that is mapped into memory for reading."""

    place: Place = "file"

    def __init__(self, size: int, parts: Split, sharing: int) -> None:
        self._width, self._dtype = parts.width, parts.dtype
        self._folder = folder = environment.cache_folder()
        with _told_as_no_room():
            folder.mkdir(parents=True, exist_ok=True)
            # Told now: filling the disk first would trouble all else that writes to it.
            _check_disk(folder, _DISK_SHARE * size * sharing)
            # Unnamed on POSIX, deleted on closing on Windows: gone with the process in any case.
            self._file = tempfile.TemporaryFile(dir=folder, prefix="features-")  # noqa: SIM115

    def write(self, rows: torch.Tensor) -> None:
        # Written, not mapped: a full disk is an error here, and would be a crash there.
        with _told_as_no_room():
            _check_disk(self._folder, 0)  # others write to it as well
            self._file.write(rows.cpu().contiguous().view(torch.uint8).numpy().data)

    def rows(self) -> torch.Tensor:
        with _told_as_no_room():
            self._file.flush()
        if self._file.tell() == 0:  # nothing can be mapped
            return torch.empty((0, self._width), dtype=self._dtype)
        # Shared, for copy on write would have to fit into memory; nothing is written, though
        # torch takes no arrays that are read-only.
        with _told_as_no_room():
            mapped = np.memmap(self._file, dtype=np.uint8, mode="r+")
        return torch.from_numpy(mapped).view(self._dtype).view(-1, self._width)

    def close(self) -> None:
        self._file.close()


def _check_disk(folder: Path, size: int) -> None:
    """Refuse to write `size` bytes more where little would be left for others."""
    if size > shutil.disk_usage(folder).free - _LEFT_ON_DISK:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def _told_as_no_room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NoRoomError(
            "it is beyond the memory that is free, and no file can hold it "
            f"({error.strerror or error})"
        ) from error
