"""CIFAR-10: downloading it, and opening it through torchvision's own data set class.

torchvision checks, unpacks and reads the archive; the download is the studio's own, so
that it can show its progress and be cancelled.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from vera_studio.data.class_names import match_cifar10
from vera_studio.data.split import hold_out
from vera_studio.data.store import (
    ImageData,
    ImageSet,
    OnProgress,
    ShouldStop,
    never_stop,
    no_progress,
)
from vera_studio.downloads import fetch
from vera_studio.errors import Cancelled, DataError, DownloadError

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10

TITLE = "CIFAR-10"
UNPACKED_FOLDER = "cifar-10-batches-py"
UNPACKED_FILES = (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch", "batches.meta")
_WORKING_FOLDER = "download"
_MOST_BYTES = 250_000_000  # of the archive, which has 170 million


def is_downloaded(folder: Path) -> bool:
    """Whether CIFAR-10 is in `folder`; looks only for its files, as `download` leaves them."""
    return all((folder / UNPACKED_FOLDER / name).is_file() for name in UNPACKED_FILES)


def download(
    folder: Path,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
    dataset: type[CIFAR10] | None = None,
) -> None:
    """Download CIFAR-10 (170 MB) and unpack it in `folder`, in place of what is there.

    All goes on in a working folder of its own: whatever happens, `folder` has either the
    whole of CIFAR-10 or what it had before.

    Args:
        folder: where to; made if need be.
        on_progress: told how many bytes of how many have arrived; the total is 0 as long
            as the server does not say.
        should_stop: asked several times a second while bytes arrive.
        dataset: torchvision's class, which knows the address and the checksums.

    Raises:
        DownloadError: no network, an answer that is no archive, a damaged archive, or no
            room for it.
        Cancelled: `should_stop` said so.
    """
    dataset = dataset or _torchvision_dataset()
    working = folder / _WORKING_FOLDER
    try:
        shutil.rmtree(working, ignore_errors=True)  # left behind by a crash
        working.mkdir(parents=True)
        part = working / f"{dataset.filename}.part"
        fetch(dataset.url, part, "CIFAR-10", on_progress, should_stop, _MOST_BYTES)
        _unpack(part, working, dataset)
        shutil.rmtree(folder / UNPACKED_FOLDER, ignore_errors=True)  # a damaged one
        (working / dataset.base_folder).replace(folder / UNPACKED_FOLDER)
    except OSError as error:
        raise DownloadError(
            f"Cannot store CIFAR-10 in {folder}: {error.strerror or error}."
        ) from error
    finally:
        shutil.rmtree(working, ignore_errors=True)


def open_cifar10(
    folder: Path,
    class_names: Sequence[str],
    validation_share: float = 0.1,
    seed: int = 0,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
    dataset: type[CIFAR10] | None = None,
) -> ImageData:
    """Open the CIFAR-10 that `download` put into `folder`; needs no network.

    Args:
        folder: as for `download`.
        class_names: the network's classes, in its order.
        validation_share: of the training images, held out of each class.
        seed: of what is held out.
        on_progress: told which of its two parts, of two, is done.
        should_stop: asked between them.
        dataset: torchvision's class.

    Raises:
        DataError: not downloaded, damaged, or with classes that the network does not know.
        Cancelled: `should_stop` said so.
    """
    if not is_downloaded(folder):
        raise DataError("CIFAR-10 has not been downloaded yet.")
    dataset = dataset or _torchvision_dataset()
    parts: list[ImageSet] = []
    for is_train in (True, False):
        if should_stop():
            raise Cancelled
        parts.append(_read_part(folder, is_train, class_names, dataset))
        on_progress(len(parts), 2)
    train, test = parts
    kept, held_out = hold_out(train, validation_share, seed)
    return ImageData("cifar10", TITLE, tuple(class_names), kept, held_out, test)


def _torchvision_dataset() -> type[CIFAR10]:
    from torchvision import datasets  # takes a second: only when it is needed

    dataset: type[CIFAR10] = datasets.CIFAR10
    return dataset


def _unpack(part: Path, working: Path, dataset: type[CIFAR10]) -> None:
    """Have torchvision check the archive and unpack it beside itself."""
    from torchvision.datasets.utils import check_integrity

    # torchvision would answer a damaged archive with a download of its own.
    if not check_integrity(str(part), dataset.tgz_md5):
        raise DownloadError(
            "The archive of CIFAR-10 arrived damaged and was deleted. Please try again."
        )
    part.replace(working / dataset.filename)
    dataset(working, train=False, download=True)


def _read_part(
    folder: Path, is_train: bool, class_names: Sequence[str], dataset: type[CIFAR10]
) -> ImageSet:
    try:
        part = dataset(folder, train=is_train)
    except (RuntimeError, OSError) as error:  # RuntimeError: a file's checksum is wrong
        raise DataError(f"CIFAR-10 in {folder} is damaged. Please download it again.") from error
    label_of = match_cifar10(part.classes, class_names)
    new_labels = torch.tensor([label_of[name] for name in part.classes])
    images = np.ascontiguousarray(part.data.transpose(0, 3, 1, 2))  # (count, 3, 32, 32)
    return ImageSet(torch.from_numpy(images), new_labels[torch.tensor(part.targets)])
