"""A run from the command line whose disk fails: its files are elsewhere, and the status says so."""

import contextlib

import pytest

from tests import broken_disk
from tests.command_line import run
from vera_studio import environment
from vera_studio.runs.run_folder import load_result
from vera_studio.training.losses import Losses


def once_before(function, do):
    """`function`, with `do` called before it the first time."""
    done = []

    def both(*arguments):
        if not done:
            done.append(do())
        return function(*arguments)

    return both


def test_a_run_that_had_to_go_elsewhere_says_so_and_fails(write_recipe, tmp_path, capsys):
    recipe = write_recipe(epochs=3)

    def break_the_disk():
        disk.enter_context(broken_disk.full(tmp_path / "run"))

    with contextlib.ExitStack() as disk, pytest.MonkeyPatch.context() as patched:
        patched.setattr(Losses, "end_epoch", once_before(Losses.end_epoch, break_the_disk))
        status = run("train", recipe, "--out", tmp_path / "run", "--name", "Pets")
    out, err = capsys.readouterr()
    elsewhere = environment.runs_folder() / "run"
    assert status == 1
    assert f"Run folder: {elsewhere}" in out
    assert "No space left on device. The run goes on" in err
    assert err.splitlines()[-1].startswith(
        f"vera-studio: {tmp_path / 'run'} could not be written to. All that was left is in"
    )
    assert load_result(elsewhere).epochs_done == 3
    assert [path.stem for path in environment.library_folder().glob("*.safetensors")] == ["Pets"]
