"""Pictures that nobody has labelled, beside plain PyTorch on the same network.

    VERA_STUDIO_WASTE=FOLDER python -m tests.benchmarks.predict

A last layer and a VeRA adapter for the five kinds of rubbish are trained for one epoch, on the
CPU. Then, in turns: the loop that a script has (Pillow and torchvision's transforms in threads,
the merged network on batches of 32, its default threads), the same with the adapter attached, and
what `vera-studio predict` does from the list of files on. At the end `predict` and `evaluate`,
whole processes, have to be right equally often. `--images 500` and `--turns 1` are quicker.
"""

import argparse
import copy
import csv
import json
import operator
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from torch import nn
from torchvision import transforms

from tests.benchmarks.common import median, print_table, save, usable_cores
from vera_studio import environment
from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import merge
from vera_studio.models.model import Model, open_model
from vera_studio.models.own_classes import for_adapter
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    ModelSettings,
    Recipe,
    TrainingSettings,
)
from vera_studio.training.classification import classify, find_pictures
from vera_studio.training.loop import train

NETWORK = "efficientnet_lite0"
BATCH = 32


def trained(folder: Path, place: Path) -> Path:
    """The file of an adapter for the classes of `folder`."""
    recipe = Recipe(
        ModelSettings(NETWORK),
        DataSettings("folder", str(folder), classes="own"),
        AdapterSettings(rank=256),
        TrainingSettings(epochs=1, views=1, device="cpu"),
    )
    return train(recipe, place / "run").best_adapter


def opened(path: Path) -> Model:
    """The network with the adapter of `path` on."""
    adapter = adapter_file.load(path)
    model = for_adapter(open_model(ModelSettings(NETWORK)), adapter.info)
    adapter_file.apply(adapter, model.network, model.class_names, model.digest)
    return model


@torch.inference_mode()
def plain(network: nn.Module, model: Model, files: list[Path]) -> list[int]:
    """A class for each of `files`, as a script of some lines finds it."""
    found: list[int] = []
    with ThreadPoolExecutor(usable_cores()) as pool:
        for batch in _batches(pool, model, files):
            found += network(batch).argmax(1).tolist()
    return found


def _batches(pool: ThreadPoolExecutor, model: Model, files: list[Path]) -> Iterator[torch.Tensor]:
    """Prepared as torchvision does it; while one is computed on, the next two are decoded."""
    form = model.preprocessing
    prepare = transforms.Compose(
        [
            transforms.Resize(form.resize),
            transforms.CenterCrop(form.size),
            transforms.ToTensor(),
            transforms.Normalize(form.mean, form.std),
        ]
    )

    def load(file: Path) -> torch.Tensor:
        with Image.open(file) as image:
            return prepare(image.convert("RGB"))

    ahead: deque[list[Future[torch.Tensor]]] = deque()
    for start in range(0, len(files) + 2 * BATCH, BATCH):
        ahead.append([pool.submit(load, file) for file in files[start : start + BATCH]])
        if len(ahead) > 2 and (batch := ahead.popleft()):
            yield torch.stack([one.result() for one in batch])


def studio(model: Model, files: list[Path]) -> list[int]:
    """A class for each of `files`, as `vera-studio predict` finds it."""
    return [one.told[0][0] for one in classify(model, files)]


def speed(model: Model, files: list[Path], turns: int) -> dict[str, list[float]]:
    """Images/s of each way in each turn."""
    merged = copy.deepcopy(model.network)
    merge(merged)
    ways: dict[str, Callable[[list[Path]], list[int]]] = {
        "plain PyTorch, adapter merged": partial(plain, merged, model),
        "plain PyTorch, adapter attached": partial(plain, model.network, model),
        "vera-studio predict": partial(studio, model),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    told: dict[str, list[int]] = {}
    for way in ways.values():  # warms up
        way(files[: 2 * BATCH])
    for _ in range(turns):
        for name, way in ways.items():
            start = time.perf_counter()
            told[name] = way(files)
            found[name].append(len(files) / (time.perf_counter() - start))
            print(f"{name}: {found[name][-1]:.1f} images/s", file=sys.stderr, flush=True)
    first, *others = told.values()
    for other in others:
        same = sum(map(operator.eq, first, other))
        print(f"{same:,} of {len(first):,} classes are those of the first", file=sys.stderr)
    return found


def accuracies(adapter: Path, folder: Path, place: Path) -> tuple[str, str]:
    """The share that is right, of whole processes: `evaluate`, and `predict` by the folders."""
    program = [sys.executable, "-m", "vera_studio", "--data-dir", str(place / "data")]
    told = subprocess.run(
        [*program, "evaluate", str(adapter), "--data", str(folder), "--json", "--device", "cpu"],
        check=True,
        capture_output=True,
    )
    out = place / "out.csv"
    command = [*program, "predict", str(adapter), str(folder), "--csv", str(out)]
    subprocess.run([*command, "--device", "cpu"], check=True, capture_output=True)
    with out.open(encoding="utf-8", newline="") as file:
        right = [Path(row["file"]).parts[0] == row["class"] for row in csv.DictReader(file)]
    return f"{json.loads(told.stdout)['accuracy']:.6f}", f"{sum(right) / len(right):.6f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10**6, help="of each turn, at most")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--adapter", type=Path, help="one that is there, in place of training")
    parser.add_argument("--no-accuracy", action="store_true")
    options = parser.parse_args()
    folder = Path(os.environ.get("VERA_STUDIO_WASTE") or sys.exit("Set VERA_STUDIO_WASTE."))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        environment.set_data_folder(place / "data")
        adapter = options.adapter or trained(folder, place)
        files = find_pictures(folder)
        random.Random(0).shuffle(files)
        found = speed(opened(adapter), files[: options.images], options.turns)
        right = None if options.no_accuracy else accuracies(adapter, folder, place)
    first, *_ = (median(turns) for turns in found.values())
    rows = [
        [name, f"{median(turns):.1f}", f"{median(turns) / first:.2f}"]
        for name, turns in found.items()
    ]
    print_table(["", "images/s", "x the first"], rows)
    if right:
        print("Right, as `evaluate` and as `predict` say: {} and {}".format(*right))
    save("predict", {"images/s": found, "right": right})


if __name__ == "__main__":
    main()
