"""Opening any file or folder starts no program, connects to nothing, unpickles nothing, reads
nothing but itself and writes nothing; it is told in a sentence, and ends soon after Cancel."""

import contextlib
import json
import os
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch
from PIL import Image

from tests import audit
from tests.hostile import Program, make_hostile
from vera_studio import environment, recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.adapters.library import Library
from vera_studio.data.image_marks import read_marks
from vera_studio.data.open_data import open_data
from vera_studio.data.preprocessing import square
from vera_studio.data.store import ImageData
from vera_studio.errors import Cancelled, StudioError
from vera_studio.exchange.peft_export import export_peft
from vera_studio.exchange.reading import read_adapter
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.model import open_model
from vera_studio.models.weights_file import holds_weights
from vera_studio.recipe import AdapterSettings, DataSettings, ModelSettings, Recipe
from vera_studio.runs import queue_file
from vera_studio.runs.comparison_file import load_comparison
from vera_studio.runs.given_classes import read_given
from vera_studio.runs.predictions import load as load_predictions
from vera_studio.runs.run_curves import load_curves
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.run_list import read_runs
from vera_studio.runs.run_notes import load_notes
from vera_studio.training import progress
from vera_studio.ui.state.settings import Settings

SOON = 2.0  # seconds after Cancel
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="needs pipes and links"),
    pytest.mark.timeout(100),
]


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


Reader = Callable[[Path], object]


def read_all(
    reader: Reader, paths: list[Path], *readable: Path, writable: tuple[Path, ...] = ()
) -> None:
    """Have `reader` read each path: a StudioError or a result, and nothing done beside."""
    with audit.recording() as seen:
        for path in paths:
            with contextlib.suppress(StudioError):
                reader(path)
    assert seen.strays(*readable, writable=writable) == []
    assert seen.unpickled == []


def test_weights(model, tmp_path):
    state = model.network.state_dict()
    torch.save({"state_dict": state, "with": Program()}, tmp_path / "good.pt")
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    safetensors.torch.save_file(state, tmp_path / "good.safetensors")

    def reader(path: Path) -> None:
        assert open_model(ModelSettings(weights=str(path))).network

    good = [tmp_path / name for name in ("good.pt", "old.pt", "good.safetensors")]
    with audit.recording() as seen:
        for path in good:
            reader(path)
            assert holds_weights(path)
    assert seen.strays(tmp_path) == []
    assert seen.unpickled == []
    for suffix in (".pt", ".pth", ".ckpt", ".bin", ".safetensors"):
        paths = make_hostile(tmp_path / suffix[1:], suffix)
        read_all(reader, paths, tmp_path)
        read_all(holds_weights, paths, tmp_path)


def test_recipes(tmp_path):
    recipe_file.save(Recipe(), tmp_path / "good.toml")
    read_all(recipe_file.load, [tmp_path / "good.toml"], tmp_path)
    read_all(recipe_file.load, make_hostile(tmp_path / "bad", ".toml"), tmp_path)


def test_adapters_peft_folders_run_folders_and_the_library(model, make_adapter, tmp_path):
    made = make_adapter(model.network, AdapterSettings(rank=4, sharing="all"))
    folder = tmp_path / "library"
    adapter_file.write(folder / "good.safetensors", made)
    hostile = make_hostile(folder, ".safetensors")

    def reader(path: Path) -> None:
        adapter = read_adapter(path, model)
        adapter_file.apply(adapter, open_model(ModelSettings()).network, CLASS_NAMES)

    read_all(reader, hostile, tmp_path)
    read_all(adapter_file.inspect, hostile, tmp_path)
    read_all(lambda path: Library(path).contents(), [folder, tmp_path / "none"], tmp_path)
    assert [entry.path.stem for entry in Library(folder).contents().entries] == ["good"]

    export_peft(made, model.network, CLASS_NAMES, tmp_path / "peft")
    reader(tmp_path / "peft")
    config = json.loads((tmp_path / "peft" / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "http://127.0.0.1:1/model"
    config["auto_mapping"] = {"base_model_class": "Popen", "parent_library": "subprocess"}
    config["target_modules"] = "(a+)+" * 30
    (tmp_path / "peft" / "adapter_config.json").write_text(json.dumps(config))
    (tmp_path / "peft" / "adapter_model.bin").write_bytes(pickle.dumps(Program()))
    read_all(reader, [tmp_path / "peft"], tmp_path)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        for path in hostile:
            inner = tmp_path / "folders" / f"{name}-{path.stem}"
            inner.mkdir(parents=True)
            (inner / "adapter_config.json").write_text(json.dumps(config))
            (inner / name).unlink(missing_ok=True)
            (inner / name).symlink_to(path)
    read_all(reader, [*(tmp_path / "folders").iterdir(), tmp_path / "folders"], tmp_path)


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        (load_result, "result.json"),
        (progress.load, progress.FILE),
        (load_curves, "metrics.csv"),
        (load_notes, "notes.json"),
        (load_comparison, "comparison.json"),
        (lambda path: queue_file.load(path / "queue.json"), "queue.json"),
        (lambda path: read_runs(path.parent), "recipe.toml"),
        (lambda path: load_predictions(path, "test"), "predictions-test.csv"),
        (lambda path: read_marks(path / "marks.json"), "marks.json"),
        (lambda path: read_given(path / "given.json"), "given.json"),
    ],
)
def test_what_runs_leave(tmp_path, reader, name):
    paths = []
    for path in make_hostile(tmp_path / "bad", ".json"):
        paths.append(tmp_path / "runs" / path.stem)
        paths[-1].mkdir(parents=True)
        (paths[-1] / name).symlink_to(path)
    read_all(reader, paths, tmp_path)


def open_images(path: Path, should_stop: Callable[[], bool] = lambda: False) -> ImageData:
    settings = DataSettings(source="folder", folder=str(path))
    return open_data(settings, CLASS_NAMES, square(32), should_stop=should_stop)


def test_settings(tmp_path):
    paths = make_hostile(tmp_path / "bad", ".json")
    paths.append(tmp_path / "bad" / "qt.json")
    paths[-1].write_bytes(
        b"[General]\ngeometry=@Variant(\\0\\0\\0\\x7f\\0\\0\\0\\x1cPySide::PyObjectWrapper\\0)\n"
    )
    read_all(lambda path: Settings(path).data("geometry"), paths, tmp_path)


def test_folders_of_images(tmp_path):
    root = tmp_path / "pets"
    make_hostile(root / "cat", ".jpg")
    make_hostile(root / "dog", ".png")
    make_hostile(tmp_path / "files", "")
    for name in ("cat", "dog"):
        for number in range(4):
            shade = (40 * number, 90, 20 if name == "cat" else 200)
            Image.new("RGB", (40, 40), shade).save(root / name / f"good{number}.jpg")
    (root / "dog" / "all").symlink_to(root)
    with audit.recording() as seen:
        data = open_images(root)
    assert seen.strays(tmp_path, writable=(environment.images_cache_folder(),)) == []
    assert seen.unpickled == []
    assert sum(map(len, (data.train, data.validation, data.test))) == 8
    read_all(open_images, sorted((tmp_path / "files").iterdir()), tmp_path)


def test_caches_of_images(tmp_path):
    """Whatever is in the place of a cache's files, the images are what they are."""
    for number in range(4):
        (tmp_path / "pets/cat").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 40), (40 * number, 90, 20)).save(tmp_path / f"pets/cat/{number}.png")
    digest = open_images(tmp_path / "pets").digest
    cache = environment.images_cache_folder()
    good = {path.suffix: path for path in cache.iterdir()}
    index = json.loads(good[".index"].read_text())
    for suffix in (".index", ".pixels", ".lock"):
        for hostile in make_hostile(tmp_path / suffix[1:], suffix):
            good[suffix].unlink(missing_ok=True)
            good[suffix].symlink_to(hostile)
            with audit.recording() as seen:
                assert open_images(tmp_path / "pets").digest == digest
            assert seen.strays(tmp_path, writable=(cache,)) == []
            assert seen.unpickled == []
            good[suffix].unlink(missing_ok=True)
    for key, value in (
        ("pixels", f"../{good['.pixels'].name}"),
        ("pixels", "/etc/passwd"),
        ("places", [10**15] * 4),
        ("places", [-1] * 4),
        ("digests", ["zz"] * 4),
        ("names", ["../../etc/passwd"] * 4),
        ("rows", 10**30),
    ):
        good[".index"].write_text(json.dumps(index | {key: value}))
        assert open_images(tmp_path / "pets").digest == digest


class Cancel:
    """Says to stop from some time after it is first asked; tells how long it then took."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> bool:
        self.at = self.at or time.monotonic()
        return True

    def took(self) -> float:
        return time.monotonic() - self.at if self.at else 0.0


def test_cancel_ends_the_reading_of_weights_and_of_images_soon(tmp_path):
    """Of files that take long: a pickle of a million steps, thousands of pictures."""
    with zipfile.ZipFile(tmp_path / "long.pt", "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02]" + b"]a" * 400_000 + b".")
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(300):
            picture = tmp_path / "images" / name / f"{number}.png"
            Image.new("RGB", (300, 300), (number % 256, 0, 0)).save(picture)
    for read in (
        lambda stop: open_model(ModelSettings(weights=str(tmp_path / "long.pt")), should_stop=stop),
        lambda stop: open_images(tmp_path / "images", stop),
    ):
        stop = Cancel()
        with pytest.raises(Cancelled):
            read(stop)
        assert 0 < stop.took() < SOON


def test_what_cannot_be_cancelled_takes_no_longer_than_that(model, tmp_path):
    """Texts and adapters are small by rule: the largest that are read, of the worst content."""
    (tmp_path / "a.toml").write_bytes(b"[data]\n" + b"a = [\n" * 21_000)
    (tmp_path / "b.toml").write_bytes(b"".join(b"k%d = 1\n" % n for n in range(10_000)))
    (tmp_path / "c.toml").write_bytes(b'a = """' + b'\\"""' * 30_000)
    header = json.dumps({"__metadata__": {"format": "x" * (2**20 - 100)}}).encode()
    (tmp_path / "d.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    readers = {".toml": recipe_file.load, ".safetensors": adapter_file.load}
    for path in sorted(tmp_path.iterdir()):
        start = time.monotonic()
        with pytest.raises(StudioError):
            readers[path.suffix](path)
        assert time.monotonic() - start < SOON
