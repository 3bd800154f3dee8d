"""Which folders are the parts of a data set: to train, to validate and to test on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vera_studio.data.folder_tree import FolderTree
from vera_studio.data.part_names import Part, means_evaluation, parts_of
from vera_studio.errors import DataError


@dataclass(frozen=True)
class Parts:
    """The folders that are parts, and a sentence for the user where that is not plain to see."""

    folders: dict[Part, Path]
    note: str = ""


def part_folders(tree: FolderTree, folders: Sequence[Path]) -> list[Path]:
    """Those of the folders beside each other that are parts: named so, and holding classes.

    One alone is a class like the others, where several of these hold pictures: train, beside bus
    and plane.
    """
    meant = parts_of(one.name for one in folders)
    found = [one for one in folders if one.name in meant and holds_classes(tree, one)]
    if len(found) == 1:
        others = (one for one in folders if one.name not in meant)
        if sum(_is_class(tree, one) for one in others) > 1:
            return []
    return found


def holds_classes(tree: FolderTree, folder: Path) -> bool:
    """Whether a folder has folders with pictures in it."""
    return any(tree.holds_picture(one) for one in tree.subfolders(folder))


def _is_class(tree: FolderTree, folder: Path) -> bool:
    """Whether it has pictures in itself, and in no folder below it."""
    return tree.holds_picture(folder, deep=False) and not holds_classes(tree, folder)


def find_parts(tree: FolderTree, root: Path, folders: Sequence[Path]) -> Parts:
    """Which of the `folders` in `root` are which part; none where there are no parts.

    Raises:
        DataError: two are the same part.
    """
    meant = parts_of(one.name for one in folders)
    by_part: dict[Part, list[Path]] = {}
    for one in part_folders(tree, folders):
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
) -> Parts:
    """Of two parts, one of them to train on, the other is to test on, whatever it is called."""
    if "test" in found:
        return Parts(found)
    if "validation" in found:
        test = found.pop("validation")
    elif found:
        taken = found["train"]
        others = [one for one in folders if one not in (taken, taken.parent)]
        alike = [one for one in others if _has_classes_of(tree, taken, one)]
        if len(alike) != 1:
            return Parts(found)
        test = alike[0]
    else:
        return Parts(found)
    note = f"The folder {test.name} is what is measured on at the end."
    if "train" in found:
        note += f" What is validated on is held out of {found['train'].name}."
    return Parts({**found, "test": test}, note)


def _has_classes_of(tree: FolderTree, train: Path, other: Path) -> bool:
    """Whether a folder holds pictures in folders that are called as some of `train`."""
    names = {one.name.casefold() for one in tree.subfolders(train)}
    below = tree.subfolders(other)
    return any(one.name.casefold() in names and tree.holds_picture(one) for one in below)
