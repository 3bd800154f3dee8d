"""What an adapter's file says that it gained."""

import math
from dataclasses import dataclass

from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.training_record import Accuracies, mean_of


@dataclass(frozen=True)
class Gains:
    """Mean accuracies, 0 to 1, over classes that have test images; NaN where there are none."""

    targets_before: float
    targets_after: float
    others_before: float
    others_after: float


@dataclass(frozen=True)
class ClassGain:
    """How a class did before and after, 0 to 1; NaN for what is not known."""

    name: str
    before: float
    after: float
    is_target: bool


def gains(info: AdapterInfo) -> Gains | None:
    """The gains that the figures of training tell, which need not be there; None without them."""
    before, after = _means(info, info.training.before), _means(info, info.training.after)
    if before is None or after is None:
        return None
    return Gains(before[0], after[0], before[1], after[1])


def class_gains(info: AdapterInfo) -> tuple[ClassGain, ...]:
    """What the figures tell of single classes; of a network with many, of the targets alone.

    Where single ones are not told, the means of the targets and of the others stand for them.
    """
    record, found = info.training, gains(info)
    if record.before is None or record.after is None or found is None:
        return ()
    targets = set(record.targets)
    names = info.classes.names or record.targets
    before, after = record.before.per_class, record.after.per_class
    if not len(names) == len(before) == len(after) or not names:
        both = (
            ClassGain("Mean of the targets", found.targets_before, found.targets_after, True),
            ClassGain("Mean of the others", found.others_before, found.others_after, False),
        )
        return tuple(one for one in both if not math.isnan(one.before))
    return tuple(
        ClassGain(name, was, now, name in targets)
        for name, was, now in zip(names, before, after, strict=True)
    )


def target_classes(info: AdapterInfo) -> tuple[str, ...]:
    """The classes that the adapter was trained for; empty where its file does not name them."""
    if is_for_all(info) or (info.has_own_classes and not info.training.targets):
        return info.classes.names
    return info.training.targets


def is_for_all(info: AdapterInfo) -> bool:
    """Whether the adapter was trained for every class of its network."""
    record = info.training
    return record.are_all_targets or 0 < len(set(record.targets)) == info.classes.count


def _means(info: AdapterInfo, accuracies: Accuracies | None) -> tuple[float, float] | None:
    """Of the targets and of the others; None where there is not a figure for each class."""
    if accuracies is None or accuracies.means is not None:
        return None if accuracies is None else accuracies.means
    names, shares = info.classes.names, accuracies.per_class
    if len(shares) != len(names) or not names:
        return None
    targets = set(info.training.targets)
    chosen = [
        [share for name, share in zip(names, shares, strict=True) if (name in targets) is wanted]
        for wanted in (True, False)
    ]
    return mean_of(chosen[0]), mean_of(chosen[1])
