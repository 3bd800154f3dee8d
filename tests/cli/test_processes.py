"""A run on several processes from the command line, as torchrun starts them."""

import subprocess
import sys
import time

import psutil
import pytest

from tests.command_line import run
from vera_studio import environment
from vera_studio.adapters import adapter_file
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.run_state import broken_off
from vera_studio.training.progress import FILE

EPOCHS = 100


def torchrun(*arguments):
    """Two processes of `vera-studio`."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["-m", "vera_studio", "--data-dir", environment.data_folder(), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen([str(one) for one in command], stdout=pipe, stderr=pipe, text=True)


def parameters(folder, name):
    return adapter_file.load(folder / f"{name}.safetensors").parameters


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_one_that_is_killed_ends_all_and_a_single_one_goes_on(write_recipe, tmp_path, capsys):
    """Three processes, and some 8 s: nothing less is torchrun."""
    recipe, shared, alone = write_recipe(epochs=EPOCHS), tmp_path / "shared", tmp_path / "alone"
    with torchrun("train", recipe, "--out", shared) as started:
        while not (shared / FILE).exists():
            assert started.poll() is None
            time.sleep(0.01)
        workers = psutil.Process(started.pid).children()
        next(one for one in workers if one.environ()["RANK"] == "1").kill()
        out, told = started.communicate(timeout=60)
    assert started.returncode
    assert out == ""
    assert told.count("Opening the images") == 1  # of the first alone
    assert "Another process of this run has ended" in told
    assert broken_off(tmp_path) == [shared]
    assert run("train", "--resume", shared) == 0
    assert run("train", recipe, "--out", alone) == 0
    results = [load_result(folder) for folder in (alone, shared)]
    assert [one.epochs_done for one in results] == [EPOCHS, EPOCHS]
    assert results[0].after.per_class == results[1].after.per_class
    for key, value in parameters(alone, "last").items():
        assert parameters(shared, "last")[key] == pytest.approx(value, abs=1e-3)
