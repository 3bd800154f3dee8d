"""Runs that are killed at any moment, continued, and compared with one that never was.

    python -m tests.soak.kills [--kills 50] [--seed 0]

Each run is a process of its own, `vera-studio train`, that is ended by SIGKILL at a random time,
four times out of five after it has begun to train, and then continued by `vera-studio train
--resume` until it has come to its end; every third of the continued ones is killed again. Its
adapters, tables and result have to be those of the run that was left alone, but for the seconds in
them. Half of the runs have a feature cache.
"""

import argparse
import csv
import dataclasses
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vera_studio import recipe_file
from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.training.progress import FILE

_SAME = ("best.safetensors", "last.safetensors", "losses.csv", "recipe.toml")


def start(*arguments: object) -> subprocess.Popen[bytes]:
    """A process of `vera-studio train`."""
    command = [sys.executable, "-m", "vera_studio", "train", *map(str, arguments)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet)


def go_to_the_end(process: subprocess.Popen[bytes]) -> None:
    if status := process.wait():
        raise SystemExit(f"{process.args} ended with {status}")


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kill it after so many seconds; returns whether it was still going on."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def has_begun(process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Wait until the run in `folder` has written how far it is; whether it is still going on."""
    while process.poll() is None:
        if (folder / FILE).exists():
            return True
        time.sleep(0.005)
    return False


def finish(recipe: Path, folder: Path) -> None:
    """Have the run in `folder` come to its end, from where it was or from its beginning."""
    if (folder / FILE).exists():
        go_to_the_end(start("--resume", folder))
        return
    for file in folder.glob("*"):  # it had not begun to train
        file.unlink()
    go_to_the_end(start(recipe, "--out", folder))


def differences(one: Path, other: Path) -> list[str]:
    """What two runs left that is not the same."""
    found = [name for name in _SAME if (one / name).read_bytes() != (other / name).read_bytes()]
    found += ["metrics.csv"] if _metrics(one) != _metrics(other) else []
    return found + (["result.json"] if _result(one) != _result(other) else [])


def _metrics(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def _result(folder: Path) -> dict[str, object]:
    values = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    values["subject"].pop("run")
    return {k: v for k, v in values.items() if k not in ("seconds", "images_per_second")}


def recipes(folder: Path) -> list[Path]:
    """One with a feature cache and one without."""
    files = []
    for cache in (True, False):
        training = TrainingSettings(device="cpu", feature_cache=cache, epochs=20 if cache else 4)
        files.append(folder / f"cache-{cache}.toml")
        recipe_file.save(dataclasses.replace(Recipe(), training=training), files[-1])
    return files


def main() -> None:
    """Kill as often as asked, and tell what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw, kills, begun = random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wholes = []
        for number, recipe in enumerate(recipes(folder)):
            began, whole = time.monotonic(), folder / f"whole {number}"
            process = start(recipe, "--out", whole)
            has_begun(process, whole)
            opened = time.monotonic()
            go_to_the_end(process)
            wholes.append((recipe, whole, opened - began, time.monotonic() - opened))
        while kills < options.kills:
            recipe, whole, opening, training = wholes[kills % 2]
            run = folder / f"run {kills}"
            process = start(recipe, "--out", run)
            if kills % 5 == 4:
                was_killed = kill_after(process, draw.uniform(0, opening))
            else:
                was_killed = has_begun(process, run) and kill_after(
                    process, draw.uniform(0, training)
                )
            if not was_killed:
                shutil.rmtree(run)
                continue
            kills += 1
            is_begun = (run / FILE).exists()
            begun += is_begun
            if is_begun and not kills % 3 and kills < options.kills:
                was_killed = kill_after(start("--resume", run), draw.uniform(0, opening + training))
                kills, begun = kills + was_killed, begun + was_killed
            finish(recipe, run)
            if found := differences(whole, run):
                raise SystemExit(f"Kill {kills} made a difference: {', '.join(found)}")
            print(f"{kills} of {options.kills} kills, {begun} while training", flush=True)


if __name__ == "__main__":
    main()
