"""Results as text, and as JSON."""

import math
from collections.abc import Sequence

from vera_studio.runs.events import Evaluation, RunResult, told_classes
from vera_studio.runs.summary import sentences
from vera_studio.wording import of_few, printable

_MOST_ROWS = 100  # classes in a table


def aligned(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> list[str]:
    """`rows` as lines with columns; those whose numbers are in `left` stand to the left."""
    rows = [[printable(cell) for cell in row] for row in rows]  # now: it takes more columns
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if number in left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return [line.rstrip() for line in lines]


def gains(result: RunResult) -> list[str]:
    """A table of the test accuracies before and after, and what became of the run."""
    targets, told = set(result.target_classes), set(told_classes(result.before, result.after))
    first = sorted(told, key=lambda index: index not in targets)[:_MOST_ROWS]  # targets go before
    rows = [
        _gain_row("*" if index in targets else "", result.class_names[index], result, (index,))
        for index in sorted(first)
    ]
    rows.append(_gain_row("", "targets (*)", result, result.target_classes))
    if told.difference(targets):
        rows.append(_gain_row("", "others", result, result.other_classes))
    left_out = [_left_out(len(told), "result.json")] if len(told) > _MOST_ROWS else []
    head = "On the test images:"
    return [head, *aligned(rows, left=(0, 1, 5)), *left_out, *sentences(result)]


def _left_out(told: int, where: str) -> str:
    return f"{told - _MOST_ROWS:,} more classes are left out here; {where} has all."


def _gain_row(mark: str, name: str, result: RunResult, classes: tuple[int, ...]) -> tuple[str, ...]:
    before, after = result.before.mean_over(classes), result.after.mean_over(classes)
    is_measured = result.after.images > 0 or result.before.images == 0
    after_text = _percent(after) if is_measured else "not measured"
    few = ""
    if len(classes) == 1 and is_measured:
        few = _few(after, result.after.counts[classes[0]])
    return mark, name, _percent(before), "->", after_text, few


def accuracy_table(
    results: Sequence[Evaluation], class_names: Sequence[str], heads: Sequence[str] = ()
) -> list[str]:
    """A line for all images and one for each class; two columns for each of `results`.

    Of many classes those without images are left out, and so is what no table can hold.
    """
    told = told_classes(*results)
    rows = [["", *(cell for head in heads for cell in (head, ""))]] if heads else []
    rows.append(["overall", *(c for r in results for c in _share(r.accuracy, r.images))])
    rows += [
        [name, *(c for r in results for c in _share(r.per_class[index], r.counts[index]))]
        for index, name in ((index, class_names[index]) for index in told[:_MOST_ROWS])
    ]
    lines = aligned(rows, left=(0, *range(2, 2 * len(results) + 1, 2)))
    return [*lines, _left_out(len(told), "--json")] if len(told) > _MOST_ROWS else lines


def _share(share: float, images: int) -> tuple[str, str]:
    return _percent(share), _few(share, images)


def _few(share: float, images: int) -> str:
    """What is behind a figure of few images, in brackets."""
    text = of_few(share, images)
    return f"({text})" if text else ""


def _percent(share: float) -> str:
    return "no images" if math.isnan(share) else f"{share:.2%}"


def as_json(result: Evaluation, class_names: Sequence[str]) -> dict[str, object]:
    """The same as a JSON object.

    A class without images has null; of many classes such ones are left out.
    """
    told = told_classes(result)
    return {
        "accuracy": _or_none(result.accuracy),
        "loss": _or_none(result.loss),
        "images": result.images,
        "part": result.part or "all",
        "per_class": {class_names[i]: _or_none(result.per_class[i]) for i in told},
    }


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
