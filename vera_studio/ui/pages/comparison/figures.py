"""A comparison in words and figures, for the table and the plot."""

import math

from vera_studio.runs.candidates import FAMILIES, family_of, title
from vera_studio.runs.comparison_results import Comparison, Spread, Summary
from vera_studio.ui.widgets.figure_table import Cell, Column
from vera_studio.ui.widgets.scatter_plot import ScatterPoint, ScatterSeries
from vera_studio.wording import size_text

_MINUS = "\N{MINUS SIGN}"
BASE = "Base network"
COLUMNS = (
    Column("Method", "What was trained", is_text=True),
    Column("Rank", "Rank of the method, where it has one"),
    Column("Trainable", "How many numbers are trained"),
    Column(
        "Share",
        "Those among all numbers of the network, frozen projections not counted",
        gives_way=1,
    ),
    Column("File", "Size of the adapter file", gives_way=2),
    Column("Targets", "Accuracy of the target classes on the test images: mean ± sample deviation"),
    Column("Gain", "How much better the target classes are than in the base network, in points"),
    Column("Others", "Accuracy of the other classes on the test images: mean ± sample deviation"),
    Column("Gain", "How much better the other classes are than in the base network, in points"),
    Column("Time", "Mean time of a run", gives_way=3),
    Column("Runs", "Runs that have finished, of those asked for", gives_way=4),
)
SERIES = tuple(ScatterSeries(f.key, f.title, index) for index, f in enumerate(FAMILIES))


def rows(comparison: Comparison) -> list[tuple[Cell, ...]]:
    """The base network, then a row a candidate."""
    return [_base_row(comparison)] + [_row(comparison, s) for s in comparison.summaries()]


def points(comparison: Comparison) -> list[ScatterPoint]:
    """A point for each candidate of which a run has finished."""
    return [
        _point(summary)
        for summary in comparison.summaries()
        if not math.isnan(summary.targets.mean)
    ]


def about(comparison: Comparison) -> str:
    """What was compared on what."""
    seeds = "1 seed" if comparison.seeds == 1 else f"{comparison.seeds} seeds"
    names = comparison.target_classes
    targets = ", ".join(names) if len(names) <= 5 else f"{len(names)} classes"
    spread = "" if comparison.seeds == 1 else ", mean ± sample deviation"
    return f"{comparison.data}, test images. Targets: {targets}. {seeds}{spread}."


def failures(comparison: Comparison) -> str:
    """Which runs failed, and why, a line each; empty without any."""
    return "\n".join(
        f"{title(comparison.candidates[run.candidate].settings)}, seed {run.seed} failed: "
        f"{run.problem.splitlines()[0]}"
        for run in comparison.runs
        if run.problem
    )


def spread_text(spread: Spread) -> str:
    """Such as "71.3 ± 0.4%"; without the spread where there is none."""
    if math.isnan(spread.mean):
        return ""
    if math.isnan(spread.deviation):
        return f"{spread.mean:.1%}"
    return f"{100 * spread.mean:.1f} ± {100 * spread.deviation:.1f}%"


def _base_row(comparison: Comparison) -> tuple[Cell, ...]:
    before, nothing = comparison.before, Cell()
    return (
        Cell(BASE, BASE),
        nothing,
        Cell("0", 0),
        nothing,
        nothing,
        _accuracy(Spread(before.targets)),
        nothing,
        _accuracy(Spread(before.others)),
        nothing,
        nothing,
        nothing,
    )


def _row(comparison: Comparison, summary: Summary) -> tuple[Cell, ...]:
    candidate, before = summary.candidate, comparison.before
    settings = candidate.settings
    method = family_of(settings).title
    seconds = summary.seconds.mean
    return (
        Cell(method, method, title(settings)),
        Cell(f"{settings.rank:,}", settings.rank) if settings.has_rank else Cell(),
        Cell(f"{candidate.trainable:,}", candidate.trainable),
        Cell(f"{candidate.share:.2%}", candidate.share),
        Cell(size_text(summary.file_bytes), summary.file_bytes, f"{summary.file_bytes:,} bytes"),
        _accuracy(summary.targets),
        _gain(summary.targets.mean - before.targets),
        _accuracy(summary.others),
        _gain(summary.others.mean - before.others),
        Cell() if math.isnan(seconds) else Cell(f"{seconds:,.1f} s", seconds),
        _runs(comparison, summary),
    )


def _runs(comparison: Comparison, summary: Summary) -> Cell:
    text, tip = f"{summary.finished} of {comparison.seeds}", "\n".join(summary.problems)
    return Cell(text, summary.finished, tip)


def _accuracy(spread: Spread) -> Cell:
    return Cell(spread_text(spread), spread.mean)


def _gain(gain: float) -> Cell:
    text = "" if math.isnan(gain) else f"{100 * gain:+.1f}".replace("-", _MINUS)
    return Cell(text, gain)


def _point(summary: Summary) -> ScatterPoint:
    candidate = summary.candidate
    settings, family = candidate.settings, family_of(candidate.settings)
    return ScatterPoint(
        series=family.key,
        name=title(settings),
        # In short: which of VeRA's sharings it is shows in the colour.
        label=f"{family.title.partition(',')[0]} {settings.rank}" if family.has_rank else "",
        x=candidate.trainable,
        y=summary.targets.mean,
        spread=summary.targets.deviation,
        lines=(
            f"target classes {spread_text(summary.targets)}",
            f"{candidate.trainable:,} trainable numbers",
            size_text(summary.file_bytes),
        ),
    )
