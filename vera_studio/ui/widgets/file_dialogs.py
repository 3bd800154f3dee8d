"""Asking for a file or a folder: every dialog starts in the folder that was used last."""

import itertools
import re
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from vera_studio import files
from vera_studio.errors import StudioError


class LastFolder(QObject):
    """The folder that the next dialog starts in; one for the whole application.

    Signals:
        changed(str): another folder was used.
    """

    changed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.path = ""

    @classmethod
    def of_application(cls) -> "LastFolder":
        """The one that belongs to the running application."""
        application = QCoreApplication.instance()
        assert application is not None
        return application.findChild(cls) or cls(application)

    def remember(self, folder: str) -> None:
        """Have the next dialog start in `folder`."""
        if folder != self.path:
            self.path = folder
            self.changed.emit(folder)


def ask_open(parent: QWidget, title: str, name_filter: str) -> Path | None:
    """The file that the user chooses to read; None if none is chosen.

    Args:
        parent: what the dialog stands before.
        title: what the dialog says it is for.
        name_filter: kinds of file as Qt has them: "Tables (*.csv);;All files (*)".
    """
    path, _ = QFileDialog.getOpenFileName(parent, title, _start(), name_filter)
    return _remembered(path)


def ask_several(parent: QWidget, title: str, name_filter: str) -> list[Path]:
    """The files that the user chooses to read; none if none is chosen. As `ask_open` else."""
    paths, _ = QFileDialog.getOpenFileNames(parent, title, _start(), name_filter)
    for path in paths[:1]:
        _remembered(path)
    return [Path(path) for path in paths]


def ask_save(parent: QWidget, title: str, name: str, name_filter: str) -> Path | None:
    """The file that the user chooses to write, with an ending of the kind that is chosen.

    Args:
        parent: what the dialog stands before.
        title: what the dialog says it is for.
        name: of the file, as a proposal.
        name_filter: kinds of file as Qt has them: "Tables (*.csv)".
    """
    return ask_save_as(parent, title, name, name_filter)[0]


def ask_save_as(
    parent: QWidget, title: str, name: str, name_filter: str
) -> tuple[Path | None, str]:
    """As `ask_save`, and which kind of `name_filter` was chosen."""
    start = str(Path(_start()) / name)
    path, chosen = QFileDialog.getSaveFileName(parent, title, start, name_filter)
    endings = re.findall(r"\*(\.\w+)", name_filter)
    if path and endings and not path.lower().endswith(tuple(endings)):
        path += (re.findall(r"\*(\.\w+)", chosen) or endings)[0]
    return _remembered(path), chosen


def ask_folder(parent: QWidget, title: str, start: Path | None = None) -> Path | None:
    """The folder that the user chooses, at first in `start`; None if none is chosen."""
    if start is not None:  # the studio's own, not where the user keeps files
        chosen = QFileDialog.getExistingDirectory(parent, title, str(start))
        return Path(chosen) if chosen else None
    return _remembered(QFileDialog.getExistingDirectory(parent, title, _start()))


def ask_new_folder(parent: QWidget, title: str, name: str) -> Path | None:
    """The folder that the user chooses to have made, asked for like a file: a name can be typed.

    Args:
        parent: what the dialog stands before.
        title: what the dialog says it is for.
        name: of the folder, as a proposal.

    Returns:
        What was chosen, where it is new or empty; else a folder in it that is not there yet. None
        if none is chosen.

    Raises:
        StudioError: it may not be looked into.
    """
    chosen = ask_save(parent, title, name, "Folder")
    return chosen and _new_folder(chosen, name)


def _new_folder(chosen: Path, name: str) -> Path:
    names = (name if number == 1 else f"{name}-{number}" for number in itertools.count(1))
    try:
        if not files.is_folder(chosen) or not any(chosen.iterdir()):
            return chosen
        return next(chosen / name for name in names if not (chosen / name).exists())
    except OSError as error:
        told = f"Cannot write to the folder {chosen}: {files.reason(error)}."
        raise StudioError(told) from error


def _start() -> str:
    return LastFolder.of_application().path or str(Path.home())


def _remembered(path: str) -> Path | None:
    if not path:
        return None
    LastFolder.of_application().remember(str(Path(path).parent))
    return Path(path)
