"""All that the subcommands print goes through here, so that no name or note steers the terminal."""

import sys

from vera_studio.wording import printable

_CLEAR = "\r\x1b[K"  # back to the start of the line, and the rest of it away


def show(*lines: str) -> None:
    """Print results, a line each."""
    for line in lines:
        print(printable(line))


def tell(*lines: str) -> None:
    """Print what is not a result, a line each: progress, notices, failures."""
    for line in lines:
        print(printable(line), file=sys.stderr, flush=True)


class Teller:
    """Tells lines as `tell` does, and on a terminal one more that moves below them.

    Attributes:
        moves: whether there is a terminal, and so a line that moves.
    """

    def __init__(self) -> None:
        self.moves = sys.stderr.isatty()

    def tell(self, line: str) -> None:
        """A line that stays."""
        if self.moves:
            print(_CLEAR, end="", file=sys.stderr)
        tell(line)

    def move(self, line: str) -> None:
        """The line that moves now says this; nothing where there is none."""
        if self.moves:
            print(_CLEAR + printable(line), end="", file=sys.stderr, flush=True)
