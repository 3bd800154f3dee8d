"""The list of runs tells of each how it stands, whatever lies in the folder."""

import json
import math
from datetime import datetime

import pytest

from tests.made_runs import NAMES, RECIPE, make_comparison, make_run
from vera_studio.errors import Cancelled, StudioError
from vera_studio.runs.comparison_file import load_comparison
from vera_studio.runs.run_curves import load_curves
from vera_studio.runs.run_list import read_run, read_runs, recipe_of
from vera_studio.runs.run_notes import RunNotes, load_notes, save_notes
from vera_studio.runs.run_state import PROGRESS_FILE, STATE_FILE, going_on


def set_state(folder, state):
    (folder / STATE_FILE).write_text(json.dumps({"state": state}))


def test_no_folder_has_no_runs(tmp_path):
    assert read_runs(tmp_path / "nowhere").runs == ()


def test_the_newest_comes_first_and_strangers_do_not_count(tmp_path):
    for name in ("2026-01-02_10-00-00", "2026-03-01_09-30-00", "2026-01-02_10-00-00_2"):
        make_run(tmp_path / name)
    (tmp_path / "a note.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "2026-01-02_10-00-00")
    found = read_runs(tmp_path).runs
    assert [run.folder.name for run in found] == [
        "2026-03-01_09-30-00",
        "2026-01-02_10-00-00_2",
        "2026-01-02_10-00-00",
    ]
    assert found[0].begun == datetime(2026, 3, 1, 9, 30)


def test_a_finished_run_has_its_figures_and_its_size(tmp_path):
    folder = make_run(tmp_path / "run", best_epoch=2)
    run = read_run(folder)
    assert (run.state, run.best_epoch, run.epochs_done, run.has_adapter) == ("finished", 2, 3, True)
    assert run.result.after.mean_over(run.result.target_classes) == 0.875
    assert (run.subject.adapter, run.subject.data) == ("VeRA, rank 8", "Built-in sample")
    assert run.size == sum(path.stat().st_size for path in folder.iterdir())
    assert recipe_of(folder) == RECIPE


def test_states(tmp_path):
    assert read_run(make_run(tmp_path / "1", stopped=True)).state == "stopped"
    broken = make_run(tmp_path / "2", ended=False)
    set_state(broken, "going on")
    (broken / PROGRESS_FILE).write_bytes(b"")
    run = read_run(broken)
    assert (run.state, run.epochs_done, run.best_epoch) == ("broken off", 3, 3)
    assert (run.can_continue, run.subject.adapter) == (True, "VeRA, rank 8")
    with going_on(broken):
        assert read_run(broken).state == "going on"
    set_state(broken, "failed")
    assert read_run(broken).state == "failed"
    again = make_run(tmp_path / "3")  # it went on after its end
    set_state(again, "going on")
    assert read_run(again).state == "broken off"


def test_what_is_damaged_says_so_and_spoils_no_other(tmp_path):
    make_run(tmp_path / "good")
    for name, file in (("a", "result.json"), ("b", "recipe.toml")):
        (make_run(tmp_path / name, ended=name == "a") / file).write_text("{")
    found = {run.folder.name: run for run in read_runs(tmp_path).runs}
    assert {name: run.state for name, run in found.items()} == {
        "good": "finished",
        "a": "damaged",
        "b": "damaged",
    }
    assert "holds no finished run" in found["a"].problem


def test_reading_can_be_broken_off(tmp_path):
    make_run(tmp_path / "run")
    with pytest.raises(Cancelled):
        read_runs(tmp_path, lambda: True)


def test_notes_are_kept_beside_the_run(tmp_path):
    folder = make_run(tmp_path / "run")
    assert read_run(folder).title == "run"
    save_notes(folder, RunNotes("my best \udcff", "two\nlines"))
    run = read_run(folder)
    assert (run.title, run.notes.notes) == ("my best \udcff", "two\nlines")
    with pytest.raises(StudioError, match="200 characters"):
        save_notes(folder, RunNotes("x" * 201))
    (folder / "notes.json").write_text('{"name": 3}')
    assert load_notes(folder) == RunNotes()


def test_a_comparison_comes_back_as_it_was_with_its_runs(tmp_path):
    made = make_comparison(tmp_path / "comparisons" / "2026-01-02_10-00-00")
    (entry,) = read_runs(tmp_path).comparisons
    assert (entry.state, len(entry.runs)) == ("finished", 2)
    assert entry.runs[0].comparison == "2026-01-02_10-00-00"
    assert repr(entry.comparison) == repr(made)
    moved = made.folder.rename(tmp_path / "moved")
    assert load_comparison(moved).runs[1].folder == moved / "002_run"


def test_a_comparison_among_the_runs_is_listed_too(tmp_path):
    for folder in (tmp_path / "compared", tmp_path / "comparisons" / "2026-01-02_10-00-00"):
        make_comparison(folder)
    make_run(tmp_path / "2026-01-02_10-00-00")
    found = read_runs(tmp_path)
    assert [run.folder.name for run in found.runs] == ["2026-01-02_10-00-00"]
    assert {one.folder.name for one in found.comparisons} == {"compared", "2026-01-02_10-00-00"}
    assert all(len(one.runs) == 2 for one in found.comparisons)


def test_states_of_comparisons(tmp_path):
    place = tmp_path / "comparisons"
    stopped = make_comparison(place / "1", runs=1, stopped=True).folder
    make_comparison(place / "2", runs=1)
    make_run(place / "3" / "001_vera-8")  # as an older version left it
    (make_comparison(place / "4").folder / "comparison.json").write_text('{"seeds": 0}')
    states = {entry.folder.name: entry.state for entry in read_runs(tmp_path).comparisons}
    assert states == {"1": "stopped", "2": "broken off", "3": "broken off", "4": "damaged"}
    with going_on(stopped):
        assert read_runs(tmp_path).comparisons[-1].state == "going on"


@pytest.mark.parametrize(
    ("key", "value"),
    [("seeds", 101), ("candidates", []), ("runs", [{}]), ("before", 3), ("data", None)],
)
def test_a_comparison_that_cannot_be_is_refused(tmp_path, key, value):
    folder = make_comparison(tmp_path / "one").folder
    path = folder / "comparison.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(StudioError, match="is damaged"):
        load_comparison(folder)


def test_a_run_of_a_comparison_does_not_lead_elsewhere(tmp_path):
    folder = make_comparison(tmp_path / "one").folder
    path = folder / "comparison.json"
    path.write_text(path.read_text().replace("001_run", "../../etc"))
    assert load_comparison(folder).runs[0].folder == folder / "etc"


def test_curves(tmp_path):
    folder = make_run(tmp_path / "run")
    curves = load_curves(folder)
    assert (curves.epochs, curves.best_epoch, curves.seconds) == ((1, 2, 3), 3, 1.5)
    assert curves.train_loss == (1.0, 0.5, 0.333333)
    assert [name for name, _ in curves.per_class] == list(NAMES)
    assert curves.mean_over(frozenset(("cat", "dog")))[2] == 0.9
    assert all(map(math.isnan, curves.mean_over(frozenset())))
    with (folder / "metrics.csv").open("a") as file:
        file.write("4,4,0.2")  # half a row, of a run that goes on
    assert load_curves(folder) == curves


@pytest.mark.parametrize("text", ["epoch\n1\n", "a,b\n1\n", "epoch,step\nx,y\n", "\x00\n"])
def test_damaged_curves_are_refused(tmp_path, text):
    (tmp_path / "metrics.csv").write_text(text)
    with pytest.raises(StudioError, match="is damaged"):
        load_curves(tmp_path)
