"""A folder of photographs and classes of one's own, beside PyTorch's tutorial and PEFT.

    VERA_STUDIO_ANTS_BEES=FOLDER VERA_STUDIO_WASTE=FOLDER python -m tests.benchmarks.photographs

Ants and bees (`train`, `val`, a folder a class in each): the loop of PyTorch's transfer-learning
tutorial and PEFT's LoRA, once each, then whole processes of `vera-studio train`, imports, decoding
and all, from an empty cache, with three seeds. Waste (a folder a class): every method that can be
trained beside a new last layer, with three seeds, each of which holds out another fifth to test.
`--only ants-bees` or `--only waste` measures one of the two, `--seeds 1` is quicker. Takes some
half an hour on two cores. The tutorial's loop:
https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from tests.benchmarks.common import print_table, save
from vera_studio.models.efficientnet_lite import kind
from vera_studio.models.head import set_classes
from vera_studio.models.model import Model, open_model
from vera_studio.models.own_classes import suited
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    Method,
    ModelSettings,
    Recipe,
    TrainingSettings,
)
from vera_studio.runs.events import Event, RunStarted
from vera_studio.training.loop import train
from vera_studio.training.opening import open_images

NETWORK = "efficientnet_lite0"
WORKERS = 2
TUTORIAL = {"epochs": 25, "batch": 4}
PEFT = {"epochs": 12, "batch": 32, "rank": 8, "learning_rate": 0.001}
METHODS: dict[str, AdapterSettings] = {
    "last layer alone": AdapterSettings(method="head"),
    "VeRA, rank 256": AdapterSettings(method="vera", rank=256),
    "LoRA, rank 8": AdapterSettings(method="lora", rank=8),
    "biases and norms": AdapterSettings(method="bias"),
    "all weights there": AdapterSettings(method="full"),
    "VeRA, rank 32": AdapterSettings(method="vera"),
}


def network(classes: int) -> nn.Module:
    """EfficientNet-Lite0 as it comes, with a new last layer of random values."""
    own = kind()
    made = own.build(len(own.class_names))
    own.load(made, own.weights_file)
    torch.manual_seed(0)
    set_classes(made, classes)
    return made


def loaders(folder: Path, batch: int) -> tuple[DataLoader, DataLoader]:
    """Those of the tutorial, with the network's own scaling: of training and of test images."""
    form = kind().preprocessing
    ends = [transforms.ToTensor(), transforms.Normalize(form.mean, form.std)]
    ways = {
        "train": [transforms.RandomResizedCrop(form.size), transforms.RandomHorizontalFlip()],
        "val": [transforms.Resize(form.resize), transforms.CenterCrop(form.size)],
    }
    made = [
        DataLoader(
            datasets.ImageFolder(folder / part, transforms.Compose(way + ends)),
            batch_size=batch,
            shuffle=part == "train",
            num_workers=WORKERS,
        )
        for part, way in ways.items()
    ]
    return made[0], made[1]


@torch.no_grad()
def share_right(trained: nn.Module, images: DataLoader) -> float:
    """Of `images`, in evaluation mode."""
    trained.eval()
    right = [trained(some).argmax(1) == truth for some, truth in images]
    return float(torch.cat(right).float().mean())


def loop(
    trained: nn.Module,
    images: tuple[DataLoader, DataLoader],
    epochs: int,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    in_training_mode: bool,
) -> float:
    """Train, measuring the test images after each epoch, as the tutorial does; the last share."""
    share = 0.0
    for epoch in range(epochs):
        trained.train(in_training_mode)
        for some, truth in images[0]:
            optimizer.zero_grad()
            F.cross_entropy(trained(some), truth).backward()
            optimizer.step()
        schedule.step()
        share = share_right(trained, images[1])
        print(f"epoch {epoch + 1}: {share:.1%}", file=sys.stderr, flush=True)
    return share


def tutorial(folder: Path) -> float:
    """The frozen body of the tutorial, in its training mode, and its SGD on the last layer."""
    trained = network(2).requires_grad_(False)
    head = list(trained.classifier.requires_grad_(True).parameters())
    optimizer = torch.optim.SGD(head, lr=0.001, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    images = loaders(folder, TUTORIAL["batch"])
    return loop(trained, images, TUTORIAL["epochs"], optimizer, schedule, in_training_mode=True)


def peft_lora(folder: Path) -> float:
    """PEFT's LoRA on the convolutions that the studio adapts, and the last layer whole.

    The depthwise one is left out: PEFT takes none with more groups than its rank.
    """
    import peft

    base = network(2)
    names = [name for name in layers("lora", 2) if base.get_submodule(name).groups == 1]
    settings = peft.LoraConfig(
        r=PEFT["rank"],
        lora_alpha=PEFT["rank"],
        target_modules=names,
        modules_to_save=["classifier"],
    )
    trained = peft.get_peft_model(base, settings)
    wanted = [parameter for parameter in trained.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(wanted, PEFT["learning_rate"], weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, PEFT["epochs"])
    images = loaders(folder, PEFT["batch"])
    return loop(trained, images, PEFT["epochs"], optimizer, schedule, in_training_mode=False)


def layers(method: Method, classes: int) -> list[str]:
    """What a method is put on by default where the network has classes of one's own."""
    model = open_model(ModelSettings(NETWORK)).with_classes([str(n) for n in range(classes)])
    return list(model.settings_for(AdapterSettings(method=method)).layers or ())


RECIPE = """
[model]
name = "{network}"
[data]
source = "folder"
folder = {folder}
classes = "own"
{seeds}
"""


def whole_process(folder: Path, seed: int) -> tuple[float, float]:
    """Seconds of `vera-studio train` from its start to its end, and the share that is right."""
    seeds = f"seed = {seed}\n[training]\nseed = {seed}\n[adapter]\nseed = {seed}"
    with tempfile.TemporaryDirectory() as place:
        recipe, run = Path(place) / "recipe.toml", Path(place) / "run"
        text = RECIPE.format(network=NETWORK, folder=json.dumps(str(folder)), seeds=seeds)
        recipe.write_text(text, encoding="utf-8")
        start = time.perf_counter()
        studio = [sys.executable, "-m", "vera_studio", "--data-dir", f"{place}/data"]
        command = [*studio, "train", str(recipe), "--out", str(run)]
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - start
        result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    return seconds, result["after"]["accuracy"]


def ants_and_bees(folder: Path, seeds: int) -> dict[str, object]:
    """The first table, told and as values."""
    if not (folder / "train").is_dir():  # one folder further down, as it comes
        folder = next(path for path in folder.iterdir() if (path / "train").is_dir())
    others: dict[str, Callable[[Path], float]] = {
        f"PyTorch's tutorial, {TUTORIAL['epochs']} epochs, batch {TUTORIAL['batch']}": tutorial,
        f"PEFT's LoRA, {PEFT['epochs']} epochs, batch {PEFT['batch']}": peft_lora,
    }
    found: dict[str, list[tuple[float, float]]] = {}
    for name, method in others.items():
        start = time.perf_counter()
        share = method(folder)
        found[name] = [(time.perf_counter() - start, share)]
    found["vera-studio train, the whole process"] = [
        whole_process(folder, seed) for seed in range(seeds)
    ]
    slowest = statistics.fmean(seconds for seconds, _ in next(iter(found.values())))
    rows = []
    for name, turns in found.items():
        seconds = statistics.fmean(one for one, _ in turns)
        shares = [share for _, share in turns]
        rows.append([name, f"{seconds:.1f}", f"{slowest / seconds:.1f}", *_shares(shares)])
    print_table(["", "seconds", "x tutorial", "right", "each seed"], rows)
    return {"ants and bees": found}


def waste(folder: Path, seeds: int) -> dict[str, object]:
    """The second table, told and as values."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in METHODS}
    for seed in range(seeds):
        data_settings = DataSettings("folder", str(folder), seed=seed, classes="own")
        base = suited(open_model(ModelSettings(NETWORK)), data_settings)
        asked = Recipe(ModelSettings(NETWORK), data_settings)
        data = open_images(asked, base, lambda event: None, lambda: False)
        for name, settings in METHODS.items():
            found[name].append(_waste_run(settings, data_settings, base, data, seed))
            print(f"seed {seed}, {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    rows = []
    for name, runs in found.items():
        shares = [run["after"] for run in runs]
        rows.append(
            [
                name,
                f"{statistics.fmean(run['before'] for run in runs):.1%}",
                *_shares(shares),
                f"{runs[0]['trained']:,.0f}",
                f"{statistics.fmean(run['bytes'] for run in runs) / 1000:,.0f}",
                f"{statistics.fmean(run['seconds'] for run in runs):.0f}",
                f"{statistics.fmean(run['epochs'] for run in runs):.0f}",
            ]
        )
    head = ["", "before", "right", "each seed", "numbers", "file, KB", "seconds", "epochs"]
    print_table(head, rows)
    return {"waste": found}


def _waste_run(
    settings: AdapterSettings, data_settings: DataSettings, base: Model, data: object, seed: int
) -> dict[str, float]:
    """One run: seconds from images in memory to a measured adapter, features included."""
    told: list[Event] = []
    recipe = Recipe(
        ModelSettings(NETWORK),
        data_settings,
        AdapterSettings(method=settings.method, rank=settings.rank, seed=seed),
        TrainingSettings(seed=seed),
    )
    with tempfile.TemporaryDirectory() as place:
        model = base.original.with_classes(base.class_names)
        start = time.perf_counter()
        result = train(recipe, Path(place) / "run", told.append, data=data, model=model)
        seconds = time.perf_counter() - start
        size = result.best_adapter.stat().st_size
    started = next(event for event in told if isinstance(event, RunStarted))
    return {
        "before": result.before.accuracy,
        "after": result.after.accuracy,
        "trained": started.trainable,
        "bytes": size,
        "seconds": seconds,
        "epochs": result.epochs_done,
    }


def _shares(shares: Sequence[float]) -> list[str]:
    """The mean, and each one where there are several."""
    each = " ".join(f"{100 * share:.1f}" for share in shares) if len(shares) > 1 else ""
    return [f"{statistics.fmean(shares):.1%}", each]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("ants-bees", "waste"))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    results: dict[str, object] = {}
    for name, variable, measure in (
        ("ants-bees", "VERA_STUDIO_ANTS_BEES", ants_and_bees),
        ("waste", "VERA_STUDIO_WASTE", waste),
    ):
        if options.only in (None, name):
            if variable not in os.environ:
                sys.exit(f"Set {variable} to the folder of photographs; see the file's beginning.")
            results |= measure(Path(os.environ[variable]), options.seeds)
    save("photographs", results)


if __name__ == "__main__":
    main()
