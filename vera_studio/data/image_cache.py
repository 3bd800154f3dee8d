"""The folder of all cache files of images: how large it is, how large it may be, emptying it.

Each folder of images that was opened has, for each way to prepare them, an index and a file of
pixels there. Those that were not used for the longest time go first.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from vera_studio import environment
from vera_studio.errors import StudioError
from vera_studio.files import read_text, write_atomically

DEFAULT_LIMIT = 20 * 10**9  # bytes: 130,000 images of 224 x 224 pixels
MAX_LIMIT = 10**15
INDEX, PIXELS, LOCK = ".index", ".pixels", ".lock"
_LIMIT_FILE = "limit"
_LEFT_FREE = 2 * 10**9  # bytes of the disk, and a tenth of what is free
_NEW_SECONDS = 3600  # a file of pixels without an index may be about to get one
_MOST_TEXT = 64  # bytes


def cache_bytes() -> int:
    """How many bytes the cached images take on the disk."""
    return sum(size for _, size in _files(environment.images_cache_folder()))


def empty_cache() -> int:
    """Delete all cached images; they are made anew when they are needed.

    Returns:
        How many bytes are free again.

    Raises:
        StudioError: a file cannot be deleted.
    """
    freed = 0
    for path, size in list(_files(environment.images_cache_folder())):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StudioError(f"Cannot delete {path}: {error.strerror or error}.") from error
        freed += size
    return freed


def cache_limit() -> int:
    """How many bytes the cached images may take; 0 for no cache."""
    path = environment.images_cache_folder() / _LIMIT_FILE
    try:
        limit = int(read_text(path, _MOST_TEXT))
    except (OSError, ValueError):
        return DEFAULT_LIMIT
    return limit if 0 <= limit <= MAX_LIMIT else DEFAULT_LIMIT


def set_cache_limit(limit: int) -> None:
    """Keep no more than `limit` bytes of images from now on; 0 for no cache.

    What is there beyond it goes at once, least recently used first.

    Raises:
        StudioError: the limit is out of range, or cannot be written.
    """
    if not 0 <= limit <= MAX_LIMIT:
        raise StudioError(f"The cache may have from 0 to {MAX_LIMIT:,} bytes.")
    write_atomically(environment.images_cache_folder() / _LIMIT_FILE, str(limit).encode())
    make_room(0, "")


def make_room(need: int, key: str, each: int = 1) -> int:
    """Delete what was not used for longest until `need` bytes more are within limit and disk.

    Where they cannot be, as many as can; for nothing, nothing is deleted.

    Args:
        need: bytes.
        key: of the cache that they are for, which stays.
        each: bytes, of which a part is of no use.

    Returns:
        For how many bytes there is room.
    """
    folder = environment.images_cache_folder()
    _delete_left_behind(folder)
    sizes, limit, old = _sizes(folder), cache_limit(), _least_recent(folder, key)
    for_old = sum(sizes.get(one, 0) for one in old)
    wanted = min(need, _room(folder, sizes, limit, for_old))
    if need and wanted < each:
        return 0
    for one in old:
        if wanted <= _room(folder, sizes, limit):
            break
        if _delete(folder, one):
            sizes.pop(one, None)
    return max(0, min(wanted, _room(folder, sizes, limit)))


def _room(folder: Path, sizes: dict[str, int], limit: int, more: int = 0) -> int:
    """Bytes that there is room for, if `more` were deleted; below 0 where too many are there."""
    within = limit - sum(sizes.values()) + more
    try:
        free = shutil.disk_usage(folder).free + more
    except OSError:
        return min(within, 0)
    return min(within, max(0, free - max(_LEFT_FREE, free // 10)))


def _least_recent(folder: Path, but: str) -> list[str]:
    """The keys of all caches but one, the one that was used last at the end."""
    times = {}
    for path in folder.glob(f"*{INDEX}"):
        with contextlib.suppress(OSError):
            times[path.stem] = path.stat().st_mtime
    return sorted((key for key in times if key != but), key=times.__getitem__)


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of each cache, by its key."""
    sizes: dict[str, int] = {}
    for path, size in _files(folder):
        key = path.name.partition(".")[0]
        sizes[key] = sizes.get(key, 0) + size
    return sizes


def _delete(folder: Path, key: str) -> bool:
    """Delete a cache, its index first, unless it is just being written; whether it is gone."""
    with contextlib.suppress(OSError, filelock.Timeout):
        with filelock.FileLock(folder / f"{key}{LOCK}", timeout=0):
            for path in (folder / f"{key}{INDEX}", *folder.glob(f"{key}.*{PIXELS}")):
                path.unlink(missing_ok=True)
        (folder / f"{key}{LOCK}").unlink(missing_ok=True)
        return True
    return False


def _delete_left_behind(folder: Path) -> None:
    """Delete files of pixels that no index tells of, as a process that was killed leaves them."""
    for path in folder.glob(f"*{PIXELS}"):
        with contextlib.suppress(OSError):
            is_old = time.time() - path.stat().st_mtime > _NEW_SECONDS
            if is_old and not (folder / f"{path.name.partition('.')[0]}{INDEX}").exists():
                path.unlink()


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files of the caches and their bytes; not the limit, and nothing that is not theirs."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if path.suffix in (INDEX, PIXELS, LOCK) and entry.is_file(follow_symlinks=False):
                yield path, entry.stat(follow_symlinks=False).st_size
