"""One window that is used for long: threads, open files and memory end where they began.

    python -m tests.soak.long_life [--cycles 200] [--openings 50] [--switches 1000]

Without a screen, run it under xvfb-run or with QT_QPA_PLATFORM=offscreen. In one process: runs
that are started and stopped, networks and images that are opened in turns, adapters that are
switched. What is counted is counted after a fifth of each, when all is made that is made once, and
at the end.
"""

import argparse
import gc
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from tests.benchmarks.common import print_table
from vera_studio import environment
from vera_studio.recipe import ModelSettings
from vera_studio.runs.events import Event, StepsDone
from vera_studio.ui.app import make_application, make_window
from vera_studio.ui.error_reporter import ErrorReporter
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.window.main_window import MainWindow

_MEGABYTES = 20  # that memory may have grown by
_DEADLINE_MILLISECONDS = 120_000


class TooLateError(Exception):
    """Something did not come in time."""


def wait_until(condition: Callable[[], bool]) -> None:
    """Let the application work until `condition` holds."""
    loop, timer, late = QEventLoop(), QTimer(interval=10), QTimer(singleShot=True)
    timer.timeout.connect(lambda: loop.quit() if condition() else None)
    late.timeout.connect(loop.quit)
    timer.start()
    late.start(_DEADLINE_MILLISECONDS)
    loop.exec()
    if not condition():
        raise TooLateError(condition)


def is_settled(window: MainWindow) -> bool:
    return window.studio.is_ready and not window.studio.runner.unfinished


def settle(window: MainWindow) -> None:
    wait_until(lambda: is_settled(window))


def start_and_stop(window: MainWindow, number: int) -> None:
    """A run that is stopped after some steps, now early, now late, now while features come."""
    studio, steps = window.studio, []

    def count(events: list[Event]) -> None:
        steps.extend(event for event in events if isinstance(event, StepsDone))

    studio.run.events.connect(count)
    studio.start_run()
    if number % 4:
        wait_until(lambda: len(steps) >= number % 4 or studio.run.state is RunState.IDLE)
    studio.stop()
    wait_until(lambda: studio.run.state is RunState.IDLE)
    studio.run.events.disconnect(count)
    settle(window)


def open_another(window: MainWindow, number: int) -> None:
    """One network after the other, and the sample anew for each."""
    name = ("efficientnet_lite0", "convnet")[number % 2]
    window.studio.open_model(ModelSettings(name=name))
    settle(window)


def switch(window: MainWindow, number: int) -> None:
    """One adapter of the library after the other, and none."""
    entries = window.studio.shelf.entries
    if number % 3 == 2 or not entries:
        window.studio.adapters.switch_off()
    else:
        window.studio.adapters.switch_on(entries[number % len(entries)].path)
    wait_until(lambda: not window.studio.busy.is_busy)


def counted() -> dict[str, float]:
    """Threads, open files, megabytes of memory."""
    gc.collect()
    QCoreApplication.processEvents()
    process = psutil.Process()
    return {
        "threads": threading.active_count(),
        "files": process.num_fds() if os.name == "posix" else process.num_handles(),
        "MB": process.memory_info().rss / 2**20,
    }


def repeat(
    window: MainWindow, title: str, times: int, action: Callable[[MainWindow, int], None]
) -> list[str]:
    """Do it so many times, and tell what was there after a fifth and at the end."""
    before = {}
    for number in range(times):
        if number == times // 5:
            before = counted()
        action(window, number)
    settle(window)
    after = counted()
    told = [f"{before[key]:.0f} / {after[key]:.0f}" for key in before]
    print(title, *told, flush=True)
    grown = after["MB"] - before["MB"]
    if after["threads"] > before["threads"] or after["files"] > before["files"] + 2:
        sys.exit(f"{title}: threads or files are left over.")
    if grown > _MEGABYTES:
        sys.exit(f"{title}: {grown:.0f} MB of memory are left over.")
    return [title, f"{times:,}", *told]


def main() -> None:
    """Do all of it in one process, and tell what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--openings", type=int, default=50)
    parser.add_argument("--switches", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment.set_data_folder(Path(folder))
        application = make_application()
        window = make_window(ErrorReporter())
        window.show()
        window.studio.load()
        settle(window)
        rows = [
            repeat(window, "runs started and stopped", options.cycles, start_and_stop),
            repeat(window, "networks and images opened", options.openings, open_another),
            repeat(window, "adapters switched", options.switches, switch),
        ]
        window.close()
        del application
    print_table(["", "times", "threads", "open files", "MB"], rows)


if __name__ == "__main__":
    main()
