"""Images that the user has left out by name: they are used for nothing."""

import dataclasses
from collections.abc import Collection

import torch

from vera_studio.data.content import find_copies
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.errors import DataError


def without(data: ImageData, files: Collection[str]) -> ImageData:
    """`data` without the images of `files`, paths below its folder.

    The others stay in the parts that they are in. Files that are not there make no difference.

    Raises:
        DataError: none would be left.
    """
    gone = frozenset(files)
    if not gone or data.folder is None:
        return data
    train, validation, test = (
        _without(part, gone) for part in (data.train, data.validation, data.test)
    )
    before = len(data.train) + len(data.validation) + len(data.test)
    left = len(train) + len(validation) + len(test)
    if not left:
        raise DataError(f"{data.title} has no image that is not left out.")
    if left == before:
        return data
    count = before - left
    note = (
        "1 image is left out by name." if count == 1 else f"{count:,} images are left out by name."
    )
    return dataclasses.replace(
        data,
        train=train,
        validation=validation,
        test=test,
        notes=(*data.notes, note),
        copied=find_copies(train, validation, test),
    )


def _without(images: ImageSet, gone: frozenset[str]) -> ImageSet:
    kept = [index for index, name in enumerate(images.names) if name not in gone]
    return images if len(kept) == len(images) else images.subset(torch.tensor(kept).long())
