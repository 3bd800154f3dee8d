"""What a piece of code does to the system, by Python's audit events: opens, starts, connects.

    with audit.recording() as seen:
        read(path)
    assert seen.strays(path.parent) == []

All threads are heard. What a C library opens by itself is not: it raises no event.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PROGRAMS = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.startfile/2",
    "pty.spawn",
    "webbrowser.open",
}
_CONNECTIONS = {
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "urllib.Request",
}
_CHANGES = {  # by the number of paths that come first in their arguments
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 1,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.utime": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CODE = (Path(sys.prefix), Path(sys.base_prefix), Path(__file__).resolve().parent.parent)
# Of the machine, not of the user: how much memory there is, which devices, which encoding.
_SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev/null", "/dev/urandom", "/usr", "/etc")))


@dataclass
class Seen:
    """What was heard while it was recorded."""

    programs: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    unpickled: list[str] = field(default_factory=list)
    read: list[Path] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)  # opened to write, made, moved, deleted

    def strays(self, *readable: Path, writable: tuple[Path, ...] = ()) -> list[str]:
        """What was done beyond reading below `readable` and writing below `writable`.

        The program's own code, Python and the system's description of itself may be read, and
        compiled code may be written beside it.
        """
        found = [f"program {name}" for name in self.programs]
        found += [f"connection {name}" for name in self.connections]
        allowed = (*readable, *writable, *_CODE, *_SYSTEM)
        found += [f"read {path}" for path in self.read if not _below(path, allowed)]
        return found + [
            f"write {path}"
            for path in self.written
            if not _below(path, writable) and path.parent.name != "__pycache__"
        ]


_listeners: list[Seen] = []
_hooked = False


@contextmanager
def recording() -> Iterator[Seen]:
    """Hear what goes on in the process while entered."""
    global _hooked
    if not _hooked:  # a hook stays for good; without a listener it does nothing
        sys.addaudithook(_hear)
        _hooked = True
    seen = Seen()
    _listeners.append(seen)
    try:
        yield seen
    finally:
        _listeners.remove(seen)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    for seen in _listeners:
        if event == "open":
            _note_open(seen, *arguments)
        elif event in _PROGRAMS:
            seen.programs.append(f"{event} {arguments!r}")
        elif event in _CONNECTIONS:
            seen.connections.append(f"{event} {arguments!r}")
        elif event == "pickle.find_class":
            seen.unpickled.append(".".join(map(str, arguments)))
        elif event in _CHANGES:
            paths = arguments[: _CHANGES[event]]
            seen.written += [_path(path) for path in paths if not isinstance(path, int)]


def _note_open(seen: Seen, path: Any, mode: str | None, flags: int) -> None:
    if isinstance(path, int):  # opened before
        return
    writes = bool(flags & _WRITING) or any(letter in (mode or "") for letter in "wax+")
    (seen.written if writes else seen.read).append(_path(path))


def _path(path: Any) -> Path:
    return Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - links are not followed


def _below(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
