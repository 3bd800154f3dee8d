"""Finding the images of each class in a folder, with or without parts such as train and test."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vera_studio.data.class_names import fits_some, known_classes, match_classes
from vera_studio.data.folder_layout import Layout, find_layout
from vera_studio.data.folder_tree import FolderTree, FoundFile
from vera_studio.data.part_names import Part
from vera_studio.data.store import OnProgress, ShouldStop, SkippedFile, never_stop, no_progress
from vera_studio.errors import DataError
from vera_studio.files import reason
from vera_studio.wording import first_of

_UNKNOWN = "folder of a class that the network does not know"


@dataclass(frozen=True)
class FolderScan:
    """The files found, by part; a folder of classes without parts has the part "all"."""

    parts: dict[Part, list[FoundFile]]
    skipped: list[SkippedFile]
    notes: tuple[str, ...] = ()  # sentences for the user


@dataclass(frozen=True)
class FolderLook:
    """What a folder seems to be, before any of its pictures is read."""

    class_names: tuple[str, ...]  # names of its folders of classes, numbers in them by value
    parts: tuple[Part, ...]  # ("all",) where it has none
    root: Path  # the folder, or the one below it in which the data set is
    notes: tuple[str, ...] = ()  # sentences for the user


def look_at(
    path: Path, on_progress: OnProgress = no_progress, should_stop: ShouldStop = never_stop
) -> FolderLook:
    """See which classes and parts a folder has, without reading a picture.

    A class that two parts spell in two ways, such as "Cat" and "cats", is one.

    Raises:
        DataError, Cancelled: as `scan_folder`.
    """
    tree = FolderTree(path, on_progress, should_stop)
    layout = _layout(tree)
    names: list[str] = []
    for folders in layout.parts.values():
        own = [one.name for one in folders]
        there = known_classes(own, names)
        names += [name for name in own if name not in there]
    ordered = tuple(sorted(names, key=_natural))
    return FolderLook(ordered, tuple(layout.parts), layout.root, layout.notes)


def scan_folder(
    root: Path,
    class_names: Sequence[str],
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
    leave_out_unknown: bool = False,
) -> FolderScan:
    """Find the files of each class below `root`, in the order of their names.

    Where `root` has just one folder that holds a data set, and is none itself, that is taken.
    Hidden files and those that systems leave behind are passed over. A link to a folder is
    followed, once, unless it leads to where it is or to what is read already; this is told.
    A folder without a picture is no class.

    Args:
        root: the folder.
        class_names: the network's classes, in its order.
        on_progress: told how many files and folders were seen; of how many is not known: 0.
        should_stop: asked in every folder and again and again in a large one.
        leave_out_unknown: leave out, and tell, what the network does not know, as long as it
            knows some.

    Raises:
        DataError: `root` is no folder, has no folders of classes, or they do not match
            `class_names`.
        Cancelled: `should_stop` said so.
    """
    tree = FolderTree(root, on_progress, should_stop)
    layout = _layout(tree)
    notes = list(layout.notes)
    classes = _without_unknown(tree, layout, class_names, notes) if leave_out_unknown else None
    try:
        parts = {
            part: _scan_part(tree, folders, class_names)
            for part, folders in (classes or layout.parts).items()
        }
        tree.follow_links()
    except OSError as error:
        raise DataError(f"Cannot read {error.filename or root}: {reason(error)}.") from error
    found = {part: [file for one in by_class for file in one] for part, by_class in parts.items()}
    return FolderScan(found, tree.skipped, tuple(notes))


def _layout(tree: FolderTree) -> Layout:
    try:
        return find_layout(tree)
    except OSError as error:
        raise DataError(f"Cannot read {error.filename or tree.root}: {reason(error)}.") from error


def _scan_part(
    tree: FolderTree, folders: Sequence[Path], class_names: Sequence[str]
) -> list[list[FoundFile]]:
    """The files of each class of a part, those behind links still to come."""
    label_of = match_classes([one.name for one in folders], class_names)
    by_class: list[list[FoundFile]] = []
    for one in folders:
        by_class.append([])
        tree.walk(one, label_of[one.name], by_class[-1])
    return by_class


def _without_unknown(
    tree: FolderTree, layout: Layout, class_names: Sequence[str], notes: list[str]
) -> dict[Part, list[Path]] | None:
    """The folders of classes that the network knows; None where it knows none."""
    known: dict[Part, list[Path]] = {}
    unknown: list[Path] = []
    for part, folders in layout.parts.items():
        fitting = set(fits_some([one.name for one in folders], class_names))
        known[part] = [one for one in folders if one.name in fitting]
        unknown += [one for one in folders if one.name not in fitting]
    if not any(known.values()):
        return None
    for one in unknown:
        tree.skip(one, _UNKNOWN)
    if unknown:
        names = first_of(list(dict.fromkeys(one.name for one in unknown)))
        notes.append(f"Left out, as the network does not know these classes: {names}.")
    return known


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key that sorts "class 2" before "class 10", whatever the case."""
    pieces: Iterable[str] = re.split(r"([0-9]{1,18})", name.casefold())
    return [(0, int(p), "") if p.isascii() and p.isdigit() else (1, 0, p) for p in pieces], name
