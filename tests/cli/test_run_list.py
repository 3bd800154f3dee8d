"""`vera-studio runs` tells of every run and comparison."""

import json

from tests.command_line import run
from tests.made_runs import make_comparison, make_run
from vera_studio import environment
from vera_studio.runs.run_notes import RunNotes, save_notes


def test_the_list_as_a_table(capsys, tmp_path):
    save_notes(make_run(tmp_path / "2026-01-02_10-00-00"), RunNotes("best\x1b[2J"))
    make_run(tmp_path / "2026-01-01_10-00-00", ended=False)
    make_comparison(tmp_path / "comparisons" / "2026-01-03_10-00-00")
    assert run("runs", tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        *("run", r"best\x1b[2J", "2026-01-01_10-00-00"),
        *("2026-01-03_10-00-00", "001_run", "002_run"),
    ]
    assert "37.50%  -> 87.50%   3/3      6.8" in lines[1]
    assert "broken off" in lines[2]


def test_the_list_as_json(capsys):
    make_run(environment.runs_folder() / "one")
    assert run("runs", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["runs"]
    assert (found["state"], found["targets_after"], found["rank"]) == ("finished", 0.875, 8)


def test_without_runs(capsys, tmp_path):
    assert run("runs") == 0
    assert "There are no runs in" in capsys.readouterr().out
    assert run("runs", tmp_path / "nowhere") == 1
    assert "There is no folder" in capsys.readouterr().err


def test_a_report_beside_the_run_or_elsewhere(capsys, tmp_path):
    folder = make_run(environment.runs_folder() / "one")
    (folder / "best.safetensors").unlink()
    assert run("report", "one") == 0
    assert (folder / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert run("report", folder, "--out", tmp_path / "page.html") == 0
    assert "page.html" in capsys.readouterr().out
    assert run("report", "two") == 1
    assert "There is no run two" in capsys.readouterr().err


def test_a_report_of_a_run_by_the_name_that_the_list_tells(capsys):
    parent = environment.runs_folder()
    for name in ("one", "two"):
        folder = make_run(parent / name)
        (folder / "best.safetensors").unlink()
        save_notes(folder, RunNotes("my best" if name == "one" else "twice"))
    save_notes(make_run(parent / "three"), RunNotes("twice"))
    assert run("report", "my best") == 0
    assert (parent / "one" / "report.html").exists()
    capsys.readouterr()
    assert run("report", "twice") == 1
    assert "2 runs are called twice: " in capsys.readouterr().err


def test_a_report_has_the_result_and_what_became_of_each_layer(trained, images, tmp_path):
    assert run("report", trained.folder, "--with-mistakes", "--out", tmp_path / "a.html") == 0
    text = (tmp_path / "a.html").read_text()
    assert f"<td>{trained.after.accuracy:.1%}</td>" in text
    assert "120 \N{MULTIPLICATION SIGN} 400" in text
    assert "fc1" in text
    assert "data:image/" in text
    assert str(images) not in text
