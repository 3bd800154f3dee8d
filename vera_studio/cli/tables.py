"""Results as text, and as JSON."""

import math
from collections.abc import Sequence

from vera_studio.runs.events import Evaluation, RunResult
from vera_studio.wording import printable


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
    """A table of the test accuracies before and after."""
    lines = [f"Best epoch: {result.best_epoch}. On the test images:"]
    for index, name in enumerate(result.class_names):
        before, after = result.before.per_class[index], result.after.per_class[index]
        mark = "*" if index in result.target_classes else " "
        lines.append(f"{mark} {name:<14}{_percent(before)} ->{_percent(after)}")
    others = [i for i in range(len(result.class_names)) if i not in result.target_classes]
    for text, classes in (("targets (*)", result.target_classes), ("others", others)):
        if classes:
            before, after = result.before.mean_over(classes), result.after.mean_over(classes)
            lines.append(f"  {text:<14}{_percent(before)} ->{_percent(after)}")
    return lines


def accuracy_table(result: Evaluation, class_names: Sequence[str]) -> list[str]:
    """A line for all images and one for each class."""
    rows = [("overall", result.accuracy), *zip(class_names, result.per_class, strict=True)]
    return [f"{name:<14}{_percent(share)}" for name, share in rows]


def _percent(share: float) -> str:
    return "  no images" if math.isnan(share) else f"{share:8.2%}"


def as_json(result: Evaluation, class_names: Sequence[str]) -> dict[str, object]:
    """The same as a JSON object; null for a class without images."""
    shares = [None if math.isnan(share) else share for share in result.per_class]
    return {
        "accuracy": result.accuracy,
        "loss": result.loss,
        "images": sum(result.counts),
        "per_class": dict(zip(class_names, shares, strict=True)),
    }
