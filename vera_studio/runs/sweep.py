"""Many runs out of one recipe: every combination of some ranks, rates, seeds and methods."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import MAX_SEED, Recipe, problems
from vera_studio.runs.candidates import candidate, title
from vera_studio.wording import plain

MOST_RUNS = 500  # of a sweep


@dataclass(frozen=True)
class Sweep:
    """What is varied; what is empty stays as in the recipe."""

    methods: tuple[str, ...] = ()  # short names such as "vera:32", as of comparisons
    learning_rates: tuple[float, ...] = ()
    seeds: int = 1  # runs of each combination: the recipe's seeds, plus 0, plus 1, ...

    @property
    def runs(self) -> int:
        """How many runs that is."""
        return max(len(self.methods), 1) * max(len(self.learning_rates), 1) * self.seeds

    def problems(
        self,
        base: Recipe,
        class_names: Sequence[str] | None = None,
        layer_names: Sequence[str] | None = None,
    ) -> list[str]:
        """Every reason why the sweep cannot be run, a sentence each.

        Args:
            base: the recipe that is varied.
            class_names: the network's classes, when they are known.
            layer_names: what an adapter can go on in the network, when that is known.
        """
        if self.runs > MOST_RUNS:
            return [f"That is {self.runs:,} runs; a sweep has at most {MOST_RUNS:,}."]
        if max(base.training.seed, base.adapter.seed) + self.seeds - 1 > MAX_SEED:
            return [f"The seeds go beyond {MAX_SEED:,}; begin with lower ones."]
        found: dict[str, None] = {}
        for _, recipe in self.recipes(base):
            found |= dict.fromkeys(problems(recipe, class_names, layer_names))
        return list(found)

    def recipes(self, base: Recipe) -> list[tuple[str, Recipe]]:
        """A title and a recipe for each run: all with the first seed, then all with the second."""
        adapters = [candidate(name, base.adapter) for name in self.methods] or [base.adapter]
        rates = self.learning_rates or (base.training.learning_rate,)
        found = []
        for round_, adapter, rate in itertools.product(range(self.seeds), adapters, rates):
            training = replace(base.training, learning_rate=rate, seed=base.training.seed + round_)
            own = replace(adapter, seed=base.adapter.seed + round_)
            recipe = replace(base, adapter=own, training=training)
            found.append((self._title(recipe), recipe))
        return found

    def _title(self, recipe: Recipe) -> str:
        parts = [title(recipe.adapter)]
        if self.learning_rates and recipe.training.learning_rate is not None:
            parts.append(f"rate {plain(recipe.training.learning_rate)}")
        if self.seeds > 1:
            parts.append(f"seed {recipe.training.seed}")
        return ", ".join(parts)


def title_of(recipe: Recipe) -> str:
    """What a single run is called: its adapter, and what differs from what is usual."""
    training, parts = recipe.training, [title(recipe.adapter)]
    usual = METHOD_FACTS[recipe.adapter.method].learning_rate
    if training.learning_rate is not None and training.learning_rate != usual:
        parts.append(f"rate {plain(training.learning_rate)}")
    if training.epochs is not None:
        parts.append("1 epoch" if training.epochs == 1 else f"{training.epochs:,} epochs")
    if training.seed:
        parts.append(f"seed {training.seed}")
    return ", ".join(parts)
