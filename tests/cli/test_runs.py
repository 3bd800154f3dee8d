"""Training and measuring from the command line: what it prints, leaves, how it fails and stops."""

import json
import math
import sys

import pytest

import vera_studio
from tests.command_line import run
from vera_studio import cli, environment, recipe_file
from vera_studio.runs.run_folder import load_result


def assert_refused(capsys, *arguments, text):
    """The command fails with one line that holds `text`."""
    assert run(*arguments) == 1
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not line.endswith(" ...")]  # stages come first
    assert out == ""
    assert len(lines) == 1
    assert lines[0].startswith("vera-studio: ")
    assert text in lines[0]


def test_no_subcommand_opens_the_window():
    assert cli.run([], lambda: 7) == 7


def test_the_data_folder_can_be_chosen(tmp_path):
    assert cli.run(["--data-dir", str(tmp_path / "elsewhere")], lambda: 0) == 0
    assert environment.data_folder() == tmp_path / "elsewhere"


def test_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        run("--version")
    assert exit_.value.code == 0
    assert capsys.readouterr().out.strip() == vera_studio.__version__


@pytest.mark.parametrize(
    "arguments", [["fly"], ["train"], ["train", "recipe.toml"], ["evaluate", "a.safetensors"]]
)
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(*arguments)
    assert exit_.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_train(write_recipe, tmp_path, capsys):
    recipe = write_recipe()
    assert run("train", recipe, "--out", tmp_path / "run") == 0
    out, err = capsys.readouterr()
    result = load_result(tmp_path / "run")
    assert (result.epochs_done, result.stopped) == (2, False)
    assert recipe_file.load(tmp_path / "run" / "recipe.toml") == recipe_file.load(recipe)
    assert "542 of 89,660" in err
    assert [f"epoch {n} " in err for n in (1, 2, 3)] == [True, True, False]
    assert "\r" not in err  # no moving line where there is no terminal
    assert f"Run folder: {tmp_path / 'run'}" in out
    lines = {line[2:16].strip(): line for line in out.splitlines()}
    assert lines["cat"].startswith("* ")
    assert lines["ship"].startswith("  ")
    assert lines["cat"].endswith(f"{result.after.per_class[3]:.2%}")
    assert "no images" in lines["truck"]
    assert lines["targets (*)"].endswith(f"{result.after.mean_over((3, 5)):.2%}")


def test_on_a_terminal_a_line_moves(write_recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run("train", write_recipe(), "--out", tmp_path / "run") == 0
    err = capsys.readouterr().err
    assert "\r\x1b[K100.0%  loss " in err
    assert "Computing what the frozen layers make of the images" in err
    assert "Feature cache on" in err
    assert "epoch 2 " in err


def test_evaluate_prints_overall_and_every_class(trained, images, capsys):
    assert run("evaluate", trained.best_adapter, "--data", images, "--device", "cpu") == 0
    out, err = capsys.readouterr()
    head, *rows = out.splitlines()
    assert head == "test part: 12 images"
    assert err == ""
    shares = {row[:14].strip(): row[14:].strip() for row in rows}
    assert list(shares) == ["overall", *trained.class_names]
    assert shares["overall"] == f"{trained.after.accuracy:.2%}"
    for name, share in zip(trained.class_names, trained.after.per_class, strict=True):
        assert shares[name] == ("no images" if math.isnan(share) else f"{share:.2%}")


def test_evaluate_as_json_is_the_result_of_the_run(trained, images, capsys):
    adapter = trained.best_adapter
    assert run("evaluate", adapter, "--data", images, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] == trained.after.accuracy
    assert found["loss"] == pytest.approx(trained.after.loss, rel=1e-9)
    assert found["images"] == 12
    expected = [None if math.isnan(share) else share for share in trained.after.per_class]
    assert found["per_class"] == dict(zip(trained.class_names, expected, strict=True))


def test_evaluate_takes_a_folder_without_parts_whole(trained, images, capsys):
    adapter = trained.best_adapter
    folder = images / "test"
    assert run("evaluate", adapter, "--data", folder, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["accuracy"]) == (12, trained.after.accuracy)


def test_evaluate_takes_a_folder_with_only_a_test_part(trained, images, tmp_path, capsys):
    (images / "train").rename(tmp_path / "elsewhere")
    adapter = trained.best_adapter
    assert run("evaluate", adapter, "--data", images, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["accuracy"]) == (12, trained.after.accuracy)


def test_evaluate_names_what_it_skipped(trained, images, capsys):
    (images / "test" / "cat" / "broken.png").write_bytes(b"no image")
    assert run("evaluate", trained.best_adapter, "--data", images, "--device", "cpu") == 0
    out, err = capsys.readouterr()
    assert "12 images" in out
    assert "broken.png" in err


def test_evaluate_on_the_sample(trained, capsys):
    adapter = trained.best_adapter
    assert run("evaluate", adapter, "--data", "sample", "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert None not in found["per_class"].values()
    assert 0 < found["accuracy"] < 1


def test_pretrained_weights_are_a_base_of_their_own(trained, images, tmp_path, capsys):
    weights = tmp_path / "own.safetensors"
    pretrain = ("pretrain", "--out", weights, "--data", images, "--epochs", 1, "--device", "cpu")
    assert run(*pretrain) == 0
    out, err = capsys.readouterr()
    assert "epoch 1/1  loss " in err
    assert out.startswith("overall ")
    adapter = trained.best_adapter
    arguments = ("evaluate", adapter, "--data", images, "--weights", weights)
    assert_refused(capsys, *arguments, text="other weights")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("not toml at all", "not valid TOML"),
        ("[training]\nepochs = 'many'\ncolour = 3\n", "training.colour"),
        ("[training]\nepochs = 0\nbatch_size = 0\n", "training.batch_size"),
        ("[training]\ntarget_classes = ['lion']\n", "lion"),
        ("[data]\nsource = 'folder'\nfolder = '/nowhere/at/all'\n", "/nowhere/at/all"),
        ("[data]\nsource = 'cifar10'\n", "not been downloaded"),
        ("[model]\nweights = 'gone.safetensors'\n", "gone.safetensors"),
    ],
)
def test_a_wrong_recipe(tmp_path, capsys, content, text):
    (tmp_path / "recipe.toml").write_text(content)
    arguments = ("train", tmp_path / "recipe.toml", "--out", tmp_path / "run")
    assert_refused(capsys, *arguments, text=text)
    assert not (tmp_path / "run").exists()


def test_a_recipe_that_is_not_there(tmp_path, capsys):
    arguments = ("train", tmp_path / "recipe.toml", "--out", tmp_path / "run")
    assert_refused(capsys, *arguments, text="recipe.toml")


def test_targets_without_images(write_recipe, tmp_path, capsys):
    recipe = write_recipe(target_classes=("cat", "frog"))
    assert_refused(capsys, "train", recipe, "--out", tmp_path / "run", text="images of frog.")


def test_a_run_folder_that_is_taken(trained, write_recipe, capsys):
    arguments = ("train", write_recipe(), "--out", trained.folder)
    assert_refused(capsys, *arguments, text="holds a run already")


def test_an_adapter_that_is_not_there(images, tmp_path, capsys):
    arguments = ("evaluate", tmp_path / "none.safetensors", "--data", images)
    assert_refused(capsys, *arguments, text="none.safetensors")


@pytest.mark.parametrize("damage", [lambda b: b[:-40], lambda b: b"junk", lambda b: b""])
def test_a_damaged_adapter(trained, images, capsys, damage):
    path = trained.best_adapter
    path.write_bytes(damage(path.read_bytes()))
    assert_refused(capsys, "evaluate", path, "--data", images, text="best.safetensors cannot be")


def test_a_folder_of_an_unknown_class(trained, images, capsys):
    (images / "test" / "cat").rename(images / "test" / "lion")
    assert_refused(capsys, "evaluate", trained.best_adapter, "--data", images, text="lion")


def test_a_folder_that_is_not_there(trained, tmp_path, capsys):
    arguments = ("evaluate", trained.best_adapter, "--data", tmp_path / "gone")
    assert_refused(capsys, *arguments, text="gone")
