"""The tables and matrices of a report, as plain values for its template."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vera_studio.runs.events import RunResult, told_classes
from vera_studio.runs.prediction_figures import (
    PerClass,
    calibration,
    confused_pairs,
    confusion,
    per_class,
)
from vera_studio.runs.predictions import Classes, Predictions

_MOST_ROWS = 300  # classes in the table
_MOST_IN_MATRIX = 25  # classes; of more the worst pairs are told
_MOST_PAIRS = 40


@dataclass(frozen=True)
class ClassRow:
    """How a class does on the test images; shares from 0 to 1, NaN for what is not known."""

    name: str
    is_target: bool
    images: int
    before: float  # accuracy
    after: float
    precision: float  # after
    f1: float


@dataclass(frozen=True)
class ClassRows:
    """The classes that there is something to be told of."""

    rows: list[ClassRow]
    left_out: int
    has_more: bool  # whether precision and F1 are known


def class_rows(result: RunResult, test: Predictions | None) -> ClassRows:
    """A row a class, the targets first where there are too many."""
    targets = set(result.target_classes)
    told = sorted(told_classes(result.before, result.after), key=lambda i: i not in targets)
    shown = sorted(told[:_MOST_ROWS])
    figures = _by_name(test)
    return ClassRows(
        [_class_row(result, index, index in targets, figures) for index in shown],
        len(told) - len(shown),
        bool(figures),
    )


def _by_name(test: Predictions | None) -> dict[str, tuple[float, float]]:
    """Precision and F1 of each class."""
    if test is None:
        return {}
    found: PerClass = per_class(test.truth, test.told, len(test.class_names))
    pairs = zip(found.precision.tolist(), found.f1.tolist(), strict=True)
    return dict(zip(test.class_names, pairs, strict=True))


def _class_row(
    result: RunResult, index: int, is_target: bool, figures: dict[str, tuple[float, float]]
) -> ClassRow:
    name = result.class_names[index]
    return ClassRow(
        name,
        is_target,
        result.before.counts[index],
        result.before.per_class[index],
        result.after.per_class[index],
        *figures.get(name, (math.nan, math.nan)),
    )


@dataclass(frozen=True)
class MatrixCell:
    """How many images; `weight` from -1 to 1 is how strongly it is coloured."""

    count: int
    weight: float


@dataclass(frozen=True)
class Confusion:
    """Which classes were taken for which: a matrix, or of many classes the worst pairs."""

    title: str
    names: tuple[str, ...]
    cells: list[list[MatrixCell]]  # a row a class, a column for what it was taken for
    pairs: list[tuple[str, str, int]]  # class, taken for, images


def confusions(test: Predictions | None) -> list[Confusion]:
    """After training, before it, and the difference, as far as they are known."""
    if test is None:
        return []
    found = [_confusion("After training", test, test.told)]
    if test.has_base:
        found.append(_confusion("Before training", test, test.base_told))
        if found[0].cells:
            found.append(_difference(test))
    return found


def _confusion(title: str, one: Predictions, told: Classes) -> Confusion:
    names = one.class_names
    if len(names) > _MOST_IN_MATRIX:
        pairs = confused_pairs(one.truth, told, len(names))[:_MOST_PAIRS]
        return Confusion(title, names, [], [(names[a], names[b], n) for a, b, n in pairs])
    counts = confusion(one.truth, told, len(names))
    rows = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return Confusion(title, names, _cells(counts, counts / rows), [])


def _difference(one: Predictions) -> Confusion:
    size = len(one.class_names)
    change = confusion(one.truth, one.told, size) - confusion(one.truth, one.base_told, size)
    sign = np.where(np.eye(size, dtype=bool), 1, -1)  # fewer mistakes are good
    weight = change * sign / max(1, int(np.abs(change).max()))
    title = "Difference, after less before"
    return Confusion(title, one.class_names, _cells(change, weight), [])


def _cells(counts: Classes, weights: NDArray[np.float64]) -> list[list[MatrixCell]]:
    return [
        [
            MatrixCell(int(count), round(float(weight), 3))
            for count, weight in zip(*both, strict=True)
        ]
        for both in zip(counts, weights, strict=True)
    ]


@dataclass(frozen=True)
class Reliability:
    """Whether shares mean what they say on the test images."""

    title: str
    error: float  # expected calibration error, 0 to 1


def reliability(test: Predictions | None) -> list[Reliability]:
    """After training, and before it where that is known."""
    if test is None:
        return []
    found = [Reliability("After training", calibration(test.shares, test.right).error)]
    if test.has_base:
        before = calibration(test.base_shares, test.base_right).error
        found.append(Reliability("Before training", before))
    return found
