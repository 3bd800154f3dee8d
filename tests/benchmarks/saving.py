"""What it costs a run to write down how far it is.

    VERA_STUDIO_ANTS_BEES=FOLDER python -m tests.benchmarks.saving

Seconds spent in writing against the seconds of the whole run, for small adapters and for all
weights of a network, on the built-in sample and on photographs with classes of one's own.
"""

import dataclasses
import os
import tempfile
import time
from pathlib import Path
from unittest import mock

from tests.benchmarks.common import print_table
from vera_studio.recipe import AdapterSettings, DataSettings, ModelSettings, Recipe
from vera_studio.training.loop import train
from vera_studio.training.progress import Progress, Saver

LITE0 = ModelSettings(name="efficientnet_lite0")


def recipes() -> dict[str, Recipe]:
    """Runs that are short, so that writing takes as much of them as it ever does."""
    sample = Recipe()
    found = {
        "sample, VeRA, with cache": sample,
        "sample, VeRA, without cache": _without_cache(sample),
        "sample, all weights": _of_method(sample, "full"),
    }
    if folder := os.environ.get("VERA_STUDIO_ANTS_BEES"):
        data = DataSettings(source="folder", folder=folder)
        photographs = dataclasses.replace(sample, model=LITE0, data=data)
        found["ants and bees, VeRA"] = photographs
        found["ants and bees, all weights"] = _of_method(photographs, "full")
    return found


def _without_cache(recipe: Recipe) -> Recipe:
    training = dataclasses.replace(recipe.training, feature_cache=False)
    return dataclasses.replace(recipe, training=training)


def _of_method(recipe: Recipe, method: str) -> Recipe:
    adapter = AdapterSettings(method=method)  # type: ignore[arg-type]
    return dataclasses.replace(recipe, adapter=adapter)


def measured(recipe: Recipe) -> list[str]:
    """How often a run wrote, seconds of that, of all, and the share in percent."""
    writing: list[float] = []
    save = Saver.save

    def timed(saver: Saver, progress: Progress) -> None:
        began = time.perf_counter()
        save(saver, progress)
        writing.append(time.perf_counter() - began)

    with mock.patch.object(Saver, "save", timed), tempfile.TemporaryDirectory() as folder:
        seconds = train(recipe, Path(folder) / "run").seconds
    spent = sum(writing)
    return [str(len(writing)), f"{spent:.3f}", f"{seconds:.1f}", f"{100 * spent / seconds:.2f}"]


def main() -> None:
    """Measure, and print a table."""
    rows = [[name, *measured(recipe)] for name, recipe in recipes().items()]
    print_table(("run", "times", "s writing", "s in all", "%"), rows)


if __name__ == "__main__":
    main()
