"""The subcommand that writes a page about a run: report."""

import argparse
from itertools import chain
from pathlib import Path

from vera_studio import environment
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.terminal import show
from vera_studio.errors import StudioError
from vera_studio.files import check_file, is_folder
from vera_studio.runs.run_list import read_runs
from vera_studio.wording import first_of


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    parser = commands.add_parser("report", help="write a page of HTML with all of a run in it")
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="the folder of a run, or its name in the window"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="default: report.html in the run's folder"
    )
    parser.add_argument(
        "--with-mistakes",
        action="store_true",
        help="with some of the images that it gets wrong",
    )
    parser.set_defaults(command=_report)


def find_run(run: Path) -> Path:
    """The folder of a run that is there, or that the window keeps or calls so.

    Raises:
        StudioError: there is none, or several are called so.
    """
    for folder in (run, environment.runs_folder() / run):
        if is_folder(folder):
            return folder
    found = read_runs(environment.runs_folder())
    every = chain(found.runs, *(one.runs for one in found.comparisons))
    named = [one.folder for one in every if one.notes.name == str(run)]
    if len(named) > 1:
        raise StudioError(f"{len(named)} runs are called {run}: {first_of(list(map(str, named)))}.")
    if named:
        return named[0]
    raise StudioError(f"There is no run {run}; 'vera-studio runs' lists those of the window.")


def _report(options: argparse.Namespace) -> None:
    from vera_studio.reports.report import write_report

    folder = find_run(options.run)
    path = options.out or folder / "report.html"
    check_file(path)
    write_report(folder, path, options.with_mistakes)
    show(f"Report: {path}")
