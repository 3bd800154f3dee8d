"""Classifying pictures of which nobody has said what they are."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from vera_studio.data.decoding import Decoded, chunks, decode, threads
from vera_studio.data.heap import find_files
from vera_studio.data.image_file import UnreadableImage
from vera_studio.data.store import OnProgress, ShouldStop, never_stop, no_progress
from vera_studio.errors import Cancelled
from vera_studio.models.model import Model
from vera_studio.training.answers import likeliest
from vera_studio.training.evaluation import predict
from vera_studio.training.inputs import at_once
from vera_studio.training.threads import in_parallel


@dataclass(frozen=True)
class Classified:
    """What a network takes the picture in a file for."""

    file: Path
    told: tuple[tuple[int, float], ...]  # the likeliest classes with their shares, best first
    unreadable: UnreadableImage | None = None  # why the file holds no picture that can be read

    @property
    def problem(self) -> str:
        """Why the file holds no picture that can be read, a sentence; empty where it does."""
        return str(self.unreadable) if self.unreadable else ""


def find_pictures(
    folder: Path, on_progress: OnProgress = no_progress, should_stop: ShouldStop = never_stop
) -> list[Path]:
    """The paths of what `heap.find_files` finds.

    Args, Raises: as there.
    """
    return [one.path for one in find_files(folder, on_progress, should_stop)]


def classify(
    model: Model,
    files: Sequence[Path],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Classified]:
    """What `model` takes each picture for, in the order of `files`, as it comes.

    Files are decoded in threads while others are computed on; memory does not grow with them.

    Args:
        model: its network, which may have an adapter on, is on the device that computes.
        files: pictures, or whatever is there.
        on_progress: told how many of how many files are done.
        should_stop: asked ten times a second.

    Raises:
        NotEnoughMemoryError: not even one image can be computed.
        Cancelled: `should_stop` said so.
    """
    size = model.preprocessing.size
    decoded = decode(files, model.preprocessing, should_stop, threads())
    done = 0
    with closing(decoded):
        groups = chunks(zip(files, decoded, strict=True), at_once(3 * size**2))
        for some in _computed(model, groups):
            for one in some:
                done += 1
                yield one
            on_progress(done, len(files))
            if should_stop():
                raise Cancelled


_Group = list[tuple[Path, Decoded]]


def _computed(model: Model, groups: Iterator[_Group]) -> Iterator[list[Classified]]:
    def compute(group: _Group) -> list[Classified]:
        return _classified(model, group)

    is_cpu = next(model.network.parameters()).device.type == "cpu"
    return in_parallel(compute, groups) if is_cpu else map(compute, groups)


def _classified(model: Model, group: _Group) -> list[Classified]:
    pixels = [image for _, image in group if not isinstance(image, UnreadableImage)]
    best: Iterator[tuple[list[int], list[float]]] = iter(())
    if pixels:
        # (n, size, size, 3) -> (n, 3, size, size)
        images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
        told, shares = likeliest(predict(model, images).cpu())
        best = zip(told.tolist(), shares.tolist(), strict=True)
    return [
        Classified(file, (), image)
        if isinstance(image, UnreadableImage)
        else Classified(file, tuple(zip(*next(best), strict=True)))
        for file, image in group
    ]
