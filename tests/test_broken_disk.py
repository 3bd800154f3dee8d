"""Everything that writes, on disks that are full, read-only or gone: told, and nothing is lost."""

import contextlib
import dataclasses
import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import broken_disk
from tests.made_adapters import made_adapter
from tests.made_runs import RECIPE, make_comparison, make_predictions, make_run, result
from vera_studio import environment, recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.adapters.library import Library
from vera_studio.data import image_cache, image_marks
from vera_studio.data.open_data import open_data
from vera_studio.data.preprocessing import square
from vera_studio.downloads import fetch_checked
from vera_studio.errors import StudioError
from vera_studio.exchange.export import export
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, DataSettings, ModelSettings
from vera_studio.reports.report import write_report
from vera_studio.runs import comparison_file, predictions, queue_file, run_folder, run_notes
from vera_studio.runs.events import Notice
from vera_studio.runs.given_classes import save_given
from vera_studio.runs.sorted_copies import SortedCopies
from vera_studio.training.comparison_record import Record
from vera_studio.training.pretrain import PretrainSettings, pretrain
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.window.crash_log import CrashLog

WHEN = datetime(2026, 11, 25, tzinfo=UTC)
REASONS = {
    broken_disk.full: "No space left on device",
    broken_disk.read_only: "Read-only file system",
    broken_disk.unreachable: "No such file or directory",
}


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


@pytest.fixture(scope="module")
def adapter(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("adapter") / "made.safetensors"
    return made_adapter(path, model.network, AdapterSettings(rank=4))


@pytest.fixture(scope="module")
def other(model, tmp_path_factory):
    """Another adapter than that."""
    path = tmp_path_factory.mktemp("adapter") / "made.safetensors"
    return made_adapter(path, model.network, AdapterSettings(rank=4), seed=3)


class Writers:
    """Each makes what is there before in `folder`, and returns what writes it anew."""

    def __init__(self, folder, model, adapter, other):
        self.folder, self.model, self.adapter, self.other = folder, model, adapter, other

    def recipe(self):
        recipe_file.save(RECIPE, self.folder / "recipe.toml")
        return lambda: recipe_file.save(dataclasses.replace(RECIPE), self.folder / "recipe.toml")

    def adapter_file(self):
        adapter_file.write(self.folder / "a.safetensors", self.adapter)
        return lambda: adapter_file.write(self.folder / "a.safetensors", self.other)

    def temperature(self):
        adapter_file.write(self.folder / "a.safetensors", self.adapter)
        return lambda: adapter_file.keep_temperature(self.folder / "a.safetensors", 2.0)

    def library_adding(self):
        library, _ = self._library()
        return lambda: library.add(self.other, "Dogs", WHEN)

    def library_renaming(self):
        library, entry = self._library()
        return lambda: library.rename(entry.path, "Dogs")

    def library_notes(self):
        library, entry = self._library()
        return lambda: library.annotate(entry.path, "quick")

    def library_deleting(self):
        library, entry = self._library()
        return lambda: library.delete(entry.path)

    def library_restoring(self):
        library, entry = self._library()
        deleted = library.delete(entry.path)
        return lambda: library.restore(deleted)

    def export_peft(self):
        return self._export("peft", self.folder / "peft")

    def export_lora(self):
        return self._export("lora", self.folder / "lora")

    def export_merged(self):
        return self._export("merged", self.folder / "merged.pt")

    def notes(self):
        run_notes.save_notes(make_run(self.folder / "run"), run_notes.RunNotes("a", "b"))
        return lambda: run_notes.save_notes(self.folder / "run", run_notes.RunNotes("c", "d"))

    def name_of_an_adapter(self):
        make_run(self.folder / "run")
        return lambda: run_folder.name_adapter(result(self.folder / "run"), "Dogs")

    def comparison(self):
        comparison = make_comparison(self.folder / "c")
        stopped = dataclasses.replace(comparison, stopped=True)
        return lambda: comparison_file.save_comparison(stopped)

    def predictions(self):
        found = make_predictions(make_run(self.folder / "run"))
        changed = dataclasses.replace(found, shares=found.shares / 2)
        return lambda: predictions.save(changed, self.folder / "run")

    def report(self):
        make_run(self.folder / "run")
        (self.folder / "page.html").write_text("a former one")
        return lambda: write_report(self.folder / "run", self.folder / "page.html")

    def pretrained(self):
        (self.folder / "weights.safetensors").write_bytes(b"a former one")
        images = self.folder.parent / "images"
        for name in ("cat", "dog"):
            (images / name).mkdir(parents=True)
            for number in range(4):
                Image.new("RGB", (32, 32), (50 * number, 9, 9)).save(
                    images / name / f"{number}.png"
                )
        settings = DataSettings(source="folder", folder=str(images))
        data = open_data(settings, CLASS_NAMES, square(32))
        out, few = self.folder / "weights.safetensors", PretrainSettings(epochs=1, seed=0)
        return lambda: pretrain(self.model.kind, data, out, few, "cpu")

    def copies(self):
        (self.folder.parent / "a.png").write_bytes(b"picture")
        copies = SortedCopies()
        return lambda: copies.copy(self.folder.parent / "a.png", self.folder / "cat")

    def marks(self):
        environment.set_data_folder(self.folder)
        image_marks.set_mark(Path("/pictures"), "a.png", "left out")
        return lambda: image_marks.set_mark(Path("/pictures"), "b.png", "mislabelled")

    def classes_given_to_pictures(self):
        environment.set_data_folder(self.folder)
        save_given(Path("/pictures"), {"a.png": "cat"})
        return lambda: save_given(Path("/pictures"), {"a.png": "dog"})

    def queue(self):
        queue_file.save(queue_file.Queue(), self.folder / "queue.json")
        longer = queue_file.Queue().with_added([("a run", RECIPE)])
        return lambda: queue_file.save(longer, self.folder / "queue.json")

    def limit_of_the_image_cache(self):
        environment.set_data_folder(self.folder)
        image_cache.set_cache_limit(10**9)
        return lambda: image_cache.set_cache_limit(10**8)

    def _library(self):
        library = Library(self.folder)
        return library, library.add(self.adapter, "Cats", WHEN)

    def _export(self, to, path):
        export(self.adapter, self.model, to, path)
        return lambda: export(self.other, self.model, to, path)


WRITERS = [name for name in vars(Writers) if not name.startswith("_")]


def contents(folder):
    """Every file below the folder but for locks, which are empty and stay."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(folder): path.read_bytes() for path in files if path.name != ".lock"}


@pytest.mark.parametrize("way", REASONS)
@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_says_why_and_leaves_what_was_there(tmp_path, model, adapter, other, name, way):
    folder = tmp_path / "disk"
    folder.mkdir()
    write = getattr(Writers(folder, model, adapter, other), name)()
    before = contents(folder)
    with way(folder), pytest.raises(StudioError, match=f": {REASONS[way]}") as caught:
        write()
    assert str(folder) in str(caught.value)
    assert contents(folder) == before
    write()  # the disk is there again


@pytest.mark.parametrize(
    "name", ["adapter_file", "library_adding", "export_merged", "name_of_an_adapter", "report"]
)
def test_on_a_disk_of_its_own_that_fills_up(small_disk, model, adapter, other, name):
    """Where files can be made, and only what is in them finds no room."""
    folder = small_disk(1024)
    write = getattr(Writers(folder, model, adapter, other), name)()
    before = contents(folder)
    with contextlib.suppress(OSError), (folder / "left").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with pytest.raises(StudioError, match="No space left on device"):
        write()
    (folder / "left").unlink()
    assert contents(folder) == before
    write()


def test_a_download_that_fills_the_disk_is_taken_back(small_disk, server):
    folder = small_disk(64)
    server.body = bytes(100_000)
    with pytest.raises(StudioError, match="No space left on device"):
        fetch_checked(server.url, folder / "weights", "it", "00")
    assert contents(folder) == {}


def test_a_download_says_why_and_leaves_what_was_there(tmp_path, server):
    server.body = b"x" * 5000
    digest = "c1ffc2c22f5f0ff5d1c0f1ee0a9c0bd5"
    (tmp_path / "weights").write_bytes(b"former")
    with (
        broken_disk.full(tmp_path),
        pytest.raises(StudioError, match=r"Cannot store it in .*: No s"),
    ):
        fetch_checked(server.url, tmp_path / "weights", "it", digest)
    assert contents(tmp_path) == {Path("weights"): b"former"}


@pytest.mark.parametrize("way", REASONS)
def test_what_only_saves_time_is_done_without(tmp_path, way):
    """Images are read where their cache takes none, and settings hold while the window is open."""
    images = tmp_path / "images"
    generator = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (images / name).mkdir(parents=True)
        for number in range(4):
            pixels = generator.integers(0, 255, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(images / name / f"{number}.png")
    settings = DataSettings(source="folder", folder=str(images))
    digest = open_data(settings, CLASS_NAMES, square(32)).digest
    home = tmp_path / "home"
    environment.set_data_folder(home)
    kept = Settings(environment.settings_file())
    kept.keep(theme="dark")
    before = environment.settings_file().read_bytes()
    with way(home):
        assert open_data(settings, CLASS_NAMES, square(32)).digest == digest
        kept.keep(theme="light")
        crashes = CrashLog(home / "crash.log")
        assert crashes.begin("a session") == ""
        crashes.end()
        assert contents(home) == {Path("settings.json"): before}
    assert kept.text("theme") == "light"
    assert open_data(settings, CLASS_NAMES, square(32)).digest == digest


def test_a_log_without_a_disk_says_nothing(tmp_path, capfd):
    home = tmp_path / "home"
    environment.set_data_folder(home)
    log = logging.getLogger("vera_studio.of_the_test")
    environment.start_logging()
    log.warning("before")
    (handler,) = (one for one in logging.getLogger("vera_studio").handlers if is_file(one))
    handler.maxBytes = 10  # the next line goes into another file
    with broken_disk.full(home):
        log.warning("while it is full")
    log.warning("after")
    assert capfd.readouterr().err == ""
    assert "before" in "".join(path.read_text() for path in (home / "logs").iterdir())


def is_file(handler):
    return isinstance(handler, logging.handlers.RotatingFileHandler)


def test_a_comparison_goes_on_and_is_elsewhere_at_the_end(tmp_path):
    told = []
    comparison = dataclasses.replace(make_comparison(tmp_path / "made"), folder=tmp_path / "c")
    first, second = comparison.runs
    record = Record(dataclasses.replace(comparison, runs=()), told.append)
    record.begin()
    record.keep(first)
    with broken_disk.full(tmp_path / "c"):
        record.keep(second)
        record.keep(dataclasses.replace(second, seed=1))
        done = record.finish()
    assert done.folder == environment.runs_folder() / "c"
    assert len(comparison_file.load_comparison(done.folder).runs) == 3
    assert len((done.folder / "comparison.csv").read_text().splitlines()) == 4
    assert len((tmp_path / "c" / "comparison.csv").read_text().splitlines()) == 2
    assert len([event for event in told if isinstance(event, Notice)]) == 2
