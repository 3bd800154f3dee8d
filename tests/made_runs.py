"""Folders of runs and comparisons as they are left, without training anything."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vera_studio.recipe import AdapterSettings, DataSettings, Recipe, TrainingSettings
from vera_studio.runs import predictions
from vera_studio.runs.comparison_file import save_comparison
from vera_studio.runs.comparison_results import Accuracies, Candidate, ComparedRun, Comparison
from vera_studio.runs.events import EpochDone, Evaluation, Part, RunResult, RunSubject, StepsDone
from vera_studio.runs.predictions import Predictions
from vera_studio.runs.run_folder import RunFolder
from vera_studio.runs.run_state import STATE_FILE

NAMES = ("cat", "dog", "ship")
SUBJECT = RunSubject(
    "", "ConvNet", "pretrained", "Built-in sample", "vera", 8, "VeRA, rank 8", {"damaged": 3}
)
RECIPE = Recipe(
    data=DataSettings(source="sample"),
    adapter=AdapterSettings(rank=8),
    training=TrainingSettings(target_classes=("cat", "ship"), epochs=3),
)


def evaluation(*shares: float, part="test") -> Evaluation:
    """Of four images a class."""
    mean = sum(shares) / len(shares)
    return Evaluation(1 - mean, mean, shares, (4,) * len(shares), (0.5,) * len(shares), part)


def make_run(
    folder: Path, epochs: int = 3, ended: bool = True, recipe: Recipe = RECIPE, **changes
) -> Path:
    """A run of `epochs` whose last is the best; `changes` are of its result."""
    run = RunFolder(folder, recipe, NAMES)
    for epoch in range(1, epochs + 1):
        measured = evaluation(*(0.5 + 0.4 * epoch / epochs,) * 3, part="validation")
        run.add_losses(StepsDone(epoch, epoch, (1 / epoch,), 100.0, epoch / epochs, 0.0))
        run.add_epoch(EpochDone(epoch, epoch, 1 / epoch, measured, 0.02, True, 0.5))
    if ended:
        run.add_result(result(folder, epochs, **changes))
        (folder / STATE_FILE).write_text('{"state": "ended"}')
        (folder / "best.safetensors").write_bytes(b"x" * 100)
    return folder


def result(folder: Path, epochs: int = 3, **changes) -> RunResult:
    """How that ended."""
    values = {
        "stopped": False,
        "epochs_done": epochs,
        "best_epoch": epochs,
        "class_names": NAMES,
        "target_classes": (0, 2),
        "before": evaluation(0.25, 0.5, 0.5),
        "after": evaluation(0.75, 0.5, 1.0),
        "images_per_second": 1234.5,
        "seconds": 6.75,
        "device": "cpu",
        "learning_rate": 0.02,
        "epochs_measured": epochs,
        "subject": dataclasses.replace(SUBJECT, run=folder.name),
    }
    return RunResult(folder=folder, **values | changes)


def make_comparison(folder: Path, runs: int = 2, stopped: bool = False) -> Comparison:
    """Two methods with a seed each, of which `runs` have finished."""
    adapters = (AdapterSettings(rank=8), AdapterSettings(method="lora", rank=2))
    candidates = tuple(
        Candidate(settings, 0.02, trainable, 1000, 4000)
        for settings, trainable in zip(adapters, (10, 50), strict=True)
    )
    done = []
    for index in range(runs):
        place = make_run(folder / f"00{index + 1}_run")
        after = Accuracies(0.75 + index / 10, 0.5)
        done.append(ComparedRun(index, 0, 0, place, after, 100, 3, 6.75, "cpu"))
    before = Accuracies(0.375, 0.5)
    comparison = Comparison(
        *(folder, "Built-in sample", ("cat", "ship"), 990, 1, candidates),
        *(tuple(done), before, stopped),
    )
    save_comparison(comparison)
    return comparison


def make_predictions(folder: Path, part: Part = "test", files: Sequence[str] = ()) -> Predictions:
    """What a run said of two images a class; those that are no cats are taken for cats before."""
    truth = np.repeat(np.arange(3), 2)
    told = np.stack([truth, (truth + 1) % 3], axis=1)
    told[3] = (0, 1)  # a dog that is taken for a cat
    shares = np.tile(np.array([[0.75, 0.25]], dtype=np.float32), (6, 1))
    base = np.stack([np.zeros_like(truth), np.ones_like(truth)], axis=1)
    names = tuple(files) or tuple(f"{NAMES[index]}/{n}.png" for n, index in enumerate(truth))
    found = Predictions(part, NAMES, names, truth, told, shares, base, shares)
    predictions.save(found, folder)
    return found
