"""A run whose disk is full, read-only, gone or slow: it goes on, and nothing of it is lost."""

import contextlib

import pytest

from tests import broken_disk
from vera_studio import environment, recipe_file
from vera_studio.errors import StudioError, TrainingError
from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs import run_files
from vera_studio.runs.events import EpochDone, Notice, StepsDone
from vera_studio.runs.run_files import NotSavedError
from vera_studio.runs.run_folder import load_result
from vera_studio.training import progress
from vera_studio.training.loop import resume, train

SAME = ("best.safetensors", "last.safetensors", "losses.csv", "recipe.toml")
RECIPE = Recipe(
    adapter=AdapterSettings(rank=4),
    training=TrainingSettings(epochs=4, batch_size=16, device="cpu", schedule="constant"),
)
WAYS = [broken_disk.full, broken_disk.read_only, broken_disk.gone]


@pytest.fixture
def at_once(monkeypatch):
    """What failed is tried again at the next opportunity; how far a run is, is always written."""
    monkeypatch.setattr(run_files, "_RETRY_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_SECONDS", 0.0)


@pytest.fixture
def whole(tiny_data, tmp_path):
    """The folder of a run that nothing happened to."""
    train(RECIPE, tmp_path / "whole", data=tiny_data())
    return tmp_path / "whole"


class Breaking:
    """Breaks the disk of a run at the end of one epoch, and mends it at that of another."""

    def __init__(self, way, folder, mends):
        self._disk, self._way, self._folder, self._mends = (
            contextlib.ExitStack(),
            way,
            folder,
            mends,
        )
        self.notices = []

    def __call__(self, event):
        match event:
            case EpochDone(epoch=1):
                self._disk.enter_context(self._way(self._folder))
            case EpochDone(epoch=3) if self._mends:
                self.mend()
            case Notice(text):
                self.notices.append(text)

    def mend(self):
        self._disk.close()


def assert_same(one, other):
    names = {path.name for path in one.iterdir()} - {".lock"}
    assert names == {path.name for path in other.iterdir()} - {".lock"}
    for name in (*SAME, *(name for name in names if name.startswith("predictions"))):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert load_result(one).after == load_result(other).after


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("way", WAYS)
def test_all_is_there_once_the_disk_is_back(tiny_data, tmp_path, whole, way):
    folder = tmp_path / "run"
    breaking = Breaking(way, folder, mends=True)
    result = train(RECIPE, folder, breaking, data=tiny_data())
    assert result.folder == folder
    assert_same(folder, whole)
    problem, mended = (text for text in breaking.notices if str(folder) in text)
    assert "The run goes on" in problem
    assert mended.endswith("can be written to again; nothing is missing there.")


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("way", WAYS)
def test_what_stays_broken_has_all_of_it_in_the_users_runs(tiny_data, tmp_path, whole, way):
    folder = tmp_path / "run"
    breaking = Breaking(way, folder, mends=False)
    result = train(RECIPE, folder, breaking, data=tiny_data())
    breaking.mend()
    assert result.folder == environment.runs_folder() / "run"
    assert_same(result.folder, whole)
    _, elsewhere = (text for text in breaking.notices if str(folder) in text)
    assert elsewhere.endswith(f"All that the run left is in {result.folder} instead.")
    longer = resume(result.folder, data=tiny_data(), epochs=5)
    assert longer.epochs_done == 5


@pytest.mark.usefixtures("at_once")
def test_what_was_there_is_whole_while_the_disk_is_full(tiny_data, tmp_path):
    """Killed there, the run would go on from what it had written before."""
    folder = tmp_path / "run"
    before = {}

    class Looking(Breaking):
        def __call__(self, event):
            super().__call__(event)
            if isinstance(event, EpochDone):
                found = {path.name: path.read_bytes() for path in folder.iterdir()}
                assert before.setdefault("files", found) == found

    breaking = Looking(broken_disk.full, folder, mends=False)
    train(RECIPE, folder, breaking, data=tiny_data())
    breaking.mend()
    assert "progress.pt" in before["files"]
    resume(folder, data=tiny_data())


@pytest.mark.usefixtures("at_once")
def test_what_fails_beside_a_full_disk_tells_where_the_best_is(tiny_data, tmp_path):
    folder = tmp_path / "run"
    chosen = TrainingSettings(epochs=20, batch_size=16, device="cpu", schedule="constant")
    breaking = Breaking(broken_disk.full, folder, mends=False)

    def fail_later(event):
        breaking(event)
        if isinstance(event, StepsDone) and event.epoch == 3:
            raise TrainingError("The device is lost.")

    with pytest.raises(TrainingError, match=r"The device is lost\.\nThe adapter of") as caught:
        train(Recipe(training=chosen), folder, fail_later, data=tiny_data())
    breaking.mend()
    best = environment.runs_folder() / "run" / "best.safetensors"
    assert best.exists()
    assert str(caught.value).endswith(f"the best so far, is in {best}.")


def test_what_can_be_written_nowhere_is_offered_to_be_saved(
    tiny_data, tmp_path, whole, monkeypatch
):
    monkeypatch.setattr(run_files.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    breaking = Breaking(broken_disk.full, tmp_path / "run", mends=False)
    others = environment.runs_folder(), tmp_path / "temporary"
    with contextlib.ExitStack() as disks:
        for folder in others:
            disks.enter_context(broken_disk.full(folder))
        with pytest.raises(NotSavedError) as caught:
            train(RECIPE, tmp_path / "run", breaking, data=tiny_data())
    breaking.mend()
    caught.value.save(tmp_path / "stick")
    assert_same(tmp_path / "stick", whole)


def test_a_slow_disk_changes_nothing(tiny_data, tmp_path, whole):
    with broken_disk.slow(tmp_path / "run", 0.01):
        train(RECIPE, tmp_path / "run", data=tiny_data())
    assert_same(tmp_path / "run", whole)


def test_a_disk_that_is_full_before_the_first_step_is_told(tiny_data, tmp_path):
    with broken_disk.full(tmp_path / "run"), pytest.raises(StudioError, match="No space left"):
        train(RECIPE, tmp_path / "run", data=tiny_data())
    assert not (tmp_path / "run").exists()


def test_on_a_disk_of_its_own_that_fills_up(tiny_data, tmp_path, whole, small_disk):
    disk = small_disk(256)
    left = (disk / "left", 0)

    def fill(event):
        if isinstance(event, EpochDone) and event.epoch == 1:
            with contextlib.suppress(OSError), left[0].open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(1024))

    result = train(RECIPE, disk / "run", fill, data=tiny_data())
    assert result.folder == environment.runs_folder() / "run"
    assert_same(result.folder, whole)
    assert recipe_file.load(disk / "run" / "recipe.toml") == RECIPE
    left[0].unlink()
    assert resume(disk / "run", data=tiny_data()).epochs_done == 4
