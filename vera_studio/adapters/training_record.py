"""What an adapter says of how it came about, to and from the JSON in its file.

It is for a person to read: nothing that is computed depends on it. Files from elsewhere and from
older versions may say anything here, or nothing: what is not understood counts as not told, and
what has another name is kept.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

from vera_studio.adapters.classes import MOST_NAMED

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
_MOST_WEIGHT = 1e9  # of an adapter in a combination


@dataclass(frozen=True)
class Accuracies:
    """Shares of the test images that were right, 0 to 1; NaN where there are none."""

    per_class: tuple[float, ...]  # a class each: all of them, or the targets alone
    means: tuple[float, float] | None = None  # of targets and others, if it is the targets alone

    @classmethod
    def of(cls, per_class: Sequence[float], targets: Collection[int]) -> "Accuracies":
        """Of all classes; where there are many of them, the targets' alone are kept.

        Args:
            per_class: a share for each class of the network.
            targets: which of them were trained; where these are all, their mean is kept alone.
        """
        if len(per_class) <= MOST_NAMED:
            return cls(tuple(per_class))
        trained = set(targets)
        ours = [share for index, share in enumerate(per_class) if index in trained]
        others = [share for index, share in enumerate(per_class) if index not in trained]
        kept = tuple(ours) if others else ()
        return cls(kept, (mean_of(ours), mean_of(others)))


@dataclass(frozen=True)
class TrainingRecord:
    """How an adapter came about; None and empty for what is not told."""

    data: str = ""  # title of the images
    network: str = ""  # what a person calls it
    targets: tuple[str, ...] = ()  # the classes that were to be learnt
    are_all_targets: bool = False  # of a network with too many classes to name
    keep_others: float | None = None  # share of the images of other classes, 0 to 1
    epochs: int | None = None  # that were to be trained
    before: Accuracies | None = None
    epoch: int | None = None  # whose adapter it is; 0 is untrained
    validation_accuracy: float | None = None
    after: Accuracies | None = None
    combined: tuple[tuple[str, float], ...] = ()  # name and weight of each part
    images_digest: str = ""  # of the images that were used, in hex
    more: Mapping[str, JSON] = field(default_factory=dict)  # told by others

    @classmethod
    def from_json(cls, told: Mapping[str, JSON]) -> "TrainingRecord":
        """Read what a file says, believing nothing."""
        targets = told.get("targets")
        known = cls(
            data=_text(told.get("data")),
            network=_text(told.get("network")),
            targets=_texts(targets),
            are_all_targets=targets == "all",
            keep_others=_share(told.get("keep_others")),
            epochs=_count(told.get("epochs")),
            before=_accuracies(told.get("before")),
            epoch=_count(told.get("epoch")),
            validation_accuracy=_share(told.get("validation_accuracy")),
            after=_accuracies(told.get("after")),
            combined=_parts(told.get("combined")),
            images_digest=_text(told.get("images_digest")),
        )
        more = {key: value for key, value in told.items() if key not in _KEYS}
        return replace(known, more=more)

    def to_json(self) -> dict[str, Any]:
        """What a file says; what is not told is left out."""
        told = {
            "data": self.data,
            "network": self.network,
            "targets": "all" if self.are_all_targets else list(self.targets),
            "keep_others": self.keep_others,
            "epochs": self.epochs,
            "before": _told(self.before),
            "epoch": self.epoch,
            "validation_accuracy": self.validation_accuracy,
            "after": _told(self.after),
            "combined": [list(part) for part in self.combined],
            "images_digest": self.images_digest,
        }
        return {key: value for key, value in told.items() if value not in (None, "", [])} | dict(
            self.more
        )


_KEYS = {one.name for one in fields(TrainingRecord)} - {"are_all_targets", "more"}


def mean_of(shares: Sequence[float]) -> float:
    """The mean of those that are numbers; NaN without any."""
    known = [share for share in shares if not math.isnan(share)]
    return sum(known) / len(known) if known else math.nan


def _told(accuracies: Accuracies | None) -> object:
    if accuracies is None or accuracies.means is None:
        return None if accuracies is None else list(accuracies.per_class)
    targets, others = accuracies.means
    return {"targets": targets, "others": others, "per_target": list(accuracies.per_class)}


def _accuracies(value: JSON) -> Accuracies | None:
    if isinstance(value, list) and value:
        return Accuracies(tuple(_share_or_nan(one) for one in value))
    if not isinstance(value, dict) or not isinstance(value.get("per_target"), list):
        return None
    per_target: Any = value["per_target"]
    means = _share_or_nan(value.get("targets")), _share_or_nan(value.get("others"))
    return Accuracies(tuple(_share_or_nan(one) for one in per_target), means)


def _share_or_nan(value: JSON) -> float:
    share = _share(value)
    return math.nan if share is None else share


def _share(value: JSON) -> float | None:
    is_share = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if is_share else None  # type: ignore[arg-type] # a number by now


def _count(value: JSON) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if is_count else None  # type: ignore[return-value] # a number by now


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: JSON) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list) else ()


def _parts(value: JSON) -> tuple[tuple[str, float], ...]:
    """Names and weights of what was combined; empty where the file holds something else."""
    parts = []
    for part in value if isinstance(value, list) else []:
        if not isinstance(part, list) or len(part) != 2 or not isinstance(part[0], str):
            continue
        weight = part[1]
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            continue
        if abs(weight) < _MOST_WEIGHT:
            parts.append((part[0], float(weight)))
    return tuple(parts)
