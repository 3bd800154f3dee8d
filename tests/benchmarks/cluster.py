"""A sweep on a Dask cluster: two workers against one, and with one that is killed in the middle.

python -m tests.benchmarks.cluster

Workers are processes of this machine, with one thread each. Adapters have to be the same bytes
each time.
"""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.common import print_table, save
from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs.comparison_results import ComparisonSettings, ComparisonStands
from vera_studio.training.cluster import compare_on_cluster

RECIPE = Recipe(training=TrainingSettings(epochs=10, device="cpu"))
METHODS = ({"rank": 4}, {"rank": 32}, {"rank": 4, "method": "lora"}, {"method": "bias"})
SWEEP = ComparisonSettings(tuple(AdapterSettings(**method) for method in METHODS), seeds=2)


def main() -> None:
    """Print the table and save the figures."""
    cases = {"one worker": (1, False), "two workers": (2, False), "two, one is killed": (2, True)}
    with tempfile.TemporaryDirectory() as temporary:
        results = {
            name: measure(Path(temporary) / name, workers, kill)
            for name, (workers, kill) in cases.items()
        }
        made = [adapters(Path(temporary) / name) for name in cases]
    if any(one != made[0] for one in made) or len(made[0]) != SWEEP.runs:
        raise SystemExit("The adapters are not the same.")
    alone = results["one worker"]["seconds"]
    rows = [
        [name, f"{one['seconds']:.1f}", f"{alone / one['seconds']:.2f}", f"{one['lost']:.0f}"]
        for name, one in results.items()
    ]
    print_table([f"{SWEEP.runs} runs", "seconds", "times", "workers lost"], rows)
    save("cluster", dict(results))


def measure(folder: Path, workers: int, kill: bool) -> dict[str, float]:
    """Seconds that the sweep takes once all workers have opened network and images."""
    import distributed

    began, lost = 0.0, 0
    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        with distributed.Client(cluster, set_as_default=False) as client:
            processes = client.run(os.getpid)

        def note(event: object) -> None:
            nonlocal began, lost
            if not isinstance(event, ComparisonStands):
                return
            began = began or time.monotonic()
            if kill and len(event.comparison.runs) == workers and not lost:
                lost += 1
                victim = next(iter(processes.values()))
                threading.Timer(0.5, os.kill, (victim, signal.SIGKILL)).start()  # it has begun one

        done = compare_on_cluster(RECIPE, SWEEP, folder, cluster.scheduler_address, note)
        seconds = time.monotonic() - began
    print(f"{folder.name}: {seconds:.1f} s", flush=True)
    if len(done.runs) != SWEEP.runs or any(run.problem for run in done.runs):
        raise SystemExit(f"Runs are missing: {done.runs}")
    return {"seconds": seconds, "lost": lost}


def adapters(folder: Path) -> Mapping[str, bytes]:
    """What the last step of each run left."""
    return {path.parent.name: path.read_bytes() for path in folder.glob("*/last.safetensors")}


if __name__ == "__main__":
    main()
