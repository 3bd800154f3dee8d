"""How long folders of many photographs take to open, and how much memory.

    python -m tests.benchmarks.many_images [COUNT ...]

The pictures are made here from a few, each a file with other pixels, below a temporary folder
(`--folder` puts them elsewhere and keeps them). Every opening is a process of its own; memory is
what it takes at most above one that has imported torch. 100,000 take 16 GB of disk.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from tests.benchmarks.common import print_table, save

COUNTS = (1_000, 10_000, 100_000)
SIZE = (320, 240)  # pixels, of a picture
_FEW = 8  # pictures that the others are made from
_CLASSES = 100
_SAMPLE = 1024  # images that are read at random, 32 at once
_MEGABYTE = 10**6


def make(folder: Path, count: int) -> None:
    """Write so many pictures: one of a few, with its number as 24 squares in the middle."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (_FEW, 9, 12, 3), dtype=np.uint8)
    few = [Image.fromarray(one).resize(SIZE, Image.Resampling.BICUBIC) for one in coarse]
    for number in range(count):
        home = folder / f"class {number % _CLASSES}"
        home.mkdir(parents=True, exist_ok=True)
        bits = np.array([number >> bit & 1 for bit in range(24)], dtype=np.uint8).reshape(4, 6)
        picture = few[number % _FEW].copy()
        picture.paste(Image.fromarray(255 * bits).resize((96, 64), 0), (112, 88))
        picture.save(home / f"{number:06}.jpg", quality=90)


def measure(folder: Path, home: Path, limit: int | None) -> dict[str, float]:
    """Open the folder in a process of its own; its figures."""
    arguments = [str(folder), str(home), "" if limit is None else str(limit)]
    child = [sys.executable, "-m", "tests.benchmarks.many_images", "--child", *arguments]
    done = subprocess.run(child, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def child(folder: Path, home: Path, limit: str) -> None:
    """One opening, and what it took, printed as JSON."""
    import torch

    from vera_studio import environment
    from vera_studio.data.folder import open_folder
    from vera_studio.data.folder_scan import look_at
    from vera_studio.data.image_cache import cache_bytes, set_cache_limit
    from vera_studio.models.registry import find

    environment.set_data_folder(home)
    form = find("efficientnet_lite0").preprocessing
    if limit:
        set_cache_limit(int(limit))
    before = psutil.Process().memory_info().rss
    start = time.perf_counter()
    names = look_at(folder).class_names
    looked = time.perf_counter()
    first: list[float] = []
    data = open_folder(
        folder, names, form, on_first=lambda _: first.append(time.perf_counter() - looked)
    )
    opened = time.perf_counter()
    order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(0))
    some = order[:_SAMPLE]
    for indices in torch.split(some, 32):
        data.train.read(indices)
    read = time.perf_counter()
    parts = (data.train, data.validation, data.test)
    figures = {
        "images": sum(map(len, parts)),
        "skipped": len(data.skipped),
        "copies": len(data.copies),
        "look": looked - start,
        "first picture": first[0],
        "open": opened - looked,
        "read": len(some) / (read - opened),
        "memory": (_peak() - before) / _MEGABYTE,
        "cache": cache_bytes() / _MEGABYTE,
    }
    print(json.dumps(figures))


def _peak() -> int:
    """Bytes that the process had at most."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("counts", nargs="*", type=int, default=COUNTS)
    parser.add_argument("--folder", type=Path, help="where the pictures are made, and stay")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, home, limit = options.child
        child(Path(folder), Path(home), limit)
        return
    with tempfile.TemporaryDirectory() as temporary:
        results = [run(options.folder or Path(temporary), count) for count in options.counts]
    rows = []
    for one in results:
        first, second, bare = one["first"], one["second"], one["without cache"]
        rows.append(
            [
                f"{first['images']:,.0f}",
                f"{first['open']:,.1f} s",
                f"{first['images'] / first['open']:,.0f}",
                f"{first['cache']:,.0f} MB",
                f"{second['look'] + second['open']:,.2f} s",
                f"{first['first picture']:.2f} s",
                f"{second['read']:,.0f}/s",
                f"{max(first['memory'], second['memory']):,.0f} MB",
                f"{bare['open']:,.1f} s",
                f"{bare['read']:,.0f}/s",
                f"{bare['memory']:,.0f} MB",
            ]
        )
    head = ["images", "opening", "a second", "cache", "again", "first picture", "read", "memory"]
    print_table([*head, "without cache", "read", "memory"], rows)
    save("many_images", {"results": results})


def run(folder: Path, count: int) -> dict[str, dict[str, float]]:
    """The figures of so many pictures."""
    pictures, home = folder / f"{count}", folder / f"{count}-home"
    if not pictures.exists():
        make(pictures, count)
    first = measure(pictures, home, None)
    second = measure(pictures, home, None)
    bare = measure(pictures, folder / f"{count}-bare", 0)
    return {"first": first, "second": second, "without cache": bare}


if __name__ == "__main__":
    main()
