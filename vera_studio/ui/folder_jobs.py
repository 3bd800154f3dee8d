"""What the window has done with folders of images before they are opened: looked at.

Plain functions like those of `jobs`; the engine is imported inside them.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio.errors import ShouldStop
from vera_studio.ui.jobs import Progress

if TYPE_CHECKING:
    from vera_studio.data.folder_tree import FoundFile
    from vera_studio.models.model import Model

LOOK = "Looking at the folder"
MOST_EXAMPLES = 8  # first pictures of a folder
OnEvent = Callable[[object], None]


@dataclass(frozen=True)
class FolderFound:
    """What a folder of images holds, beside what the network knows."""

    folder: Path
    class_names: tuple[str, ...]
    known: frozenset[str]  # those that the network knows
    network: str  # its title
    for_photographs: str  # title of the network that is proposed for photographs
    is_of_own_layer: bool = False  # the network has a last layer for exactly these classes
    notes: tuple[str, ...] = ()  # what else there is to know, a sentence each


def look_at_folder(
    folder: Path, model: "Model", on_event: OnEvent, should_stop: ShouldStop
) -> FolderFound:
    """Find the classes in `folder`, and those of them that `model` knows; reads no picture.

    Raises:
        DataError: it is no folder, or has no folders of classes.
        Cancelled: told to stop.
    """
    from vera_studio.data.class_names import known_classes
    from vera_studio.data.folder_scan import look_at
    from vera_studio.models.efficientnet_lite import TITLE

    def report(done: int, total: int) -> None:
        on_event(Progress(done, total, LOOK))

    look = look_at(folder, on_progress=report, should_stop=should_stop)
    known = known_classes(look.class_names, model.original.class_names)
    return FolderFound(
        folder,
        look.class_names,
        frozenset(known),
        model.kind.title,
        TITLE,
        model.has_own_classes and set(model.class_names) == set(look.class_names),
        look.notes,
    )


def read_examples(
    folder: Path,
    class_names: Sequence[str],
    side: int,
    network: str,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> None:
    """Tell the first pictures in `folder`, as pairs of a class and pixels (side, side, 3) uint8.

    Args:
        folder: was looked at.
        class_names: that were found in it.
        side: of each picture, which is cut to a square.
        network: that is proposed, by name; what it takes a second to import is there then.
        on_event: told each as it is read.
        should_stop: asked before each.

    Raises:
        DataError: the folder cannot be read.
        Cancelled: told to stop.
    """
    from vera_studio.data.folder_scan import scan_folder
    from vera_studio.data.image_file import UnreadableImage, read_image
    from vera_studio.data.preprocessing import square
    from vera_studio.models.registry import find

    scan = scan_folder(folder, class_names, should_stop=should_stop)
    files = [file for part in scan.parts.values() for file in part]
    shown = 0
    for file in _of_each_class(files):
        if shown == MOST_EXAMPLES:
            break
        try:
            pixels = read_image(file.path, square(side), should_stop)
        except (UnreadableImage, MemoryError):
            continue
        on_event((class_names[file.label], pixels))
        shown += 1
    find(network)


def _of_each_class(files: "Sequence[FoundFile]") -> "Iterator[FoundFile]":
    """The first file of each class, then the second of each, and so on, while any is left."""
    by_class: dict[int, deque[FoundFile]] = {}
    for file in files:
        by_class.setdefault(file.label, deque()).append(file)
    while by_class:
        for label in sorted(by_class):
            yield by_class[label].popleft()
            if not by_class[label]:
                del by_class[label]
