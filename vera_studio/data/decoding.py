"""Decoding many image files in threads, in their order, with an end soon after Cancel."""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vera_studio.data.image_file import UnreadableImage, read_image
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.errors import Cancelled

_Item = TypeVar("_Item")
Decoded = NDArray[np.uint8] | UnreadableImage
MOST_THREADS = 4  # each may hold a large picture in memory
_AT_ONCE = 16  # files that a thread is given, as long as their pixels take no more than
_AT_ONCE_BYTES = 2**22
_PATIENCE_SECONDS = 0.1  # between two questions whether to stop


def threads() -> int:
    """How many threads decode: one a core, for Pillow decodes outside Python's lock."""
    return max(1, min(os.cpu_count() or 1, MOST_THREADS))


def decode(
    paths: Iterable[Path], form: Preprocessing, should_stop: Callable[[], bool], thread_count: int
) -> Generator[Decoded, None, None]:
    """Each image as `read_image` gives it, or why it cannot be read; in the order of `paths`.

    Args:
        paths: of the files; taken from no faster than they are decoded.
        form: how they become what a network takes.
        should_stop: asked on this thread alone, ten times a second while it waits.
        thread_count: with one, on this thread.

    Yields:
        Pixels (size, size, 3). Close it, where it is not taken to its end: threads go on.

    Raises:
        MemoryError: there is none left.
        Cancelled: `should_stop` said so.
    """
    if thread_count < 2:
        for path in paths:
            yield _one(path, form, should_stop)
        return
    stop = threading.Event()
    chunk = max(1, min(_AT_ONCE, _AT_ONCE_BYTES // (3 * form.size**2)))
    with ThreadPoolExecutor(thread_count, "decoding") as pool:
        try:
            yield from _in_order(pool, chunks(paths, chunk), form, should_stop, stop, thread_count)
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor,
    files: Iterator[list[Path]],
    form: Preprocessing,
    should_stop: Callable[[], bool],
    stop: threading.Event,
    thread_count: int,
) -> Iterator[Decoded]:
    waiting: deque[Future[list[Decoded]]] = deque()
    for chunk in files:
        waiting.append(pool.submit(_some, chunk, form, stop.is_set))
        if len(waiting) > 2 * thread_count:  # no more in memory than that
            yield from _result(waiting.popleft(), should_stop)
    while waiting:
        yield from _result(waiting.popleft(), should_stop)


def _result(future: Future[list[Decoded]], should_stop: Callable[[], bool]) -> list[Decoded]:
    while True:
        if should_stop():
            raise Cancelled
        if wait([future], _PATIENCE_SECONDS).done:
            return future.result()


def _some(paths: list[Path], form: Preprocessing, should_stop: Callable[[], bool]) -> list[Decoded]:
    return [_one(path, form, should_stop) for path in paths]


def _one(path: Path, form: Preprocessing, should_stop: Callable[[], bool]) -> Decoded:
    try:
        return read_image(path, form, should_stop)
    except UnreadableImage as why:
        return why


def chunks(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """The items in order, so many at a time; the last ones may be fewer."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
