"""What the window has done with folders of images before they are opened: looked at.

Plain functions like those of `jobs`; the engine is imported inside them.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio.errors import ShouldStop
from vera_studio.ui.jobs.progress import Progress

if TYPE_CHECKING:
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

    There may be no classes, where there are pictures that nobody has sorted.

    Raises:
        DataError: it is no folder, or has neither folders of classes nor pictures.
        Cancelled: told to stop.
    """
    from vera_studio.data.class_names import known_classes
    from vera_studio.data.folder_layout import NoClassesError
    from vera_studio.data.folder_scan import look_at
    from vera_studio.models.efficientnet_lite import TITLE

    def report(done: int, total: int) -> None:
        on_event(Progress(done, total, LOOK))

    try:
        look = look_at(folder, on_progress=report, should_stop=should_stop)
    except NoClassesError:
        if not _holds_picture(folder, should_stop):
            raise
        return FolderFound(folder, (), frozenset(), model.kind.title, TITLE)
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
        class_names: that were found in it; none where its pictures are not sorted.
        side: of each picture, which is cut to a square.
        network: that is proposed, by name; what it takes a second to import is there then.
        on_event: told each as it is read.
        should_stop: asked before each.

    Raises:
        DataError: the folder cannot be read.
        Cancelled: told to stop.
    """
    from vera_studio.data.first_pictures import first_pictures
    from vera_studio.data.folder_scan import scan_folder
    from vera_studio.data.heap import find_files
    from vera_studio.data.preprocessing import square
    from vera_studio.models.registry import find

    if class_names:
        scan = scan_folder(folder, class_names, should_stop=should_stop)
        files = [file for part in scan.parts.values() for file in part]
    else:
        files, class_names = find_files(folder, should_stop=should_stop), ("unsorted picture",)
    with contextlib.suppress(MemoryError):
        for pixels, name in first_pictures(
            files, class_names, square(side), should_stop, MOST_EXAMPLES
        ):
            on_event((name, pixels))
    find(network)


def _holds_picture(folder: Path, should_stop: ShouldStop) -> bool:
    from vera_studio.data.folder_tree import FolderTree
    from vera_studio.data.store import no_progress

    return FolderTree(folder, no_progress, should_stop).holds_picture(folder)
