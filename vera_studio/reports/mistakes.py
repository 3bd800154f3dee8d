"""The surest mistakes of a run, with their pictures, to be put into a page."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vera_studio.errors import Cancelled, ShouldStop
from vera_studio.recipe import DataSettings
from vera_studio.runs.predictions import Predictions, picture_file

MOST = 24  # pictures
_SIDE = 160  # pixels
_QUALITY = 85  # of JPEG


@dataclass(frozen=True)
class Mistake:
    """A picture and what was said of it."""

    file: str
    truth: str
    told: str
    share: float
    base_told: str  # of the network before training; empty where there is none
    picture: str  # a data URI; empty where it cannot be read any more


def surest_mistakes(
    predictions: Predictions, data: DataSettings, should_stop: ShouldStop
) -> list[Mistake]:
    """The mistakes of which the network was surest, the surest first.

    Args:
        predictions: of which they are.
        data: where the images come from.
        should_stop: asked before every picture.

    Raises:
        Cancelled: `should_stop` said so.
    """
    wrong = np.flatnonzero(~predictions.right)
    surest = wrong[np.argsort(-predictions.shares[wrong, 0], kind="stable")][:MOST].tolist()
    pictures = _pictures(predictions, surest, data, should_stop)
    return [
        _mistake(predictions, image, picture)
        for image, picture in zip(surest, pictures, strict=True)
    ]


def _mistake(one: Predictions, image: int, picture: NDArray[np.uint8] | None) -> Mistake:
    names = one.class_names
    return Mistake(
        file=one.files[image],
        truth=names[one.truth[image]],
        told=names[one.told[image, 0]],
        share=float(one.shares[image, 0]),
        base_told=names[one.base_told[image, 0]] if one.has_base else "",
        picture="" if picture is None else _data_uri(picture),
    )


def _pictures(
    one: Predictions, images: Sequence[int], data: DataSettings, should_stop: ShouldStop
) -> Iterator[NDArray[np.uint8] | None]:
    """Pixels (height, width, 3) of each image; None where its file is gone or changed its kind."""
    if data.source == "folder":
        yield from _from_files(Path(data.folder), [one.files[i] for i in images], should_stop)
    elif images:
        import torch

        from vera_studio.data.open_data import open_data
        from vera_studio.data.preprocessing import square
        from vera_studio.models.convnet import CLASS_NAMES

        opened = open_data(data, CLASS_NAMES, square(32), should_stop=should_stop)
        part = opened.validation if one.part == "validation" else opened.test
        for number in images:
            is_there = number < len(part)
            yield (
                part.read(torch.tensor([number]))[0].permute(1, 2, 0).numpy() if is_there else None
            )


def _from_files(
    folder: Path, files: Sequence[str], should_stop: ShouldStop
) -> Iterator[NDArray[np.uint8] | None]:
    from vera_studio.data.image_file import UnreadableImage, read_image
    from vera_studio.data.preprocessing import square

    for file in files:
        if should_stop():
            raise Cancelled
        path = picture_file(folder, file)
        try:
            yield read_image(path, square(_SIDE), should_stop) if path else None
        except UnreadableImage:
            yield None


def _data_uri(pixels: NDArray[np.uint8]) -> str:
    """Small pictures as they are, larger ones as JPEG."""
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    if max(image.size) < _SIDE:
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=_QUALITY)
    kind = "png" if max(image.size) < _SIDE else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
