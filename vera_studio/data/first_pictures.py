"""A few pictures of a folder to look at, before all of them are read."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from itertools import islice, zip_longest

import numpy as np
from numpy.typing import NDArray

from vera_studio.data.decoding import decode
from vera_studio.data.folder_tree import FoundFile
from vera_studio.data.image_file import UnreadableImage
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.data.store import ShouldStop

MOST = 12  # pictures
_TRIES = 4  # files for each picture that is asked for, until there are enough that can be read
_TOLD_SECONDS = 0.1  # between two times that they are shown
_PATIENCE_SECONDS = 2.0  # a folder on a slow disk shows what it has by then


def show_first(
    files: Sequence[FoundFile],
    class_names: Sequence[str],
    form: Preprocessing,
    on_first: Callable[[Sequence[tuple[NDArray[np.uint8], str]]], None],
    should_stop: ShouldStop,
) -> None:
    """Decode a few files of as many classes as can be, and show them as they come.

    Args:
        files: of which some are chosen.
        class_names: that their labels mean.
        form: how they are prepared.
        on_first: given the pictures (size, size, 3) with the names of their classes, all so far.
        should_stop: asked before every file.

    Raises:
        Cancelled: `should_stop` said so.
    """
    shown: list[tuple[NDArray[np.uint8], str]] = []
    told = time.monotonic()
    for picture in first_pictures(files, class_names, form, should_stop, MOST):
        shown.append(picture)
        if len(shown) == 1 or time.monotonic() - told >= _TOLD_SECONDS:
            told = time.monotonic()
            on_first(tuple(shown))
    if shown:
        on_first(tuple(shown))


def first_pictures(
    files: Sequence[FoundFile],
    class_names: Sequence[str],
    form: Preprocessing,
    should_stop: ShouldStop,
    most: int,
) -> Generator[tuple[NDArray[np.uint8], str], None, None]:
    """The first picture of each class that can be read, then the second of each, and so on.

    It ends after `most` pictures, four times as many files, or two seconds.

    Yields:
        Pixels (size, size, 3), and the name of the class.

    Raises:
        Cancelled: `should_stop`, asked before every file, said so.
    """
    chosen = _chosen(files, _TRIES * most)
    begin, count = time.monotonic(), 0
    with closing(decode((file.path for file in chosen), form, should_stop, 1)) as images:
        for file, image in zip(chosen, images, strict=True):
            if not isinstance(image, UnreadableImage):
                count += 1
                yield image, class_names[file.label]
            if count == most or time.monotonic() - begin > _PATIENCE_SECONDS:
                return


def _chosen(files: Sequence[FoundFile], most: int) -> list[FoundFile]:
    """Files in the order of their turn: the first of each class, then the second of each."""
    by_class: dict[int, list[FoundFile]] = {}
    for file in files:
        own = by_class.setdefault(file.label, [])
        if len(own) < most:
            own.append(file)
    turns = zip_longest(*by_class.values())
    return list(islice((file for turn in turns for file in turn if file is not None), most))
