"""Training and measuring from the command line: what it prints, leaves, how it fails and stops."""

import json
import math
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import vera_studio
from tests.command_line import run, write_class
from vera_studio import cli, environment, recipe_file
from vera_studio.cli.tables import accuracy_table, as_json, gains
from vera_studio.runs.events import Evaluation, RunResult
from vera_studio.runs.run_curves import load_curves
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.summary import outcome
from vera_studio.training import checkpoints


def assert_refused(capsys, *arguments, text):
    """The command fails with one line that holds `text`."""
    assert run(*arguments) == 1
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not line.endswith(" ...")]  # stages come first
    assert out == ""
    assert len(lines) == 1
    assert lines[0].startswith("vera-studio: ")
    assert text in lines[0]


def in_columns(line):
    return re.split(r" {2,}", line)


def test_no_subcommand_opens_the_window():
    assert cli.run([], lambda file: 7) == 7


def test_the_data_folder_can_be_chosen(tmp_path):
    assert cli.run(["--data-dir", str(tmp_path / "elsewhere")], lambda file: 0) == 0
    assert environment.data_folder() == tmp_path / "elsewhere"


def test_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        run("--version")
    assert exit_.value.code == 0
    assert capsys.readouterr().out.strip() == vera_studio.__version__


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["train"],
        ["train", "recipe.toml"],
        ["evaluate", "a.safetensors"],
        ["train", "--resume", "a", "--out", "b"],
        ["train", "a.toml", "--resume", "b"],
        ["train", "a.toml", "--out", "b", "--epochs", "3"],
    ],
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
    right = round(4 * result.after.per_class[3])
    assert lines["cat"].endswith(f"{result.after.per_class[3]:.2%}  ({right} of 4)")
    assert outcome(result) in out
    assert "Best: the highest accuracy on the validation images" in err
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
    heads, *lines = map(in_columns, rows)
    assert heads == ["", "before", "after"]
    shares = {name: cells for name, *cells in lines}
    assert list(shares) == ["overall", *trained.class_names]
    before, after = trained.before, trained.after
    told = [cell for one in (before, after) for cell in cells_of(one.accuracy, 12)]
    assert shares["overall"] == told
    for index, name in enumerate(trained.class_names):
        told = [c for one in (before, after) for c in cells_of(one.per_class[index], 4)]
        assert shares[name] == told


def cells_of(share, images):
    """The cells of a share of so many images."""
    if not share >= 0:
        return ["no images"]
    return [f"{share:.2%}", f"({round(images * share)} of {images})"]


def test_the_network_itself_is_measured(images, capsys):
    assert run("evaluate", "--data", images, "--device", "cpu") == 0
    out, err = capsys.readouterr()
    head, columns, *rows = out.splitlines()
    assert head == "ConvNet, pretrained weights, on Folder images: 3 validation and 12 test images"
    assert in_columns(columns) == ["", "validation", "test"]
    assert err == ""
    shares = {name: cells for name, *cells in map(in_columns, rows)}
    assert len(shares) == 11
    assert [cell.endswith(("of 1)", "of 4)")) for cell in shares["cat"]] == [False, True] * 2
    assert shares["frog"] == ["no images", "no images"]

    assert run("evaluate", "--data", images, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["network"], found["weights"]) == ("ConvNet", "pretrained")
    for part, count in (("validation", 3), ("test", 12)):
        assert (found[part]["part"], found[part]["images"]) == (part, count)
        assert shares["overall"][2 * (part == "test")] == f"{found[part]['accuracy']:.2%}"


def test_the_network_is_what_a_run_begins_with(trained, images, capsys):
    assert run("evaluate", "--data", images, "--device", "cpu", "--json") == 0
    assert json.loads(capsys.readouterr().out)["test"]["accuracy"] == trained.before.accuracy


def test_the_network_on_a_folder_with_only_a_test_part(images, tmp_path, capsys):
    (images / "train").rename(tmp_path / "elsewhere")
    assert run("evaluate", "--data", images, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["test"]["images"] == 12
    assert "validation" not in found


def test_evaluate_as_json_is_the_result_of_the_run(trained, images, capsys):
    adapter = trained.best_adapter
    assert run("evaluate", adapter, "--data", images, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] == trained.after.accuracy
    assert found["loss"] == pytest.approx(trained.after.loss, rel=1e-9)
    assert (found["images"], found["part"]) == (12, "test")
    expected = [None if math.isnan(share) else share for share in trained.after.per_class]
    assert found["per_class"] == dict(zip(trained.class_names, expected, strict=True))


def test_the_network_on_too_few_images_to_hold_any_out(tmp_path, capsys):
    write_class(tmp_path / "few", "cat", 1, seed=1)
    write_class(tmp_path / "few", "dog", 1, seed=2)
    assert_refused(capsys, "evaluate", "--data", tmp_path / "few", text="none to measure")


def test_what_is_wrong_with_a_recipe_is_one_line_without_dashes(tmp_path, capsys):
    path = tmp_path / "recipe.toml"
    path.write_text("[trainig]\n[training]\nepochs = 'many'\n")
    text = "This recipe cannot be read: training.epochs must be"
    assert_refused(capsys, "train", path, "--out", tmp_path / "run", text=text)


def test_evaluate_takes_a_folder_without_parts_whole(trained, images, capsys):
    adapter = trained.best_adapter
    folder = images / "test"
    assert run("evaluate", adapter, "--data", folder, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["accuracy"]) == (12, trained.after.accuracy)
    assert found["part"] == "all"


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
    assert "1 file was skipped: 1 not an image (text)." in err.splitlines()


def spoil(images, count=2):
    """Files that are no pictures among the images to train on."""
    for index in range(count):
        (images / "train" / "cat" / f"{index}\x1b[2J.jpg").write_bytes(b"no image")
    (images / "train" / "dog" / "page.jpg").write_bytes(b"<html>")


SPOILT = (
    "3 files were skipped: 2 not an image (text), 1 web page (the download brought no picture)."
)


def test_train_tells_what_it_skipped_and_the_result_holds_it(
    write_recipe, images, tmp_path, capsys
):
    spoil(images)
    assert run("train", write_recipe(epochs=1), "--out", tmp_path / "run") == 0
    assert capsys.readouterr().err.splitlines().count(SPOILT) == 1
    subject = json.loads((tmp_path / "run" / "result.json").read_text())["subject"]
    reasons = {"not an image (text)": 2, "web page (the download brought no picture)": 1}
    assert subject["skipped"] == load_result(tmp_path / "run").subject.skipped == reasons


def test_compare_and_pretrain_tell_what_they_skipped(write_recipe, images, tmp_path, capsys):
    spoil(images)
    compare = ("compare", write_recipe(epochs=1), "--methods", "vera:2", "bias", "--seeds", 1)
    assert run(*compare, "--out", tmp_path / "compared") == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines.count(SPOILT) == 1
    assert lines.count("Opening the images ...") == 1
    out = tmp_path / "own.safetensors"
    pretrain = ("pretrain", "--out", out, "--data", images, "--epochs", 1, "--device", "cpu")
    assert run(*pretrain) == 0
    assert SPOILT in capsys.readouterr().err.splitlines()


def test_of_many_skipped_files_a_few_are_named_and_none_steers_the_terminal(
    trained, images, capsys
):
    for index in range(30):
        (images / "test" / "cat" / f"{index}\x1b[2J.jpg").write_bytes(b"no image")
    assert run("evaluate", trained.best_adapter, "--data", images, "--device", "cpu") == 0
    err = capsys.readouterr().err
    assert err.count(r"\x1b[2J.jpg: Not an image") == 20
    assert "  and 10 more" in err.splitlines()
    assert "\x1b" not in err


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
        ("[training]\nepochs = 0\nbatch_size = 0\n", "Batch size must be from 1"),
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


@pytest.mark.parametrize("command", ["train", "pretrain", "evaluate", "compare"])
def test_every_command_tells_of_skipped_files(write_recipe, images, tmp_path, capsys, command):
    (images / "train" / "cat" / "broken.png").write_bytes(b"no image")
    recipe, out = write_recipe(epochs=1), ("--out", tmp_path / "out")
    arguments = {
        "train": (recipe, *out),
        "compare": (recipe, *out, "--methods", "bias", "--seeds", 2),
        "pretrain": ("--data", images, "--epochs", 1, *out),
        "evaluate": ("--data", images),
    }[command]
    assert run(command, *arguments) == 0
    err = capsys.readouterr().err
    assert err.count("skipped") == 1
    if command == "train":
        assert sum(load_result(tmp_path / "out").subject.skipped.values()) == 1


def result(**changes):
    before = Evaluation(1.0, 0.5, (0.75, 0.5, math.nan), (4, 400, 0), part="test")
    values = {
        "folder": Path("run"),
        "stopped": False,
        "epochs_done": 3,
        "best_epoch": 2,
        "class_names": ("cat", "dog", "ship"),
        "target_classes": (0, 2),
        "before": before,
        "after": replace(before, per_class=(0.5, 0.6, math.nan)),
        "images_per_second": 1234.5,
        "seconds": 6.75,
        "device": "cpu",
        "learning_rate": 0.02,
    }
    return RunResult(**values | changes)


def test_a_target_that_falls_is_named():
    lines = gains(result())
    assert [in_columns(line) for line in lines[1:6]] == [
        ["*", "cat", "75.00%", "->", "50.00%", "(2 of 4)"],
        ["", "dog", "50.00%", "->", "60.00%"],
        ["*", "ship", "no images", "->", "no images"],
        ["", "targets (*)", "75.00%", "->", "50.00%"],
        ["", "others", "50.00%", "->", "60.00%"],
    ]
    fell = "Target classes that do worse on the test images than before: cat, 75.0% to 50.0%"
    assert lines[-1] == f"{fell} (2 of 4)."
    assert lines[-2].startswith("Epoch 2 of 3 was the best on the validation images and is kept.")


def test_of_many_that_fall_the_first_are_named():
    names = tuple(f"class {index}" for index in range(1000))
    before, after = (Evaluation(1.0, share, (share,) * 1000, (50,) * 1000) for share in (0.5, 0.4))
    everything = {"class_names": names, "target_classes": tuple(range(1000))}
    last = gains(result(before=before, after=after, **everything))[-1]
    assert last.endswith("class 4, 50.0% to 40.0% and 995 more.")


def of_a_thousand(*there):
    """An evaluation on images of some of 1,000 classes."""
    counts = [30 if index in there else 0 for index in range(1000)]
    shares = [0.5 if count else math.nan for count in counts]
    return Evaluation(1.0, 0.5, tuple(shares), tuple(counts), tuple(shares), "test")


THOUSAND = tuple(f"class {index}" for index in range(1000))


def test_of_a_thousand_classes_those_with_images_are_told_of():
    some = of_a_thousand(3, 7, 500)
    run_of_some = result(before=some, after=some, class_names=THOUSAND, target_classes=(7,))
    names = [in_columns(line)[:2] for line in gains(run_of_some)[1:6]]
    assert names == [
        ["", "class 3"],
        ["*", "class 7"],
        ["", "class 500"],
        ["", "targets (*)"],
        ["", "others"],
    ]
    lines = accuracy_table([some, of_a_thousand(3)], THOUSAND)
    assert [in_columns(line)[0] for line in lines] == ["overall", *THOUSAND[3:8:4], "class 500"]
    assert list(as_json(some, THOUSAND)["per_class"]) == ["class 3", "class 7", "class 500"]


def test_a_table_has_an_end_and_the_targets_come_first():
    every = of_a_thousand(*range(1000))
    lines = gains(result(before=every, after=every, class_names=THOUSAND, target_classes=(999,)))
    assert len(lines) < 110
    assert any(line.startswith("*  class 999") for line in lines)
    assert "900 more classes are left out here; result.json has all." in lines
    lines = accuracy_table([every], THOUSAND)
    assert lines[-1] == "900 more classes are left out here; --json has all."
    assert len(lines) == 102
    assert len(as_json(every, THOUSAND)["per_class"]) == 1000


def test_a_run_that_does_no_better_says_what_to_try():
    text = "\n".join(gains(result(best_epoch=0, after=result().before)))
    assert "No epoch did better on the validation images than the network before" in text
    assert "Try a lower learning rate, such as 0.002, or more images." in text


def test_a_run_that_was_not_measured_says_so():
    text = "\n".join(gains(result(stopped=True, after=Evaluation.nothing(3, "test"))))
    assert "75.00%  ->  not measured" in text
    assert "Stopped before it was measured on the test images." in text


def test_a_run_that_does_no_better_adds_nothing_to_the_library(
    write_recipe, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(checkpoints, "score_of", lambda *_: (0.5, -1.0))
    assert run("train", write_recipe(), "--out", tmp_path / "run", "--name", "pets") == 1
    out, err = capsys.readouterr()
    assert "No epoch did better on the validation images" in out
    assert err.splitlines()[-1] == (
        "vera-studio: Nothing was added to the library: there is no best adapter."
    )


def test_a_run_is_told_to_tensorboard_too_and_so_is_its_end(write_recipe, tmp_path, capsys):
    pytest.importorskip("tensorboard")
    folder = tmp_path / "run"
    assert run("train", write_recipe(epochs=1), "--out", folder, "--tensorboard") == 0
    assert run("train", "--resume", folder, "--epochs", 2, "--tensorboard") == 0
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder / "tensorboard"))
    read.Reload()
    told = [round(one.value, 4) for one in read.Scalars("accuracy/all")]
    assert told[1:] == [round(share, 4) for share in load_curves(folder).validation_accuracy]
    losses = (folder / "losses.csv").read_text().splitlines()[1:]
    assert [one.step for one in read.Scalars("loss/every step")] == list(range(1, len(losses) + 1))
