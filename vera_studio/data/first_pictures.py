"""A few pictures of a folder to look at, before all of them are read."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from vera_studio.data.decoding import decode
from vera_studio.data.folder_tree import FoundFile
from vera_studio.data.image_file import UnreadableImage
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.data.store import ShouldStop

MOST = 12  # pictures
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
    chosen = _chosen(files)
    shown: list[tuple[NDArray[np.uint8], str]] = []
    begin = told = time.monotonic()
    with closing(decode((file.path for file in chosen), form, should_stop, 1)) as images:
        for file, image in zip(chosen, images, strict=True):
            now = time.monotonic()
            if not isinstance(image, UnreadableImage):
                shown.append((image, class_names[file.label]))
                if len(shown) == 1 or now - told >= _TOLD_SECONDS:
                    told = now
                    on_first(tuple(shown))
            if now - begin > _PATIENCE_SECONDS:
                break
    if shown:
        on_first(tuple(shown))


def _chosen(files: Sequence[FoundFile]) -> list[FoundFile]:
    """A few files: the first of each class, then the second of each, and so on."""
    by_class: dict[int, list[FoundFile]] = {}
    for file in files:
        own = by_class.setdefault(file.label, [])
        if len(own) < MOST:
            own.append(file)
    turns = zip_longest(*by_class.values())
    return [file for turn in turns for file in turn if file is not None][:MOST]
