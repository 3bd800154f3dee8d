"""How pure groups of photographs are, against what people say is on them.

    VERA_STUDIO_ANTS_BEES=FOLDER VERA_STUDIO_WASTE=FOLDER python -m tests.benchmarks.label_by_sight

A group named at once gives its pictures the class that most of them are of. Some minutes on a CPU.
"""

import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vera_studio.data.grouping import proposed_groups
from vera_studio.data.heap import open_heap
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings
from vera_studio.training.sight import see

_SETS = {"ants and bees": "VERA_STUDIO_ANTS_BEES", "waste": "VERA_STUDIO_WASTE"}
_GROUPS = (2, 5, 8, 16, 32, 64, 128, 256)


def main() -> None:
    """Print a table for each set."""
    for title, variable in _SETS.items():
        if folder := os.environ.get(variable):
            measure(title, Path(folder))


def measure(title: str, folder: Path, network: str = "efficientnet_lite0") -> None:
    """Print how pure how many groups are, and what naming them would come to."""
    model = open_model(ModelSettings(name=network))
    start = time.perf_counter()
    images = open_heap(folder, model.preprocessing).images
    opened = time.perf_counter()
    seen = see(model, images)
    truth = [Path(name).parent.name for name in images.names]
    count = len(truth)
    proposed = proposed_groups(count)
    print(
        f"{title}, {network}: {count:,} pictures of {len(set(truth))} classes, opened in "
        f"{opened - start:.1f} s, seen in {time.perf_counter() - opened:.1f} s; proposed are "
        f"{proposed} groups"
    )
    for groups in sorted({*_GROUPS, proposed}):
        if groups < count:
            share = purity(seen.groups(groups), truth)
            wrong = round((1 - share) * count)
            print(f"  {groups:>4} groups  {share:.1%} pure  {groups} keys and {wrong} to put right")


def purity(groups: NDArray[np.intp], truth: Sequence[str]) -> float:
    """Share of the pictures that are of the class that most in their group are of."""
    by_group: dict[int, Counter[str]] = {}
    for group, name in zip(groups.tolist(), truth, strict=True):
        by_group.setdefault(group, Counter())[name] += 1
    return sum(max(counts.values()) for counts in by_group.values()) / len(truth)


if __name__ == "__main__":
    main()
