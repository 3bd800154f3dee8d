"""The subcommand that compares methods and ranks: compare."""

import argparse
import json
import math
from pathlib import Path

from vera_studio import recipe_file
from vera_studio.cli.interrupt import StopOnSignal
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.tables import aligned
from vera_studio.cli.terminal import Teller, show
from vera_studio.errors import Cancelled, RecipeError, ShouldStop, StudioError, TrainingError
from vera_studio.files import check_file, write_atomically
from vera_studio.recipe import AdapterSettings, Recipe
from vera_studio.runs import comparison_tables as tables
from vera_studio.runs.candidates import candidate, title, usages
from vera_studio.runs.comparison_results import (
    MAX_SEEDS,
    Comparison,
    ComparisonSettings,
    ComparisonStands,
    Spread,
    Summary,
)
from vera_studio.runs.events import Event, Notice, Stage, StepsDone
from vera_studio.runs.summary import moved
from vera_studio.wording import first_of

_HEAD = ("", "trainable", "share", "bytes", "targets", "gain", "others", "gain", "seconds", "runs")
_NOTHING = "-"


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    parser = commands.add_parser("compare", help="run methods and ranks with several seeds")
    parser.add_argument("recipe", type=Path, metavar="RECIPE.toml")
    parser.add_argument(
        "--methods",
        nargs="+",
        type=_method,
        required=True,
        metavar="METHOD",
        help=f"{', '.join(usages())}; the recipe says everything else",
    )
    parser.add_argument("--seeds", type=int, default=3, help=f"runs of each, 1 to {MAX_SEEDS}")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="a new folder for all runs"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="a row a run, to this file too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="have the workers of a Dask cluster do the runs, such as tcp://host:8786; on each the "
        "recipe's paths must lead to the same files",
    )
    parser.set_defaults(command=_compare)


def _method(name: str) -> str:
    """`name`, if it stands for a method; else wrong usage, told before anything is opened."""
    try:
        candidate(name, AdapterSettings())
    except RecipeError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name


def _compare(options: argparse.Namespace) -> None:
    base = recipe_file.load(options.recipe)
    chosen = tuple(candidate(name, base.adapter) for name in options.methods)
    settings = ComparisonSettings(chosen, options.seeds)
    stop = StopOnSignal("the runs that have finished are kept.")
    if options.csv:
        check_file(options.csv)
    with stop:
        comparison = _compared(options, base, settings, stop.asked)
        _show(options, comparison)


def _compared(
    options: argparse.Namespace,
    recipe: Recipe,
    settings: ComparisonSettings,
    should_stop: ShouldStop,
) -> Comparison:
    from vera_studio.training.cluster import compare_on_cluster
    from vera_studio.training.comparison import compare

    tell = _ProgressLines()
    if not options.scheduler:
        return compare(recipe, settings, options.out, tell, should_stop)
    address = options.scheduler
    return compare_on_cluster(recipe, settings, options.out, address, tell, should_stop)


def _show(options: argparse.Namespace, comparison: Comparison) -> None:
    if options.csv and comparison.runs:
        write_atomically(options.csv, tables.csv_bytes(tables.run_rows(comparison)))
    if options.json:
        show(json.dumps(tables.to_json(comparison)))
    elif comparison.runs:
        show(*_table(comparison))
        show(f"Folder: {comparison.folder}")
    _raise_if_incomplete(comparison, options.out)


def _raise_if_incomplete(comparison: Comparison, asked: Path) -> None:
    """Have the exit status tell what is missing; what there is has been printed.

    Raises:
        Cancelled: it was stopped before its last run.
        TrainingError: runs failed.
        StudioError: it had to go elsewhere than `asked`.
    """
    if comparison.stopped:
        raise Cancelled
    failed = [run.problem for run in comparison.runs if run.problem]
    if failed:
        raise TrainingError(f"{len(failed)} of {comparison.total} runs failed: {failed[0]}")
    if comparison.folder != asked:
        raise StudioError(moved(asked, comparison.folder))


class _ProgressLines:
    """Prints a line a run, and on a terminal one that moves in between."""

    def __init__(self) -> None:
        self._teller = Teller()
        self._now = ""
        self._stage = ""
        self._told = 0  # runs
        self._notices: set[str] = set()

    def __call__(self, event: Event | ComparisonStands) -> None:
        match event:
            case ComparisonStands(comparison, now):
                self._now = now
                self._tell_ended(comparison)
            case Notice(text) if text not in self._notices:  # most runs have the same to say
                self._notices.add(text)
                self._teller.tell(text)
            case StepsDone():
                self._teller.move(f"{event.progress:6.1%}  {self._now}")
            case Stage(text) if not self._now and text != self._stage:
                self._stage = text
                self._teller.tell(f"{text} ...")

    def _tell_ended(self, comparison: Comparison) -> None:
        for run in comparison.runs[self._told :]:
            self._told += 1
            name = title(comparison.candidates[run.candidate].settings)
            how = f"targets {run.after.targets:.2%}  {run.seconds:.1f} s"
            if run.best_epoch == 0:
                how += "  no epoch did better than the network before training"
            if run.problem:
                how = f"failed: {run.problem.splitlines()[0]}"
            number = f"run {self._told}/{comparison.total}"
            self._teller.tell(f"{number}  {name}, seed {run.seed}  {how}")


def _table(comparison: Comparison) -> list[str]:
    """What the figures are, then a row a method with its figures in columns."""
    before = comparison.before
    base = ["base network", "0", "", "", _percent(before.targets), "", _percent(before.others)]
    lines = [list(_HEAD), [*base, "", "", ""]]
    lines += [_cells(comparison, summary) for summary in comparison.summaries()]
    targets = first_of(comparison.target_classes)
    about = (
        f"{comparison.data}, test images. Targets: {targets}. Mean and sample standard deviation "
        f"over {comparison.seeds} seeds, gains in points."
    )
    return [about, *aligned(lines)]


def _cells(comparison: Comparison, summary: Summary) -> list[str]:
    candidate, before = summary.candidate, comparison.before
    return [
        title(candidate.settings),
        f"{candidate.trainable:,}",
        f"{candidate.share:.2%}",
        f"{summary.file_bytes:,}",
        _spread(summary.targets),
        _gain(summary.targets.mean - before.targets),
        _spread(summary.others),
        _gain(summary.others.mean - before.others),
        _NOTHING if math.isnan(summary.seconds.mean) else f"{summary.seconds.mean:.1f}",
        f"{summary.finished}/{comparison.seeds}",
    ]


def _percent(share: float) -> str:
    return _NOTHING if math.isnan(share) else f"{share:.2%}"


def _spread(spread: Spread) -> str:
    if math.isnan(spread.deviation):
        return _percent(spread.mean)
    return f"{100 * spread.mean:.2f} ±{100 * spread.deviation:5.2f}%"


def _gain(gain: float) -> str:
    return _NOTHING if math.isnan(gain) else f"{100 * gain:+.2f}"
