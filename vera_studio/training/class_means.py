"""A linear classifier from the means of classes, without training: a shrunk linear discriminant.

Friedman, JASA 1989, https://doi.org/10.1080/01621459.1989.10478752: how features vary together
within a class says how far a mean is; of few images it is known badly, and shrunk towards
features that vary by themselves. Shrunk whole, an image is of the class with the nearest mean.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

# Shares of the covariance that are replaced, the most first.
_SHRINKAGES = (1.0, 0.9, 0.7, 0.5, 0.3)
_FOLDS = 5  # that take turns in having no part in the means
_SHARPNESS = tuple(10 ** (power / 10) for power in range(-40, 21))  # factors of the logits
_IDLE = 0.01  # nats, of a loss that a sharper classifier would take away
_UNSEEN = 10.0  # nats below the mean of the others: logit of a class without images
_MARGIN = 2.0  # nats between a class and the others where nothing can be held out to measure it
Classifier = tuple[torch.Tensor, torch.Tensor]  # weight (classes, width) and bias (classes,)


def classifier_of(features: torch.Tensor, labels: torch.Tensor, classes: int) -> Classifier:
    """The discriminant whose shrinkage, and distance between logits, fit images it has not seen.

    A class without images is never chosen.

    Args:
        features: (count, width), at least one.
        labels: (count,) int64, indices of classes.
        classes: how many there are.
    """
    shrinkage, sharpness = _fitting(features, labels, classes)
    ((weight, bias),) = _discriminants(features, labels, classes, [shrinkage])
    is_seen = torch.bincount(labels, minlength=classes) > 0
    if sharpness is None:
        logits = F.linear(features, weight, bias)[:, is_seen]
        spread = float(logits.std(dim=1, correction=0).mean())
        sharpness = _MARGIN / spread if spread > 0 else 1.0
    weight, bias = weight * sharpness, bias * sharpness
    bias -= bias[is_seen].mean()  # as large for all: makes no difference to what is chosen
    bias[~is_seen] = -_UNSEEN
    return weight, bias


def _fitting(
    features: torch.Tensor, labels: torch.Tensor, classes: int
) -> tuple[float, float | None]:
    """The shrinkage, and the factor for the logits, found by holding out a fold after the other.

    The strongest shrinkage that cannot be told from the best: its loss is within one standard
    error (Breiman et al., Classification and Regression Trees, 1984, section 3.4.3). No factor
    where no class has two images.
    """
    counts = torch.bincount(labels, minlength=classes)
    is_judged = counts[labels] > 1  # of the others nothing is known once they are held out
    if not bool(is_judged.any()):
        return _SHRINKAGES[0], None
    found = []
    for logits in _held_out_logits(features, labels, classes):
        losses = [
            (F.cross_entropy(logits[is_judged] * factor, labels[is_judged], reduction="none"))
            for factor in _SHARPNESS
        ]
        least = min(float(of_one.mean()) for of_one in losses)
        # No surer than it has to be: of classes that are easily told apart nothing could be
        # learnt from a loss of nothing.
        enough = next(i for i, one in enumerate(losses) if one.mean() <= least + _IDLE)
        found.append((losses[enough], _SHARPNESS[enough]))
    best = min((losses for losses, _ in found), key=lambda losses: float(losses.mean()))
    allowed = float(best.mean() + best.std(correction=0) / len(best) ** 0.5)
    pairs = zip(_SHRINKAGES, found, strict=True)
    return next((one, factor) for one, (losses, factor) in pairs if losses.mean() <= allowed)


def _held_out_logits(
    features: torch.Tensor, labels: torch.Tensor, classes: int
) -> tuple[torch.Tensor, ...]:
    """For each shrinkage the logits (count, classes) of images that had no part in them."""
    logits = tuple(torch.zeros(len(labels), classes) for _ in _SHRINKAGES)
    folds = torch.empty_like(labels)
    # Every fold has its share of each class.
    folds[labels.argsort(stable=True)] = torch.arange(len(labels)) % _FOLDS
    for fold in range(_FOLDS):
        out, kept = folds == fold, folds != fold
        if not bool(out.any()):
            continue
        found = _discriminants(features[kept], labels[kept], classes, _SHRINKAGES)
        for rows, (weight, bias) in zip(logits, found, strict=True):
            rows[out] = F.linear(features[out], weight, bias)
    return logits


def _discriminants(
    features: torch.Tensor, labels: torch.Tensor, classes: int, shrinkages: Sequence[float]
) -> list[Classifier]:
    """For each of `shrinkages` a classifier; zeros for classes without images."""
    counts = torch.bincount(labels, minlength=classes)
    sums = torch.zeros(classes, features.shape[1]).index_add_(0, labels, features)
    means = sums / counts.clamp(min=1)[:, None]
    middle = means[counts > 0].mean(0)
    residuals = (features - means[labels]) / len(labels) ** 0.5  # R: R^T R is the covariance
    variances = residuals.square().sum(0)
    # What a feature varies by counts less where it is small, for then it is known badly.
    scales = (variances + variances.mean()).sqrt()
    scales[scales == 0] = 1.0  # one image a class varies nowhere: distances are what they are
    apart = (means - middle) / scales * (counts > 0)[:, None]
    solve = _Solver(residuals / scales)
    found = []
    for shrinkage in shrinkages:
        weight = solve(apart, shrinkage) / scales
        found.append((weight, -0.5 * ((means + middle) * weight).sum(1)))
    return found


class _Solver:
    """Solves ((1 - g) R^T R + g I) x = y, by whichever of R^T R and R R^T is smaller."""

    def __init__(self, residuals: torch.Tensor) -> None:
        """Take R, (count, width)."""
        count, width = residuals.shape
        self._residuals = residuals if count < width else None
        self._products = residuals @ residuals.T if count < width else residuals.T @ residuals

    def __call__(self, rows: torch.Tensor, g: float) -> torch.Tensor:
        """The solution (some, width) for each of `rows` (some, width); `g` is above 0."""
        if g == 1:
            return rows
        shrunk = (1 - g) * self._products
        shrunk.diagonal().add_(g)
        factor = torch.linalg.cholesky(shrunk)
        if self._residuals is None:
            return torch.cholesky_solve(rows.T, factor).T
        # Woodbury: (g I + a R^T R)^-1 = (I - a R^T (g I + a R R^T)^-1 R) / g
        inner = torch.cholesky_solve(self._residuals @ rows.T, factor)  # (count, some)
        return (rows - (1 - g) * (self._residuals.T @ inner).T) / g
