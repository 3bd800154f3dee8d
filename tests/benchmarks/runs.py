"""How soon many runs are listed, and the curves of some of them read.

    python -m tests.benchmarks.runs [--runs 500] [--epochs 200]

Runs of three classes as the studio leaves them, but without their adapters.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tests.benchmarks.common import median, print_table
from tests.made_runs import make_run
from vera_studio.runs.run_curves import load_curves
from vera_studio.runs.run_list import read_runs

_REPEATS = 5
_CURVES = 10  # that are chosen to be drawn


def make_runs(parent: Path, runs: int, epochs: int) -> None:
    """Make one run, and the others as copies of it."""
    first = make_run(parent / "first", epochs)
    begun = datetime(2026, 1, 1)
    for number in range(runs):
        name = (begun + timedelta(minutes=number)).strftime("%Y-%m-%d_%H-%M-%S")
        shutil.copytree(first, parent / name)
    shutil.rmtree(first)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=200)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        make_runs(folder, options.runs, options.epochs)
        listing = _milliseconds(lambda: read_runs(folder))
        some = [run.folder for run in read_runs(folder).runs[:_CURVES]]
        curves = _milliseconds(lambda: [load_curves(one) for one in some])
    finally:
        shutil.rmtree(folder)
    rows = [
        [f"list of {options.runs:,} runs of {options.epochs:,} epochs", f"{listing:.0f}"],
        [f"curves of {_CURVES} of them", f"{curves:.0f}"],
    ]
    print_table(["", "ms"], rows)


def _milliseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return median(times)


if __name__ == "__main__":
    main()
