"""Reading files that may be anything, and writing files that are whole or not there."""

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import filelock

from vera_studio.errors import StudioError

_LOCK = ".lock"
_PATIENCE_SECONDS = 5.0  # with another program; a change takes milliseconds
MAX_TEXT_BYTES = 2**20  # of recipes, settings and the like; the studio's own have some KB
# A pipe is not waited for, and a terminal does not become the program's own.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular(path: Path, most: int) -> BinaryIO:
    """Open a file for reading that is one: no pipe, device or folder, which may never end.

    Args:
        path: of the file; a link is followed.
        most: bytes that it may have.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger; `reason` says which.
    """
    try:
        _check_regular(path.stat(), most)  # before opening, which does something to some devices
        handle = os.open(path, _OPEN_FLAGS)
    except ValueError as error:  # a null character, or what cannot be encoded
        raise OSError("no file can have that name") from error
    try:
        _check_regular(os.fstat(handle), most)  # what was opened, whatever is there now
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path, most: int = MAX_TEXT_BYTES) -> bytes:
    """The content of a regular file of at most `most` bytes.

    Raises:
        OSError: as `open_regular`.
    """
    with open_regular(path, most) as file:
        content = file.read(most + 1) or b""
    _check_size(len(content), most)  # it may have grown, or be one that tells no size
    return content


def read_text(path: Path, most: int = MAX_TEXT_BYTES) -> str:
    """The text, UTF-8, in a regular file of at most `most` bytes; a byte order mark is passed over.

    Raises:
        OSError: as `open_regular`, or it is no UTF-8.
    """
    try:
        return read_regular(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OSError("it is not a text in UTF-8") from error


def with_names_of_files(text: str) -> bytes:
    """`text` as UTF-8, in which names of files keep the bytes that they have on the disk.

    Where it holds what no name of a file can, all that UTF-8 has not is spelled out.
    """
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace")


def reason(error: OSError) -> str:
    """Why a file could not be read or written, in a few words, without its path."""
    return error.strerror or str(error)


def is_folder(path: Path) -> bool:
    """Whether there is a folder at `path` that can be looked at; never an error."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_regular(path: Path) -> bool:
    """Whether there is a regular file at `path` that can be looked at; never an error."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Be the only one, of all processes and threads that ask so, to write in `folder`.

    The folder is made if need be. May be entered again while it is entered.

    Raises:
        StudioError: the folder cannot be written to, or another program writes without end.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / _LOCK, _PATIENCE_SECONDS, is_singleton=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise StudioError(
            f"Another program is writing in {folder}. Try again in a moment."
        ) from error
    except NotImplementedError:  # some network folders know no locks
        yield
        return
    except OSError as error:
        raise StudioError(f"Cannot write to {folder}: {reason(error)}.") from error
    try:
        yield
    finally:
        lock.release()


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`: the file is there whole, or as it was before.

    Raises:
        StudioError: the folder cannot be made or written to.
    """
    write_together({path: content})


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together: all are written beside their places, then put there.

    So a full disk leaves all of them as they were.

    Raises:
        StudioError: a folder cannot be made or written to.
    """
    temporaries: dict[Path, Path] = {}
    path = next(iter(contents), Path())
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporaries[path] = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            _write_new(temporaries[path], content)
        for path, temporary in temporaries.items():
            temporary.replace(path)
    except (OSError, ValueError) as error:
        raise StudioError(f"Cannot write {path}: {_why(error)}.") from error
    finally:
        for temporary in temporaries.values():
            with contextlib.suppress(OSError, ValueError):  # put in place, or never made
                temporary.unlink()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write piece by piece, which is put at `path` once it is left in order.

    Left with an error, what was there stays as it was.

    Raises:
        StudioError: it cannot be made or written to.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_new(temporary) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StudioError(f"Cannot write {path}: {reason(error)}.") from error
    finally:
        with contextlib.suppress(OSError):  # put in place, or never made
            temporary.unlink()


def append(path: Path, content: bytes) -> None:
    """Add `content` to the end of a file that is there: all of it, or nothing.

    Raises:
        OSError: it cannot be written; the file is as it was before.
    """
    with path.open("r+b", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        try:
            written = 0
            while written < len(content):
                written += file.write(content[written:]) or 0
        except BaseException:  # a full disk, or Ctrl+C in the midst of it
            file.truncate(end)
            raise


def file_about(folder: Path, parent: Path) -> Path:
    """Where in `parent` is kept what is known of a folder of the user's, which stays as it is."""
    digest = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()
    return parent / f"{digest[:32]}.json"


def check_folder(path: Path) -> None:
    """Refuse a folder that files could not be written to, before there is anything to write.

    What is made to try it is taken away again.

    Raises:
        StudioError: it cannot be made, entered or written to.
    """
    made: list[Path] = []
    try:
        missing = [path] if not path.exists() else []
        while missing and not missing[-1].parent.exists():
            missing.append(missing[-1].parent)
        for folder in reversed(missing):
            folder.mkdir()
            made.append(folder)
        trial = path / f".{secrets.token_hex(8)}"
        _write_new(trial, b"")
        trial.unlink()
    except (OSError, ValueError) as error:
        raise StudioError(f"Cannot write to {path}: {_why(error)}.") from error
    finally:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()


def check_file(path: Path) -> None:
    """Refuse a path that no file could be written to, as `check_folder` does.

    Raises:
        StudioError: it is a folder, or its folder cannot be written to.
    """
    if is_folder(path):
        raise StudioError(f"Cannot write {path}: it is a folder.")
    check_folder(path.parent)


def _why(error: OSError | ValueError) -> str:
    return reason(error) if isinstance(error, OSError) else "no file can have that name"


def open_new(path: Path) -> BinaryIO:
    """Make a file that is not there yet, to write; the system applies the umask to its mode.

    Raises:
        OSError: it is there, or cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o666), "wb")


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet."""
    with open_new(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _check_regular(status: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for is_it, name in _KINDS if is_it(status.st_mode)), "something else")
        raise OSError(f"it is {kind}, not a file")
    _check_size(status.st_size, most)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise OSError(f"it has more than the {most:,} bytes that such a file may have")
