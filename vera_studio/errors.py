"""The kinds of failure that the studio knows, and being told to stop; anything else is a bug."""

from collections.abc import Callable

# Asked again and again by what takes long. It may wait before it answers: that is a pause.
ShouldStop = Callable[[], bool]


class StudioError(Exception):
    """A failure that the user can understand; its message is shown as it is."""


class RecipeError(StudioError):
    """A recipe, or one of its values, cannot be used; names every problem at once."""


class ModelError(StudioError):
    """A file of weights does not fit the network, or is none."""


class NotHereError(ModelError):
    """Weights would have to be downloaded, which only the user may ask for, and no file."""


class DataError(StudioError):
    """Images cannot be found, read or matched to the network's classes."""


class DownloadError(DataError):
    """A download did not come through or arrived damaged; trying again may help."""


class AdapterError(StudioError):
    """An adapter file cannot be read, or was made for something else."""


class TrainingError(StudioError):
    """A run had to end, for instance because its loss was no longer finite."""


class NotEnoughMemoryError(StudioError):
    """A device or the host has too little memory left for what was asked."""


class DeviceFailedError(StudioError):
    """A device computes no more, such as a GPU whose driver gave up."""


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """The user asked to stop; nothing is shown."""


def never_stop() -> bool:
    """Let the work go on to its end."""
    return False


def go_on_unless(should_stop: ShouldStop) -> None:
    """Ask once.

    Raises:
        Cancelled: `should_stop` said so.
    """
    if should_stop():
        raise Cancelled
