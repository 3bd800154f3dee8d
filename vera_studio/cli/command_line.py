"""Parsing the command line and doing what it asks for.

Exit status: 0 done, 1 a failure told in one line on standard error, 2 wrong usage,
130, 143 or 129 ended by Ctrl+C, SIGTERM or SIGHUP.
"""

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import vera_studio
from vera_studio import environment
from vera_studio.cli import comparison, evaluation, exchange, library, runs
from vera_studio.cli.interrupt import Interrupted, Interruptible
from vera_studio.cli.terminal import tell
from vera_studio.errors import Cancelled, StudioError
from vera_studio.wording import not_enough_memory, printable


def run(arguments: Sequence[str], open_window: Callable[[], int]) -> int:
    """Do what `arguments` ask for; returns the exit status."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name may have what a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    environment.set_data_folder(options.data_dir)
    try:
        if options.command is None:
            return open_window()
        with Interruptible():
            options.command(options)
        return 0
    except StudioError as error:
        tell(f"vera-studio: {_one_line(error)}")
        return 1
    except MemoryError:
        tell(f"vera-studio: {not_enough_memory('cpu')}")
        return 1
    except (Cancelled, KeyboardInterrupt) as error:
        tell("vera-studio: interrupted")
        return error.status if isinstance(error, Interrupted) else 130


class _Parser(argparse.ArgumentParser):
    """Also what is wrong with an argument is printed without what would steer a terminal."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="vera-studio",
        description="Fine-tune a pretrained image network. Without a subcommand: the window.",
    )
    parser.add_argument("--version", action="version", version=vera_studio.__version__)
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="keep runs, downloads, settings and logs here, not in the user's folders",
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="subcommands", metavar="COMMAND")
    for family in (runs, evaluation, comparison, exchange, library):
        family.add_commands(commands)
    return parser


def _one_line(error: StudioError) -> str:
    return " ".join(part.strip() for part in str(error).splitlines())
