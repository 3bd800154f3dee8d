"""Figures that follow from predictions: NumPy alone, so that window and reports need no engine.

Everywhere `truth` (n,) and `told` (n, k) are classes as indices, `told` with the likeliest first.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vera_studio.runs.predictions import Classes, Predictions

_BINS = 15  # as Guo et al. have them
_TEMPERATURES = (0.05, 20.0)  # the least and the most
_STEPS = 30  # of halving what is between them, on a logarithmic scale: to eight digits
_DECIMALS = 6
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PerClass:
    """How each class does; NaN where a share has nothing to be a share of."""

    precision: Floats  # (classes,): of the images that were taken for it, those that are of it
    recall: Floats  # (classes,): of the images of it, those that were taken for it
    f1: Floats  # (classes,): the harmonic mean of both
    count: Classes  # (classes,): images of it


@dataclass(frozen=True, eq=False)
class Calibration:
    """Whether a share means what it says, in bins of shares of equal width.

    Of all images of which the network is sure by 0.8, 0.8 should be right. The expected calibration
    error is the mean difference over images: Guo et al., "On Calibration of Modern Neural
    Networks", ICML 2017, https://arxiv.org/abs/1706.04599.
    """

    edges: Floats  # (bins + 1,), from 0 to 1; a bin holds its upper edge
    count: Classes  # (bins,): images
    share: Floats  # (bins,): mean share of the likeliest class; NaN without images
    right: Floats  # (bins,): share of images that are right; NaN without images
    error: float  # the expected calibration error, 0 to 1; NaN without images


def accuracy(right: NDArray[np.bool_]) -> float:
    """Share of images that are right (n,); NaN where there are none."""
    return float(right.mean()) if len(right) else math.nan


def confusion(truth: Classes, told: Classes, classes: int) -> Classes:
    """How many images of each class (rows) were taken for which (columns): (classes, classes)."""
    places = truth * classes + told[:, 0]
    return np.bincount(places, minlength=classes**2).reshape(classes, classes)


def confused_pairs(truth: Classes, told: Classes, classes: int) -> list[tuple[int, int, int]]:
    """Class, the one that it was taken for, and how often: mistakes alone, the most frequent first.

    For networks with so many classes that a matrix shows nothing.
    """
    wrong = truth != told[:, 0]
    places, counts = np.unique(truth[wrong] * classes + told[wrong, 0], return_counts=True)
    order = np.lexsort((places, -counts))
    pairs = zip(places[order].tolist(), counts[order].tolist(), strict=True)
    return [(place // classes, place % classes, count) for place, count in pairs]


def per_class(truth: Classes, told: Classes, classes: int) -> PerClass:
    """Precision, recall, F1 and number of images of each class."""
    count = np.bincount(truth, minlength=classes)
    taken_for = np.bincount(told[:, 0], minlength=classes)
    right = np.bincount(truth[truth == told[:, 0]], minlength=classes)
    return PerClass(
        precision=_shares(right, taken_for),
        recall=_shares(right, count),
        f1=_shares(2 * right, taken_for + count),
        count=count,
    )


def calibration(
    shares: NDArray[np.floating], right: NDArray[np.bool_], bins: int = _BINS
) -> Calibration:
    """How shares of the likeliest class go with being right.

    Args:
        shares: (n,) or (n, k), the likeliest first.
        right: (n,).
        bins: how many.
    """
    surest = (shares if shares.ndim == 1 else shares[:, 0]).astype(np.float64)
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.digitize(surest, edges, right=True) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    share = _shares(np.bincount(place, surest, bins), count)
    is_right = _shares(np.bincount(place, right, bins), count)
    off = np.nansum(count * np.abs(share - is_right))
    error = float(off / len(right)) if len(right) else math.nan
    return Calibration(edges, count, share, is_right, error)


def fit_temperature(logits: NDArray[np.floating], truth: Classes) -> float:
    """The one number by which to divide logits so that shares mean what they say.

    It minimises the mean negative log likelihood, which is convex in 1 / T: the place where its
    slope is zero is found by halving. (Guo et al. 2017, section 4.2.)

    Args:
        logits: (n, classes), of images that were not trained on.
        truth: (n,).

    Returns:
        From 0.05 to 20: the limits where the likelihood grows without end; 1 without images.
    """
    if not len(truth):
        return 1.0
    values = logits.astype(np.float64)
    values -= values.max(axis=1, keepdims=True)
    true_mean = float(np.take_along_axis(values, truth[:, None], axis=1).mean())

    def slope(inverse: float) -> float:
        """Of the mean loss by 1 / T."""
        weights = np.exp(inverse * values)  # (n, classes), at most 1
        expected = (weights * values).sum(axis=1) / weights.sum(axis=1)
        return float(expected.mean()) - true_mean

    low, high = (math.log(one) for one in _TEMPERATURES)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        # Where the loss still falls as 1 / T grows, the temperature is lower.
        low, high = (low, middle) if slope(math.exp(-middle)) < 0 else (middle, high)
    return math.exp((low + high) / 2)


def mended(predictions: Predictions) -> NDArray[np.bool_]:
    """(n,): the images that are right with the adapter alone."""
    return predictions.right & ~predictions.base_right & predictions.has_base


def broken(predictions: Predictions) -> NDArray[np.bool_]:
    """(n,): the images that were right before and are not with the adapter."""
    return predictions.base_right & ~predictions.right


def to_json(predictions: Predictions) -> dict[str, object]:
    """The figures for `json.dumps`, of the base as well; null where there is no image to share."""
    one = predictions
    told = _to_json(one, one.told, one.shares, one.right)
    if not one.has_base:
        return told
    base = _to_json(one, one.base_told, one.base_shares, one.base_right)
    changed = {"mended": int(mended(one).sum()), "broken": int(broken(one).sum())}
    return told | changed | {"base": base}


def _to_json(
    predictions: Predictions, told: Classes, shares: NDArray[np.float32], right: NDArray[np.bool_]
) -> dict[str, object]:
    names, truth = predictions.class_names, predictions.truth
    figures = per_class(truth, told, len(names))
    return {
        "classes": {
            names[index]: {
                "images": int(figures.count[index]),
                "precision": _or_none(figures.precision[index]),
                "recall": _or_none(figures.recall[index]),
                "f1": _or_none(figures.f1[index]),
            }
            for index in np.flatnonzero(~np.isnan(figures.f1)).tolist()
        },
        "confused": [
            {"class": names[true], "taken_for": names[other], "images": count}
            for true, other, count in confused_pairs(truth, told, len(names))
        ],
        "calibration": _calibration_json(calibration(shares, right)),
    }


def _calibration_json(found: Calibration) -> dict[str, object]:
    bins = [
        {
            "from": round(float(found.edges[index]), _DECIMALS),
            "to": round(float(found.edges[index + 1]), _DECIMALS),
            "images": int(found.count[index]),
            "share": _or_none(found.share[index]),
            "right": _or_none(found.right[index]),
        }
        for index in np.flatnonzero(found.count).tolist()
    ]
    return {"error": _or_none(found.error), "bins": bins}


def _or_none(value: float) -> float | None:
    return round(float(value), _DECIMALS) if math.isfinite(value) else None


def _shares(parts: NDArray[np.generic], wholes: Classes) -> Floats:
    whole = wholes.astype(np.float64)
    whole[whole == 0] = np.nan
    return np.asarray(parts, dtype=np.float64) / whole
