"""Finding the images of each class in a folder, with or without parts such as train and test."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vera_studio.data.class_names import match_classes
from vera_studio.data.store import SkippedFile
from vera_studio.errors import DataError

Part = Literal["train", "validation", "test", "all"]

_PART_FOLDERS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class FoundFile:
    """A file in the folder of a class; whether it is an image is not known yet."""

    path: Path
    label: int  # index into the network's classes


@dataclass(frozen=True)
class FolderScan:
    """The files found, by part; a folder of classes without parts has the part "all"."""

    parts: dict[Part, list[FoundFile]]
    skipped: list[SkippedFile]


def scan_folder(root: Path, class_names: Sequence[str]) -> FolderScan:
    """Find the files of each class below `root`, in the order of their names.

    Hidden files and those that systems leave behind are passed over, and so are links
    that lead back to where they are.

    Raises:
        DataError: `root` is no folder, has no folders of classes, or they do not match
            `class_names`.
    """
    try:
        return _scan(root, class_names)
    except OSError as error:
        raise DataError(f"Cannot read {error.filename or root}: {error.strerror}.") from error


def _scan(root: Path, class_names: Sequence[str]) -> FolderScan:
    parts: dict[Part, list[FoundFile]] = {}
    skipped: list[SkippedFile] = []
    for part, folder in _part_folders(root, skipped).items():
        class_folders = list(_subfolders(folder))
        label_of = match_classes([one.name for one in class_folders], class_names)
        parts[part] = [
            FoundFile(path, label_of[one.name])
            for one in class_folders
            for path in _files_below(one, root, skipped)
        ]
        skipped += [_loose(file, root) for file in _loose_files(folder)]
    return FolderScan(parts, skipped)


def _part_folders(root: Path, skipped: list[SkippedFile]) -> dict[Part, Path]:
    """The folders that hold the folders of classes."""
    folders = _checked_subfolders(root)
    by_part: dict[Part, Path] = {}
    others: list[Path] = []
    for folder in folders:
        part = _PART_FOLDERS.get(folder.name.casefold())
        if part is None:
            others.append(folder)
        elif part in by_part:
            raise DataError(
                f"{root} has two folders for the {part} images: "
                f"{by_part[part].name} and {folder.name}."
            )
        else:
            by_part[part] = folder
    if not by_part:
        return {"all": root}
    if not any(list(_subfolders(folder)) for folder in by_part.values()):
        raise DataError(_no_classes_text(root))
    skipped += [SkippedFile(folder.name, "Not a part such as train or test.") for folder in others]
    skipped += [_loose(file, root) for file in _loose_files(root)]
    return by_part


def _checked_subfolders(root: Path) -> list[Path]:
    if not root.exists():
        raise DataError(f"There is no folder {root}.")
    if not root.is_dir():
        raise DataError(f"{root} is a file. Needed is a folder with one subfolder a class.")
    folders = list(_subfolders(root))
    if not folders:
        raise DataError(_no_classes_text(root))
    return folders


def _no_classes_text(root: Path) -> str:
    found = sorted(path.name for path in root.iterdir() if not _is_hidden(path))
    listed = ", ".join(found[:5]) + (f" and {len(found) - 5:,} more" if len(found) > 5 else "")
    return (
        f"{root} has no subfolders of classes.\n"
        "Needed: one subfolder a class (airplane, automobile, ...), either right in this "
        "folder or in its subfolders train and test.\n"
        f"Found: {listed or 'nothing'}."
    )


def _subfolders(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not _is_hidden(path) and not _leads_back(path):
            yield path


def _loose_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not path.is_dir() and not _is_hidden(path):
            yield path


def _loose(file: Path, root: Path) -> SkippedFile:
    return SkippedFile(str(file.relative_to(root)), "Not in the folder of a class.")


def _files_below(folder: Path, root: Path, skipped: list[SkippedFile]) -> Iterator[Path]:
    def skip(error: OSError) -> None:
        path = Path(error.filename).relative_to(root)
        skipped.append(SkippedFile(str(path), f"Cannot read this folder: {error.strerror}."))

    # os.walk follows no links, so that none can send it in a circle.
    for parent, folder_names, file_names in os.walk(folder, onerror=skip):
        folder_names[:] = sorted(name for name in folder_names if not _is_hidden(Path(name)))
        for name in sorted(file_names):
            if not _is_hidden(Path(name)):
                yield Path(parent, name)


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.casefold() in _SYSTEM_FILES


def _leads_back(folder: Path) -> bool:
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
