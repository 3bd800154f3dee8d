"""How quickly the window is there, and how smooth it stays while it trains, on the real event loop.

    python -m tests.benchmarks.window

Without a screen, run it under xvfb-run. Takes some ten minutes. Every measurement is taken in
a process of its own, in turns, and the medians are told:

- start-up: from the start of the process to the first exposed window, and from torch being in
  to network and images being open; beside the time that importing torch and torchvision takes;
- a run with live plots: images a second in the window and without one, and how late a timer is
  that is due every 5 ms. Such a timer asks for Python 200 times a second, which holds the run up,
  so the two are measured in runs of their own;
- what drawing a plot of a thousand and of a million points costs;
- memory at rest: the window on the built-in sample, five seconds after all is loaded, beside an
  interpreter that has imported torch, torchvision, Qt and pyqtgraph;
- switching between two adapters on a loaded network;
- how late that timer is while a network of 100 MB (ResNet-50 with random weights) is opened,
  inspected, adapted in all convolutions, and left for EfficientNet-Lite0 and the ConvNet.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.benchmarks.common import median, print_table, save, usable_cores

TICK_SECONDS = 0.005
SMALL_BATCH, SMALL_EPOCHS = 4, 60
AUTO_EPOCHS = 150
REST_MILLISECONDS = 5000
SETTLE_MILLISECONDS = 3000  # after each step, for what it sets off
IMPORTS = (
    *("torch", "torchvision", "pyqtgraph"),
    *("PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets"),
)
LATENESS = ("late_p50", "late_p99")


class Lateness:
    """How late a timer is that is due every 5 ms, from `start` on."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.seconds: list[float] = []
        self._last = 0.0
        interval = round(TICK_SECONDS * 1000)
        self._timer = QTimer(interval=interval, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.seconds.append(max(0.0, now - self._last - TICK_SECONDS))
        self._last = now

    def figures(self) -> dict[str, float]:
        import numpy as np

        return {
            "late_p50": float(np.percentile(self.seconds, 50)) * 1000,
            "late_p99": float(np.percentile(self.seconds, 99)) * 1000,
            "late_most": max(self.seconds) * 1000,
        }


def start_up(arguments: list[str]) -> dict[str, float]:
    """In a child: start the app as `run_app` does and tell when what was there."""
    started = float(arguments[0])
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication

    from vera_studio import environment
    from vera_studio.ui.app import make_application, make_window, when_exposed
    from vera_studio.ui.error_reporter import ErrorReporter
    from vera_studio.ui.state import starting

    times: dict[str, float] = {}

    def note(name: str) -> None:
        times.setdefault(name, time.time() - started)

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Expose:
                QTimer.singleShot(0, lambda: note("visible"))  # drawn by then
            return False

    load_engine = starting.load_engine

    def load(on_event: Callable[[object], None], should_stop: Callable[[], bool]) -> None:
        def pass_on(event: object) -> None:
            if getattr(event, "text", "") == "Loading the training engine":
                note("torch is in")
            on_event(event)

        load_engine(pass_on, should_stop)

    starting.load_engine = load
    with tempfile.TemporaryDirectory() as folder:
        environment.set_data_folder(Path(folder))
        application = make_application()
        window = make_window(ErrorReporter())
        when_exposed(window, window.studio.load)
        watch = Watch()
        window.windowHandle().installEventFilter(watch)  # the last one installed is the first asked
        window.studio.ready.connect(lambda: note("ready"))
        window.studio.ready.connect(application.exit)
        window.show()
        application.exec()
        window.close()
        QApplication.processEvents()
    return times


def run_in_window(arguments: list[str]) -> dict[str, float]:
    """In a child: train in the window and tell its speed and how late a timer was."""
    batch_size, epochs, with_timer = (int(one) for one in arguments)
    from PySide6.QtCore import QTimer

    from vera_studio import environment
    from vera_studio.ui.app import make_application, make_window
    from vera_studio.ui.error_reporter import ErrorReporter
    from vera_studio.ui.state.run_control import RunState

    with tempfile.TemporaryDirectory() as folder:
        environment.set_data_folder(Path(folder))
        application = make_application()
        window = make_window(ErrorReporter())
        window.resize(1280, 800)
        window.show()
        studio = window.studio
        late = Lateness()
        results: list[object] = []

        def begin() -> None:
            studio.workspace.edit_training(batch_size=batch_size or None, epochs=epochs)
            studio.start_run()
            if with_timer:
                late.start()

        def end(state: RunState) -> None:
            if state is RunState.IDLE:
                late.stop()
                application.exit()

        studio.workspace.result_changed.connect(results.append)
        studio.run.state_changed.connect(end)
        studio.ready.connect(lambda: QTimer.singleShot(1500, begin))  # measured by then
        studio.load()
        application.exec()
        pages = window.training_page.losses
        points = len(pages.points("raw")[0])
        window.close()
    result = {"images_per_second": results[-1].images_per_second, "points": points}
    return result | late.figures() if with_timer else result


def other_networks(arguments: list[str]) -> dict[str, float]:
    """In a child: go from network to network, a large one among them, and tell how late it was."""
    import torch
    from PySide6.QtCore import QTimer

    from vera_studio import environment
    from vera_studio.models.registry import find
    from vera_studio.recipe import ModelSettings
    from vera_studio.ui.app import make_application, make_window
    from vera_studio.ui.error_reporter import ErrorReporter

    with tempfile.TemporaryDirectory() as folder:
        environment.set_data_folder(Path(folder))
        weights = Path(folder) / "resnet50.pt"
        torch.save(find("resnet50").build(1000).state_dict(), weights)
        application = make_application()
        window = make_window(ErrorReporter())
        window.resize(1280, 800)
        window.show()
        studio, late = window.studio, Lateness()
        everything = tuple(f"layer{number}.*conv*" for number in range(1, 5))
        steps: list[Callable[[], object]] = [
            late.start,
            lambda: studio.open_model(ModelSettings("resnet50", str(weights))),
            lambda: window.rooms.show_page("parameters"),
            lambda: studio.workspace.edit_adapter(layers=everything),
            lambda: studio.open_model(ModelSettings("efficientnet_lite0")),
            lambda: studio.open_model(ModelSettings()),
        ]

        def go_on() -> None:
            if studio.busy.is_busy:
                return
            if steps:
                steps.pop(0)()
            else:
                late.stop()
                application.exit()

        timer = QTimer(interval=SETTLE_MILLISECONDS)
        timer.timeout.connect(go_on)
        studio.ready.connect(timer.start)
        studio.load()
        application.exec()
        window.close()
    return late.figures()


def run_headless(arguments: list[str]) -> dict[str, float]:
    """In a child: the same run without a window, with so many threads."""
    batch_size, epochs, threads = (int(one) for one in arguments)
    import torch

    from vera_studio.recipe import Recipe, TrainingSettings
    from vera_studio.training.loop import train

    torch.set_num_threads(threads)
    training = TrainingSettings(batch_size=batch_size or None, epochs=epochs)
    with tempfile.TemporaryDirectory() as folder:
        result = train(Recipe(training=training), Path(folder) / "run")
    return {"images_per_second": result.images_per_second}


def draw(arguments: list[str]) -> dict[str, float]:
    """In a child: milliseconds to add a hundred points to a plot of so many and draw it."""
    import numpy as np
    from PySide6.QtWidgets import QApplication

    from vera_studio.ui.app import make_application
    from vera_studio.ui.widgets.curve_plot import CurvePlot

    count = int(arguments[0])
    application = make_application()
    plot = CurvePlot("Loss", "Step", "Cross entropy")
    plot.resize(900, 400)
    plot.show()
    plot.set_series("raw", "every step", role="raw", width=1)
    random = np.random.default_rng(0)
    plot.append("raw", np.arange(count), random.normal(size=count))
    plot.bring_up_to_date()
    plot.grab()
    times = []
    for _ in range(30):
        start = time.perf_counter()
        plot.append("raw", np.arange(count, count + 100), random.normal(size=100))
        plot.bring_up_to_date()
        plot.grab()
        times.append(time.perf_counter() - start)
        count += 100
    QApplication.processEvents()
    del application
    return {"milliseconds": median(times) * 1000}


def switch(arguments: list[str]) -> dict[str, float]:
    """In a child: milliseconds to put one of two loaded adapters on a loaded network."""
    import torch

    from vera_studio.adapters import adapter_file
    from vera_studio.adapters.attach import adapter_parameters, attach
    from vera_studio.adapters.training_record import TrainingRecord
    from vera_studio.models.model import open_model
    from vera_studio.recipe import AdapterSettings, ModelSettings

    torch.set_num_threads(max(1, usable_cores() - 1))
    model = open_model(ModelSettings())
    names = model.class_names
    files = []
    with tempfile.TemporaryDirectory() as folder:
        for number, settings in enumerate((AdapterSettings(), AdapterSettings(rank=16, seed=7))):
            attach(model.network, settings)
            for _, parameter in adapter_parameters(model.network):
                torch.nn.init.normal_(parameter)
            path = Path(folder) / f"{number}.safetensors"
            adapter_file.save(path, model.network, names, TrainingRecord())
            files.append(adapter_file.load(path))
            adapter_file.detach(model.network)
    times = []
    for turn in range(60):
        start = time.perf_counter()
        adapter_file.apply(files[turn % 2], model.network, names)
        times.append(time.perf_counter() - start)
    return {"milliseconds": median(times) * 1000, "most": max(times) * 1000}


def at_rest(arguments: list[str]) -> dict[str, float]:
    """In a child: megabytes of the app when all is loaded and nothing goes on, or of imports."""
    if arguments[0] == "imports":
        for name in IMPORTS:
            importlib.import_module(name)
        return {"megabytes": resident_megabytes()}
    from PySide6.QtCore import QTimer

    from vera_studio import environment
    from vera_studio.ui.app import make_application, make_window
    from vera_studio.ui.error_reporter import ErrorReporter

    with tempfile.TemporaryDirectory() as folder:
        environment.set_data_folder(Path(folder))
        application = make_application()
        window = make_window(ErrorReporter())
        window.resize(1280, 800)
        window.show()
        window.studio.ready.connect(lambda: QTimer.singleShot(REST_MILLISECONDS, application.exit))
        window.studio.load()
        application.exec()
        megabytes = resident_megabytes()
        window.close()
    return {"megabytes": megabytes}


def resident_megabytes() -> float:
    return psutil.Process().memory_info().rss / 2**20


CHILDREN = {
    "at-rest": at_rest,
    "start-up": start_up,
    "window": run_in_window,
    "headless": run_headless,
    "draw": draw,
    "switch": switch,
    "networks": other_networks,
}


def child(name: str, *arguments: object) -> dict[str, float]:
    """What a child process measured."""
    command = [sys.executable, "-m", "tests.benchmarks.window", "--child", name]
    # The default, which differs between systems, is part of what is measured.
    own = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, env=own)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def medians(turns: list[dict[str, float]]) -> dict[str, float]:
    return {key: median([turn[key] for turn in turns]) for key in turns[0]}


def measure_start_up(repeats: int) -> dict[str, float]:
    turns: list[dict[str, float]] = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch, torchvision"], check=True)
        imports = time.perf_counter() - start
        turns.append({"imports": imports} | child("start-up", time.time()))
    results = medians(turns[1:])  # the first warms the disk's cache
    print_table(
        ["start-up", "seconds", "allowed"],
        [
            ["import torch, torchvision alone", f"{results['imports']:.2f}", ""],
            ["window visible", f"{results['visible']:.2f}", "1.00"],
            ["visible / imports", f"{results['visible'] / results['imports']:.2f}", "0.50"],
            ["torch is in", f"{results['torch is in']:.2f}", ""],
            ["ready after that", f"{results['ready'] - results['torch is in']:.2f}", "1.50"],
        ],
    )
    return results


def measure_run(title: str, batch_size: int, epochs: int, repeats: int) -> dict[str, object]:
    cores = usable_cores()
    in_window, late = [], []
    headless: dict[int, list[float]] = {threads: [] for threads in {max(1, cores - 1), cores}}
    for _ in range(repeats):
        in_window.append(child("window", batch_size, epochs, 0))
        for threads, speeds in headless.items():
            speeds.append(child("headless", batch_size, epochs, threads)["images_per_second"])
        late.append(child("window", batch_size, epochs, 1))
    window = medians(in_window) | {key: median([turn[key] for turn in late]) for key in LATENESS}
    window["late_most"] = max(turn["late_most"] for turn in late)
    speeds = {threads: median(own) for threads, own in headless.items()}
    # Turn by turn, for how fast the machine is may change from one to the next.
    own = [turn["images_per_second"] for turn in in_window]
    same = [mine / other for mine, other in zip(own, headless[max(1, cores - 1)], strict=True)]
    fastest = [max(turn) for turn in zip(*headless.values(), strict=True)]
    best = [mine / other for mine, other in zip(own, fastest, strict=True)]
    rows = [["in the window", f"{window['images_per_second']:,.0f} images/s", ""]]
    for threads, speed in sorted(speeds.items()):
        rows.append([f"headless, {threads} threads", f"{speed:,.0f} images/s", ""])
    rows += [
        ["window / headless, same threads", f"{median(same):.0%} ({spread(same)})", "90%"],
        ["window / best headless", f"{median(best):.0%} ({spread(best)})", "70%"],
        ["lateness, median", f"{window['late_p50']:.1f} ms", ""],
        ["lateness, p99", f"{window['late_p99']:.1f} ms", "33 ms"],
        ["longest stall of all turns", f"{window['late_most']:.0f} ms", "100 ms"],
        ["points of the live plot", f"{window['points']:,.0f}", ""],
    ]
    print_table([title, "measured", "allowed"], rows)
    return {"window": window, "headless": speeds, "same_threads": same, "best": best}


def spread(ratios: list[float]) -> str:
    """The least and the greatest."""
    return f"{min(ratios):.0%} to {max(ratios):.0%}"


def measure_plots(repeats: int) -> dict[str, float]:
    counts = (1_000, 1_000_000)
    turns = {count: [] for count in counts}
    for _ in range(repeats):
        for count in counts:
            turns[count].append(child("draw", count)["milliseconds"])
    results = {f"{count:,} points": median(own) for count, own in turns.items()}
    print_table(["drawing a plot of", "ms"], [[key, f"{one:.1f}"] for key, one in results.items()])
    return results


def measure_memory() -> dict[str, float]:
    imports, app = (child("at-rest", what)["megabytes"] for what in ("imports", "app"))
    print_table(
        ["memory at rest", "MB", "allowed"],
        [
            ["imports alone", f"{imports:,.0f}", ""],
            ["window, all loaded", f"{app:,.0f}", f"{imports + 100:,.0f}"],
        ],
    )
    return {"imports": imports, "app": app}


def networks_table(figures: dict[str, float]) -> tuple[list[str], list[list[str]]]:
    return ["from network to network", "measured", "allowed"], [
        ["lateness, p99", f"{figures['late_p99']:.1f} ms", "33 ms"],
        ["longest stall", f"{figures['late_most']:.0f} ms", "100 ms"],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, *arguments = options.child
        print(json.dumps(CHILDREN[name](arguments)), flush=True)
        return
    results: dict[str, object] = {"start_up": measure_start_up(options.repeats)}
    results["batch_4"] = measure_run(
        "a run with batch 4", SMALL_BATCH, SMALL_EPOCHS, options.repeats
    )
    results["batch_auto"] = measure_run("a run with batch Auto", 0, AUTO_EPOCHS, options.repeats)
    results["memory"] = measure_memory()
    results["plots"] = measure_plots(options.repeats)
    results["switch"] = switched = child("switch")
    print(
        f"Switching adapters: {switched['milliseconds']:.1f} ms, at most {switched['most']:.1f}; "
        "5 ms are allowed."
    )
    results["networks"] = child("networks")
    print_table(*networks_table(results["networks"]))
    save("window", results)


if __name__ == "__main__":
    main()
