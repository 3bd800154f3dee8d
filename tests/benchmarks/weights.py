"""What becomes of accuracy when an adapter goes on other weights than the linear layers.

VERA_STUDIO_CIFAR10_IMAGES=FOLDER python -m tests.benchmarks.weights

The ConvNet on CIFAR-10's bird, cat and dog with the default settings, three seeds each.
"""

import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.common import print_table, save
from tests.benchmarks.finetune import open_photographs
from tests.benchmarks.methods import TARGETS
from vera_studio.data.store import ImageData
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs.events import RunResult
from vera_studio.training.loop import train

SEEDS = 3
LINEAR = ("fc*",)
EVERYWHERE = ("conv1", "conv2", "fc*")
CONVNET = {
    "VeRA 32, linear layers": AdapterSettings(layers=LINEAR),
    "VeRA 32, everywhere": AdapterSettings(layers=EVERYWHERE),
    "VeRA 32, convolutions": AdapterSettings(layers=("conv1", "conv2")),
    "LoRA 4, linear layers": AdapterSettings(layers=LINEAR, method="lora", rank=4),
    "LoRA 4, everywhere": AdapterSettings(layers=EVERYWHERE, method="lora", rank=4),
    "biases, everywhere": AdapterSettings(layers=EVERYWHERE, method="bias"),
    "full, linear layers": AdapterSettings(layers=LINEAR, method="full"),
    "full, everywhere": AdapterSettings(layers=EVERYWHERE, method="full"),
}


def main() -> None:
    """Print the tables and save the figures."""
    _, _, photographs = open_photographs()
    chosen = TrainingSettings(target_classes=TARGETS)
    recipe = Recipe(training=chosen)
    save("weights", {"convnet": measure("ConvNet, CIFAR-10", CONVNET, recipe, photographs)})


def measure(
    title: str,
    ways: Mapping[str, AdapterSettings],
    like: Recipe,
    data: ImageData,
) -> dict[str, list[dict[str, float]]]:
    """Train in each of the ways, and tell what came of it."""
    results: dict[str, list[dict[str, float]]] = {}
    rows = []
    for name, adapter in ways.items():
        runs = [one_run(like, adapter, seed, data) for seed in range(SEEDS)]
        results[name] = runs
        cells = [f"{runs[0]['trainable']:,.0f}"]
        for key in ("targets", "others"):
            values = [100 * one[key] for one in runs]
            cells.append(f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}")
        seconds = statistics.median(one["seconds"] for one in runs)
        rows.append([name, *cells, f"{seconds:.1f}", f"{runs[0]['bytes']:,.0f}"])
        print(rows[-1], flush=True)
    print_table([title, "trained", "targets %", "others %", "seconds", "bytes"], rows)
    return results


def one_run(like: Recipe, adapter: AdapterSettings, seed: int, data: ImageData) -> dict[str, float]:
    """Figures of one run, on a network of its own."""
    from dataclasses import replace

    recipe = replace(like, adapter=adapter, training=replace(like.training, seed=seed))
    trainable = 0

    def note(event: object) -> None:
        nonlocal trainable
        trainable = getattr(event, "trainable", trainable)

    with tempfile.TemporaryDirectory() as folder:
        model = open_model(recipe.model)
        result = train(recipe, Path(folder) / "run", note, data=data, model=model)
        file = result.best_adapter if result.best_adapter.exists() else result.last_adapter
        size = file.stat().st_size
    return {
        "trainable": trainable,
        "targets": result.after.mean_over(result.target_classes),
        "others": _others(result),
        "before": result.before.mean_over(result.target_classes),
        "seconds": result.seconds,
        "bytes": size,
    }


def _others(result: RunResult) -> float:
    others = [i for i in range(len(result.class_names)) if i not in result.target_classes]
    return result.after.mean_over(others)


if __name__ == "__main__":
    main()
