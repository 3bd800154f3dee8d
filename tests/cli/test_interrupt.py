"""Ctrl+C, SIGTERM and a terminal that is gone end a command in order and with their own status."""

import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.command_line import run
from vera_studio.runs.events import RunStarted, Stage, StepsDone
from vera_studio.runs.run_folder import load_result
from vera_studio.training import (
    checkpoints,
    comparison,
    loop,
    losses,
    prediction_pass,
    pretrain,
)

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
each_signal = pytest.mark.parametrize(("number", "status"), SIGNALS)


@pytest.fixture(autouse=True)
def same_handlers():
    """Fails a test that leaves other handlers behind."""
    before = [signal.getsignal(number) for number, _ in SIGNALS]
    yield
    assert [signal.getsignal(number) for number, _ in SIGNALS] == before


def send_at(monkeypatch, kind, *numbers):
    """Send signals when the run's first event of `kind` comes."""
    train, left = loop.train, list(numbers)

    def train_and_interrupt(recipe, folder, on_event, should_stop, *rest, **more):
        def pass_on(event):
            on_event(event)
            while isinstance(event, kind) and left:
                signal.raise_signal(left.pop(0))

        return train(recipe, folder, pass_on, should_stop, *rest, **more)

    monkeypatch.setattr(losses, "_REPORT_SECONDS", 0)
    monkeypatch.setattr(loop, "train", train_and_interrupt)
    monkeypatch.setattr(comparison, "train", train_and_interrupt)


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@each_signal
def test_a_signal_keeps_the_run(
    write_recipe,
    images,
    tmp_path,
    capsys,
    monkeypatch,
    number,
    status,
):
    send_at(monkeypatch, StepsDone, number)
    assert run("train", write_recipe(), "--out", tmp_path / "run") == status
    out, err = capsys.readouterr()
    assert "Stopping; what was trained so far is kept." in err
    assert err.splitlines()[-1] == "vera-studio: interrupted"
    assert f"Run folder: {tmp_path / 'run'}" in out
    result = load_result(tmp_path / "run")
    assert (result.stopped, result.epochs_done) == (True, 1)
    assert len((tmp_path / "run" / "losses.csv").read_text().splitlines()) == 2  # head, one step
    assert [name for name in files(tmp_path / "run") if name.startswith(".")] == [".lock"]
    assert run("evaluate", result.last_adapter, "--data", images, "--device", "cpu") == 0


@pytest.mark.parametrize(("score", "name"), [(1.0, "pets"), (0.0, "")])
def test_a_stopped_run_is_added_to_the_library_if_it_is_better(
    write_recipe, tmp_path, capsys, monkeypatch, score, name
):
    # Before training, and after the step that was taken.
    scores = iter([(0.5, -1.0), (score, -1.0)])
    monkeypatch.setattr(checkpoints, "score_of", lambda *_: next(scores))
    send_at(monkeypatch, StepsDone, signal.SIGTERM)
    arguments = ("train", write_recipe(), "--out", tmp_path / "run", "--name", "pets")
    assert run(*arguments) == 143
    assert load_result(tmp_path / "run").adapter_name == name
    assert ("Nothing was added to the library" in capsys.readouterr().err) == (name == "")


@each_signal
def test_a_second_signal_breaks_off(
    write_recipe,
    tmp_path,
    capsys,
    monkeypatch,
    number,
    status,
):
    send_at(monkeypatch, StepsDone, signal.SIGINT, number)
    assert run("train", write_recipe(), "--out", tmp_path / "run") == status
    assert capsys.readouterr().err.splitlines()[-1] == "vera-studio: interrupted"
    assert not (tmp_path / "run" / "result.json").exists()


@each_signal
def test_a_signal_before_training_began_leaves_nothing(
    write_recipe,
    tmp_path,
    capsys,
    monkeypatch,
    number,
    status,
):
    send_at(monkeypatch, Stage, number)
    assert run("train", write_recipe(), "--out", tmp_path / "run") == status
    assert capsys.readouterr().err.splitlines()[-1] == "vera-studio: interrupted"
    assert not (tmp_path / "run").exists()


@each_signal
def test_a_comparison_keeps_the_runs_that_have_finished(
    write_recipe,
    tmp_path,
    capsys,
    monkeypatch,
    number,
    status,
):
    send_at(monkeypatch, RunStarted, number)
    out = tmp_path / "runs"
    assert run("compare", write_recipe(), "--methods", "bias", "--out", out) == status
    err = capsys.readouterr().err
    assert "Stopping; the runs that have finished are kept." in err
    assert not (out / "comparison.csv").exists()  # its only run was broken off


@each_signal
def test_a_measurement_ends_at_once(trained, images, monkeypatch, number, status):
    monkeypatch.setattr(
        prediction_pass, "predict_both", lambda *_, **__: signal.raise_signal(number)
    )
    assert run("evaluate", trained.best_adapter, "--data", images) == status


@each_signal
def test_pretraining_ends_at_once_and_writes_nothing(
    images,
    tmp_path,
    monkeypatch,
    number,
    status,
):
    monkeypatch.setattr(pretrain, "_fit", lambda *_: signal.raise_signal(number))
    out = tmp_path / "new" / "own.safetensors"
    assert run("pretrain", "--out", out, "--data", images, "--device", "cpu") == status
    assert not out.parent.exists()


@each_signal
def test_no_half_of_a_file_stays(trained, tmp_path, monkeypatch, number, status):
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(number))
    out = tmp_path / "new" / "copy.safetensors"
    assert run("import", trained.best_adapter, "--out", out) == status
    assert files(out.parent) == []


def test_what_is_ignored_stays_ignored(trained, monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
    try:
        monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(signal.SIGHUP))
        assert run("import", trained.best_adapter, "--name", "kept") == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_terminal_that_is_closed_keeps_the_run(write_recipe, tmp_path):
    """The real thing: the terminal goes away, and the system sends SIGHUP."""
    recipe = write_recipe(epochs=10_000)
    arguments = ("train", str(recipe), "--out", str(tmp_path / "run"))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_TERMINAL, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    told = b""
    while b"epoch 1 " not in told:
        told += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(60) == 129
    assert load_result(tmp_path / "run").stopped


# Makes the terminal that it has as its input the one that controls it.
_WITH_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from vera_studio.__main__ import main
sys.exit(main())
"""
