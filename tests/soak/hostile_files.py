"""Files as damage or malice may leave them, as many as one likes, for every reader of the studio.

    python -m tests.soak.hostile_files [--examples 10000] [--seed 0] [FORMAT ...]

Each file is a good one with some bytes changed, cut, added or repeated. Its reader has to give a
result or a StudioError, within two seconds, and may start no program, connect to nothing, unpickle
nothing, read nothing else and write nothing. Without names all formats are tried; it then tells
how many files were read, how many were refused, the slowest and the memory at its highest.
"""

import argparse
import dataclasses
import io
import logging
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests import audit
from tests.benchmarks.common import print_table
from tests.made_runs import make_comparison, make_run
from vera_studio import environment, recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attach, detach
from vera_studio.adapters.library import Library
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.data.cache_index import CachedImage, CacheIndex, read_index, write_index
from vera_studio.data.image_file import UnreadableImage, read_image
from vera_studio.data.image_marks import marks_file, read_marks, set_mark
from vera_studio.data.preprocessing import square
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.errors import StudioError
from vera_studio.exchange.peft_export import export_peft
from vera_studio.exchange.reading import read_adapter
from vera_studio.models.model import open_model
from vera_studio.models.weights_file import holds_weights
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.runs import queue_file
from vera_studio.runs.comparison_file import COMPARISON_FILE, load_comparison
from vera_studio.runs.events import Evaluation, RunResult
from vera_studio.runs.given_classes import given_file, read_given, save_given
from vera_studio.runs.predictions import Predictions, predictions_file
from vera_studio.runs.predictions import load as load_predictions
from vera_studio.runs.predictions import save as save_predictions
from vera_studio.runs.run_curves import load_curves
from vera_studio.runs.run_folder import RunFolder, load_result
from vera_studio.runs.run_list import read_runs
from vera_studio.runs.run_notes import NOTES_FILE, RunNotes, save_notes
from vera_studio.runs.run_state import STATE_FILE, broken_off, state_of
from vera_studio.training import progress
from vera_studio.training.loop import train
from vera_studio.ui.state.settings import Settings

SECONDS = 2.0  # of the processor that a reader may take
PATIENCE = 30.0  # seconds that it may take with all that the machine does besides
MEGABYTES = 500  # of memory, above what was taken before
_HEAD = 2048  # bytes, where formats keep what they say of themselves
_MAKER = ["13.0", ["PNG"], [224, 256, "bicubic", False]]  # of a cache
_PIECES = (
    *(b"\x00" * 8, b"\xff" * 8, b"\xff\xff\xff\x7f", b"\x80\x02c", b"9" * 40, b"-1", b"1e999"),
    *(b"NaN", b"null", b"{}", b"[" * 500, b'"', b"\\u0000", b"\n", b"../../", b"=", b"'''"),
    b"cos\nsystem\n(S'touch was-here'\ntR.",
)


@dataclass(frozen=True)
class Format:
    """A kind of file, and who reads it."""

    make: Callable[[Path], Path]  # makes a good one in a folder; gives the file that is changed
    read: Callable[[Path], object]  # takes that file


@dataclass
class Tally:
    """What came of the files of a format."""

    files: int = 0
    refused: int = 0
    slowest: float = 0.0  # seconds


def changed(
    good: bytes, integer: Callable[[int, int], int], choice: Callable[[Sequence[Any]], Any]
) -> bytes:
    """`good` with one to six changes, half of them where it says what it is.

    Args:
        good: a file.
        integer: draws one between two, which are included.
        choice: draws one of several things.
    """
    content = bytearray(good)
    for _ in range(integer(1, 6)):
        last = max(0, len(content) - 1)
        at = integer(0, choice((min(last, _HEAD), last)))
        length = integer(1, 64)
        match choice(("flip", "cut", "drop", "insert", "over", "repeat", "number")):
            case "flip" if content:
                content[at] ^= integer(1, 255)
            case "cut":
                del content[at:]
            case "drop":
                del content[at : at + length]
            case "insert":
                content[at:at] = choice(_PIECES)
            case "over":
                piece = choice(_PIECES)
                content[at : at + len(piece)] = piece
            case "repeat":
                content[at:at] = bytes(content[at : at + length]) * integer(1, 50)
            case "number":
                content[at : at + 8] = integer(0, 2**64 - 1).to_bytes(8, "little")
    return bytes(content)


class Trial:
    """The reader of a format, and what came of the files that it was given."""

    def __init__(self, kind: Format, folder: Path) -> None:
        """Make a good file of `kind` in `folder`."""
        self.path = kind.make(folder)
        self.good, self.tally = self.path.read_bytes(), Tally()
        self._read, self._folder = kind.read, folder
        kind.read(self.path)  # what is imported or made once is so by now

    def read(self, content: bytes) -> None:
        """Have it read a file; an AssertionError shows a bad one, which is left in the folder."""
        self.path.write_bytes(content)
        self.tally.files += 1
        start, waited = time.process_time(), time.perf_counter()
        with audit.recording() as seen:
            try:
                self._read(self.path)
            except (StudioError, UnreadableImage):
                self.tally.refused += 1
        # Of the processor: what else the machine does is not the reader's fault. Waiting would be.
        seconds, waited = time.process_time() - start, time.perf_counter() - waited
        self.tally.slowest = max(self.tally.slowest, seconds)
        assert seen.strays(self._folder) == []
        assert seen.unpickled == []
        assert seconds < SECONDS, f"{seconds:.1f} s"
        assert waited < PATIENCE, f"{waited:.1f} s"


def try_some(kind: Format, folder: Path, examples: int) -> Tally:
    """Have the reader of `kind` read so many changed files, the same in every run."""
    trial = Trial(kind, folder)

    @st.composite
    def files(draw: st.DrawFn) -> bytes:
        return changed(
            trial.good,
            lambda low, high: draw(st.integers(low, high)),
            lambda things: draw(st.sampled_from(things)),
        )

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(files())
    def read(content: bytes) -> None:
        trial.read(content)

    read()
    return trial.tally


def try_many(kind: Format, folder: Path, examples: int, seed: int) -> Tally:
    """As `try_some`, with others for each seed; Hypothesis would take ten times as long."""
    trial, draw = Trial(kind, folder), random.Random(seed)
    for _ in range(examples):
        trial.read(changed(trial.good, draw.randint, draw.choice))
    return trial.tally


def _weights(suffix: str) -> Format:
    def make(folder: Path) -> Path:
        path, state = folder / f"weights{suffix}", open_model(ModelSettings()).network.state_dict()
        if suffix == ".safetensors":
            safetensors.torch.save_file(state, path)
        else:
            torch.save({"state_dict": state}, path)
        return path

    def read(path: Path) -> None:
        holds_weights(path)
        open_model(ModelSettings(weights=str(path)))

    return Format(make, read)


def _image(name: str) -> Format:
    def make(folder: Path) -> Path:
        image, buffer = Image.linear_gradient("L").resize((48, 40)).convert("RGB"), io.BytesIO()
        image.save(buffer, name)
        (folder / f"image.{name.lower()}").write_bytes(buffer.getvalue())
        return folder / f"image.{name.lower()}"

    return Format(make, lambda path: read_image(path, square(32)))


def _make_adapter(folder: Path) -> Path:
    model = open_model(ModelSettings())
    attach(model.network, AdapterSettings(rank=4, sharing="all"))
    path = folder / "adapter.safetensors"
    adapter_file.save(path, model.network, model.class_names, TrainingRecord(data="A"), "a" * 64)
    detach(model.network)
    return path


def _read_adapter(path: Path) -> None:
    Library(path.parent).contents()
    adapter_file.load(path)


def _peft(changed_file: str) -> Format:
    model = open_model(ModelSettings())

    def make(folder: Path) -> Path:
        attach(model.network, AdapterSettings(rank=4, sharing="all"))
        path = folder / "adapter.safetensors"
        adapter_file.save(path, model.network, model.class_names, TrainingRecord(), model.digest)
        detach(model.network)
        adapter = adapter_file.load(path)
        path.unlink()
        export_peft(adapter, model.network, model.class_names, folder / "peft")
        return folder / "peft" / changed_file

    return Format(make, lambda path: read_adapter(path.parent, model))


def _make_recipe(folder: Path) -> Path:
    recipe = dataclasses.replace(Recipe(), model=ModelSettings(weights="x", class_names=("a", "b")))
    recipe_file.save(recipe, folder / "recipe.toml")
    return folder / "recipe.toml"


def _make_settings(folder: Path) -> Path:
    kept = Settings(folder / "settings.json")
    kept.keep(page="images", recent=["a", "b"], geometry=b"\x00\x01", width=3)
    return folder / "settings.json"


def _make_run(folder: Path) -> Path:
    names = ("a", "b")
    measured = Evaluation(1.0, 0.5, (0.5, 0.5), (2, 2), (1.0, 1.0), "test")
    run = RunFolder(folder / "run", Recipe(), names, (0, 1))
    path = folder / "run"
    run.add_result(
        RunResult(path, False, 1, 1, names, (0,), measured, measured, 1.0, 1.0, "cpu", 0.1)
    )
    return path / "result.json"


def _make_predictions(folder: Path) -> Path:
    told = np.array([[0, 1], [1, 0], [1, 0]])
    shares = np.array([[0.75, 0.25]] * 3, dtype=np.float32)
    files = ("a/1.jpg", "a/2.jpg", "b/3.jpg")
    truth = np.array([0, 0, 1])
    save_predictions(
        Predictions("test", ("a", "b"), files, truth, told, shares, told[:, ::-1], shares), folder
    )
    return predictions_file(folder, "test")


def _make_progress(folder: Path) -> Path:
    labels = torch.arange(10)
    images = ImageSet(torch.full((10, 3, 32, 32), 90, dtype=torch.uint8), labels)
    data = ImageData("folder", "Grey", open_model(ModelSettings()).class_names, *[images] * 3)
    training = TrainingSettings(epochs=1, batch_size=8, device="cpu")
    train(Recipe(adapter=AdapterSettings(rank=4), training=training), folder / "run", data=data)
    return folder / "run" / progress.FILE


def _make_state(folder: Path) -> Path:
    return make_run(folder / "run") / STATE_FILE


def _read_state(path: Path) -> None:
    state_of(path.parent), broken_off(path.parent.parent), read_runs(path.parent.parent)


def _read_settings(path: Path) -> None:
    kept = Settings(path)
    kept.text("page"), kept.texts("recent"), kept.data("geometry")


def _make_index(folder: Path) -> Path:
    images = {f"cat/{k}.jpg": CachedImage(k, 10_000 + k, 10**18, k, bytes(32)) for k in range(5)}
    write_index(folder / "key.index", _MAKER, CacheIndex("key.0123456789abcdef.pixels", 5, images))
    return folder / "key.index"


def _make_marks(folder: Path) -> Path:
    set_mark(folder, "cat/1.jpg", "mislabelled")
    set_mark(folder, "cat/2.jpg", "left out")
    return marks_file(folder).replace(folder / "marks.json")


def _make_given(folder: Path) -> Path:
    save_given(folder, {"cat/1.jpg": "cat", "2.jpg": "a dog"})
    return given_file(folder).replace(folder / "given.json")


def _make_notes(folder: Path) -> Path:
    save_notes(make_run(folder / "run"), RunNotes("mine", "a good one"))
    return folder / "run" / NOTES_FILE


def _make_queue(folder: Path) -> Path:
    titled = [(f"run {seed}", Recipe(training=TrainingSettings(seed=seed))) for seed in range(3)]
    queue = queue_file.Queue().with_added(titled)
    first = queue.entries[0].name
    queue_file.save(queue.with_change([first], run="a", after=0.5), folder / "queue.json")
    return folder / "queue.json"


FORMATS: dict[str, Callable[[], Format]] = {
    "adapter": lambda: Format(_make_adapter, _read_adapter),
    "weights-pt": lambda: _weights(".pt"),
    "weights-safetensors": lambda: _weights(".safetensors"),
    "image-cache": lambda: Format(_make_index, lambda path: read_index(path, _MAKER)),
    "recipe": lambda: Format(_make_recipe, recipe_file.load),
    "settings": lambda: Format(_make_settings, _read_settings),
    **{
        f"image-{name.lower()}": lambda name=name: _image(name)
        for name in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
    },
    "peft-config": lambda: _peft("adapter_config.json"),
    "peft-tensors": lambda: _peft("adapter_model.safetensors"),
    "progress": lambda: Format(_make_progress, lambda path: progress.load(path.parent)),
    "image-marks": lambda: Format(_make_marks, read_marks),
    "given-classes": lambda: Format(_make_given, read_given),
    "predictions": lambda: Format(
        _make_predictions, lambda path: load_predictions(path.parent, "test")
    ),
    "run-folder": lambda: Format(_make_run, lambda path: load_result(path.parent)),
    "run-state": lambda: Format(_make_state, _read_state),
    "run-recipe": lambda: Format(
        lambda folder: make_run(folder / "a") / "recipe.toml",
        lambda path: read_runs(path.parent.parent),
    ),
    "run-losses": lambda: Format(
        lambda folder: make_run(folder / "a") / "losses.csv",
        lambda path: load_curves(path.parent),
    ),
    "run-curves": lambda: Format(
        lambda folder: make_run(folder / "a") / "metrics.csv",
        lambda path: load_curves(path.parent),
    ),
    "queue": lambda: Format(_make_queue, queue_file.load),
    "run-notes": lambda: Format(_make_notes, lambda path: read_runs(path.parent.parent)),
    "comparison": lambda: Format(
        lambda folder: make_comparison(folder).folder / COMPARISON_FILE,
        lambda path: load_comparison(path.parent),
    ),
}


def main() -> None:
    """Try the formats that were named, and tell what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # a line for each damaged settings file
    rows, greedy, process = [], [], psutil.Process()
    for name in options.formats or FORMATS:
        folder = Path(tempfile.mkdtemp())
        environment.set_data_folder(folder / "home")
        before = process.memory_info().rss
        try:
            tally = try_many(FORMATS[name](), folder, options.examples, options.seed)
        except AssertionError:
            print(f"{name}: a bad file is in {folder}", flush=True)
            raise
        shutil.rmtree(folder)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) / 1e6
        cells = (f"{tally.files:,}", f"{tally.refused:,}", f"{1000 * tally.slowest:.0f}")
        rows.append([name, *cells, f"{grown:.0f}"])
        print(rows[-1], flush=True)
        greedy += [name] * (grown > MEGABYTES)
    print_table(["format", "files", "refused", "slowest, ms", "MB at most"], rows)
    if greedy:
        sys.exit(f"More than {MEGABYTES} MB of memory were taken by {', '.join(greedy)}.")


if __name__ == "__main__":
    main()
