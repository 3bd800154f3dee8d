"""How long it takes to see what a network says of 10,000 images, and what a run pays to keep it.

    python -m tests.benchmarks.predictions

On made images of 32 x 32 pixels, with the ConvNet: what they show makes no difference to time.
Seconds of one core, so that what else goes on makes little difference either.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from tests.benchmarks.common import median, print_table
from vera_studio.adapters.attach import attach
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.prediction_figures import to_json
from vera_studio.runs.predictions import load, save
from vera_studio.training.answers import side_by_side
from vera_studio.training.evaluation import evaluate
from vera_studio.training.loop import train
from vera_studio.training.prediction_pass import predict_both

COUNT, TRAINED, VALIDATED = 10_000, 20_000, 5_000
TIMES = 3


def made(count: int, seed: int) -> ImageSet:
    """Images of noise, each in a file of its own name."""
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 10, (count,), generator=generator)
    return ImageSet(pixels, labels, tuple(f"test/class/{k:05}.png" for k in range(count)))


def seconds(function: Callable[[], object]) -> float:
    """Of a core, the middle of some."""
    found = []
    for _ in range(TIMES):
        start = time.process_time()
        function()
        found.append(time.process_time() - start)
    return median(found)


def main() -> None:
    """Measure, and print a table."""
    torch.set_num_threads(1)
    model, images = open_model(ModelSettings()), made(COUNT, 0)
    rows = [["the network alone", seconds(lambda: evaluate(model, images, part="test"))]]
    attach(model.network, model.settings_for(AdapterSettings()))
    rows.append(["with its adapter and without", seconds(lambda: predict_both(model, images))])
    answers, base = predict_both(model, images, "test")
    said = side_by_side(answers, base, model.class_names, images.names)
    folder = Path(tempfile.mkdtemp())
    rows.append(["the table written", seconds(lambda: save(said, folder))])
    rows.append(["the table read", seconds(lambda: load(folder, "test"))])
    rows.append(["all figures", seconds(lambda: to_json(said))])
    parts = made(TRAINED, 1), made(VALIDATED, 2), images
    data = ImageData("folder", "Noise", CLASS_NAMES, *parts)
    recipe = Recipe(training=TrainingSettings(epochs=5, device="cpu"))
    start = time.process_time()
    train(recipe, folder / "run", data=data)
    rows.append(["a whole run: 5 epochs of 20,000 images", time.process_time() - start])
    print_table(["10,000 images", "s"], [[str(what), f"{took:.3f}"] for what, took in rows])


if __name__ == "__main__":
    main()
