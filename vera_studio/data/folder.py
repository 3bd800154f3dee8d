"""Opening a folder of images, one subfolder a class."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vera_studio.data.content import copies_among, digest_of, find_copies
from vera_studio.data.file_images import FileImages, read_files
from vera_studio.data.first_pictures import show_first
from vera_studio.data.folder_scan import FolderScan, scan_folder
from vera_studio.data.part_names import Part
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.data.room import told_without_memory
from vera_studio.data.split import hold_out
from vera_studio.data.store import (
    PARTS,
    ImageData,
    ImageSet,
    OnProgress,
    ShouldStop,
    SkippedFile,
    never_stop,
    no_progress,
    skipped_reasons,
)
from vera_studio.errors import DataError
from vera_studio.recipe import DataSettings
from vera_studio.wording import skipped_text

TEST_SHARE = 0.2  # of each class, held out where the folder has no test part
OnFirst = Callable[[Sequence[tuple[NDArray[np.uint8], str]]], None]


def open_folder(
    path: Path,
    class_names: Sequence[str],
    form: Preprocessing,
    validation_share: float = 0.1,
    seed: int = 0,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
    leave_out_unknown: bool = False,
    leave_out_copies: bool = False,
    on_first: OnFirst | None = None,
) -> ImageData:
    """Open a folder with one subfolder a class, or with such a folder a part.

    Parts are `train`, `test` and `val`, in many spellings; beside `train` a single other part is
    to test on, whatever its name. What is missing is held out of the training images, unless
    there are none: a folder with only a test part has no other images. Copies of one picture are
    never held out of one another.

    Args:
        path: the folder.
        class_names: the network's classes, in its order.
        form: what the network's images must be.
        validation_share: of the training images, where there is no validation part.
        seed: of what is held out.
        on_progress: told how many files are done.
        should_stop: asked after every file.
        leave_out_unknown: leave out classes that the network does not know, and say so.
        leave_out_copies: leave out of the test part what is trained or validated on too.
        on_first: shown the first few pictures (size, size, 3) with the names of their classes,
            of as many classes as can be, before the others are read: again, and all of them,
            whenever there are more.

    Raises:
        DataError: no such folder, no classes or others than the network's, or no image.
        Cancelled: `should_stop` said so.
    """
    scan = scan_folder(path, class_names, on_progress, should_stop, leave_out_unknown)
    if on_first:
        files = [file for part in scan.parts.values() for file in part]
        show_first(files, class_names, form, on_first, should_stop)
    sets, skipped, note = _read(path, scan, form, on_progress, should_stop)
    train, validation, test = _split(sets, validation_share, seed)
    seen = copies_among(test.digests, train.digests + validation.digests)
    copies = find_copies(train, validation, test)
    if leave_out_copies:
        test = test.subset(torch.where(~seen)[0])
    return ImageData(
        source="folder",
        title=f"Folder {path.resolve().name}",
        class_names=tuple(class_names),
        train=train,
        validation=validation,
        test=test,
        skipped=skipped,
        folder=path,
        notes=(*scan.notes, *([note] if note else [])),
        copied=copies,
        copies_left_out=leave_out_copies,
    )


def open_images(
    path: Path,
    class_names: Sequence[str],
    form: Preprocessing,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
) -> tuple[ImageSet, tuple[SkippedFile, ...], str, tuple[str, ...]]:
    """Open the images of a folder to evaluate on: its test part, else all that it has.

    Returns:
        The images, what was skipped, in words which images they are, and notes on the folder.

    Raises:
        DataError, Cancelled: as `open_folder`.
    """
    scan = scan_folder(path, class_names, on_progress, should_stop)
    if "test" in scan.parts:
        text, parts = "test part", {"test": scan.parts["test"]}
    else:
        text, parts = "all images", {"all": [f for part in scan.parts.values() for f in part]}
    chosen = FolderScan(parts, scan.skipped, scan.notes)  # type: ignore[arg-type]
    with told_without_memory():
        sets, skipped, note = _read(path, chosen, form, on_progress, should_stop)
    (images,) = sets.values()
    return images, skipped, text, (*scan.notes, *([note] if note else []))


def learnt_from(images: ImageSet, class_names: Sequence[str], digest: str) -> int:
    """How many of all images of a folder without a test part a run has trained or validated on.

    Args:
        images: as `open_images` gives them.
        class_names: that their labels mean, in the run's order.
        digest: of the images that the run had, as it noted it.

    Returns:
        0 where it had others, or held out others than runs do by themselves.
    """
    own = DataSettings()
    parts = _split({"all": images}, own.validation_share, own.seed)
    found = digest_of(class_names, dict(zip(PARTS, parts, strict=True)))
    return len(images) - len(parts[-1]) if found == digest else 0


def _read(
    path: Path,
    scan: FolderScan,
    form: Preprocessing,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> tuple[dict[Part, ImageSet], tuple[SkippedFile, ...], str]:
    """The images of each part, everything skipped, and a note; there is an image."""
    files = [file for part in scan.parts.values() for file in part]
    found = read_files(path, files, form, on_progress, should_stop)
    skipped = (*scan.skipped, *found.skipped)
    if not found.kept:
        examples = "".join(f"\n{file.path}: {file.reason}" for file in skipped[:3])
        raise DataError(
            f"{path} has no image that can be read, in any of its folders of classes. "
            f"{skipped_text(skipped_reasons(skipped))}{examples}"
        )
    return _by_part(scan, found), skipped, found.note


def _by_part(scan: FolderScan, found: FileImages) -> dict[Part, ImageSet]:
    kept = torch.tensor(found.kept)
    sets: dict[Part, ImageSet] = {}
    start = 0
    for part, files in scan.parts.items():
        inside = (kept >= start) & (kept < start + len(files))
        sets[part] = found.images.subset(torch.where(inside)[0])
        start += len(files)
    return sets


def _split(
    sets: dict[Part, ImageSet], validation_share: float, seed: int
) -> tuple[ImageSet, ImageSet, ImageSet]:
    """What to train, validate and test on: the parts that there are, and what is held out."""
    some = next(iter(sets.values()))
    none = some.subset(torch.empty(0, dtype=torch.int64))
    train = sets.get("all") or sets.get("train") or none
    validation, test = sets.get("validation"), sets.get("test")
    if test is None:
        train, test = hold_out(train, TEST_SHARE, seed)
    if validation is None:
        train, validation = hold_out(train, validation_share, seed)
    return train, validation, test
