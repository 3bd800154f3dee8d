"""How soon many runs are listed, the curves of some of them read, and the page of runs opened.

    QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.runs [--runs 500] [--epochs 200]

Runs of three classes as the studio leaves them, but without their adapters. The page is opened in
a process that has Qt in already.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from tests.benchmarks.common import median, print_table
from tests.made_runs import make_run
from vera_studio import environment
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
        page = _milliseconds(partial(open_page, folder, options.runs))
    finally:
        shutil.rmtree(folder)
    rows = [
        [f"list of {options.runs:,} runs of {options.epochs:,} epochs", f"{listing:.0f}"],
        [f"curves of {_CURVES} of them", f"{curves:.0f}"],
        ["page of runs, from its opening to its last row", f"{page:.0f}"],
    ]
    print_table(["", "ms"], rows)


def open_page(folder: Path, runs: int) -> None:
    """Show the page of the runs in `folder` until it has all of them, and close it."""
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    from vera_studio.ui.pages.runs.page import RunsPage
    from vera_studio.ui.runner import Runner
    from vera_studio.ui.state.studio import Studio
    from vera_studio.ui.state.workspace import Workspace

    _ = QApplication.instance() or QApplication([])
    environment.runs_folder = lambda: folder  # type: ignore[assignment]
    studio = Studio(Workspace(), Runner())
    page = RunsPage(studio)
    page.resize(1280, 800)
    loop = QEventLoop()
    page.history.changed.connect(loop.quit)
    page.show()
    loop.exec()
    assert page.table.model().rowCount() == runs
    page.grab()
    page.close()


def _milliseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return median(times)


if __name__ == "__main__":
    main()
