"""The files of one run: in its folder, or in memory until they can be written.

A disk that is full, read-only or gone ends no run. What cannot be written stays as it was on the
disk, is told once and tried again, and at the end goes elsewhere.
"""

import contextlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from vera_studio import environment
from vera_studio.errors import StudioError
from vera_studio.files import (
    append,
    is_folder,
    is_regular,
    read_regular,
    reason,
    write_atomically,
    write_together,
)
from vera_studio.runs.run_state import PROGRESS_FILE, STATE_FILE, State

_RETRY_SECONDS = 1.0
_MOST_BYTES = 2**29  # of a file that is taken along
_log = logging.getLogger(__name__)

Make = Callable[[], bytes]


class NotSavedError(StudioError):
    """What a run left could be written nowhere; it is kept as long as this is.

    Attributes:
        save: writes all of it into a new folder; a StudioError where that cannot be.
        name: what the run's folder is called.
    """

    def __init__(self, message: str, save: Callable[[Path], None], name: str) -> None:
        super().__init__(message)
        self.save, self.name = save, name


class RunFiles:
    """Writes a run's files into its folder, as soon as that can be.

    Attributes:
        folder: of the run; another one once `finish` had to go elsewhere.
    """

    def __init__(
        self,
        folder: Path,
        on_notice: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without a file.

        Args:
            folder: of the run; made with its first file.
            on_notice: told in a sentence or two that files cannot be written, and that they can.
            clock: gives seconds.
        """
        self.folder = folder
        self._on_notice, self._clock = on_notice, clock
        self._makers: dict[str, Make] = {}  # of every file that there is to be
        self._tables: dict[str, bytearray] = {}
        self._behind: set[str] = set()  # files that are not on the disk as they should be
        self._failed: float | None = None  # when it was tried last in vain; None while all is well

    def begin(self, contents: Mapping[str, bytes], tables: Iterable[str] = ()) -> None:
        """Write the first files, of which `tables` may grow.

        Raises:
            StudioError: they cannot be written; there is nothing to lose yet.
        """
        write_together({self.folder / name: content for name, content in contents.items()})
        self._makers |= {name: _constant(content) for name, content in contents.items()}
        for name in tables:
            self._tables[name] = bytearray(contents[name])
            self._makers[name] = _constant(self._tables[name])

    def put(self, name: str, make: Make, is_kept: bool = True) -> None:
        """Have a file hold what `make` gives, now or when it can be written.

        Args:
            name: of the file.
            make: gives its content, now and whenever it is tried again.
            is_kept: whether to be able to write it again once it is on the disk; what is large
                and soon made anew need not.
        """
        self._makers[name] = make
        self._behind.add(name)
        self._try({name})
        if not is_kept and name not in self._behind:
            del self._makers[name]

    def remove(self, name: str) -> None:
        """Have no such file; one that cannot be deleted is told to the log."""
        self._makers.pop(name, None)
        self._behind.discard(name)
        try:
            (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            _log.warning("Cannot delete %s: %s", self.folder / name, reason(error))

    def add(self, name: str, rows: bytes) -> None:
        """Add rows to the end of a table."""
        self._tables[name] += rows
        if name not in self._behind:
            try:
                append(self.folder / name, rows)
                return
            except OSError as error:
                _log.info("%s is to be written whole: %s", name, error)
        self._behind.add(name)
        self._try({name})

    def finish(self, state: State = "ended") -> None:
        """Have every file on the disk: where the folder takes none, in another one.

        Args:
            state: of the run, for another folder; its own is told by `run_state.going_on`.

        Raises:
            NotSavedError: no folder takes them.
        """
        problem = self._write(self._missing())
        if not problem:
            return
        for folder in _other_folders(self.folder.name):
            with contextlib.suppress(StudioError):
                self._write_all(folder, state)
                self._on_notice(f"{problem} All that the run left is in {folder} instead.")
                return
        raise NotSavedError(
            f"{problem} No other folder could be written to either.",
            lambda folder: self._write_all(folder, state),
            self.folder.name,
        )

    def _try(self, names: set[str]) -> None:
        """Write some files, and all that are behind or gone; not at once after that failed."""
        if self._failed is not None and self._clock() - self._failed < _RETRY_SECONDS:
            return
        if self._behind > names or not is_folder(self.folder):
            names = self._missing()
        self._write(names)

    def _missing(self) -> set[str]:
        """Names of the files that are behind, or gone from the folder."""
        gone = {name for name in self._makers if not is_regular(self.folder / name)}
        return self._behind | gone

    def _write(self, names: set[str]) -> str:
        """Write some files; returns why that cannot be, or nothing. Tells when that changes."""
        self._behind |= names
        try:
            for name in sorted(names):
                write_atomically(self.folder / name, self._makers[name]())
                self._behind.discard(name)
        except StudioError as error:
            if self._failed is None:
                self._on_notice(f"{error} {_GOES_ON}")
            self._failed = self._clock()
            return str(error)
        if self._failed is not None and not self._behind:
            self._failed = None
            self._on_notice(f"{self.folder} can be written to again; nothing is missing there.")
        return ""

    def _write_all(self, folder: Path, state: State) -> None:
        """Write the whole run into a new folder, which is its folder from then on.

        Raises:
            StudioError: it cannot be written; then nothing of it is left there.
        """
        was_there = folder.exists()
        try:
            for name, make in self._makers.items():
                write_atomically(folder / name, make())
            if PROGRESS_FILE not in self._makers:
                self._take_along(PROGRESS_FILE, folder)
            write_atomically(folder / STATE_FILE, json.dumps({"state": state}).encode())
        except StudioError:
            if not was_there:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        self.folder, self._behind = folder, set()

    def _take_along(self, name: str, folder: Path) -> None:
        """Copy a file that is not kept in memory, where it can be read."""
        with contextlib.suppress(OSError):
            write_atomically(folder / name, read_regular(self.folder / name, _MOST_BYTES))


class NoFiles(RunFiles):
    """The files of a run that another process writes."""

    def put(self, name: str, make: Make, is_kept: bool = True) -> None:
        """Write nothing."""

    def remove(self, name: str) -> None:
        """Delete nothing."""

    def finish(self, state: State = "ended") -> None:
        """Write nothing."""


_GOES_ON = (
    "The run goes on; what it leaves is kept in memory, and written as soon as that can be, at the "
    "end in another folder if need be."
)


def _constant(content: bytes | bytearray) -> Make:
    return lambda: bytes(content)


def _other_folders(name: str) -> Iterator[Path]:
    """New folders of this name, or nearly so, on disks that may have room."""
    for parent in (environment.runs_folder(), Path(tempfile.gettempdir()) / "vera-studio-runs"):
        yield new_folder(parent, name)


def new_folder(parent: Path, name: str) -> Path:
    """A path under `parent` that nothing has yet, of this name or nearly so; not created."""
    names = (name, *(f"{name}_{number}" for number in range(2, 1000)))
    return next(path for one in names if not (path := parent / one).exists())
