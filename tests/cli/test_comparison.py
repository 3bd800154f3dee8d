"""`vera-studio compare`, end to end: its table, its files, how it is refused and stopped."""

import csv
import json
import signal

import pytest

from tests.command_line import COLOURS, run, write_class
from vera_studio import recipe_file
from vera_studio.errors import TrainingError
from vera_studio.recipe import DataSettings, Recipe, TrainingSettings
from vera_studio.runs.events import EpochDone
from vera_studio.training import comparison


@pytest.fixture
def recipe(tmp_path):
    """The path of a recipe on a small folder of three classes."""
    images = tmp_path / "images"
    for name in COLOURS:
        write_class(images / "train", name, 8, seed=1)
        write_class(images / "test", name, 4, seed=2)
    data = DataSettings(source="folder", folder=str(images), validation_share=0.25)
    training = TrainingSettings(target_classes=("cat", "dog"), epochs=2, batch_size=4, device="cpu")
    path = tmp_path / "recipe.toml"
    recipe_file.save(Recipe(data=data, training=training), path)
    return path


def compare(recipe, tmp_path, *arguments, methods=("vera:4", "bias")):
    return run("compare", recipe, "--methods", *methods, "--out", tmp_path / "c", *arguments)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_with_a_line_a_method(recipe, tmp_path, capsys):
    assert compare(recipe, tmp_path, "--seeds", "2", "--csv", tmp_path / "runs.csv") == 0
    out, err = capsys.readouterr()
    about, head, base, vera, bias, folder = out.splitlines()
    assert "Targets: cat, dog." in about
    assert head.split() == [
        *("trainable", "share", "bytes", "targets", "gain", "others", "gain", "seconds", "runs")
    ]
    assert base.startswith("base network")
    assert vera.startswith("VeRA, rank 4")
    assert bias.startswith("Biases and norms")
    assert [line.endswith("2/2") for line in (vera, bias)] == [True, True]
    assert "±" in vera
    # The columns are aligned: each cell of a row ends where its heading does.
    assert head.index("trainable") + len("trainable") == vera.index("402") + len("402")
    assert folder == f"Folder: {tmp_path / 'c'}"
    assert "run 4/4  Biases and norms, seed 1  targets " in err
    assert err.count("Feature cache on") <= 2  # not once a run
    assert [row["name"] for row in rows_of(tmp_path / "runs.csv")] == ["vera:4", "bias"] * 2
    assert (tmp_path / "runs.csv").read_text() == (tmp_path / "c" / "comparison.csv").read_text()


def test_json(recipe, tmp_path, capsys):
    assert compare(recipe, tmp_path, "--seeds", "1", "--json") == 0
    values = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in values["methods"]] == ["vera:4", "bias"]
    assert values["methods"][0]["targets_deviation"] is None
    assert values["base"]["targets_mean"] == values["runs"][0]["targets_before"]


@pytest.mark.parametrize(
    ("method", "text"), [("dora:4", "no method"), ("vera", "vera:RANK"), ("lora:0", "1 to 1,024")]
)
def test_a_wrong_method_is_wrong_usage(recipe, tmp_path, capsys, method, text):
    with pytest.raises(SystemExit) as exit_:
        compare(recipe, tmp_path, methods=(method,))
    assert exit_.value.code == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "methods", "text"),
    [
        (("--seeds", "0"), ("bias",), "from 1 to 100, not 0"),
        ((), ("bias", "bias"), "there twice"),
    ],
)
def test_what_cannot_be_compared_is_refused(recipe, tmp_path, capsys, arguments, methods, text):
    assert compare(recipe, tmp_path, *arguments, methods=methods) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vera-studio: ")
    assert len(err.splitlines()) == 1
    assert text in err


def test_a_folder_in_use_is_refused(recipe, tmp_path, capsys):
    assert compare(recipe, tmp_path, "--seeds", "1") == 0
    assert compare(recipe, tmp_path, "--seeds", "1") == 1
    assert "not empty" in capsys.readouterr().err


def test_when_every_run_fails_so_does_the_command(recipe, tmp_path, capsys, monkeypatch):
    def fail(*_):
        raise TrainingError("The loss is no longer finite.")

    monkeypatch.setattr(comparison, "train", fail)
    assert compare(recipe, tmp_path, "--seeds", "1") == 1
    out, err = capsys.readouterr()
    assert "run 2/2  Biases and norms, seed 0  failed: The loss" in err
    assert "2 of 2 runs failed: The loss" in err.splitlines()[-1]
    assert "0/1" in out


def test_ctrl_c_keeps_the_finished_runs(recipe, tmp_path, capsys, monkeypatch):
    train, epochs = comparison.train, []

    def train_and_interrupt(recipe, folder, on_event, *others):
        def pass_on(event):
            on_event(event)
            if isinstance(event, EpochDone):
                epochs.append(event)
                if len(epochs) == 3:  # the first of the second run
                    signal.raise_signal(signal.SIGINT)

        return train(recipe, folder, pass_on, *others)

    monkeypatch.setattr(comparison, "train", train_and_interrupt)
    before = signal.getsignal(signal.SIGINT)
    assert compare(recipe, tmp_path) == 130
    assert signal.getsignal(signal.SIGINT) is before
    out, err = capsys.readouterr()
    assert err.splitlines()[-1] == "vera-studio: interrupted"
    assert [row["name"] for row in rows_of(tmp_path / "c" / "comparison.csv")] == ["vera:4"]
    assert "1/3" in out
    assert "0/3" in out
