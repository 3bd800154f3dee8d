"""Opening whichever images a recipe asks for."""

from collections.abc import Sequence
from pathlib import Path

from vera_studio import environment
from vera_studio.data.cifar10 import open_cifar10
from vera_studio.data.folder import OnFirst, open_folder
from vera_studio.data.left_out import without
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.data.room import told_without_memory
from vera_studio.data.sample.drawn_images import make_sample
from vera_studio.data.store import ImageData, OnProgress, ShouldStop, never_stop, no_progress
from vera_studio.recipe import DataSettings


def open_data(
    settings: DataSettings,
    class_names: Sequence[str],
    form: Preprocessing,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
    on_first: OnFirst | None = None,
) -> ImageData:
    """Open the images that `settings` names.

    Args:
        settings: which images, and how they are split.
        class_names: the network's classes, in its order.
        form: what the network's images must be; CIFAR-10 and the sample stay small, and are
            enlarged where they are computed on.
        on_progress: told how much of the work is done.
        should_stop: asked again and again during it.
        on_first: shown the first few pictures of a folder, as `open_folder` does.

    Raises:
        DataError: the images cannot be opened or do not fit the network.
        NotEnoughMemoryError: there is not enough memory for them.
        Cancelled: `should_stop` said so.
    """
    with told_without_memory():
        data = _open(settings, class_names, form, on_progress, should_stop, on_first)
        return without(data, settings.left_out)


def _open(
    settings: DataSettings,
    class_names: Sequence[str],
    form: Preprocessing,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    on_first: OnFirst | None,
) -> ImageData:
    share, seed = settings.validation_share, settings.seed
    if settings.source == "folder":
        return open_folder(
            Path(settings.folder).expanduser(),
            class_names,
            form,
            share,
            seed,
            on_progress,
            should_stop,
            leave_out_unknown=settings.classes == "network",
            leave_out_copies=settings.leave_out_copies,
            on_first=on_first,
        )
    if settings.source == "cifar10":
        cifar10 = environment.cifar10_folder()
        return open_cifar10(cifar10, class_names, share, seed, on_progress, should_stop)
    return make_sample(class_names, share, seed, on_progress, should_stop)
