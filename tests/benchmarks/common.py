"""What the benchmarks share: the machine's name, medians, tables, results as JSON."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent


def machine() -> dict[str, str]:
    """What the figures depend on."""
    import torch  # here, for starting the app without it is one of the things measured

    return {
        "processor": _processor(),
        "cores": str(usable_cores()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU",
    }


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in Markdown, for a terminal and for RESULTS.md."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("| " + " | ".join(cells) + " |")
    print(flush=True)


def save(name: str, results: dict[str, object]) -> None:
    """Write `results`, and what they depend on, to NAME.json beside the benchmarks."""
    path = FOLDER / f"{name}.json"
    text = json.dumps({"machine": machine()} | results, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"Also in {path}.")
