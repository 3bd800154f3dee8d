"""A run's files where the disk is full, gone, read-only or slow: nothing is lost."""

import json
import os
from pathlib import Path

import pytest

from vera_studio import environment, files
from vera_studio.errors import StudioError
from vera_studio.runs import run_files
from vera_studio.runs.run_files import NotSavedError, RunFiles


class Disk:
    """Stands in for the disk that some folder is on."""

    def __init__(self, monkeypatch, folder):
        self.is_full, self.tried = False, 0
        self._folder, self._write_new, self._append = folder, files._write_new, files.append
        monkeypatch.setattr(files, "_write_new", self._write)
        monkeypatch.setattr(run_files, "append", self._add)

    def _write(self, path, content):
        self._fail_in(path)
        self._write_new(path, content)

    def _add(self, path, content):
        self._fail_in(path)
        self._append(path, content)

    def _fail_in(self, path):
        if self.is_full and self._folder in path.parents:
            self.tried += 1
            raise OSError(28, os.strerror(28))


@pytest.fixture
def disk(monkeypatch, tmp_path):
    return Disk(monkeypatch, tmp_path / "run")


@pytest.fixture
def told():
    return []


@pytest.fixture
def clock():
    return Clock()


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def run(tmp_path, told, clock):
    run = RunFiles(tmp_path / "run", told.append, clock)
    run.begin({"recipe.toml": b"rank = 4\n", "losses.csv": b"step,loss\n"}, ["losses.csv"])
    return run


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_are_written_as_they_come(run, tmp_path, told):
    run.add("losses.csv", b"1,2.5\n")
    run.put("last", lambda: b"one")
    run.put("last", lambda: b"two")
    run.finish()
    assert contents(tmp_path / "run") == {
        "recipe.toml": b"rank = 4\n",
        "losses.csv": b"step,loss\n1,2.5\n",
        "last": b"two",
    }
    assert told == []
    assert run.folder == tmp_path / "run"


def test_a_full_disk_is_told_once_and_all_is_written_once_there_is_room(
    run, tmp_path, told, clock, disk
):
    run.put("last", lambda: b"one")
    disk.is_full = True
    run.add("losses.csv", b"1,2.5\n")
    run.put("last", lambda: b"two")
    run.put("best", lambda: b"best")
    assert contents(tmp_path / "run")["last"] == b"one"
    for _ in range(100):  # ten times a second; it is not tried as often
        run.add("losses.csv", b"2,2.4\n")
    assert disk.tried <= 3
    clock.now = 2.0
    run.add("losses.csv", b"3,2.3\n")
    (text,) = told
    assert text.startswith(f"Cannot write {tmp_path / 'run' / 'losses.csv'}: No space left on dev")
    assert "The run goes on" in text
    disk.is_full = False
    clock.now = 4.0
    run.add("losses.csv", b"4,2.2\n")
    assert contents(tmp_path / "run") == {
        "recipe.toml": b"rank = 4\n",
        "losses.csv": b"step,loss\n1,2.5\n" + b"2,2.4\n" * 100 + b"3,2.3\n4,2.2\n",
        "last": b"two",
        "best": b"best",
    }
    assert told[1:] == [f"{tmp_path / 'run'} can be written to again; nothing is missing there."]
    disk.is_full = True
    run.put("best", lambda: b"better")
    assert len(told) == 3


def test_a_folder_that_is_gone_comes_back_whole(run, tmp_path):
    run.put("best", lambda: b"best")
    for path in (tmp_path / "run").iterdir():
        path.unlink()
    (tmp_path / "run").rmdir()
    run.add("losses.csv", b"1,2.5\n")
    assert contents(tmp_path / "run") == {
        "recipe.toml": b"rank = 4\n",
        "losses.csv": b"step,loss\n1,2.5\n",
        "best": b"best",
    }


def test_a_file_that_is_gone_is_there_at_the_end(run, tmp_path):
    run.put("best", lambda: b"best")
    (tmp_path / "run" / "best").unlink()
    run.finish()
    assert contents(tmp_path / "run")["best"] == b"best"


def test_what_cannot_be_written_in_its_place_goes_to_the_users_runs(run, tmp_path, told, disk):
    run.put("progress.pt", lambda: b"far", is_kept=False)
    disk.is_full = True
    run.put("best", lambda: b"best")
    run.add("losses.csv", b"1,2.5\n")
    run.finish()
    assert run.folder == environment.runs_folder() / "run"
    found = contents(run.folder)
    assert json.loads(found.pop("state.json")) == {"state": "ended"}
    assert found == {
        "recipe.toml": b"rank = 4\n",
        "losses.csv": b"step,loss\n1,2.5\n",
        "best": b"best",
        "progress.pt": b"far",
    }
    assert told[-1].endswith(f"All that the run left is in {run.folder} instead.")


def test_what_can_be_written_nowhere_is_kept_until_it_can(run, tmp_path, monkeypatch):
    run.put("best", lambda: b"best")
    full = {"is": True}
    write = files._write_new

    def write_new(path, content):
        if full["is"]:
            raise OSError(30, os.strerror(30))
        write(path, content)

    monkeypatch.setattr(files, "_write_new", write_new)
    run.put("best", lambda: b"better")
    monkeypatch.setattr(run_files.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    with pytest.raises(NotSavedError, match=r"Read-only file system\. No other folder") as caught:
        run.finish("going on")
    assert not (environment.runs_folder() / "run").exists()
    with pytest.raises(StudioError, match="Read-only file system"):
        caught.value.save(tmp_path / "stick")
    assert not (tmp_path / "stick").exists()
    full["is"] = False
    caught.value.save(tmp_path / "stick")
    assert contents(tmp_path / "stick")["best"] == b"better"
    assert run.folder == tmp_path / "stick"


def test_another_folder_of_that_name_is_left_alone(run, disk):
    (environment.runs_folder() / "run").mkdir(parents=True)
    disk.is_full = True
    run.put("best", lambda: b"best")
    run.finish()
    assert run.folder == environment.runs_folder() / "run_2"
    assert list((environment.runs_folder() / "run").iterdir()) == []


def test_a_run_that_cannot_begin_is_told_so(tmp_path, disk):
    disk.is_full = True
    with pytest.raises(StudioError, match="No space left on device"):
        RunFiles(tmp_path / "run").begin({"recipe.toml": b""})
    assert not Path(tmp_path / "run" / "recipe.toml").exists()
