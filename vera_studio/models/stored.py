"""Tensors as files of weights hold them: described first, and read only where they are wanted."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from vera_studio.errors import ModelError

_MAX_DIMENSIONS = 16
_MAX_SIZE = 2**48  # of a dimension, a stride or an offset: nothing overflows in the products
_MAX_SPREAD = 4  # times its own numbers that a tensor may be spread over in its storage
# By the names that torch gives them; all are read as they lie, in little-endian order.
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float32, torch.float64, torch.float16, torch.bfloat16),
        *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
    )
}


@dataclass(frozen=True)
class Storage:
    """Bytes in a file that tensors are views of."""

    size: int  # bytes
    read: Callable[[int, int], bytes]  # (first byte, number of bytes)


@dataclass(frozen=True)
class Stored:
    """A tensor in a file: what it is, before a byte of it is read."""

    kind: str  # its dtype as torch names it, such as "float32"; or what else it is: "sparse"
    shape: tuple[int, ...]
    stride: tuple[int, ...]  # in elements
    offset: int  # in elements, from the start of the storage
    storage: Storage | None  # None where the file holds no values

    def problem(self) -> str:
        """Why it cannot be read, in words that follow its name; empty where it can."""
        if self.kind not in DTYPES:
            kind = self.kind[:20]
            return f"is {kind}, which the studio does not read: save it as plain float32 numbers"
        if self.storage is None:
            return "has no values, only a shape (it is on the device 'meta')"
        if not _is_sane(self) or self._span() > _MAX_SPREAD * self.numel + 1024:
            return "is damaged: its numbers do not lie in order"
        itemsize = DTYPES[self.kind].itemsize
        if (self.offset + self._span()) * itemsize > self.storage.size:
            return "is damaged: its numbers are not all in the file"
        return ""

    @property
    def numel(self) -> int:
        """The number of its elements; what is expanded counts as often as it shows."""
        return math.prod(self.shape)

    def read(self) -> torch.Tensor:
        """Its values, on the CPU, in memory of their own.

        The caller has looked at `shape`, which says how much memory this takes.

        Raises:
            ModelError: it has a `problem`, or the file ends too early.
        """
        if (problem := self.problem()) or self.storage is None:
            raise ModelError(f"A tensor {problem}.")
        dtype = DTYPES[self.kind]
        if self.numel == 0:
            return torch.empty(self.shape, dtype=dtype)
        count = self._span() * dtype.itemsize
        content = bytearray(self.storage.read(self.offset * dtype.itemsize, count))
        if len(content) != count:
            raise ModelError("The file ends too early.")
        flat = torch.frombuffer(content, dtype=dtype)
        return flat.as_strided(self.shape, self.stride).contiguous().clone()

    def _span(self) -> int:
        """Elements of the storage from the first to the last that it shows."""
        if self.numel == 0:
            return 0
        pairs = zip(self.shape, self.stride, strict=True)
        return 1 + sum((size - 1) * step for size, step in pairs)


def in_order(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor whose numbers lie one after the other."""
    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))


def sizes(value: object) -> tuple[int, ...] | None:
    """`value` as sizes or strides; None where it cannot be that."""
    if not isinstance(value, tuple | list) or len(value) > _MAX_DIMENSIONS:
        return None
    if not all(type(size) is int and 0 <= size < _MAX_SIZE for size in value):
        return None
    return tuple(value)


def _is_sane(tensor: Stored) -> bool:
    return len(tensor.shape) == len(tensor.stride) and 0 <= tensor.offset < _MAX_SIZE
