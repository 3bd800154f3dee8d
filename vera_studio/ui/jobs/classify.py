"""What the window has done with pictures that nobody has labelled.

Plain functions like those of `jobs`; the engine is imported inside them.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vera_studio.errors import Cancelled, ShouldStop, StudioError
from vera_studio.recipe import Device
from vera_studio.runs.given_classes import load_given
from vera_studio.runs.growing_table import growing_table
from vera_studio.runs.predictions import told_row
from vera_studio.runs.sorted_copies import SortedCopies, folder_names
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.jobs.loading import take_thread_count
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.state.workspace import LoadedAdapter
from vera_studio.ui.widgets.classified_rows import NOBODY, ClassifiedRows

if TYPE_CHECKING:
    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model
    from vera_studio.training.classification import Classified

CLASSIFY = "Classifying pictures"
COPY = "Copying pictures"
SAVE = "Saving the table"
_TOLD_SECONDS = 0.1
_MOST_SKIPPED = 100  # that are told one by one
OnEvent = Callable[[object], None]


@dataclass(frozen=True, eq=False)
class ClassifiedSome:
    """What a network said of some pictures."""

    files: tuple[str, ...]  # below the folder
    told: NDArray[np.int32]  # (n, k): the likeliest classes, the most first
    shares: NDArray[np.float32]  # (n, k): of these, 0 to 1


@dataclass(frozen=True)
class GivenBefore:
    """The classes that a person gave pictures of the folder the last time."""

    given: dict[str, str]  # by files below the folder


@dataclass(frozen=True)
class Unreadable:
    """A file that holds no picture that can be read."""

    file: str  # below the folder
    reason: str


@dataclass(frozen=True)
class ClassifiedFolder:
    """A folder that was looked through to its end."""

    skipped: int  # files that hold no picture
    first_skipped: tuple[Unreadable, ...]


def classify_folder(
    folder: Path,
    model: "Model",
    adapter: LoadedAdapter | None,
    wanted_device: Device,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> ClassifiedFolder:
    """Classify all pictures in and below `folder`, with `adapter` on; tells them as they come.

    Raises:
        DataError: the folder cannot be read, or holds no file.
        Cancelled: told to stop; what was told before stays.
    """
    from vera_studio.training.classification import classify, find_pictures
    from vera_studio.training.devices import choose_device
    from vera_studio.training.memory import device_failures_told

    def found(entries: int, _: int) -> None:
        on_event(Progress(0, 0, f"{CLASSIFY}: {entries:,} files found"))

    take_thread_count()
    on_event(Progress(0, 0, CLASSIFY))
    if given := load_given(folder):
        on_event(GivenBefore(given))
    files = find_pictures(folder, found, should_stop)
    device = choose_device(wanted_device).device
    with device_failures_told(device):
        bare = with_adapter(model, adapter).to(device)
        told = classify(model.with_network(bare), files, should_stop=should_stop)
        return _tell(folder, told, len(files), on_event)


def _tell(
    folder: Path, classified: "Iterator[Classified]", total: int, on_event: OnEvent
) -> ClassifiedFolder:
    some: list[Classified] = []
    skipped, first = 0, list[Unreadable]()
    told_at = time.monotonic()
    for done, one in enumerate(classified, 1):
        if one.problem:
            skipped += 1
            if len(first) < _MOST_SKIPPED:
                first.append(Unreadable(str(one.file.relative_to(folder)), one.problem))
        else:
            some.append(one)
        if time.monotonic() - told_at >= _TOLD_SECONDS or done == total:
            if some:
                on_event(_some(folder, some))
            on_event(Progress(done, total, CLASSIFY))
            some, told_at = [], time.monotonic()
    return ClassifiedFolder(skipped, tuple(first))


def _some(folder: Path, some: "Sequence[Classified]") -> ClassifiedSome:
    told = np.array([one.told for one in some], dtype=np.float64)  # (n, k, 2)
    names = tuple(str(one.file.relative_to(folder)) for one in some)
    return ClassifiedSome(names, told[..., 0].astype(np.int32), told[..., 1].astype(np.float32))


def save_table(path: Path, rows: ClassifiedRows, on_event: OnEvent, should_stop: ShouldStop) -> int:
    """Write what `vera-studio predict --csv` writes, and the classes that a person gave.

    Returns:
        How many pictures are in it.

    Raises:
        StudioError: it cannot be written; what was there stays.
        Cancelled: told to stop; likewise.
    """
    names, unsure = rows.class_names, rows.unsure().tolist()
    with growing_table(path) as table:
        for row, file in enumerate(rows.files):
            if row % 1000 == 0:
                on_event(Progress(row, len(rows), SAVE))
                if should_stop():
                    raise Cancelled
            given = rows.given(row)
            own = {"unsure": unsure[row], "corrected": "" if given == NOBODY else names[given]}
            table.add({"file": file} | told_row(names, rows.told(row)) | own)
    return len(rows)


def copy_pictures(
    root: Path, pairs: Sequence[tuple[str, Path]], on_event: OnEvent, should_stop: ShouldStop
) -> int:
    """Copy each file below `root` into the folder beside it; nothing is overwritten.

    Returns:
        How many were copied: all, or fewer where it was told to stop.

    Raises:
        StudioError: one cannot be read or written; those before are there.
    """
    copies = SortedCopies()
    for done, (file, folder) in enumerate(pairs):
        if done % 10 == 0:
            on_event(Progress(done, len(pairs), COPY))
        if should_stop():
            return done
        try:
            copies.copy(root / file, folder)
        except StudioError as error:
            raise StudioError(f"{error} {done:,} of {len(pairs):,} were copied before.") from error
    return len(pairs)


def training_folders(data: "ImageData") -> dict[str, Path]:
    """Where a folder that is open has the training images of each of its classes.

    Classes that have none get a folder of their name beside those of the others.
    """
    if data.folder is None or not len(data.train):
        return {}
    by_class: dict[int, Counter[PurePath]] = {}
    for name, label in zip(data.train.names, data.train.labels.tolist(), strict=True):
        by_class.setdefault(label, Counter())[PurePath(name).parent] += 1
    found = {label: parents.most_common(1)[0][0] for label, parents in by_class.items()}
    beside = Counter(parent.parent for parent in found.values()).most_common(1)[0][0]
    names = folder_names(data.class_names)
    return {
        name: data.folder / found.get(label, beside / names[label])
        for label, name in enumerate(data.class_names)
    }
