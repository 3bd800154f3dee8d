"""How a folder of images is laid out: where the data set begins, its parts, and their classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vera_studio.data.folder_tree import FolderTree, Listing, identity, leads_back
from vera_studio.data.part_names import Part, means_evaluation, parts_of
from vera_studio.errors import DataError
from vera_studio.files import reason
from vera_studio.wording import first_of

_DEEPEST = 3  # folders down that a data set is looked for
_PARTS: tuple[Part, ...] = ("all", "train", "validation", "test")
_NO_PICTURE = "folder without a picture, no class"


@dataclass(frozen=True)
class Layout:
    """Where the images of each class are.

    Folders without parts have the part "all".
    """

    root: Path  # in which the data set begins
    parts: dict[Part, list[Path]]  # the folders of classes of each, by name
    notes: tuple[str, ...]  # sentences for the user, of what is not plain to see


@dataclass(frozen=True)
class _Parts:
    folders: dict[Part, Path]
    note: str = ""


def find_layout(tree: FolderTree) -> Layout:
    """Find out how the folder is laid out; what is no part of the data set is told as skipped.

    Raises:
        DataError: it is no folder, or has no folders of classes.
        OSError: it cannot be read.
        Cancelled: as `tree` was told.
    """
    listing = _checked_listing(tree)
    root = _begin(tree, listing)
    listing = listing if root == tree.root else tree.entries(root)
    parts = _find_parts(tree, root, listing)
    notes = [] if root == tree.root else [f"The images are in its folder {_below(tree, root)}."]
    if parts.folders:
        notes += [parts.note] if parts.note else []
        _tell_others(tree, listing, list(parts.folders.values()))
    elif not listing.all_folders or _all_named_like_parts(listing):
        raise DataError(_no_classes_text(root, listing))
    folders: dict[Part, Path] = parts.folders or {"all": root}
    ordered = sorted(folders, key=_PARTS.index)
    every = {part: _class_folders(tree, folders[part]) for part in ordered}
    classes, note = _with_pictures(tree, every)
    return Layout(root, classes, (*notes, *([note] if note else [])))


def _begin(tree: FolderTree, listing: Listing) -> Path:
    """The folder in which the data set begins: the one below that is one, where it is none.

    A single folder of pictures beside one with parts is no class: screenshots, say.
    """
    root, folders = tree.root, listing.all_folders
    if _has_parts(tree, folders) or _classes_at_least(tree, folders, 2):
        return root
    others = [one for one in folders if not tree.holds_picture(one, deep=False)]
    below = list(islice((f for one in others for f in _data_sets(tree, one, _DEEPEST - 1)), 2))
    if len(below) != 1:
        return root
    is_plain = len(others) == len(folders)
    return below[0] if is_plain or _has_parts(tree, tree.subfolders(below[0])) else root


def _data_sets(tree: FolderTree, folder: Path, depth: int) -> Iterator[Path]:
    """The folder, or those below it, that have parts or some classes in them."""
    folders = tree.subfolders(folder)
    if _has_parts(tree, folders) or _classes_at_least(tree, folders, 2):
        yield folder
    elif depth:
        for one in folders:
            yield from _data_sets(tree, one, depth - 1)


def _has_parts(tree: FolderTree, folders: Sequence[Path]) -> bool:
    meant = parts_of(one.name for one in folders)
    return any(_holds_classes(tree, one) for one in folders if one.name in meant)


def _classes_at_least(tree: FolderTree, folders: Sequence[Path], least: int) -> bool:
    """Whether so many folders have pictures in themselves, as the folder of a class has."""
    having = (one for one in folders if tree.holds_picture(one, deep=False))
    return len(list(islice(having, least))) == least


def _holds_classes(tree: FolderTree, folder: Path) -> bool:
    """Whether a folder has folders with pictures in it."""
    return any(tree.holds_picture(one) for one in tree.subfolders(folder))


def _find_parts(tree: FolderTree, root: Path, listing: Listing) -> _Parts:
    """The folders in `root` that are parts: those that are named so, and hold classes."""
    folders = listing.all_folders
    meant = parts_of(one.name for one in folders)
    by_part: dict[Part, list[Path]] = {}
    for one in folders:
        if one.name in meant and _holds_classes(tree, one):
            by_part.setdefault(meant[one.name], []).append(_inner(tree, one, meant[one.name]))
    _tell_evaluation_apart(by_part)
    for part, several in by_part.items():
        if len(several) > 1:
            names = " and ".join(one.relative_to(root).parts[0] for one in several)
            raise DataError(
                f"{root} has two folders for the {part} images: {names}. Open a folder with one "
                "train, one test and at most one validation folder, each with a folder a class."
            )
    found = {part: one for part, (one,) in by_part.items()}
    return _with_test(tree, root, found, folders)


def _inner(tree: FolderTree, folder: Path, part: Part) -> Path:
    """The folder in it, where that is all there is and is named as the same part."""
    below = tree.subfolders(folder)
    if len(below) == 1 and parts_of([below[0].name, folder.name]).get(below[0].name) == part:
        return below[0]
    twin = [one for one in below if one.name == folder.name]
    return twin[0] if len(below) == 1 and twin else folder


def _tell_evaluation_apart(by_part: dict[Part, list[Path]]) -> None:
    """Beside another part to validate on, and without one to test on, "eval" is that."""
    several = by_part.get("validation", [])
    evaluation = [one for one in several if means_evaluation(one.name)]
    if len(several) == 2 and len(evaluation) == 1 and "test" not in by_part:
        by_part["test"] = evaluation
        by_part["validation"] = [one for one in several if one not in evaluation]


def _with_test(
    tree: FolderTree, root: Path, found: dict[Part, Path], folders: Sequence[Path]
) -> _Parts:
    """Of two parts, one of them to train on, the other is to test on, whatever it is called."""
    if "test" in found:
        return _Parts(found)
    if "validation" in found:
        test = found.pop("validation")
    elif found:
        taken = found["train"]
        others = [one for one in folders if one not in (taken, taken.parent)]
        alike = [one for one in others if _has_classes_of(tree, taken, one)]
        if len(alike) != 1:
            return _Parts(found)
        test = alike[0]
    else:
        return _Parts(found)
    note = f"The folder {test.name} is what is measured on at the end."
    if "train" in found:
        note += f" What is validated on is held out of {found['train'].name}."
    return _Parts({**found, "test": test}, note)


def _has_classes_of(tree: FolderTree, train: Path, other: Path) -> bool:
    """Whether a folder holds pictures in folders that are called as some of `train`."""
    names = {one.name.casefold() for one in tree.subfolders(train)}
    below = tree.subfolders(other)
    return any(one.name.casefold() in names and tree.holds_picture(one) for one in below)


def _tell_others(tree: FolderTree, listing: Listing, parts: Sequence[Path]) -> None:
    """Tell what stands beside the parts and is none."""
    taken = {*parts, *(one.parent for one in parts)}
    meant = parts_of(one.name for one in listing.all_folders)
    for folder in listing.all_folders:
        if leads_back(folder):
            tree.skip(folder, "link in a circle")
        elif folder in taken:
            continue
        elif folder.name in meant:
            tree.skip(folder, "folder without folders of classes")
        else:
            tree.skip(folder, "folder that is no part such as train or test")
    root = parts[0].parent if parts[0].parent not in parts else parts[0]
    for name in listing.files:
        tree.skip(root / name, "not in the folder of a class")


def _all_named_like_parts(listing: Listing) -> bool:
    meant = parts_of(one.name for one in listing.all_folders)
    return len(meant) == len(listing.all_folders)


def _class_folders(tree: FolderTree, folder: Path) -> list[Path]:
    """The folders in a part, without links to where they are or to the folder of another class."""
    listing = tree.entries(folder)
    for name in listing.files:
        tree.skip(folder / name, "not in the folder of a class")
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
            tree.skip(link, "link in a circle")
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
        raise DataError(_no_classes_text(root, listing))
    return listing


def _no_classes_text(root: Path, listing: Listing) -> str:
    found = sorted([*listing.files, *(one.name for one in listing.all_folders)])
    return (
        f"{root} has no subfolders of classes.\n"
        "Needed: one subfolder a class (airplane, automobile, ...), either right in this "
        "folder or in its subfolders train and test.\n"
        f"Found: {first_of(found, 5) or 'nothing'}."
    )
