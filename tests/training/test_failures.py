"""What a person meets in the midst of a run: it is told, what was done is safe, it can go on."""

import dataclasses
import shutil
import time

import pytest
import torch

from tests.command_line import COLOURS, write_class
from vera_studio.data import file_images
from vera_studio.data.image_cache import set_cache_limit
from vera_studio.errors import DataError, DeviceFailedError, NotEnoughMemoryError
from vera_studio.recipe import AdapterSettings, DataSettings, Recipe, TrainingSettings
from vera_studio.runs.events import EpochDone, StepsDone
from vera_studio.runs.run_state import broken_off
from vera_studio.training import progress, step
from vera_studio.training.loop import resume, train

RECIPE = Recipe(
    adapter=AdapterSettings(rank=4),
    training=TrainingSettings(epochs=3, batch_size=16, device="cpu", feature_cache=False),
)


@pytest.fixture(autouse=True)
def saved_after_every_step(monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS", 0.0)


def assert_it_goes_on(runs, whole, data=None):
    """The run can be continued, and ends as if nothing had happened."""
    assert broken_off(runs) == [runs / "run"]
    assert resume(runs / "run", data=data).epochs_done == 3
    for name in ("best.safetensors", "last.safetensors", "losses.csv"):
        assert (runs / "run" / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (
            torch.AcceleratorError("CUDA error: unspecified launch failure\nCompile with ..."),
            DeviceFailedError,
            "computes no more (CUDA error: unspecified launch failure). Start the program anew",
        ),
        (
            RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
            DeviceFailedError,
            "computes no more (cuDNN error: CUDNN_STATUS_EXECUTION_FAILED). Start",
        ),
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
            NotEnoughMemoryError,
            "There is not enough memory. Close other programs, or choose fewer images",
        ),
    ],
)
def test_a_device_that_is_lost_or_full(tiny_data, tmp_path, monkeypatch, error, kind, text):
    """In memory that has no room for a single image, halving a batch ends with the error too."""
    data, runs = tiny_data(), tmp_path / "runs"
    train(RECIPE, tmp_path / "whole", data=data)

    def fail(*_, **__):
        raise error

    def break_the_device(event):
        if isinstance(event, EpochDone) and event.epoch == 1:
            patched.setattr(step.F, "cross_entropy", fail)

    with pytest.MonkeyPatch.context() as patched, pytest.raises(kind) as caught:
        train(RECIPE, runs / "run", break_the_device, data=data)
    told = str(caught.value)
    assert text in told
    assert f"the best so far, is in {runs / 'run' / 'best.safetensors'}." in told
    assert told.endswith(f"vera-studio train --resume {runs / 'run'}.")
    assert_it_goes_on(runs, tmp_path / "whole", data)


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """A recipe on a folder whose images are read when they are needed."""
    monkeypatch.setattr(file_images, "MOST_IN_MEMORY", 0)
    for name in COLOURS:
        write_class(tmp_path / "images" / "train", name, 8, seed=1)
        write_class(tmp_path / "images" / "test", name, 4, seed=2)
    data = DataSettings(source="folder", folder=str(tmp_path / "images"), validation_share=0.25)
    return dataclasses.replace(RECIPE, data=data)


def test_a_folder_that_is_removed(photographs, tmp_path):
    set_cache_limit(0)
    runs, images = tmp_path / "runs", tmp_path / "images"
    train(photographs, tmp_path / "whole")

    def remove(event):
        if isinstance(event, EpochDone) and event.epoch == 1:
            images.rename(tmp_path / "away")

    with pytest.raises(DataError, match=r"images is gone, and images are read from it") as caught:
        train(photographs, runs / "run", remove)
    told = str(caught.value)
    assert "Bring it back, or the disk that it is on." in told
    assert told.endswith(f"vera-studio train --resume {runs / 'run'}.")
    with pytest.raises(DataError, match="images"):
        resume(runs / "run")
    (tmp_path / "away").rename(images)
    assert_it_goes_on(runs, tmp_path / "whole")


def test_a_file_that_is_removed(photographs, tmp_path):
    set_cache_limit(0)
    victim = tmp_path / "images" / "train" / "cat" / "0.png"

    def remove(event):
        if isinstance(event, EpochDone):
            victim.unlink(missing_ok=True)
            shutil.copyfile(victim.with_name("1.png"), victim)

    with pytest.raises(DataError, match="has changed since the folder was opened"):
        train(photographs, tmp_path / "runs" / "run", remove)


def test_a_folder_that_is_removed_with_all_of_it_in_the_cache(photographs, tmp_path):
    train(photographs, tmp_path / "whole")

    def remove(event):
        if isinstance(event, EpochDone):
            shutil.rmtree(tmp_path / "images", ignore_errors=True)

    assert train(photographs, tmp_path / "run", remove).epochs_done == 3
    last = "last.safetensors"
    assert (tmp_path / "run" / last).read_bytes() == (tmp_path / "whole" / last).read_bytes()


def test_an_hour_of_sleep_in_an_epoch(tiny_data, tmp_path, monkeypatch):
    """Speeds, times and what is left are of the training, not of the night."""
    slept, steps, clock = [], [], time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + 3600 * len(slept))

    def sleep(event):
        if isinstance(event, StepsDone):
            steps.append(event)
            if event.epoch == 2 and not slept:
                slept.append(1)

    result = train(RECIPE, tmp_path / "run", sleep, data=tiny_data())
    assert slept
    assert result.seconds < 300
    assert result.images_per_second > 1
    assert all(event.seconds_left < 300 for event in steps)
    with (tmp_path / "run" / "metrics.csv").open() as table:
        column = next(table).split(",").index("seconds")
        assert all(float(line.split(",")[column]) < 300 for line in table)
