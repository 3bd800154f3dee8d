"""How a folder of images is laid out: where the data set begins, its parts, and their classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from vera_studio.data.folder_parts import Parts, find_parts, holds_classes, part_folders
from vera_studio.data.folder_tree import FolderTree, Listing, identity, leads_back
from vera_studio.data.part_names import Part, parts_of
from vera_studio.errors import DataError
from vera_studio.files import reason
from vera_studio.wording import first_of

_DEEPEST = 3  # folders down that a data set is looked for
_PARTS: tuple[Part, ...] = ("all", "train", "validation", "test")
_CIRCLE = "link in a circle"
_NO_PICTURE = "folder without a picture, no class"


class NoClassesError(DataError):
    """A folder without folders of classes; there may be pictures in it all the same."""


@dataclass(frozen=True)
class Layout:
    """Where the images of each class are.

    Folders without parts have the part "all".
    """

    root: Path  # in which the data set begins
    parts: dict[Part, list[Path]]  # the folders of classes of each, by name
    notes: tuple[str, ...]  # sentences for the user, of what is not plain to see


def find_layout(tree: FolderTree) -> Layout:
    """Find out how the folder is laid out; what is no part of the data set is told as skipped.

    Raises:
        DataError: it is no folder, or, as NoClassesError, has no folders of classes.
        OSError: it cannot be read.
        Cancelled: as `tree` was told.
    """
    listing = _checked_listing(tree)
    root = _begin(tree, tree.root, _DEEPEST) or tree.root
    notes = []
    if root != tree.root:
        listing = tree.entries(root)
        notes.append(_tell_beside(tree, root))
    parts = find_parts(tree, root, listing.all_folders)
    if parts.folders:
        notes += [parts.note, _tell_others(tree, root, listing, parts)]
    elif not listing.all_folders or _all_named_like_parts(listing):
        raise NoClassesError(_no_classes_text(root, listing))
    folders: dict[Part, Path] = parts.folders or {"all": root}
    ordered = sorted(folders, key=_PARTS.index)
    every = {part: _class_folders(tree, folders[part]) for part in ordered}
    classes, note = _with_pictures(tree, every)
    notes += [note, _like_a_part(tree, listing, parts)]
    notes += dict.fromkeys(_alike_note(tree, own) for own in classes.values())
    return Layout(root, classes, tuple(note for note in notes if note))


def _begin(tree: FolderTree, folder: Path, depth: int) -> Path | None:
    """The folder in which the data set begins: this one, or the one below it that is one.

    It is stepped down only where no other folder has pictures, whatever lies loose beside. But a
    single folder of pictures beside one with parts is no class: screenshots, say.
    """
    folders = tree.subfolders(folder)
    if part_folders(tree, folders):
        return folder
    full = [one for one in folders if tree.holds_picture(one)]
    if not depth or len(full) > 2:
        return folder if len(full) > 1 else None
    below = [_begin(tree, one, depth - 1) for one in full]
    if len(full) < 2:
        return below[0] if below else None
    with_parts = [one for one in below if one and part_folders(tree, tree.subfolders(one))]
    return with_parts[0] if len(with_parts) == 1 else folder


def _tell_beside(tree: FolderTree, root: Path) -> str:
    """Tell what stands beside the folder that was stepped down to; a note that it was."""
    told = []
    way = [one for one in (root, *root.parents) if one.is_relative_to(tree.root)]
    for taken, folder in reversed(list(pairwise(way))):
        listing = tree.entries(folder)
        beside = [one for one in listing.all_folders if one != taken]
        told += [_below(tree, one) for one in beside if tree.holds_picture(one)]
        for one in beside:
            tree.skip(one, _CIRCLE if leads_back(one) else "beside the folder of the data set")
        _tell_files(tree, folder, listing)
    note = f"The images are in its folder {_below(tree, root)}."
    return f"{note} Left out is what stands beside it: {first_of(told)}." if told else note


def _tell_others(tree: FolderTree, root: Path, listing: Listing, parts: Parts) -> str:
    """Tell what stands beside the parts and is none; a note where that may be a mistake."""
    taken = {*parts.folders.values(), *(one.parent for one in parts.folders.values())}
    meant = parts_of(one.name for one in listing.all_folders)
    others = [one for one in listing.all_folders if one not in taken]
    for folder in others:
        if leads_back(folder):
            tree.skip(folder, _CIRCLE)
        elif folder.name in meant:
            tree.skip(folder, "folder without folders of classes")
        else:
            tree.skip(folder, "folder that is no part such as train or test")
    _tell_files(tree, root, listing)
    for one in taken - {root, *parts.folders.values()}:  # such as train, of train/train
        _tell_files(tree, one, tree.entries(one))
    left_out = [one.name for one in others if not leads_back(one) and tree.holds_picture(one)]
    if len(parts.folders) > 1 or not left_out:
        return ""
    ((part, folder),) = parts.folders.items()
    return (
        f"The folder {folder.name} is taken for the {part} images, and left out is what stands "
        f"beside it: {first_of(left_out)}."
    )


def _tell_files(tree: FolderTree, folder: Path, listing: Listing) -> None:
    for name in listing.files:
        tree.skip(folder / name, "not in the folder of a class")


def _alike_note(tree: FolderTree, classes: Sequence[Path]) -> str:
    """Where all classes have the same folders in them, these may be what is meant.

    So may those in an only class.
    """
    inner: set[frozenset[str]] = set()
    for one in classes:
        full = [below.name for below in tree.subfolders(one) if tree.holds_picture(below)]
        inner.add(frozenset(name.casefold() for name in full))
        if len(inner) > 1 or len(full) < 2:
            return ""
    if not classes:
        return ""
    below_names, names = first_of(full, 5), first_of([one.name for one in classes], 5)
    if len(classes) == 1:
        return (
            f"The folder {names} is taken for the only class, and has folders in it: "
            f"{below_names}. If these are the classes, move them up to where it is."
        )
    return (
        f"The folders {names} are taken for the classes, and all have the same folders in them: "
        f"{below_names}. If these are the classes, open one of the folders above alone, or name "
        "them train and test."
    )


def _like_a_part(tree: FolderTree, listing: Listing, parts: Parts) -> str:
    """A note on a class that is called like a part, and has folders in it as parts have."""
    meant = parts_of(one.name for one in listing.all_folders)
    like = [one for one in listing.all_folders if one.name in meant and holds_classes(tree, one)]
    if parts.folders or not like:
        return ""
    return f"The folder {like[0].name} is taken for a class, as those beside it are classes."


def _all_named_like_parts(listing: Listing) -> bool:
    meant = parts_of(one.name for one in listing.all_folders)
    return len(meant) == len(listing.all_folders)


def _class_folders(tree: FolderTree, folder: Path) -> list[Path]:
    """The folders in a part, without links to where they are or to the folder of another class."""
    listing = tree.entries(folder)
    _tell_files(tree, folder, listing)
    folders = sorted((*listing.folders, *_useful_links(tree, listing)))
    return [one for one in folders if _has_name(tree, one)]


def _has_name(tree: FolderTree, folder: Path) -> bool:
    """Whether a class can be called as the folder: what a run leaves is UTF-8."""
    try:
        folder.name.encode()
        is_name = bool(folder.name.strip())
    except UnicodeEncodeError:
        is_name = False
    if not is_name:
        tree.skip(folder, "folder whose name no class can have")
    return is_name


def _useful_links(tree: FolderTree, listing: Listing) -> Iterator[Path]:
    others = {identity(one) for one in listing.folders}
    for link in listing.links:
        if leads_back(link):
            tree.skip(link, _CIRCLE)
        elif identity(link) in others:
            tree.skip(link, "link to a folder that is read already")
        else:
            yield link


def _with_pictures(
    tree: FolderTree, parts: dict[Part, list[Path]]
) -> tuple[dict[Part, list[Path]], str]:
    """The folders of classes that hold a picture; if none does, all of them, to say why.

    Also a note on the others.
    """
    full = {
        part: [one for one in folders if tree.holds_picture(one)] for part, folders in parts.items()
    }
    if not any(full.values()):
        return parts, ""
    empty = [one for part, folders in parts.items() for one in folders if one not in full[part]]
    told = list(dict.fromkeys(one.name for one in empty if _is_readable(tree, one)))
    return full, f"Folders without a picture are no classes: {first_of(told)}." if told else ""


def _is_readable(tree: FolderTree, folder: Path) -> bool:
    """Tell why there is no picture in a folder; whether it can be read at all."""
    try:
        tree.entries(folder)
    except OSError as error:
        tree.skip(folder, "folder that cannot be read", reason(error))
        return False
    tree.skip(folder, _NO_PICTURE)
    return True


def _below(tree: FolderTree, folder: Path) -> str:
    return folder.relative_to(tree.root).as_posix()


def _checked_listing(tree: FolderTree) -> Listing:
    root = tree.root
    if not root.exists():
        raise DataError(f"There is no folder {root}.")
    if not root.is_dir():
        raise DataError(f"{root} is a file. Needed is a folder with one subfolder a class.")
    listing = tree.entries(root)
    if not listing.all_folders:
        raise NoClassesError(_no_classes_text(root, listing))
    return listing


def _no_classes_text(root: Path, listing: Listing) -> str:
    found = sorted([*listing.files, *(one.name for one in listing.all_folders)])
    return (
        f"{root} has no subfolders of classes.\n"
        "Needed: one subfolder a class (airplane, automobile, ...), either right in this "
        "folder or in its subfolders train and test.\n"
        f"Found: {first_of(found, 5) or 'nothing'}."
    )
