"""Listing folders that may hold anything, links in a circle too; what is passed over is told."""

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from vera_studio.data.image_formats import looks_like_picture
from vera_studio.data.store import OnProgress, ShouldStop, SkippedFile
from vera_studio.errors import Cancelled
from vera_studio.files import is_folder, reason

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
class Listing:
    """What is in a folder and neither hidden nor left behind by a system, by name."""

    files: list[str]
    folders: list[Path]
    links: list[Path]  # to folders

    @property
    def all_folders(self) -> list[Path]:
        """Those that are links too, by name."""
        return sorted((*self.folders, *self.links))


@dataclass(frozen=True)
class _Link:
    """A link to a folder, to be followed when all is read that is no link."""

    path: Path
    label: int
    files: list[FoundFile]  # those of its class, where its own go


class FolderTree:
    """The folders below one, and what of them was passed over so far."""

    def __init__(self, root: Path, on_progress: OnProgress, should_stop: ShouldStop) -> None:
        """Look at nothing yet; see `folder_scan.scan_folder` for what is told and asked."""
        self.root = root
        self.skipped: list[SkippedFile] = []
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._entries = 0
        self._read: set[object] = set()  # the folders, whatever names lead to them
        self._links: deque[_Link] = deque()

    def entries(self, folder: Path) -> Listing:
        """What is in a folder.

        Raises:
            OSError: it cannot be read.
            Cancelled: `should_stop` said so.
        """
        files, folders, links = [], [], []
        self._ask()
        with os.scandir(folder) as inside:
            for entry in inside:
                self._count_one()
                if is_passed_over(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(folder / entry.name)
                elif entry.is_symlink() and is_folder(folder / entry.name):
                    links.append(folder / entry.name)
                else:
                    files.append(entry.name)
        return Listing(sorted(files), sorted(folders), sorted(links))

    def subfolders(self, folder: Path) -> list[Path]:
        """The folders in it; none where it cannot be read, or is a link that it is in itself."""
        self._ask()
        found: list[Path] = []
        try:
            if leads_back(folder):
                return []
            with os.scandir(folder) as inside:
                for number, entry in enumerate(inside, 1):
                    if number % _REPORT_EVERY == 0:
                        self._ask()
                    if _is_folder(folder, entry) and not is_passed_over(entry.name):
                        found.append(folder / entry.name)
        except OSError:
            return []
        return sorted(found)

    def holds_picture(self, folder: Path, deep: bool = True) -> bool:
        """Whether what looks like a picture is in it, or below it where `deep`; stops at the first.

        It goes by names, and where these say nothing by the first bytes.
        """
        seen: set[object] = set()
        folders = [folder]
        while folders:
            one = folders.pop()
            self._ask()
            try:
                if identity(one) in seen:
                    continue
                seen.add(identity(one))
                with os.scandir(one) as inside:
                    shown = (entry for entry in inside if not is_passed_over(entry.name))
                    if looks_like_picture(shown, folders if deep else []):
                        return True
            except OSError:
                continue
        return False

    def walk(self, top: Path, label: int, files: list[FoundFile]) -> None:
        """Add the files in and below `top`, each folder's before those of its subfolders.

        Links to folders are kept for `follow_links`, `top` itself where it is one.
        """
        if top.is_symlink():
            self._links.append(_Link(top, label, files))
        else:
            self._walk(top, label, files)

    def follow_links(self) -> None:
        """Add the files behind the links that `walk` came upon."""
        while self._links:
            link = self._links.popleft()
            self._walk(link.path, link.label, link.files)

    def skip(self, path: Path, kind: str, detail: str = "") -> None:
        """Note that what is at `path` is passed over, and why."""
        self.skipped.append(SkippedFile(str(path.relative_to(self.root)), kind, detail))

    def _walk(self, top: Path, label: int, files: list[FoundFile]) -> None:
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                if not self._is_new(folder):
                    continue
                listing = self.entries(folder)
            except OSError as error:
                self.skip(folder, "folder that cannot be read", reason(error))
                continue
            files += [FoundFile(folder, name, label) for name in listing.files]
            folders += reversed(listing.folders)
            self._links += [_Link(link, label, files) for link in listing.links]

    def _is_new(self, folder: Path) -> bool:
        """Whether it is read for the first time; says so where it is not."""
        key = identity(folder)
        if leads_back(folder):
            self.skip(folder, "link in a circle")
        elif key in self._read:
            self.skip(folder, "link to a folder that is read already")
        else:
            self._read.add(key)
            return True
        return False

    def _count_one(self) -> None:
        self._entries += 1
        if self._entries % _REPORT_EVERY == 0:
            self._ask()
            self._on_progress(self._entries, 0)

    def _ask(self) -> None:
        if self._should_stop():
            raise Cancelled


def _is_folder(folder: Path, entry: os.DirEntry[str]) -> bool:
    """Whether it is one in `folder`, or a link to one."""
    if entry.is_dir(follow_symlinks=False):
        return True
    return entry.is_symlink() and is_folder(folder / entry.name)


def is_passed_over(name: str) -> bool:
    """Whether what is called so is hidden, or left behind by a system."""
    return name.startswith(".") or name.casefold() in _SYSTEM_NAMES


def identity(folder: Path) -> object:
    """The same for all paths that lead to one folder."""
    status = folder.stat()
    # Some file systems number nothing.
    return (status.st_dev, status.st_ino) if status.st_ino else folder.resolve()


def leads_back(folder: Path) -> bool:
    """Whether it is a link to a folder that it is in."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
