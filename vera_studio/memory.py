"""How much memory the host has to give, and how running out of it shows; free of torch."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

# How torch says it where it raises no MemoryError: on CUDA and MPS, in the allocators of the CPU,
# of Windows and of all others, and in NVIDIA's libraries.
_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")
_CGROUPS = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes that this process can still have: of the machine, its container, its own limit."""
    free = min([_of_the_machine(), *_of_containers(), *_of_own_limit()])
    return max(free, 0)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that a device or the host has no memory left."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


def _of_the_machine() -> int:
    return int(psutil.virtual_memory().available)


def _of_containers() -> Iterator[int]:
    """What each control group of Linux that the process is in (version 2) leaves it."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        own = next(line.removeprefix("0::") for line in lines if line.startswith("0::"))
        for path in (Path(own), *Path(own).parents):
            group = _CGROUPS / path.relative_to("/")
            with contextlib.suppress(OSError, ValueError):  # the root has no limit
                limit = int((group / "memory.max").read_text(encoding="utf-8"))
                used = int((group / "memory.current").read_text(encoding="utf-8"))
                yield limit - used + _cached_files(group)


def _cached_files(group: Path) -> int:
    """Bytes of files that the system keeps in memory only as long as nobody needs it."""
    words = (group / "memory.stat").read_text(encoding="utf-8").split()
    return int(words[words.index("inactive_file") + 1])


def _of_own_limit() -> Iterator[int]:
    """What `ulimit -v` leaves."""
    if sys.platform != "win32":
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            yield limit - int(psutil.Process().memory_info().vms)
