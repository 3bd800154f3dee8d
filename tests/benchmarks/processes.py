"""Two processes that share a run, as torchrun starts them, beside one on one core and on all.

    VERA_STUDIO_ANTS_BEES=FOLDER VERA_STUDIO_CIFAR10_IMAGES=FOLDER \
        python -m tests.benchmarks.processes

Seconds are those that the run itself tells, from opened images to a measured adapter. *Apart* is
the largest difference from the run on one core, of numbers of the last adapter, and of the shares
of test images of a class that are right.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.common import print_table, save, usable_cores
from vera_studio import recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.recipe import DataSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.events import RunResult
from vera_studio.runs.run_folder import load_result

_TORCHRUN = ["-m", "torch.distributed.run", "--nproc-per-node", "2"]
_HEAD = ["", "one core", "all cores", "two processes", "x one core", "numbers apart", "right apart"]


def recipes() -> dict[str, Recipe]:
    """What is run, by a title: of steps that take little, more, and long."""
    found = {"sample, cached": Recipe(training=TrainingSettings(device="cpu"))}
    if folder := os.environ.get("VERA_STUDIO_CIFAR10_IMAGES"):
        training = TrainingSettings(
            target_classes=("bird", "cat", "dog"), keep_others=0.0, shift=2, epochs=2, device="cpu"
        )
        data = DataSettings(source="folder", folder=folder)
        found["CIFAR-10, shifted, no cache"] = Recipe(data=data, training=training)
    if folder := os.environ.get("VERA_STUDIO_ANTS_BEES"):
        found["ants and bees, EfficientNet-Lite0, no cache"] = Recipe(
            model=ModelSettings(name="efficientnet_lite0"),
            data=DataSettings(source="folder", folder=folder),
            training=TrainingSettings(feature_cache=False, epochs=1, batch_size=32, device="cpu"),
        )
    return found


def run(recipe: Path, folder: Path, threads: int, launcher: list[str]) -> RunResult:
    """Do a run in processes of its own."""
    command = [sys.executable, *launcher, "-m", "vera_studio", "train", recipe, "--out", folder]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [str(one) for one in command], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return load_result(folder)


def numbers_apart(one: Path, other: Path) -> float:
    """The largest difference between the last adapters of two runs."""
    left, right = (
        adapter_file.load(folder / "last.safetensors").parameters for folder in (one, other)
    )
    return max(float((left[name] - right[name]).abs().max()) for name in left)


def right_apart(one: RunResult, other: RunResult) -> float:
    """The largest difference between the accuracies of a class on the test images."""
    pairs = zip(one.after.per_class, other.after.per_class, one.after.counts, strict=True)
    return max(abs(left - right) for left, right, count in pairs if count)


def main() -> None:
    """Run and compare."""
    rows, results = [], {}
    with tempfile.TemporaryDirectory() as temporary:
        for number, (title, recipe) in enumerate(recipes().items()):
            file, parent = Path(temporary) / f"{number}.toml", Path(temporary) / str(number)
            recipe_file.save(recipe, file)
            one = run(file, parent / "one", 1, [])
            all_cores = run(file, parent / "all", usable_cores(), [])
            two = run(file, parent / "two", 1, _TORCHRUN)
            seconds = [result.seconds for result in (one, all_cores, two)]
            apart = numbers_apart(parent / "one", parent / "two"), right_apart(one, two)
            results[title] = {"seconds": seconds, "apart": apart}
            figures = [f"{seconds[0] / seconds[2]:.2f}", f"{apart[0]:.1e}", f"{apart[1]:.2%}"]
            rows.append([title, *(f"{value:.1f}" for value in seconds), *figures])
    print_table(_HEAD, rows)
    save("processes", results)


if __name__ == "__main__":
    main()
