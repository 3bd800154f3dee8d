"""Going on with a run from the command line, after a kill that nothing can catch."""

import sys
import time

import pytest

from tests.command_line import run
from tests.soak.kills import differences, go_to_the_end, start
from vera_studio import recipe_file
from vera_studio.recipe import Recipe, TrainingSettings
from vera_studio.runs.run_folder import load_result
from vera_studio.training.progress import FILE


@pytest.fixture
def recipe(tmp_path):
    training = TrainingSettings(device="cpu", feature_cache=False, epochs=3)
    recipe_file.save(Recipe(training=training), tmp_path / "recipe.toml")
    return tmp_path / "recipe.toml"


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_killed_run_goes_on_and_ends_the_same(recipe, tmp_path):
    """Two processes and some 15 s: nothing less is a real kill."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    go_to_the_end(start(recipe, "--out", whole))
    with start(recipe, "--out", killed) as process:
        while not (killed / FILE).exists():  # which is there after the first epoch
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert not (killed / "result.json").exists()
    assert run("train", "--resume", killed) == 0
    assert differences(whole, killed) == []


def test_more_epochs(recipe, tmp_path, capsys):
    assert run("train", recipe, "--out", tmp_path / "run") == 0
    assert run("train", "--resume", tmp_path / "run", "--epochs", "4") == 0
    assert load_result(tmp_path / "run").epochs_done == 4
    assert run("train", "--resume", tmp_path / "run", "--epochs", "4") == 1
    assert "has had 4 epochs already" in capsys.readouterr().err
    assert run("train", "--resume", tmp_path / "nowhere") == 1
