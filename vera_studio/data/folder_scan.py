"""Finding the images of each class in a folder, with or without parts such as train and test."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vera_studio.data.class_names import match_classes
from vera_studio.data.store import OnProgress, ShouldStop, SkippedFile, never_stop, no_progress
from vera_studio.errors import Cancelled, DataError
from vera_studio.files import is_folder, reason
from vera_studio.wording import first_of

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
# What systems and programs leave beside photographs, thumbnails of them above all; what begins
# with a dot, such as .picasaoriginals, is hidden besides.
_SYSTEM_NAMES = {
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "__macosx",
    "@eadir",
    "@recycle",
    "#recycle",
    "#snapshot",
    "@recently-snapshot",
    "thumbs",
    "$recycle.bin",
    "system volume information",
    "lost+found",
}
_REPORT_EVERY = 1000  # files and folders


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file in the folder of a class; whether it is an image is not known yet."""

    folder: Path  # one object for all files in it: there may be a million
    name: str
    label: int  # index into the network's classes

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / self.name


@dataclass(frozen=True)
class FolderScan:
    """The files found, by part; a folder of classes without parts has the part "all"."""

    parts: dict[Part, list[FoundFile]]
    skipped: list[SkippedFile]


def scan_folder(
    root: Path,
    class_names: Sequence[str],
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
) -> FolderScan:
    """Find the files of each class below `root`, in the order of their names.

    Hidden files and those that systems leave behind are passed over. A link to a folder is
    followed, once, unless it leads to where it is or to what is read already; this is told.

    Args:
        root: the folder.
        class_names: the network's classes, in its order.
        on_progress: told how many files and folders were seen; of how many is not known: 0.
        should_stop: asked in every folder and again and again in a large one.

    Raises:
        DataError: `root` is no folder, has no folders of classes, or they do not match
            `class_names`.
        Cancelled: `should_stop` said so.
    """
    try:
        return _Scanner(root, on_progress, should_stop).scan(class_names)
    except OSError as error:
        raise DataError(f"Cannot read {error.filename or root}: {reason(error)}.") from error


@dataclass(frozen=True)
class _Listing:
    """What is in a folder and neither hidden nor left behind by a system, by name."""

    files: list[str]
    folders: list[Path]
    links: list[Path]  # to folders


@dataclass(frozen=True)
class _Link:
    """A link to a folder, to be followed when all is read that is no link."""

    path: Path
    label: int
    files: list[FoundFile]  # those of its class, where its own go


class _Scanner:
    def __init__(self, root: Path, on_progress: OnProgress, should_stop: ShouldStop) -> None:
        self._root = root
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._entries = 0
        self._skipped: list[SkippedFile] = []
        self._read: set[object] = set()  # the folders, whatever names lead to them
        self._links: deque[_Link] = deque()

    def scan(self, class_names: Sequence[str]) -> FolderScan:
        parts = {
            part: self._scan_part(folder, class_names)
            for part, folder in self._part_folders().items()
        }
        while self._links:
            link = self._links.popleft()
            self._walk(link.path, link.label, link.files)
        found = {
            part: [file for one in by_class for file in one] for part, by_class in parts.items()
        }
        return FolderScan(found, self._skipped)

    def _scan_part(self, folder: Path, class_names: Sequence[str]) -> list[list[FoundFile]]:
        """The files of each class of a part, those behind links still to come."""
        listing = self._list(folder)
        class_folders = sorted(self._class_folders(listing))
        label_of = match_classes([one.name for one in class_folders], class_names)
        by_class: list[list[FoundFile]] = []
        for one in class_folders:
            by_class.append([])
            if one in listing.links:
                self._links.append(_Link(one, label_of[one.name], by_class[-1]))
            else:
                self._walk(one, label_of[one.name], by_class[-1])
        for name in listing.files:
            self._skip(folder / name, "not in the folder of a class")
        return by_class

    def _class_folders(self, listing: _Listing) -> Iterator[Path]:
        """Without links that lead to where they are, or to the folder of another class."""
        yield from listing.folders
        others = {_identity(one) for one in listing.folders}
        for link in listing.links:
            if _leads_back(link):
                self._skip(link, "link in a circle")
            elif _identity(link) in others:
                self._skip(link, "link to a folder that is read already")
            else:
                yield link

    def _part_folders(self) -> dict[Part, Path]:
        """The folders that hold the folders of classes."""
        listing = self._checked_listing()
        folders = sorted((*listing.folders, *listing.links))
        named = [one for one in folders if one.name.casefold() in _PART_FOLDERS]
        # A part is a folder of folders: what has only files is a class that is called so.
        with_classes = [one for one in named if self._has_subfolders(one)]
        if not with_classes:
            if named == folders:
                raise DataError(_no_classes_text(self._root, listing))
            return {"all": self._root}
        by_part: dict[Part, Path] = {}
        for folder in with_classes:
            part = _PART_FOLDERS[folder.name.casefold()]
            if part in by_part:
                raise DataError(
                    f"{self._root} has two folders for the {part} images: "
                    f"{by_part[part].name} and {folder.name}."
                )
            by_part[part] = folder
        for folder in folders:
            if _leads_back(folder):
                self._skip(folder, "link in a circle")
            elif folder in named and folder not in with_classes:
                self._skip(folder, "folder without folders of classes")
            elif folder not in named:
                self._skip(folder, "folder that is no part such as train or test")
        for name in listing.files:
            self._skip(self._root / name, "not in the folder of a class")
        return by_part

    def _checked_listing(self) -> _Listing:
        if not self._root.exists():
            raise DataError(f"There is no folder {self._root}.")
        if not self._root.is_dir():
            raise DataError(
                f"{self._root} is a file. Needed is a folder with one subfolder a class."
            )
        listing = self._list(self._root)
        if not listing.folders and not listing.links:
            raise DataError(_no_classes_text(self._root, listing))
        return listing

    def _has_subfolders(self, folder: Path) -> bool:
        if _leads_back(folder):
            return False
        listing = self._list(folder)
        return bool(listing.folders or listing.links)

    def _walk(self, top: Path, label: int, files: list[FoundFile]) -> None:
        """Add the files in and below `top`, each folder's before those of its subfolders."""
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                if not self._is_new(folder):
                    continue
                listing = self._list(folder)
            except OSError as error:
                self._skip(folder, "folder that cannot be read", reason(error))
                continue
            files += [FoundFile(folder, name, label) for name in listing.files]
            folders += reversed(listing.folders)
            self._links += [_Link(link, label, files) for link in listing.links]

    def _is_new(self, folder: Path) -> bool:
        """Whether it is read for the first time; says so where it is not."""
        identity = _identity(folder)
        if _leads_back(folder):
            self._skip(folder, "link in a circle")
        elif identity in self._read:
            self._skip(folder, "link to a folder that is read already")
        else:
            self._read.add(identity)
            return True
        return False

    def _list(self, folder: Path) -> _Listing:
        files, folders, links = [], [], []
        self._ask()
        with os.scandir(folder) as entries:
            for entry in entries:
                self._count_one()
                if _is_passed_over(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(folder / entry.name)
                elif entry.is_symlink() and is_folder(folder / entry.name):
                    links.append(folder / entry.name)
                else:
                    files.append(entry.name)
        return _Listing(sorted(files), sorted(folders), sorted(links))

    def _count_one(self) -> None:
        self._entries += 1
        if self._entries % _REPORT_EVERY == 0:
            self._ask()
            self._on_progress(self._entries, 0)

    def _ask(self) -> None:
        if self._should_stop():
            raise Cancelled

    def _skip(self, path: Path, kind: str, detail: str = "") -> None:
        self._skipped.append(SkippedFile(str(path.relative_to(self._root)), kind, detail))


def _no_classes_text(root: Path, listing: _Listing) -> str:
    found = sorted([*listing.files, *(path.name for path in (*listing.folders, *listing.links))])
    return (
        f"{root} has no subfolders of classes.\n"
        "Needed: one subfolder a class (airplane, automobile, ...), either right in this "
        "folder or in its subfolders train and test.\n"
        f"Found: {first_of(found, 5) or 'nothing'}."
    )


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _SYSTEM_NAMES


def _identity(folder: Path) -> object:
    """The same for all paths that lead to one folder."""
    status = folder.stat()
    # Some file systems number nothing.
    return (status.st_dev, status.st_ino) if status.st_ino else folder.resolve()


def _leads_back(folder: Path) -> bool:
    """Whether it is a link to a folder that it is in."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
