"""What the window has done with pictures that are tried: seen, and named by network and adapter.

Plain functions like those of `jobs`; the engine is imported inside them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vera_studio.errors import Cancelled, ShouldStop
from vera_studio.recipe import Device
from vera_studio.ui.jobs.adapter_copies import with_adapter
from vera_studio.ui.jobs.loading import take_thread_count
from vera_studio.ui.state.workspace import LoadedAdapter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vera_studio.data.preprocessing import Preprocessing
    from vera_studio.models.model import Model

TRY = "Trying pictures"
SEEN_SIDE = 480  # pixels that a picture is shown at
Source = Path | bytes  # a file, or the content of one
Told = tuple[tuple[str, float], ...]  # names of the likeliest classes with their shares
OnEvent = Callable[[object], None]


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture as it is shown."""

    number: int
    pixels: "NDArray[np.uint8]"  # (SEEN_SIDE, SEEN_SIDE, 3)


@dataclass(frozen=True)
class Tried:
    """What a picture is taken for."""

    number: int
    base: Told  # by the network itself, in its own classes
    adapted: Told  # with the adapter; empty without one
    problem: str = ""  # why there is no picture to read


def try_pictures(
    pictures: Sequence[tuple[int, Source]],
    unseen: frozenset[int],
    model: "Model",
    adapter: LoadedAdapter | None,
    wanted_device: Device,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> None:
    """Tell of each picture, in this order, what it shows and what it is taken for.

    Args:
        pictures: numbers and where each comes from.
        unseen: numbers of those that are to be shown, too.
        model: the network that is open; where its last layer is new, its own is asked as well.
        adapter: that it has on.
        wanted_device: that it is computed on.
        on_event: told `Seen` and `Tried`.
        should_stop: asked before every picture.

    Raises:
        NotEnoughMemoryError: not even one picture can be computed.
        Cancelled: told to stop.
    """
    from vera_studio.data.preprocessing import square
    from vera_studio.training.devices import choose_device
    from vera_studio.training.memory import device_failures_told

    take_thread_count()
    device = choose_device(wanted_device).device
    with device_failures_told(device):
        base = model.original
        base = base.with_network(with_adapter(base, None).to(device))
        adapted = None
        if adapter is not None:
            adapted = model.with_network(with_adapter(model, adapter).to(device))
        for number, source in pictures:
            if should_stop():
                raise Cancelled
            if number in unseen and (pixels := _read(source, square(SEEN_SIDE), should_stop)):
                on_event(Seen(number, pixels[0]))
            on_event(_tried(number, source, base, adapted, should_stop))


def _tried(
    number: int, source: Source, base: "Model", adapted: "Model | None", should_stop: ShouldStop
) -> Tried:
    import torch

    from vera_studio.data.image_file import UnreadableImage

    try:
        pixels = _pixels(source, base.preprocessing, should_stop)
    except (UnreadableImage, MemoryError) as error:
        return Tried(number, (), (), str(error) or "not enough memory")
    # (size, size, 3) -> (1, 3, size, size)
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]
    return Tried(number, _told(base, image), _told(adapted, image) if adapted else ())


def _told(model: "Model", image: Any) -> Told:
    from vera_studio.training.answers import likeliest
    from vera_studio.training.evaluation import predict

    classes, shares = likeliest(predict(model, image).cpu())
    names = model.class_names
    pairs = zip(classes[0].tolist(), shares[0].tolist(), strict=True)
    return tuple((names[index], share) for index, share in pairs)


def _read(source: Source, form: "Preprocessing", should_stop: ShouldStop) -> "tuple[Any, ...]":
    """The pixels of a picture; nothing, where it has none."""
    from vera_studio.data.image_file import UnreadableImage

    try:
        return (_pixels(source, form, should_stop),)
    except (UnreadableImage, MemoryError):
        return ()


def _pixels(source: Source, form: "Preprocessing", should_stop: ShouldStop) -> "NDArray[np.uint8]":
    from vera_studio.data.image_file import read_image, read_picture

    if isinstance(source, bytes):
        return read_picture(source, form, should_stop)
    return read_image(source, form, should_stop)
