"""The tensors in a safetensors file, described by its header.

The format: https://github.com/huggingface/safetensors#format
"""

import json
import math
from collections.abc import Mapping
from typing import Any, BinaryIO

from vera_studio.errors import ModelError
from vera_studio.models.stored import DTYPES, Storage, Stored, in_order, sizes

_MAX_HEADER_BYTES = 16 * 2**20  # some 100,000 tensors
_MAX_LOOK_BYTES = 2**20  # in a quick look: what an adapter may have
_KINDS = {
    **{"F32": "float32", "F64": "float64", "F16": "float16", "BF16": "bfloat16"},
    **{"I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8"},
    "BOOL": "bool",
}
CLASS_NAMES_KEY = "class_names"  # in the metadata of merged weights: a JSON list of texts
_ADAPTER = "vera-studio-adapter"  # the format that an adapter's file names
DAMAGED = "it was cut off, or its table of contents is wrong"


def looks_like_one(head: bytes) -> bool:
    """Whether a file with these first 9 bytes is one, by its content."""
    length = int.from_bytes(head[:8], "little")
    return len(head) >= 9 and 2 <= length < 2**40 and head[8:9] == b"{"


def names(file: BinaryIO, file_bytes: int) -> list[str] | None:
    """What the tensors in a file just opened are called; None for a list too long for a quick look.

    Raises:
        ModelError: the file is damaged, or an adapter.
    """
    if int.from_bytes(file.read(8), "little") > _MAX_LOOK_BYTES:
        return None
    return [name for name in _header(file, file_bytes, _MAX_LOOK_BYTES) if name != "__metadata__"]


def read(file: BinaryIO, file_bytes: int) -> dict[str, Stored]:
    """The tensors in an open file, by name.

    Raises:
        ModelError: the file is damaged, or an adapter.
    """
    header = _header(file, file_bytes, _MAX_HEADER_BYTES)
    start = file.tell()
    return {
        name: _stored(entry, file, start, file_bytes - start)
        for name, entry in header.items()
        if name != "__metadata__"
    }


def class_names(file: BinaryIO, file_bytes: int) -> tuple[str, ...]:
    """What the classes are called in a file of merged weights of the studio; empty without.

    Raises:
        ModelError: the file is damaged, or an adapter.
    """
    about = _header(file, file_bytes, _MAX_HEADER_BYTES).get("__metadata__")
    return named_classes(about if isinstance(about, dict) else {})


def named_classes(about: Mapping[str, Any]) -> tuple[str, ...]:
    """What the metadata of a file says that its classes are called; empty where it does not."""
    text = about.get(CLASS_NAMES_KEY)
    try:
        told = json.loads(text) if isinstance(text, str) else []
    except (ValueError, RecursionError):
        return ()
    is_list = isinstance(told, list) and all(isinstance(name, str) for name in told)
    return tuple(told) if is_list else ()


def _header(file: BinaryIO, file_bytes: int, most: int) -> dict[str, Any]:
    """The table of contents at the start of a file, of `most` bytes; reads up to its end."""
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(file_bytes - 8, most):
        raise ModelError(DAMAGED)
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError) as error:
        raise ModelError(DAMAGED) from error
    if not isinstance(header, dict):
        raise ModelError(DAMAGED)
    about = header.get("__metadata__")
    if isinstance(about, dict) and about.get("format") == _ADAPTER:
        raise ModelError("it is an adapter, not weights: import it as one")
    return header


def _stored(entry: object, file: BinaryIO, start: int, data_bytes: int) -> Stored:
    if not isinstance(entry, dict):
        raise ModelError(DAMAGED)
    kind, shape = str(entry.get("dtype"))[:20], sizes(entry.get("shape"))
    place = sizes(entry.get("data_offsets"))
    if shape is None or place is None or len(place) != 2 or not place[0] <= place[1] <= data_bytes:
        raise ModelError(DAMAGED)
    first, end = place
    kind = _KINDS.get(kind, kind)
    if kind in DTYPES and end - first != math.prod(shape) * DTYPES[kind].itemsize:
        raise ModelError(DAMAGED)

    def read_bytes(offset: int, count: int) -> bytes:
        file.seek(start + first + offset)
        return file.read(count)

    return Stored(kind, shape, in_order(shape), 0, Storage(end - first, read_bytes))
