"""What a comparison of methods is asked for and what comes of it: plain values, free of torch."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vera_studio.recipe import MAX_SEED, AdapterSettings, Recipe, problems
from vera_studio.runs.candidates import title

MAX_SEEDS = 100


@dataclass(frozen=True)
class ComparisonSettings:
    """What is compared.

    A run's seeds are the recipe's, plus 0 in the first round, plus 1 in the second and so on:
    `training.seed`, and `adapter.seed` too, so that the spread is over the random projections
    as well as over the order of the images. The split of the images stays.
    """

    candidates: tuple[AdapterSettings, ...]  # their own seeds do not count
    seeds: int = 3  # runs of each

    @property
    def runs(self) -> int:
        """How many runs that is."""
        return len(self.candidates) * self.seeds

    def recipe(self, base: Recipe, candidate: int, round_: int) -> Recipe:
        """What the run of a candidate (index) in a round (from 0) is; the rest as in `base`."""
        seed = base.adapter.seed + round_
        return replace(
            base,
            adapter=replace(self.candidates[candidate], seed=seed),
            training=replace(base.training, seed=base.training.seed + round_),
        )

    def problems(
        self,
        base: Recipe,
        class_names: Sequence[str] | None = None,
        layer_names: Sequence[str] | None = None,
    ) -> list[str]:
        """Every reason why `base` cannot be compared like this, a sentence each.

        Args:
            base: the recipe that the candidates are put in.
            class_names: the network's classes, when they are known.
            layer_names: what an adapter can go on in the network, when that is known.
        """
        found = [] if self.candidates else ["Choose at least one method to compare."]
        if not 1 <= self.seeds <= MAX_SEEDS:
            found.append(f"The number of seeds must be from 1 to {MAX_SEEDS}, not {self.seeds:,}.")
        names = [title(candidate) for candidate in self.candidates]
        distinct = [replace(candidate, seed=0) for candidate in self.candidates]
        found += [
            f"{name} is there twice."
            for index, name in enumerate(names)
            if distinct[index] in distinct[:index]
        ]
        if max(base.training.seed, base.adapter.seed) + self.seeds - 1 > MAX_SEED:
            found.append(f"The seeds go beyond {MAX_SEED:,}; begin with lower ones.")
        for index in range(len(self.candidates)):
            of_run = problems(self.recipe(base, index, 0), class_names, layer_names)
            found += [problem for problem in of_run if problem not in found]
        return found


@dataclass(frozen=True)
class Accuracies:
    """Means of the accuracies of classes on the test images, 0 to 1; NaN without images."""

    targets: float = math.nan
    others: float = math.nan


@dataclass(frozen=True)
class Candidate:
    """What one method comes to, known before it runs."""

    settings: AdapterSettings
    learning_rate: float  # the peak, if it changes
    trainable: int  # numbers
    total: int  # numbers, projections not counted
    file_bytes: int  # about

    @property
    def share(self) -> float:
        """Trainable share of the total, 0 to 1."""
        return self.trainable / self.total if self.total else 0.0


@dataclass(frozen=True)
class ComparedRun:
    """One run of a comparison."""

    candidate: int  # index into the comparison's candidates
    seed: int  # of the training
    adapter_seed: int
    folder: Path  # the run folder; missing where the run failed before it trained
    after: Accuracies = Accuracies()
    file_bytes: int | None = None  # of the best epoch's adapter, or the last without one
    best_epoch: int | None = None  # 0 where none beat the network before training
    seconds: float = math.nan  # of the whole run
    device: str = ""
    problem: str = ""  # why it failed; empty when it did not


@dataclass(frozen=True)
class Spread:
    """Several values of one figure; those that are NaN do not count."""

    mean: float = math.nan  # NaN without values
    deviation: float = math.nan  # sample standard deviation (n - 1); NaN with fewer than two

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        """Mean and deviation of `values`."""
        known = [value for value in values if not math.isnan(value)]
        return Spread(
            statistics.fmean(known) if known else math.nan,
            statistics.stdev(known) if len(known) > 1 else math.nan,
        )


@dataclass(frozen=True)
class Summary:
    """The runs of one candidate together."""

    candidate: Candidate
    finished: int  # runs
    problems: tuple[str, ...]  # of those that failed
    targets: Spread  # accuracy after
    others: Spread
    seconds: Spread
    file_bytes: int  # the largest of the files; as planned while there is none


@dataclass(frozen=True)
class Comparison:
    """How a comparison stands, or how it ended."""

    folder: Path
    data: str  # title of the images
    target_classes: tuple[str, ...]
    network_size: int  # numbers, without an adapter
    seeds: int  # runs asked for of each candidate
    candidates: tuple[Candidate, ...]
    runs: tuple[ComparedRun, ...] = ()  # finished or failed, in the order they went
    before: Accuracies = Accuracies()  # of the base network; NaN until a run has measured it
    stopped: bool = False  # by the user, before its last run

    @property
    def total(self) -> int:
        """How many runs were asked for."""
        return len(self.candidates) * self.seeds

    def summaries(self) -> tuple[Summary, ...]:
        """One for each candidate, in their order."""
        return tuple(self._summary(index) for index in range(len(self.candidates)))

    def _summary(self, index: int) -> Summary:
        runs = [run for run in self.runs if run.candidate == index]
        finished = [run for run in runs if not run.problem]
        candidate = self.candidates[index]
        sizes = [run.file_bytes for run in finished if run.file_bytes is not None]
        return Summary(
            candidate=candidate,
            finished=len(finished),
            problems=tuple(run.problem for run in runs if run.problem),
            targets=Spread.of([run.after.targets for run in finished]),
            others=Spread.of([run.after.others for run in finished]),
            seconds=Spread.of([run.seconds for run in finished]),
            file_bytes=max(sizes, default=candidate.file_bytes),
        )


@dataclass(frozen=True)
class ComparisonStands:
    """A run of the comparison began, ended or failed; between these, runs tell their own events."""

    comparison: Comparison
    now: str  # what runs, for a person to read; empty between two runs and at the end
