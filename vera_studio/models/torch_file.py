"""What a file that torch.save wrote holds, with its tensors described and not yet read.

Since version 1.6 such a file is a zip archive: NAME/data.pkl, a pickle, and NAME/data/KEY, the
bytes of each storage. Before, it was pickles one after the other and the storages behind them.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from vera_studio.errors import ModelError, ShouldStop
from vera_studio.models import pickle_reader
from vera_studio.models.pickle_reader import DAMAGED
from vera_studio.models.stored import DTYPES, Storage

ZIP_HEAD = b"PK\x03\x04"
_MAX_PICKLE_BYTES = 64 * 2**20
_MAX_CONTENTS_BYTES = 8 * 2**20  # the archive's list of its files: some 80,000 of torch's
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    *(ValueError, RuntimeError, NotImplementedError, EOFError, KeyError, OverflowError, OSError),
)


def read_archive(file: BinaryIO, should_stop: ShouldStop) -> Any:
    """What a zip archive of torch's holds.

    Raises:
        ModelError: it is another archive, or damaged; says what it is.
        Cancelled: `should_stop` said so.
    """
    try:
        limited = _Limited(file)
        archive = zipfile.ZipFile(limited)
        limited.left = None
        names = {info.filename: info for info in archive.infolist()}
    except _BROKEN as error:
        raise ModelError(DAMAGED) from error
    pickles = sorted((n for n in names if n.rpartition("/")[2] == "data.pkl"), key=len)
    folder = pickles[0].removesuffix("data.pkl") if pickles else ""
    _check_kind(names.keys(), folder, bool(pickles))
    # To skip what is compressed is to unpack it, which would take its time for each tensor.
    if any(info.compress_type != zipfile.ZIP_STORED for info in names.values()):
        raise ModelError(
            "it was compressed, which torch.save does not do. Open it in PyTorch and save it "
            "again: torch.save(torch.load(path), path)"
        )

    def find_storage(key: str, kind: str, elements: int, part: object) -> Storage:
        info = names[f"{folder}data/{key}"]

        def read_bytes(first: int, count: int) -> bytes:
            file.seek(_first_byte(file, info) + first)
            return file.read(count)

        return Storage(info.file_size, _guarded(read_bytes))

    content = _guarded(lambda: _start(archive, pickles[0], _MAX_PICKLE_BYTES + 1))()
    if len(content) > _MAX_PICKLE_BYTES:
        raise ModelError("it has more parts than any file of weights")
    if f"{folder}byteorder" in names:
        order = _guarded(lambda: _start(archive, f"{folder}byteorder", 16))()
        if order == b"big":
            raise ModelError("it was saved on a machine with another order of bytes")
        if order != b"little":
            raise ModelError(DAMAGED)
    return pickle_reader.read(io.BytesIO(content), find_storage, should_stop)


def read_legacy(file: BinaryIO, should_stop: ShouldStop) -> Any:
    """What a file of torch before 1.6 holds.

    Raises:
        ModelError: it is none, or damaged.
        Cancelled: `should_stop` said so.
    """
    file.seek(0)
    found: dict[str, tuple[str, int]] = {}  # key to kind and elements
    places: dict[str, int] = {}  # key to the first byte; known when all is read

    def find_storage(key: str, kind: str, elements: int, part: object) -> Storage:
        found[key] = kind, elements
        itemsize = DTYPES[kind].itemsize if kind in DTYPES else 1
        first = part[1] * itemsize if isinstance(part, tuple) and type(part[1]) is int else 0

        def read_bytes(offset: int, count: int) -> bytes:
            file.seek(places[key] + first + offset)
            return file.read(count)

        return Storage(elements * itemsize - first, _guarded(read_bytes))

    # In memory, where reading a text of so and so many bytes takes no more than there are.
    pickles = io.BytesIO(file.read(_MAX_PICKLE_BYTES))

    def part_of_file() -> Any:
        return pickle_reader.read(pickles, find_storage, should_stop)

    if part_of_file() != _LEGACY_MAGIC:
        raise ModelError("it is a pickle of Python, not a file that torch.save wrote")
    part_of_file(), part_of_file()  # the version, and facts of the machine
    content, keys = part_of_file(), part_of_file()
    place = pickles.tell()
    for key in keys if isinstance(keys, list) else ():
        if not isinstance(key, str) or key not in found:
            raise ModelError(DAMAGED)
        kind, elements = found[key]
        places[key] = place + 8  # behind the number of elements
        place += 8 + elements * (DTYPES[kind].itemsize if kind in DTYPES else 1)
    if places.keys() != found.keys():
        raise ModelError(DAMAGED)
    return content


def _check_kind(names: Any, folder: str, has_pickle: bool) -> None:
    """Raise a ModelError for archives that are not what torch.save writes; says what they are."""
    endings = {name.rpartition("/")[2] for name in names}
    if f"{folder}constants.pkl" in names or any("/code/" in f"/{name}" for name in names):
        raise ModelError(
            "it is a TorchScript program (torch.jit.save), which would have to be run. Save the "
            "weights alone: torch.save(model.state_dict(), path)"
        )
    if endings & {"archive_format", "serialized_exported_program.json"}:
        raise ModelError(
            "it is an exported program (torch.export.save), which would have to be run. Save the "
            "weights alone: torch.save(model.state_dict(), path)"
        )
    if not has_pickle:
        raise ModelError("it is a zip archive, but none that torch.save wrote")


def _start(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """The first bytes of a file in the archive, `most` of them if there are so many."""
    with archive.open(name) as entry:
        return entry.read(most)


def _first_byte(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where the content of a file in the archive begins: behind a head, its name and more.

    `zipfile` itself reads all that it skips, before Python 3.13.
    """
    file.seek(info.header_offset)
    head = file.read(30)
    if len(head) < 30 or not head.startswith(ZIP_HEAD) or info.flag_bits & 1:  # encrypted
        raise ValueError
    name, extra = struct.unpack("<HH", head[26:])
    return info.header_offset + 30 + int(name + extra)


def _guarded(function: Callable[..., bytes]) -> Callable[..., bytes]:
    def guarded(*arguments: int) -> bytes:
        try:
            return function(*arguments)
        except _BROKEN as error:
            raise ModelError(DAMAGED) from error

    return guarded


class _Limited:
    """A file that lets an archive read so much and no more, until `left` is None."""

    def __init__(self, file: BinaryIO) -> None:
        self.left: int | None = _MAX_CONTENTS_BYTES
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._file = file

    def read(self, count: int = -1) -> bytes:
        """The next `count` bytes.

        Raises:
            ValueError: that is too much.
        """
        if self.left is None:
            return self._file.read(count)
        content = self._file.read(count if 0 <= count <= self.left else self.left + 1)
        self.left -= len(content)
        if self.left < 0:
            raise ValueError("the list of files is too long")
        return content
