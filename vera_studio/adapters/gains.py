"""What an adapter's file says that it gained."""

import math
from dataclasses import dataclass
from typing import Any

from vera_studio.adapters.adapter_metadata import AdapterInfo


@dataclass(frozen=True)
class Gains:
    """Mean accuracies, 0 to 1, over classes that have test images; NaN where there are none."""

    targets_before: float
    targets_after: float
    others_before: float
    others_after: float


def gains(info: AdapterInfo) -> Gains | None:
    """The gains that the figures of training tell, which need not be there; None without them."""
    before, after = shares(info, "before"), shares(info, "after")
    if before is None or after is None:
        return None
    targets = target_classes(info)
    are_targets = [name in targets for name in info.class_names]

    def mean(values: list[float], wanted: bool) -> float:
        chosen = [
            value
            for value, is_target in zip(values, are_targets, strict=True)
            if is_target is wanted and not math.isnan(value)
        ]
        return sum(chosen) / len(chosen) if chosen else math.nan

    return Gains(mean(before, True), mean(after, True), mean(before, False), mean(after, False))


def target_classes(info: AdapterInfo) -> tuple[str, ...]:
    """The classes that the adapter was trained for; empty where its file does not tell."""
    targets = info.training.get("targets")
    if not isinstance(targets, list):
        return ()
    return tuple(str(name) for name in targets)


def shares(info: AdapterInfo, key: str) -> list[float] | None:
    """The accuracies "before" or "after" of the figures of training, 0 to 1, a class each.

    NaN for what is no such number; None where there is not one for each class.
    """
    values: Any = info.training.get(key)
    if not isinstance(values, list) or len(values) != len(info.class_names):
        return None
    return [float(v) if type(v) in (int, float) and 0 <= v <= 1 else math.nan for v in values]
