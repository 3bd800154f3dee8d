"""Runs and comparisons as rows of the table, and as facts, in words and figures."""

import math

from vera_studio.runs.candidates import title as adapter_title
from vera_studio.runs.run_list import ComparisonEntry, RunEntry, RunList
from vera_studio.runs.summary import sentences
from vera_studio.ui.state.run_history import Entry
from vera_studio.ui.widgets.figure_model import Cell, Column
from vera_studio.wording import size_text

COLUMNS = (
    Column("Run", "What you call it, or when it began", is_text=True),
    Column("State", "Whether it came to its end", is_text=True),
    Column("Began", "When it began", is_text=True, gives_way=2),
    Column("Network", "The network that was adapted", is_text=True, gives_way=6),
    Column("Images", "What it was trained on", is_text=True, gives_way=7),
    Column("Adapter", "Method and rank", is_text=True),
    Column("Targets", "Accuracy of the target classes on the test images, after training"),
    Column("Gain", "How much better the target classes are than before training, in points"),
    Column("Others", "Accuracy of the other classes on the test images", gives_way=5),
    Column("Best", "The best epoch, of those that were done", gives_way=8),
    Column("Images/s", "Images that were trained on in a second", gives_way=1),
    Column("Time", "Of the whole run, pauses not counted", gives_way=4),
    Column("Size", "What its folder takes on the disk", gives_way=3),
)
_MINUS = "\N{MINUS SIGN}"
_ORDER = ("going on", "broken off", "stopped", "failed", "damaged", "finished")


def listed(found: RunList, with_compared: bool) -> list[Entry]:
    """What there is to be a row, the newest first; a comparison's runs follow it, if wanted."""
    both: list[Entry] = [*found.runs, *found.comparisons]
    both.sort(key=lambda one: (one.begun, one.folder.name), reverse=True)
    if not with_compared:
        return both
    rows: list[Entry] = []
    for entry in both:
        rows += [entry, *entry.runs] if isinstance(entry, ComparisonEntry) else [entry]
    return rows


def row_of(entry: Entry) -> tuple[Cell, ...]:
    """Its cells, one for each of `COLUMNS`."""
    begun = entry.begun.strftime("%Y-%m-%d %H:%M")
    tip = "\n".join(filter(None, (entry.folder.name, entry.notes.notes)))
    indent = "\N{EN SPACE}\N{EN SPACE}" if isinstance(entry, RunEntry) and entry.comparison else ""
    first = (
        Cell(indent + entry.title, entry.title.casefold(), tip),
        Cell(entry.state, _ORDER.index(entry.state), entry.problem),
        Cell(begun, entry.begun.isoformat()),
    )
    size = Cell(size_text(entry.size), entry.size, f"{entry.size:,} bytes")
    if isinstance(entry, ComparisonEntry):
        return *first, *_comparison_cells(entry), size
    return *first, *_run_cells(entry), size


def facts(entry: Entry) -> list[tuple[str, str]]:
    """What else there is to be known, a heading and a text each."""
    if isinstance(entry, ComparisonEntry):
        return _comparison_facts(entry)
    subject, result = entry.subject, entry.result
    lines = [
        ("State", _state(entry)),
        ("Network", ", ".join(filter(None, (subject.network, subject.weights)))),
        ("Images", subject.data),
        ("Adapter", subject.adapter),
        ("Epochs", f"{entry.epochs_done:,} done, the best is {entry.best_epoch:,}"),
    ]
    if result:
        lines.append(("Test images", _before_and_after(entry)))
        lines.append(("Speed", f"{result.images_per_second:,.0f} images/s on {result.device}"))
        lines.append(("Outcome", " ".join(sentences(result))))
        lines.append(("Library", result.adapter_name))
    return [(heading, text) for heading, text in lines if text]


def _state(entry: Entry) -> str:
    return f"{entry.state.capitalize()}. {entry.problem}".removesuffix(". ")


def _before_and_after(entry: RunEntry) -> str:
    result = entry.result
    assert result is not None
    parts = []
    for name, classes in (("targets", result.target_classes), ("others", result.other_classes)):
        before, after = (one.mean_over(classes) for one in (result.before, result.after))
        if not math.isnan(before):
            parts.append(f"{name} {_percent(before)} \N{RIGHTWARDS ARROW} {_percent(after)}")
    return ", ".join(parts)


def _comparison_facts(entry: ComparisonEntry) -> list[tuple[str, str]]:
    lines = [("State", _state(entry)), ("Runs", f"{len(entry.runs):,}")]
    if found := entry.comparison:
        names = [adapter_title(candidate.settings) for candidate in found.candidates]
        lines.append(("Methods", ", ".join(names)))
        lines.append(("Seeds", f"{found.seeds}"))
        lines.append(("Images", found.data))
    return lines


def _run_cells(entry: RunEntry) -> tuple[Cell, ...]:
    subject, result = entry.subject, entry.result
    texts = tuple(_text(t) for t in (subject.network, subject.data, subject.adapter))
    best = Cell(f"{entry.best_epoch:,} of {entry.epochs_done:,}", entry.best_epoch)
    if result is None:
        return *texts, Cell(), Cell(), Cell(), best, Cell(), Cell()
    before, after = (one.mean_over(result.target_classes) for one in (result.before, result.after))
    others = result.after.mean_over(result.other_classes)
    speed, seconds = result.images_per_second, result.seconds
    return (
        *texts,
        _share(after),
        _gain(after - before),
        _share(others),
        best,
        Cell(f"{speed:,.0f}", speed),
        Cell(f"{seconds:,.1f} s", seconds),
    )


def _comparison_cells(entry: ComparisonEntry) -> tuple[Cell, ...]:
    found = entry.comparison
    what = f"Comparison, {len(entry.runs):,} runs"
    tip = "\n".join(adapter_title(one.settings) for one in found.candidates) if found else ""
    after = (
        max((s.targets.mean for s in found.summaries()), default=math.nan) if found else math.nan
    )
    best = Cell("" if math.isnan(after) else f"up to {after:.1%}", after)
    data = _text(found.data if found else "")
    nothing = (Cell(),) * 5
    return Cell(), data, Cell(what, what, tip), best, *nothing


def _text(text: str) -> Cell:
    return Cell(text, text.casefold(), text)


def _share(share: float) -> Cell:
    return Cell("" if math.isnan(share) else _percent(share), share)


def _percent(share: float) -> str:
    return "not measured" if math.isnan(share) else f"{share:.1%}"


def _gain(gain: float) -> Cell:
    text = "" if math.isnan(gain) else f"{100 * gain:+.1f}".replace("-", _MINUS)
    return Cell(text, gain)
