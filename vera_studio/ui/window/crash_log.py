"""What the program leaves where it dies in compiled code, and finds at its next start.

Python writes the stack of every thread into an open file when the process gets a signal such as
SIGSEGV; see https://docs.python.org/3/library/faulthandler.html. Whoever is killed from outside
leaves no stack, and nothing is told of it.
"""

import contextlib
import faulthandler
import logging
from io import BufferedWriter
from pathlib import Path

from vera_studio import files

_STACK = ("Fatal Python error:", "Windows fatal exception:")
_MOST_BYTES = 2**20
_log = logging.getLogger(__name__)


class CrashLog:
    """The file of one session: what is going on, and at its end the stack, if it dies."""

    def __init__(self, path: Path) -> None:
        """Take `path`, which the session before may have left; its folder is there."""
        self._path = path
        self._file: BufferedWriter | None = None

    def begin(self, state: str) -> str:
        """Have the stack written from now on.

        Args:
            state: what a reader of the stack should know besides.

        Returns:
            What the session before left if it died so; else empty.
        """
        left = self._left()
        try:
            self._file = self._path.open("wb")
        except OSError as error:
            _log.warning("A crash would leave no report: %s", error)
            return left
        self.note(state)
        faulthandler.enable(self._file)
        return left

    def note(self, state: str) -> None:
        """Replace what a reader of the stack should know."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # such as a full disk
                self._file.seek(0)
                self._file.truncate()
                self._file.write(state.encode(errors="replace") + b"\n\n")
                self._file.flush()

    def end(self) -> None:
        """The session ends as it should: nothing is left."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _left(self) -> str:
        try:
            text = files.read_text(self._path, _MOST_BYTES)
        except (OSError, ValueError):
            return ""
        return text if any(words in text for words in _STACK) else ""
