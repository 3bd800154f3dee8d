"""Whether a run is going on, came to its end, failed, or was broken off."""

import contextlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import filelock

from vera_studio.errors import Cancelled, StudioError, TrainingError
from vera_studio.files import is_regular, read_text, write_atomically

PROGRESS_FILE = "progress.pt"  # how far it is, to go on from; see training/progress.py
STATE_FILE = "state.json"
_LOCK = ".lock"  # stays: whoever deleted it might delete one that another has just taken
_PATIENCE_SECONDS = 1  # for somebody who only looks whether the run is going on
State = Literal["going on", "ended", "failed"]
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def going_on(path: Path) -> Iterator[None]:
    """Hold the run in `path`, as long as the process lives, so that nobody else goes on with it.

    What ends in the middle of it leaves a run that was broken off. What goes wrong before or
    beside the training, such as images that are gone, leaves its state as it was.

    Raises:
        StudioError: another process does.
    """
    with _held(path, _PATIENCE_SECONDS):
        before = state_of(path)
        _set_state(path, "going on")
        try:
            yield
        except TrainingError:
            _set_state(path, "failed")
            raise
        except (StudioError, Cancelled):
            _set_state(path, before or "going on")
            raise
        _set_state(path, "ended")


def broken_off(parent: Path) -> list[Path]:
    """The runs in `parent` that were broken off and can go on, newest first."""
    try:
        folders = sorted(parent.iterdir(), reverse=True)
    except OSError:
        return []
    return [one for one in folders if _is_broken_off(one)]


def state_of(path: Path) -> State | None:
    """What became of the run in `path` so far; None where that is not told."""
    try:
        state = json.loads(read_text(path / STATE_FILE))["state"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return state if state in ("going on", "ended", "failed") else None


def is_going_on(path: Path) -> bool:
    """Whether some process holds what is in `path`, a run or a comparison."""
    if not is_regular(path / _LOCK):
        return False
    try:
        with _held(path, 0):
            return False
    except StudioError:
        return True


def _is_broken_off(path: Path) -> bool:
    is_open = state_of(path) == "going on" and is_regular(path / PROGRESS_FILE)
    return is_open and not is_going_on(path)


@contextlib.contextmanager
def _held(path: Path, patience: float) -> Iterator[None]:
    lock = filelock.FileLock(path / _LOCK, patience)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise StudioError(f"The run in {path} is going on already.") from error
    except (NotImplementedError, OSError):  # some folders know no locks
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _set_state(path: Path, state: State) -> None:
    try:
        write_atomically(path / STATE_FILE, json.dumps({"state": state}).encode())
    except StudioError as error:  # such as a full disk: the run goes on
        _log.warning("%s", error)
