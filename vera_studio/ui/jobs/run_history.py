"""Listing runs and putting them away, on threads: plain functions, as in `jobs`."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile

from vera_studio import environment
from vera_studio.errors import Cancelled, StudioError
from vera_studio.files import reason
from vera_studio.runs.run_curves import RunCurves, load_curves
from vera_studio.runs.run_files import new_folder
from vera_studio.runs.run_list import RunList, read_runs
from vera_studio.runs.run_state import is_going_on
from vera_studio.ui.runner import OnEvent, ShouldStop


@dataclass(frozen=True)
class Trashed:
    """A folder in the trash."""

    folder: Path  # where it was
    place: Path | None  # where it is now; None where the system does not say

    @property
    def told(self) -> str:
        """Where it is, for a person."""
        aside = environment.deleted_runs_folder()
        return str(aside) if self.place and self.place.parent == aside else "the trash"


def list_runs(parent: Path, on_event: OnEvent, should_stop: ShouldStop) -> RunList:
    """All runs and comparisons in `parent`."""
    return read_runs(parent, should_stop)


def curves_of(
    folders: Sequence[Path], on_event: OnEvent, should_stop: ShouldStop
) -> dict[Path, RunCurves]:
    """The curves of the runs in `folders`; none of a run whose curves cannot be read."""
    found = {}
    for folder in folders:
        if should_stop():
            raise Cancelled
        try:
            found[folder] = load_curves(folder)
        except StudioError:  # of one that failed before its first epoch
            found[folder] = RunCurves()
    return found


def move_to_trash(
    folders: Sequence[Path], on_event: OnEvent, should_stop: ShouldStop
) -> tuple[list[Trashed], StudioError | None]:
    """Put folders in the trash; what is there now, and why one and all after it are not."""
    done: list[Trashed] = []
    for folder in folders:
        try:
            done.append(_trash(folder))
        except StudioError as error:
            return done, error
    return done, None


def bring_back(trashed: Sequence[Trashed], on_event: OnEvent, should_stop: ShouldStop) -> None:
    """Put what `move_to_trash` put away back in its place.

    Raises:
        StudioError: that cannot be done; what is not back is in the trash as it was.
    """
    for one in trashed:
        if one.place is None:
            continue
        try:
            if one.folder.exists():
                raise FileExistsError(0, "another folder has its place")
            shutil.move(one.place, one.folder)
            _forget_in_trash(one.place)
        except OSError as error:
            raise StudioError(
                f"{one.folder.name} could not be brought back: {reason(error)}. It is in "
                f"the folder {one.place}."
            ) from error


def _trash(folder: Path) -> Trashed:
    if is_going_on(folder):
        raise StudioError(f"{folder.name} is going on; it cannot be deleted now.")
    file = QFile(str(folder))
    if not file.moveToTrash():
        return Trashed(folder, _put_aside(folder))
    place = file.fileName()
    return Trashed(folder, Path(place) if place and place != str(folder) else None)


def _put_aside(folder: Path) -> Path:
    """Move a folder to where deleted runs are kept that no trash takes; returns where it is."""
    place = new_folder(environment.deleted_runs_folder(), folder.name)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(place)
    except OSError as error:
        raise StudioError(
            f"{folder.name} could not be deleted: there is no trash that takes it, and it cannot "
            f"be moved to {place.parent} either: {reason(error)}. It is as it was; Show in Folder "
            "shows where."
        ) from error
    return place


def _forget_in_trash(place: Path) -> None:
    """Take away what a desktop's trash had noted of a file (freedesktop.org, Trash 1.0)."""
    if place.parent.name == "files":
        (place.parent.parent / "info" / f"{place.name}.trashinfo").unlink(missing_ok=True)
