"""How fast a run is, beside the plain loop and PEFT, on the same images in one process.

    VERA_STUDIO_CIFAR10_IMAGES=FOLDER python -m tests.benchmarks.finetune

Trains for bird, cat and dog at rank 32 on their 15,000 photographs of CIFAR-10, six epochs, no
augmentation. The methods take turns, and the medians of their turns are told. Seconds are from
a bare network and images in memory to a trained adapter: they include attaching, computing
features and, for the studio, its run folder. Then: the studio's steps beside their matrix products
alone, ten times the images beside a tenth, and what the default settings make of the test images.
Takes some seven minutes on two cores.
"""

import argparse
import contextlib
import copy
import functools
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import torch
from torch import nn

from tests.benchmarks.common import median, print_table, save
from tests.benchmarks.methods import EPOCHS, METHODS, RANK, TARGETS, run
from vera_studio.adapters.attach import attach, attached_layers
from vera_studio.data.folder import open_folder
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.models.model import Model, open_model
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    ModelSettings,
    Recipe,
    TrainingSettings,
)
from vera_studio.training.devices import choose_device
from vera_studio.training.evaluation import evaluate
from vera_studio.training.loop import train

ALL_IMAGES = "a run on 50,000 images"  # and 10,000 to test
FLOOR_BATCHES = (128, 512, 2048)


def floor(batch_size: int, features: bool) -> Callable[[], None]:
    """The matrix products of one step alone, forward and backward.

    Args:
        batch_size: images.
        features: of a step on cached features, which has none of the first layer's products
            with its input; else of a step on the last convolution's output.
    """
    device = choose_device().device
    network = open_model(ModelSettings()).network
    attach(network, AdapterSettings(rank=RANK))
    layers = attached_layers(network.to(device)).values()
    weights = [(layer.base.weight.detach(), *layer.projections.buffers()) for layer in layers]
    inputs = [torch.rand(batch_size, weight.shape[1], device=device) for weight, _, _ in weights]
    outputs = [torch.rand(batch_size, weight.shape[0], device=device) for weight, _, _ in weights]
    inner = torch.rand(batch_size, RANK, device=device)

    def step() -> None:
        for number, (weight, a, b) in enumerate(weights):
            if number or not features:
                inputs[number] @ weight.T
                inputs[number] @ a.T
            inner @ b.T
            outputs[number] @ b
            if number:  # no gradient is asked of what is frozen
                outputs[number] @ weight
                inner @ a

    return step


def images_per_second(step: Callable[[], None], batch_size: int) -> float:
    """Of many calls of `step`, the fastest of a few rounds."""
    calls, best = max(10, 200_000 // batch_size), 0.0
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(calls):
            step()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        best = max(best, calls * batch_size / (time.perf_counter() - start))
    return best


def accuracies(model: Model, network: nn.Module, test: ImageSet) -> tuple[float, float]:
    """Mean accuracy of the target classes and of the others on the test images."""
    names = model.class_names
    result = evaluate(model.with_network(network), test)
    targets = [index for index, name in enumerate(names) if name in TARGETS]
    others = [index for index in range(len(names)) if index not in targets]
    return result.mean_over(targets), result.mean_over(others)


def compare(model: Model, images: ImageSet, test: ImageSet, repeats: int) -> dict[str, dict]:
    """All methods in turn, `repeats` times; the medians."""
    turns: dict[str, list[tuple[float, float, float]]] = {name: [] for name in METHODS}
    for repeat in range(repeats):
        for name, method in METHODS.items():
            turn = method(model, images)
            turns[name].append((turn.seconds, *accuracies(model, turn.network, test)))
            print(f"turn {repeat + 1}  {name}: {turn.seconds:.2f} s", file=sys.stderr, flush=True)
    return {
        name: {
            "seconds": (seconds := median([one[0] for one in own])),
            "images_per_second": EPOCHS * len(images) / seconds,
            "target_accuracy": median([one[1] for one in own]),
            "other_accuracy": median([one[2] for one in own]),
            "turns": [one[0] for one in own],
        }
        for name, own in turns.items()
    }


def print_comparison(results: dict[str, dict], before: tuple[float, float]) -> None:
    slowest, peer = results["write-up's loop, batch 4"], results["PEFT, batch 128"]
    rows = [["before", "", "", "", "", f"{before[0]:.1%}", f"{before[1]:.1%}", ""]]
    for name, one in results.items():
        rows.append(
            [
                name,
                f"{one['images_per_second']:,.0f}",
                f"{one['seconds']:.2f}",
                f"{slowest['seconds'] / one['seconds']:.1f}",
                f"{peer['seconds'] / one['seconds']:.1f}",
                f"{one['target_accuracy']:.1%}",
                f"{one['other_accuracy']:.1%}",
                f"{one['peak_megabytes']:,.0f}",
            ]
        )
    head = ["", "images/s", "seconds", "x write-up", "x PEFT 128", "targets", "others", "peak MB"]
    print_table(head, rows)


def steps_beside_floor(model: Model, images: ImageSet) -> list[dict[str, float]]:
    """The studio's training steps, preparation left out, beside the products alone."""
    results = []
    for batch_size in FLOOR_BATCHES:
        speeds = []
        for _ in range(3):
            own = replace(model, network=copy.deepcopy(model.network))
            chosen = {"batch_size": batch_size, "epochs": 20, "target_classes": TARGETS}
            speeds.append(run(own, images, **chosen).images_per_second)
        results.append(
            {
                "batch_size": batch_size,
                "floor": images_per_second(floor(batch_size, features=False), batch_size),
                "floor_of_features": images_per_second(
                    floor(batch_size, features=True), batch_size
                ),
                "steps": median(speeds),
            }
        )
    rows = [
        [
            f"batch {one['batch_size']:,.0f}",
            f"{one['floor']:,.0f}",
            f"{one['floor_of_features']:,.0f}",
            f"{one['steps']:,.0f}",
            f"{one['steps'] / one['floor']:.0%}",
            f"{one['steps'] / one['floor_of_features']:.0%}",
        ]
        for one in results
    ]
    head = ["images/s", "floor", "own floor", "studio's steps", "of floor", "of own floor"]
    print_table(head, rows)
    return results


def scale(model: Model, images: ImageSet, repeats: int) -> dict[str, float]:
    """Seconds of a run on all classes with all images, and with a tenth of them."""
    every = images.subset(torch.randperm(len(images), generator=torch.Generator().manual_seed(0)))
    tenth = every.subset(torch.arange(len(every) // 10))
    seconds: dict[int, list[float]] = {len(tenth): [], len(every): []}
    for _ in range(repeats):
        for some in (tenth, every):
            own = replace(model, network=copy.deepcopy(model.network))
            start = time.perf_counter()
            run(own, some, target_classes=None, batch_size=512)
            seconds[len(some)].append(time.perf_counter() - start)
    results = {f"{count:,} images": median(own) for count, own in seconds.items()}
    first, last = results.values()
    rows = [[name, f"{one:.2f}"] for name, one in results.items()]
    print_table(["", "seconds"], [*rows, ["times", f"{last / first:.1f}"]])
    return results


def outcomes(photographs: ImageData) -> list[dict[str, object]]:
    """What runs with the default settings, but for what is named, make of the test images."""
    chosen = {"target_classes": TARGETS}
    kinds: list[tuple[str, DataSettings | None, dict[str, object], int]] = [
        ("CIFAR-10, default", None, chosen, 3),
        ("CIFAR-10, keep others 0 %", None, chosen | {"keep_others": 0.0}, 3),
        ("built-in sample, all classes", DataSettings(source="sample"), {}, 3),
    ]
    results: list[dict[str, object]] = []
    for name, drawn, training, seeds in kinds:
        for seed in range(seeds):
            settings = TrainingSettings(**(training | {"seed": seed}))
            recipe = Recipe(training=settings, data=drawn or DataSettings())
            with tempfile.TemporaryDirectory() as folder:
                result = train(recipe, Path(folder) / "run", data=None if drawn else photographs)
                size = result.best_adapter.stat().st_size
            parts = (
                result.target_classes,
                [i for i in range(10) if i not in result.target_classes],
            )
            results.append(
                {
                    "run": name,
                    "seed": seed,
                    "targets": [one.mean_over(parts[0]) for one in (result.before, result.after)],
                    "others": [one.mean_over(parts[1]) for one in (result.before, result.after)],
                    "base_accuracy": result.before.accuracy,
                    "seconds": result.seconds,
                    "bytes": size,
                }
            )
    rows = []
    for one in results:
        row = [f"{one['run']}, seed {one['seed']}"]
        for before, after in (one["targets"], one["others"]):
            shown = not math.isnan(before)
            row += [f"{before:.1%}", f"{after:.1%}"] if shown else ["", ""]
            row += [f"{100 * (after - before):+.1f}"] if shown else [""]
        rows.append([*row, f"{one['seconds']:.1f}", f"{one['bytes']:,}"])
    head = ["run", "targets", "after", "gain", "others", "after", "gain", "seconds", "bytes"]
    print_table(head, rows)
    print(f"The bare network is right on {results[0]['base_accuracy']:.1%} of the test images.\n")
    return results


def open_photographs() -> tuple[Model, ImageSet, ImageData]:
    """The network, all 50,000 training images, and the data set, which holds some of them out."""
    folder = os.environ.get("VERA_STUDIO_CIFAR10_IMAGES")
    if not folder:
        sys.exit("Set VERA_STUDIO_CIFAR10_IMAGES to a folder with train/ and test/ of CIFAR-10.")
    model = open_model(ModelSettings())
    data = open_folder(Path(folder), model.class_names, model.preprocessing)
    return model, data.train.joined(data.validation), data


def only_targets(model: Model, images: ImageSet) -> ImageSet:
    """The images of the target classes."""
    wanted = torch.tensor([model.class_names.index(name) for name in TARGETS])
    return images.subset(torch.isin(images.labels, wanted).nonzero().flatten())


def peak_megabytes(name: str) -> float:
    """Peak memory of a method with its images, above torch imported, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.finetune", "--memory", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def print_peak(name: str) -> None:
    """For `peak_megabytes`: run one method and print what it took."""
    before = _memory()
    if name == ALL_IMAGES:
        work = _run_on_the_folder
    else:
        # Random, for images are decoded elsewhere: they take as much memory as any.
        pixels = torch.randint(0, 256, (15_000, 3, 32, 32), dtype=torch.uint8)
        images = ImageSet(pixels, torch.tensor([2, 3, 5])[torch.arange(15_000) % 3])
        model = open_model(ModelSettings())
        work = functools.partial(METHODS[name], model, images)
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], _memory())

    watching = threading.Thread(target=watch)
    watching.start()
    work()
    done.set()
    watching.join()
    print(peak[0] - before)


def _run_on_the_folder() -> None:
    """Everything that a run with the default settings does, from reading the files on."""
    folder = os.environ["VERA_STUDIO_CIFAR10_IMAGES"]
    recipe = Recipe(data=DataSettings(source="folder", folder=folder))
    with tempfile.TemporaryDirectory() as out:
        train(recipe, Path(out) / "run")


def _memory() -> float:
    """Megabytes of this process and its workers; what they share counts once."""
    total, own = 0, psutil.Process()
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            full = process.memory_full_info()
            total += getattr(full, "pss", full.uss)  # Linux tells the share of what is shared
    return total / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        print_peak(options.memory)
        return
    model, every, data = open_photographs()
    images, test = only_targets(model, every), data.test
    results = compare(model, images, test, options.repeats)
    for name, one in results.items():
        one["peak_megabytes"] = peak_megabytes(name)
    before = accuracies(model, model.network, test)
    print_comparison(results, before)
    steps = steps_beside_floor(model, images)
    times = scale(model, every, options.repeats)
    largest = peak_megabytes(ALL_IMAGES)
    print(f"Peak memory of a run on 50,000 images, above torch imported: {largest:,.0f} MB.")
    made = outcomes(data)
    save(
        "finetune",
        {
            "outcomes": made,
            "methods": results,
            "before": before,
            "steps": steps,
            "scale": times,
            "peak_megabytes_of_50000_images": largest,
        },
    )


if __name__ == "__main__":
    main()
