"""All that the subcommands print goes through here, so that no name or note steers the terminal."""

import contextlib
import errno
import os
import sys
from typing import TextIO

from vera_studio.errors import StudioError
from vera_studio.files import reason
from vera_studio.wording import printable

_NOBODY = (errno.EPIPE, errno.EIO)  # whoever read has ended; the terminal is gone
_CLEAR = "\r\x1b[K"  # back to the start of the line, and the rest of it away


def show(*lines: str) -> None:
    """Print results, a line each.

    Raises:
        StudioError: there is somebody to read them, and they cannot be written.
    """
    for line in lines:
        try:
            _print(sys.stdout, printable(line) + "\n")
        except OSError as error:
            if error.errno not in _NOBODY:
                raise StudioError(f"Cannot write the output: {reason(error)}.") from error


def tell(*lines: str) -> None:
    """Print what is not a result, a line each: progress, notices, failures."""
    for line in lines:
        _tell(printable(line) + "\n")


class Teller:
    """Tells lines as `tell` does, and on a terminal one more that moves below them.

    Attributes:
        moves: whether there is a terminal, and so a line that moves.
    """

    def __init__(self) -> None:
        self.moves = sys.stderr is not None and sys.stderr.isatty()

    def tell(self, line: str) -> None:
        """A line that stays."""
        self.clear()
        tell(line)

    def clear(self) -> None:
        """Take the line that moves away."""
        if self.moves:
            _tell(_CLEAR)

    def move(self, line: str) -> None:
        """The line that moves now says this; nothing where there is none."""
        if self.moves:
            _tell(_CLEAR + printable(line))


def _tell(text: str) -> None:
    # A run goes on to where it is kept, though its terminal may be closed or its log be full.
    with contextlib.suppress(OSError):
        _print(sys.stderr, text)


def _print(stream: TextIO | None, text: str) -> None:
    """Write `text`; what comes after text that cannot be written is dropped.

    Raises:
        OSError: it cannot be written.
    """
    if stream is None:  # it was closed before the program began
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError):  # Python tries again as it ends, and complains
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        raise
