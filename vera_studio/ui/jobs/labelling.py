"""What the window has done with pictures that are to be named: opened, seen, grouped, saved.

Plain functions like those of `jobs`; the engine is imported inside them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vera_studio.errors import Cancelled, ShouldStop, StudioError
from vera_studio.recipe import Device, ModelSettings
from vera_studio.runs.growing_table import growing_table
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.jobs.loading import take_thread_count
from vera_studio.ui.jobs.progress import Progress

if TYPE_CHECKING:
    from vera_studio.data.grouping import Grouping
    from vera_studio.data.heap import Heap
    from vera_studio.models.model import Model

LOOK_THROUGH = "Looking through pictures"
PART = "Parting a group"
SAVE = "Saving the labels"
_OPENING, _SEEING = f"{LOOK_THROUGH}: opening", f"{LOOK_THROUGH}: seeing"
OnEvent = Callable[[object], None]


@dataclass(frozen=True, eq=False)
class SeenHeap:
    """A heap of pictures, and how alike a network sees them."""

    heap: "Heap"
    grouping: "Grouping"
    network: str  # its title

    @property
    def files(self) -> tuple[str, ...]:
        """Below the folder, in the order of the pictures."""
        return self.heap.images.names


def look_through(
    folder: Path,
    model: "Model | None",
    settings: ModelSettings,
    wanted_device: Device,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> SeenHeap:
    """Open all pictures in and below `folder`, and group what a network sees alike.

    Args:
        folder: of pictures.
        model: the network; None to open it by `settings`, whose weights are on this machine.
        settings: which network it is.
        wanted_device: to compute on.
        on_event: told the progress.
        should_stop: asked again and again.

    Raises:
        DataError: the folder cannot be read, or holds no picture.
        StudioError: the network cannot be opened, or the memory does not do.
        Cancelled: told to stop.
    """
    from vera_studio.data.heap import open_heap
    from vera_studio.training.devices import choose_device
    from vera_studio.training.memory import device_failures_told
    from vera_studio.training.sight import see

    def report(text: str) -> Callable[[int, int], None]:
        return lambda done, total: on_event(Progress(done, total, text))

    take_thread_count()
    on_event(Progress(0, 0, _OPENING))
    if model is None:
        model = opening_jobs.open_model(settings, False, on_event, should_stop)
    heap = open_heap(folder, model.preprocessing, report(_OPENING), should_stop)
    device = choose_device(wanted_device).device
    with device_failures_told(device):
        bare = model.with_network(with_adapter(model, None).to(device))
        grouping = see(bare, heap.images, report(_SEEING), should_stop)
    return SeenHeap(heap, grouping, model.kind.title)


def smaller_part(
    grouping: "Grouping", pictures: list[int], on_event: OnEvent, should_stop: ShouldStop
) -> list[int]:
    """Those that go into a group of their own if `pictures` are parted in two; none if all alike.

    Raises:
        Cancelled: told to stop.
    """
    import numpy as np

    parts = grouping.parted(np.array(pictures), should_stop).tolist()
    smaller = int(2 * sum(parts) <= len(parts))
    return [one for one, part in zip(pictures, parts, strict=True) if part == smaller]


def read_picture(
    seen: SeenHeap, picture: int, side: int, on_event: OnEvent, should_stop: ShouldStop
) -> Any:
    """A picture of a heap, (height, width, 3) uint8; None where its file is gone.

    As the network took it, where that is large enough: it is decoded already.
    """
    import torch

    images = seen.heap.images
    if images.image_size < side:
        file = seen.heap.folder / images.names[picture]
        return opening_jobs.read_photograph(file, side, on_event, should_stop)
    try:
        return images.read(torch.tensor([picture]))[0].permute(1, 2, 0).numpy()
    except StudioError:
        return None


def save_table(
    path: Path, pairs: Sequence[tuple[str, str]], on_event: OnEvent, should_stop: ShouldStop
) -> int:
    """Write a CSV with the columns file and class.

    Returns:
        How many pictures are in it.

    Raises:
        StudioError: it cannot be written; what was there stays.
        Cancelled: told to stop; likewise.
    """
    with growing_table(path) as table:
        for row, (file, class_name) in enumerate(pairs):
            if row % 1000 == 0:
                on_event(Progress(row, len(pairs), SAVE))
                if should_stop():
                    raise Cancelled
            table.add({"file": file, "class": class_name})
    return len(pairs)
