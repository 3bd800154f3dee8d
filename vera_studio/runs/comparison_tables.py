"""A comparison as tables for other programs: shares from 0 to 1, seconds, bytes, plain figures.

comparison.csv   a row a run; where a run failed, `problem` says why and its figures are empty
summary.csv      a row a method and rank: means and sample standard deviations over the seeds;
                 the first row is the base network, before training

What has no meaning for a method, such as a rank for biases, is empty. Accuracies are means over
classes on the test images, after training with the best epoch's adapter.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping

from vera_studio.methods import METHOD_FACTS
from vera_studio.runs.candidates import family_of, short_name
from vera_studio.runs.comparison_results import Candidate, ComparedRun, Comparison, Summary

RUNS_FILE, SUMMARY_FILE = "comparison.csv", "summary.csv"
_DECIMALS = 6
Row = dict[str, object]


def run_rows(comparison: Comparison) -> list[Row]:
    """A row a run, in the order they went."""
    return [_run_row(comparison, run) for run in comparison.runs]


def summary_rows(comparison: Comparison) -> list[Row]:
    """The base network, then a row a candidate."""
    return [_base_row(comparison)] + [_summary_row(comparison, s) for s in comparison.summaries()]


def to_csv(rows: Iterable[Mapping[str, object]]) -> str:
    """`rows`, which all have the same columns, with those as the first line."""
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    if rows:
        writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def csv_bytes(rows: Iterable[Mapping[str, object]]) -> bytes:
    """`to_csv` as a file has it; what UTF-8 cannot hold of a name is spelled out."""
    return to_csv(rows).encode(errors="backslashreplace")


def to_json(comparison: Comparison) -> dict[str, object]:
    """Everything, for `json.dumps`; null for what is not known."""
    base, *methods = summary_rows(comparison)
    return {
        "folder": str(comparison.folder),
        "data": comparison.data,
        "target_classes": list(comparison.target_classes),
        "stopped": comparison.stopped,
        "base": _without_nan(base),
        "methods": [_without_nan(row) for row in methods],
        "runs": [_without_nan(row) for row in run_rows(comparison)],
    }


def _run_row(comparison: Comparison, run: ComparedRun) -> Row:
    candidate, before = comparison.candidates[run.candidate], comparison.before
    return {
        **_method_columns(candidate),
        "learning_rate": candidate.learning_rate,
        "seed": run.seed,
        "adapter_seed": run.adapter_seed,
        **_size_columns(candidate),
        "file_bytes": run.file_bytes,
        "targets_before": before.targets,
        "targets_after": run.after.targets,
        "targets_gain": run.after.targets - before.targets,
        "others_before": before.others,
        "others_after": run.after.others,
        "others_gain": run.after.others - before.others,
        "best_epoch": run.best_epoch,
        "seconds": run.seconds,
        "device": run.device,
        "folder": run.folder.name,
        "problem": " ".join(run.problem.split()),
    }


def _summary_row(comparison: Comparison, summary: Summary) -> Row:
    before = comparison.before
    return {
        **_method_columns(summary.candidate),
        **_size_columns(summary.candidate),
        "file_bytes": summary.file_bytes,
        "runs": summary.finished,
        "failed": len(summary.problems),
        "targets_mean": summary.targets.mean,
        "targets_deviation": summary.targets.deviation,
        "targets_gain": summary.targets.mean - before.targets,
        "others_mean": summary.others.mean,
        "others_deviation": summary.others.deviation,
        "others_gain": summary.others.mean - before.others,
        "seconds_mean": summary.seconds.mean,
        "seconds_deviation": summary.seconds.deviation,
    }


def _base_row(comparison: Comparison) -> Row:
    columns = _summary_row(comparison, comparison.summaries()[0])
    return dict.fromkeys(columns) | {
        "name": "base",
        "trainable": 0,
        "total": comparison.network_size,
        "share": 0.0,
        "targets_mean": comparison.before.targets,
        "others_mean": comparison.before.others,
    }


def _method_columns(candidate: Candidate) -> Row:
    settings = candidate.settings
    row: Row = {"name": short_name(settings), "method": family_of(settings).method}
    for name in ("sharing", "rank", "alpha"):
        known = name in METHOD_FACTS[settings.method].settings
        row[name] = getattr(settings, name) if known else None
    if settings.method == "lora" and settings.alpha is None:
        row["alpha"] = settings.rank  # what None stands for
    return row


def _size_columns(candidate: Candidate) -> Row:
    return {
        "trainable": candidate.trainable,
        "total": candidate.total,
        "share": candidate.share,
    }


def _plain(value: object) -> object:
    """`value` as a table has it: no more digits than mean something, nothing for NaN."""
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else round(value, _DECIMALS)


def _without_nan(row: Row) -> Row:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in row.items()
    }
