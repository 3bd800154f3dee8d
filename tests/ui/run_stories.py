"""Runs told without training one, for what shows them."""

import math
from pathlib import Path

from vera_studio.runs.events import EpochDone, Evaluation, RunResult, RunStarted, RunSubject

CIFAR10 = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
SUBJECT = RunSubject(
    run="2026-11-25_17-31-02",
    network="ConvNet",
    weights="pretrained",
    data="Built-in sample",
    method="vera",
    rank=32,
    adapter="VeRA, rank 32",
)


def evaluation(shares, counts=None, losses=()):
    """Figures of a set with these accuracies, images and losses a class."""
    counts = tuple(counts or (100,) * len(shares))
    shares = [share if count else math.nan for share, count in zip(shares, counts, strict=True)]
    images = sum(counts)
    right = sum(share * count for share, count in zip(shares, counts, strict=True) if count)
    known = losses or (1.0,) * len(shares)
    loss = sum(x * n for x, n in zip(known, counts, strict=True) if n) / images if images else 0.0
    accuracy = right / images if images else math.nan
    return Evaluation(loss, accuracy, tuple(shares), counts, tuple(known))


def started(names=CIFAR10, targets=(2, 3), validation=None, keep_others=0.0, **changes):
    validation = validation or evaluation((0.5,) * len(names), losses=(1.0,) * len(names))
    facts = {
        "device": "cpu",
        "device_reason": "",
        "class_names": tuple(names),
        "target_classes": tuple(targets),
        "epochs": 10,
        "steps_per_epoch": 10,
        "batch_size": 8,
        "train_images": 80,
        "validation_images": validation.images,
        "test_images": 100,
        "trainable": 542,
        "total": 89_660,
        "validation": validation,
        "test": validation,
        "learning_rate": 0.004,
        "keep_others": keep_others,
        "subject": SUBJECT,
    }
    return RunStarted(**(facts | changes))


def epoch(number, validation, is_best=False):
    return EpochDone(number, 10 * number, 0.5, validation, 0.004, is_best, 1.0)


def result(before, after, targets=(2, 3), best_epoch=1, names=CIFAR10, **changes):
    facts = {
        "folder": Path("run"),
        "stopped": False,
        "epochs_done": 10,
        "best_epoch": best_epoch,
        "class_names": tuple(names),
        "target_classes": tuple(targets),
        "before": before,
        "after": after,
        "images_per_second": 8000.0,
        "seconds": 1.5,
        "device": "cpu",
        "learning_rate": 0.004,
        "epochs_measured": 10,
        "subject": SUBJECT,
    }
    return RunResult(**(facts | changes))
