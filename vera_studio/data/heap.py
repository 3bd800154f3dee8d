"""A folder of pictures that nobody has labelled: found, and opened."""

from dataclasses import dataclass
from pathlib import Path

from vera_studio.data.file_images import read_files
from vera_studio.data.folder_tree import FolderTree, FoundFile
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.data.room import told_without_memory
from vera_studio.data.store import (
    ImageSet,
    OnProgress,
    ShouldStop,
    SkippedFile,
    never_stop,
    no_progress,
    skipped_reasons,
)
from vera_studio.errors import DataError
from vera_studio.files import reason
from vera_studio.wording import skipped_text


@dataclass(frozen=True, eq=False)
class Heap:
    """Pictures in and below a folder, in the order of their names."""

    folder: Path
    images: ImageSet  # whose labels mean nothing
    skipped: tuple[SkippedFile, ...]  # files that hold no picture
    note: str = ""  # a sentence for the user


def find_files(
    folder: Path, on_progress: OnProgress = no_progress, should_stop: ShouldStop = never_stop
) -> list[FoundFile]:
    """Every file in a folder and below it, by name, but for what systems leave there.

    Args:
        folder: to look through; links are followed once.
        on_progress: told how many files and folders were seen, of 0 as long as nobody knows.
        should_stop: asked again and again.

    Raises:
        DataError: there is no such folder, or it holds no file.
        Cancelled: `should_stop` said so.
    """
    tree, found = FolderTree(folder, on_progress, should_stop), list[FoundFile]()
    try:
        if not folder.is_dir():
            raise DataError(f"There is no folder {folder}.")
        tree.walk(folder, 0, found)
        tree.follow_links()
    except OSError as error:
        raise DataError(f"Cannot read {folder}: {reason(error)}.") from error
    if not found:
        raise DataError(f"{folder} holds no file.")
    return found


def open_heap(
    folder: Path,
    form: Preprocessing,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
) -> Heap:
    """Open all pictures in and below a folder, from the image cache where they are in it.

    Args:
        folder: of pictures.
        form: how they become what a network takes.
        on_progress: told how many files are done.
        should_stop: asked again and again.

    Raises:
        DataError: there is no such folder, or it holds no picture that can be read.
        NotEnoughMemoryError: there is none left.
        Cancelled: `should_stop` said so.
    """
    files = find_files(folder, on_progress, should_stop)
    with told_without_memory():
        found = read_files(folder, files, form, on_progress, should_stop)
    skipped = tuple(found.skipped)
    if not found.kept:
        told = skipped_text(skipped_reasons(skipped))
        raise DataError(f"{folder} holds no picture that can be read. {told}")
    return Heap(folder, found.images, skipped, found.note)
