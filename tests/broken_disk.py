"""A disk that fails: full, read-only, gone or slow, below a folder; and a real one that is small.

    with broken_disk.full(folder):
        write(folder / "file")

Audit events come before the system is called, whatever of Python's own writes, and what they
raise is raised there. What is open already can be written to.
"""

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2, "os.truncate": 1}
_broken: dict[Path, Callable[[], None]] = {}
_hooked = False


def full(folder: Path):
    """Nothing can be made or changed below `folder`: no room is left."""
    return _failing(folder, errno.ENOSPC)


def read_only(folder: Path):
    """Nothing can be made or changed below `folder`."""
    return _failing(folder, errno.EROFS)


def unreachable(folder: Path):
    """Nothing can be made or changed below `folder`, as of a stick pulled out."""
    return _failing(folder, errno.ENOENT)


@contextmanager
def gone(folder: Path) -> Iterator[None]:
    """What was below `folder` is gone, and nothing can be made there, as of a stick pulled out."""
    shutil.rmtree(folder, ignore_errors=True)
    with unreachable(folder):
        yield


@contextmanager
def slow(folder: Path, seconds: float) -> Iterator[None]:
    """Whatever is made or changed below `folder` takes so long."""
    with _breaking(folder, lambda: time.sleep(seconds)):
        yield


@contextmanager
def _failing(folder: Path, number: int) -> Iterator[None]:
    def fail() -> None:
        raise OSError(number, os.strerror(number))

    with _breaking(folder, fail):
        yield


@contextmanager
def _breaking(folder: Path, do: Callable[[], None]) -> Iterator[None]:
    global _hooked
    if not _hooked:  # hooks stay for good
        sys.addaudithook(_hear)
        _hooked = True
    _broken[folder] = do
    try:
        yield
    finally:
        del _broken[folder]


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if not _broken:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = bool(flags & _WRITING) if mode is None else bool(set("wax+") & set(str(mode)))
        paths = [path] if writes else []
    else:
        paths = list(arguments[: _CHANGES.get(event, 0)])
    for path in paths:
        if isinstance(path, str | bytes | os.PathLike):
            _hear_of(Path(os.fsdecode(path)))


def _hear_of(path: Path) -> None:
    for folder, do in list(_broken.items()):
        if folder == path or folder in path.parents:
            do()


@pytest.fixture
def small_disk(tmp_path):
    """A function that mounts a disk of so many KB; skips where that needs more rights."""
    mounted = []

    def mount(kilobytes: int) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        options = ("-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(folder))
        if (
            shutil.which("mount") is None
            or subprocess.run(["mount", *options], capture_output=True, check=False).returncode
        ):
            pytest.skip("no disk can be mounted here")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)
