"""What becomes of accuracy when an adapter goes on other weights than the linear layers.

VERA_STUDIO_CIFAR10_IMAGES=FOLDER python -m tests.benchmarks.weights

The ConvNet on CIFAR-10's bird, cat and dog with the default settings, three seeds each; then
EfficientNet-Lite0 on a third of the built-in sample, two seeds each, which its default layers were
chosen by.
"""

import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.common import print_table, save
from tests.benchmarks.finetune import open_photographs
from tests.benchmarks.methods import TARGETS
from vera_studio.data.sample import drawn_images
from vera_studio.data.store import ImageData
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
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
LITE0 = {
    "VeRA 32, last layer": AdapterSettings(layers=("classifier",)),
    "VeRA 32, conv_head and last layer": AdapterSettings(layers=("conv_head", "classifier")),
    "VeRA 32, last stage on": AdapterSettings(layers=("blocks.6.*", "conv_head", "classifier")),
    "VeRA 32, last two stages on": AdapterSettings(
        layers=("blocks.5.*", "blocks.6.*", "conv_head", "classifier")
    ),
    "biases and norms, last two stages on": AdapterSettings(
        layers=("blocks.5.*", "blocks.6.*", "bn2", "classifier"), method="bias"
    ),
}


def main() -> None:
    """Print the tables and save the figures."""
    _, _, photographs = open_photographs()
    chosen = TrainingSettings(target_classes=TARGETS)
    results = {
        "convnet": measure("ConvNet, CIFAR-10", CONVNET, Recipe(training=chosen), photographs),
        "efficientnet_lite0": measure(
            "EfficientNet-Lite0, sample",
            LITE0,
            Recipe(model=ModelSettings("efficientnet_lite0")),
            small_sample(),
            seeds=2,
        ),
    }
    save("weights", results)


def small_sample() -> ImageData:
    """A third of the sample's drawings."""
    drawn_images.TRAIN_PER_CLASS //= 3
    drawn_images.TEST_PER_CLASS //= 3
    return drawn_images.make_sample(open_model(ModelSettings("efficientnet_lite0")).class_names)


def measure(
    title: str,
    ways: Mapping[str, AdapterSettings],
    like: Recipe,
    data: ImageData,
    seeds: int = SEEDS,
) -> dict[str, list[dict[str, float]]]:
    """Train in each of the ways, and tell what came of it."""
    results: dict[str, list[dict[str, float]]] = {}
    rows = []
    for name, adapter in ways.items():
        runs = [one_run(like, adapter, seed, data) for seed in range(seeds)]
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
