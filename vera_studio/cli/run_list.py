"""The subcommand that lists runs and comparisons: runs."""

import argparse
import json
import math
from pathlib import Path

from vera_studio import environment
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.tables import aligned
from vera_studio.cli.terminal import show
from vera_studio.errors import StudioError
from vera_studio.files import is_folder
from vera_studio.runs.comparison_tables import to_json
from vera_studio.runs.events import RunResult
from vera_studio.runs.plain_values import to_plain
from vera_studio.runs.run_list import ComparisonEntry, RunEntry, RunList, read_runs
from vera_studio.wording import size_text

_HEAD = ("run", "state", "network", "images", "adapter", "targets", "", "best", "seconds", "size")
_LEFT = (0, 1, 2, 3, 4)
_NOTHING = "-"


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    parser = commands.add_parser("runs", help="list runs and comparisons, the newest first")
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="FOLDER",
        help="of the runs (default: where the window keeps them)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=_runs)


def _runs(options: argparse.Namespace) -> None:
    folder = options.folder or environment.runs_folder()
    if options.folder and not is_folder(folder):
        raise StudioError(f"There is no folder {folder}.")
    found = read_runs(folder)
    if options.json:
        show(json.dumps(_as_json(found)))
    elif found.runs or found.comparisons:
        show(*_table(found))
    else:
        show(f"There are no runs in {folder}.")


def _table(found: RunList) -> list[str]:
    rows = [list(_HEAD), *map(_row, found.runs)]
    for comparison in found.comparisons:
        rows += [_comparison_row(comparison), *(_row(run, "  ") for run in comparison.runs)]
    more = ["There are more runs than are listed."] if found.left_out else []
    return [*aligned(rows, left=_LEFT), *more]


def _row(run: RunEntry, indent: str = "") -> list[str]:
    subject, result = run.subject, run.result
    return [
        indent + run.title,
        run.state,
        subject.network,
        subject.data,
        subject.adapter,
        *_targets(result),
        f"{run.best_epoch}/{run.epochs_done}",
        f"{result.seconds:.1f}" if result else _NOTHING,
        size_text(run.size),
    ]


def _comparison_row(entry: ComparisonEntry) -> list[str]:
    data = entry.comparison.data if entry.comparison else ""
    return [
        *(entry.title, entry.state, "comparison", data, f"{len(entry.runs)} runs"),
        *("", "", "", "", size_text(entry.size)),
    ]


def _targets(result: RunResult | None) -> tuple[str, str]:
    if result is None:
        return _NOTHING, ""
    classes = result.target_classes
    before, after = (one.mean_over(classes) for one in (result.before, result.after))
    return _percent(before), f"-> {_percent(after)}"


def _percent(share: float) -> str:
    return _NOTHING if math.isnan(share) else f"{share:.2%}"


def _as_json(found: RunList) -> dict[str, object]:
    return {
        "runs": [_run_as_json(run) for run in found.runs],
        "comparisons": [
            {
                "folder": str(entry.folder),
                "name": entry.notes.name,
                "notes": entry.notes.notes,
                "state": entry.state,
                "begun": entry.begun.isoformat(),
                "bytes": entry.size,
                "problem": entry.problem,
                "comparison": to_json(entry.comparison) if entry.comparison else None,
                "runs": [_run_as_json(run) for run in entry.runs],
            }
            for entry in found.comparisons
        ],
        "complete": not found.left_out,
    }


def _run_as_json(run: RunEntry) -> dict[str, object]:
    result = run.result
    plain: dict[str, object] = {
        "folder": str(run.folder),
        "name": run.notes.name,
        "notes": run.notes.notes,
        "state": run.state,
        "begun": run.begun.isoformat(),
        "bytes": run.size,
        "network": run.subject.network,
        "weights": run.subject.weights,
        "data": run.subject.data,
        "method": run.subject.method,
        "rank": run.subject.rank,
        "epochs_done": run.epochs_done,
        "best_epoch": run.best_epoch,
        "can_continue": run.can_continue,
        "problem": run.problem,
    }
    if result:
        targets, others = result.target_classes, result.other_classes
        plain |= {
            "targets_before": result.before.mean_over(targets),
            "targets_after": result.after.mean_over(targets),
            "others_before": result.before.mean_over(others),
            "others_after": result.after.mean_over(others),
            "seconds": result.seconds,
            "images_per_second": result.images_per_second,
            "device": result.device,
            "adapter_name": result.adapter_name,
        }
    without_nan: dict[str, object] = to_plain(plain)
    return without_nan
