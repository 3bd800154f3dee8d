"""Opening a folder of images, one subfolder a class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from vera_studio.data.folder_scan import FolderScan, scan_folder
from vera_studio.data.folder_tree import FoundFile
from vera_studio.data.image_file import UnreadableImage, read_image
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.data.room import check_room, told_without_memory
from vera_studio.data.split import hold_out
from vera_studio.data.store import (
    ImageData,
    ImageSet,
    OnProgress,
    ShouldStop,
    SkippedFile,
    empty_set,
    never_stop,
    no_progress,
    skipped_reasons,
)
from vera_studio.errors import Cancelled, DataError
from vera_studio.wording import skipped_text

TEST_SHARE = 0.2  # of each class, held out where the folder has no test part
_REPORT_EVERY = 100  # files


def open_folder(
    path: Path,
    class_names: Sequence[str],
    form: Preprocessing,
    validation_share: float = 0.1,
    seed: int = 0,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
    leave_out_unknown: bool = False,
) -> ImageData:
    """Open a folder with one subfolder a class, or with such a folder a part.

    Parts are `train`, `test` and `val`, in many spellings; beside `train` a single other part is
    to test on, whatever its name. What is missing is held out of the training images, unless
    there are none: a folder with only a test part has no other images.

    Args:
        path: the folder.
        class_names: the network's classes, in its order.
        form: what the network's images must be.
        validation_share: of the training images, where there is no validation part.
        seed: of what is held out.
        on_progress: told how many files are done.
        should_stop: asked after every file.
        leave_out_unknown: leave out classes that the network does not know, and say so.

    Raises:
        DataError: no such folder, no classes or others than the network's, or no image.
        Cancelled: `should_stop` said so.
    """
    scan = scan_folder(path, class_names, on_progress, should_stop, leave_out_unknown)
    total = sum(map(len, scan.parts.values()))
    check_room(path, total, form.size)
    reader = _Reader(path, form, total, on_progress, should_stop)
    sets = {part: reader.read(files) for part, files in scan.parts.items()}
    skipped = _checked_skipped(path, scan, reader)

    # Taken out: as soon as they are split, the images must be there no more than once.
    train = sets.pop("all", None) or sets.pop("train", None) or empty_set(form.size)
    validation, test = sets.pop("validation", None), sets.pop("test", None)
    if test is None:
        train, test = hold_out(train, TEST_SHARE, seed)
    if validation is None:
        train, validation = hold_out(train, validation_share, seed)
    title = f"Folder {path.resolve().name}"
    return ImageData(
        "folder", title, tuple(class_names), train, validation, test, skipped, path, scan.notes
    )


def open_images(
    path: Path,
    class_names: Sequence[str],
    form: Preprocessing,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
) -> tuple[ImageSet, tuple[SkippedFile, ...], str]:
    """Open the images of a folder to evaluate on: its test part, else all that it has.

    Returns:
        The images, what was skipped, and in words which images they are.

    Raises:
        DataError, Cancelled: as `open_folder`.
    """
    scan = scan_folder(path, class_names, on_progress, should_stop)
    if "test" in scan.parts:
        text, files = "test part", scan.parts["test"]
    else:
        text, files = "all images", [file for part in scan.parts.values() for file in part]
    check_room(path, len(files), form.size, copies=1)
    reader = _Reader(path, form, len(files), on_progress, should_stop)
    with told_without_memory():
        images = reader.read(files)
    return images, _checked_skipped(path, scan, reader), text


class _Reader:
    """Reads files into sets of images and keeps count.

    In one thread: Pillow spends most of a small image's time under Python's lock, and two
    or four threads took as long as one for 60,000 JPEGs of 32 x 32 pixels.
    """

    def __init__(
        self,
        root: Path,
        form: Preprocessing,
        total: int,
        on_progress: OnProgress,
        should_stop: ShouldStop,
    ) -> None:
        self._root = root
        self._form = form
        self._total = total
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._done = 0
        self.image_count = 0
        self.skipped: list[SkippedFile] = []

    def read(self, files: Sequence[FoundFile]) -> ImageSet:
        """The images among `files`, in that order; the others go to `skipped`."""
        # One block from the start: a list of tens of thousands of tensors takes far more.
        images = np.empty((len(files), 3, self._form.size, self._form.size), dtype=np.uint8)
        labels: list[int] = []
        names: list[str] = []
        for file in files:
            name = str(file.path.relative_to(self._root))
            try:
                pixels = read_image(file.path, self._form, self._should_stop)  # (size, size, 3)
            except UnreadableImage as why:
                self.skipped.append(SkippedFile(name, why.kind, why.detail))
            else:
                images[len(labels)] = pixels.transpose(2, 0, 1)
                labels.append(file.label)
                names.append(name)
            self._count_one()
        self.image_count += len(labels)
        kept = torch.from_numpy(images[: len(labels)])
        return ImageSet(kept, torch.tensor(labels, dtype=torch.int64), tuple(names))

    def _count_one(self) -> None:
        if self._should_stop():
            raise Cancelled
        self._done += 1
        if self._done % _REPORT_EVERY == 0 or self._done == self._total:
            self._on_progress(self._done, self._total)


def _checked_skipped(path: Path, scan: FolderScan, reader: _Reader) -> tuple[SkippedFile, ...]:
    """Everything skipped, once it is sure that there is at least one image."""
    skipped = (*scan.skipped, *reader.skipped)
    if not reader.image_count:
        examples = "".join(f"\n{file.path}: {file.reason}" for file in skipped[:3])
        raise DataError(
            f"{path} has no image that can be read, in any of its folders of classes. "
            f"{skipped_text(skipped_reasons(skipped))}{examples}"
        )
    return skipped
