"""A folder that an export is written to: new, empty, or from an export before."""

from collections.abc import Collection
from pathlib import Path

from vera_studio.errors import StudioError
from vera_studio.files import reason


def check_own(folder: Path, names: Collection[str]) -> None:
    """Refuse a folder in which something lies, and none of `names`: it is the user's.

    Raises:
        StudioError: says so, or that it cannot be looked into.
    """
    try:
        found = {path.name for path in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise StudioError(f"Cannot write to {folder}: {reason(error)}.") from error
    if found and not found & set(names):
        raise StudioError(f"The folder {folder} holds other files; choose an empty or a new one.")
