"""Parsing the command line and doing what it asks for.

Exit status: 0 done, 1 a failure told in one line on standard error (a fault of the program itself
is told with where it comes from, and leaves a report), 2 wrong usage,
130, 143 or 129 ended by Ctrl+C, SIGTERM or SIGHUP.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import vera_studio
from vera_studio import environment
from vera_studio.cli import (
    cache,
    comparison,
    evaluation,
    exchange,
    library,
    networks,
    prediction,
    report,
    run_list,
    runs,
)
from vera_studio.cli.faults import show_stacks, tell_fault
from vera_studio.cli.interrupt import Interrupted, Interruptible
from vera_studio.cli.terminal import tell
from vera_studio.errors import Cancelled, StudioError
from vera_studio.wording import not_enough_memory, printable


def run(arguments: Sequence[str], open_window: Callable[[Path | None], int]) -> int:
    """Do what `arguments` ask for; returns the exit status.

    Args:
        arguments: of the command line, without the program's name.
        open_window: shows the window with the given file or folder open in it, or with none;
            returns the exit status.
    """
    parser = _parser()
    file, arguments = _take_file(parser, arguments)
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name may have what a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        _set_data_folder(options.data_dir)
        if options.command is None:
            return open_window(file)
        show_stacks()
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
    except Exception as error:
        tell_fault(error, options)
        return 1


class _Parser(argparse.ArgumentParser):
    """Also what is wrong with an argument is printed without what would steer a terminal."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="vera-studio",
        description="Fine-tune a pretrained image network. Without a subcommand: the window, "
        "with FILE open in it: an adapter, weights, a recipe or a folder of images.",
        usage="%(prog)s [-h] [--version] [--data-dir FOLDER] [FILE | COMMAND ...]",
    )
    parser.add_argument("--version", action="version", version=vera_studio.__version__)
    _add_data_folder(parser)
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="subcommands", metavar="COMMAND", prog="vera-studio")
    families = (
        runs,
        run_list,
        report,
        evaluation,
        prediction,
        comparison,
        networks,
        exchange,
        library,
        cache,
    )
    for family in families:
        family.add_commands(commands)
    return parser


def _add_data_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="keep runs, downloads, settings and logs here, not in the user's folders",
    )


def _take_file(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[Path | None, Sequence[str]]:
    """The file to open in the window, if `arguments` name one, and the other arguments.

    A subcommand is never taken for a file: "./train" is one that is called like it.
    """
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    _add_data_folder(options)
    try:
        known, rest = options.parse_known_args(arguments)
    except argparse.ArgumentError:  # the parser itself says what is wrong
        return None, arguments
    if len(rest) != 1 or rest[0].startswith("-") or rest[0] in _subcommands(parser):
        return None, arguments
    if not os.path.lexists(rest[0]):
        parser.error(f"{rest[0]} is no subcommand, and there is no such file or folder")
    return Path(rest[0]), ["--data-dir", str(known.data_dir)] if known.data_dir else []


def _subcommands(parser: argparse.ArgumentParser) -> Iterable[str]:
    actions = parser._subparsers._group_actions if parser._subparsers else []
    return {name for action in actions for name in action.choices or ()}


def _set_data_folder(folder: Path | None) -> None:
    try:
        environment.set_data_folder(folder)
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, no home for ~
        raise StudioError(f"--data-dir {folder} cannot be used: {error}") from error


def _one_line(error: StudioError) -> str:
    """The message, whose lines may be a list with a dash each, as one line."""
    text = ""
    for line in str(error).splitlines():
        part = line.strip()
        follows = part.startswith("- ") and text and not text.endswith((":", "."))
        text += ("; " if follows else " ") + part.removeprefix("- ")
    return text.strip()
