"""A run folder keeps what happened in plain tables and gives its result back."""

import csv
import dataclasses
import io
import json
import math
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from vera_studio import recipe_file
from vera_studio.errors import StudioError
from vera_studio.files import append
from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs.events import EpochDone, Evaluation, RunResult, RunSubject, StepsDone
from vera_studio.runs.run_folder import (
    RunFolder,
    check_unused,
    load_result,
    name_adapter,
    new_run_folder,
)

NAMES = ("cat", "dog", "ship")
SUBJECT = RunSubject(
    "first",
    "ConvNet",
    "pretrained",
    "Folder pets",
    "vera",
    8,
    "VeRA, rank 8",
    skipped={"damaged": 3},
)
NAN = math.nan


def evaluation(first=0.25):
    return Evaluation(
        loss=1.5,
        accuracy=0.5,
        per_class=(first, 0.75, NAN),
        counts=(4, 4, 0),
        class_losses=(1.25, 1.75, NAN),
        part="test",
    )


def result(folder, **changes):
    values = {
        "folder": folder,
        "stopped": True,
        "epochs_done": 3,
        "best_epoch": 2,
        "class_names": NAMES,
        "target_classes": (0, 2),
        "before": evaluation(),
        "after": evaluation(0.5),
        "images_per_second": 1234.5,
        "seconds": 6.75,
        "device": "cpu",
        "learning_rate": 0.02,
        "epochs_measured": 3,
        "subject": SUBJECT,
    }
    return RunResult(**values | changes)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def same(first, second):
    """Equal, NaN to NaN too, in values and in types."""
    return repr(first) == repr(second)


def test_the_recipe_is_in_the_folder(tmp_path):
    recipe = Recipe(adapter=AdapterSettings(rank=7))
    RunFolder(tmp_path / "new" / "run", recipe, NAMES)
    assert recipe_file.load(tmp_path / "new" / "run" / "recipe.toml") == recipe
    text = (tmp_path / "new" / "run" / "recipe.toml").read_text()
    assert tomllib.loads(text)["adapter"]["rank"] == 7


def test_a_folder_with_a_run_is_refused_and_stays(tmp_path):
    RunFolder(tmp_path, Recipe(adapter=AdapterSettings(rank=7)), NAMES)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(StudioError, match="holds a run already"):
        RunFolder(tmp_path, Recipe(), NAMES)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudioError, match="Cannot write"):
        RunFolder(tmp_path / "file" / "run", Recipe(), NAMES)


def test_losses_grow_by_a_row_a_step(tmp_path):
    folder = RunFolder(tmp_path, Recipe(), NAMES)
    folder.add_losses(StepsDone(1, 1, (2.5, 0.1234567891), 10.0, 0.5, 1.0))
    folder.add_losses(StepsDone(2, 3, (1e-9,), 10.0, 1.0, 0.0))
    assert rows(tmp_path / "losses.csv") == [
        ["step", "epoch", "loss"],
        ["1", "1", "2.5"],
        ["2", "1", "0.123457"],
        ["3", "2", "1e-09"],
    ]


def test_metrics_have_a_row_an_epoch(tmp_path):
    folder = RunFolder(tmp_path, Recipe(), NAMES)
    folder.add_epoch(EpochDone(1, 8, 2.25, evaluation(), 0.004, True, 1.5))
    head, row = rows(tmp_path / "metrics.csv")
    named = dict(zip(head, row, strict=True))
    assert named == {
        "epoch": "1",
        "step": "8",
        "train_loss": "2.25",
        "validation_loss": "1.5",
        "validation_accuracy": "0.5000",
        "accuracy_cat": "0.2500",
        "accuracy_dog": "0.7500",
        "accuracy_ship": "nan",
        "learning_rate": "0.004",
        "is_best": "1",
        "seconds": "1.500",
        "validation_loss_targets": "1.5",
        "validation_loss_others": "nan",
    }


def test_the_losses_of_targets_and_others_are_told_apart(tmp_path):
    recipe = Recipe(training=TrainingSettings(target_classes=("dog", "ship")))
    RunFolder(tmp_path, recipe, NAMES).add_epoch(
        EpochDone(1, 8, 2.25, evaluation(), 0.004, True, 1.5)
    )
    head, row = rows(tmp_path / "metrics.csv")
    named = dict(zip(head, row, strict=True))
    assert named["validation_loss_targets"] == "1.75"  # ship has no image
    assert named["validation_loss_others"] == "1.25"


def test_class_names_with_commas_stay_one_column(tmp_path):
    RunFolder(tmp_path, Recipe(), ['cat, "big"', "dog"])
    (head,) = rows(tmp_path / "metrics.csv")
    assert head[5:7] == ['accuracy_cat, "big"', "accuracy_dog"]


def test_a_table_that_is_gone_from_reach_is_told(tmp_path):
    told = []
    folder = RunFolder(tmp_path, Recipe(), NAMES, on_notice=told.append)
    (tmp_path / "losses.csv").unlink()
    (tmp_path / "losses.csv").mkdir()
    folder.add_losses(StepsDone(1, 1, (2.5,), 10.0, 0.5, 1.0))
    assert told[0].startswith(f"Cannot write {tmp_path / 'losses.csv'}: ")


def test_a_result_comes_back(tmp_path):
    folder = RunFolder(tmp_path, Recipe(), NAMES)
    written = result(tmp_path)
    folder.add_result(written)
    assert same(load_result(tmp_path), written)


def test_a_result_without_any_image_comes_back(tmp_path):
    nothing = Evaluation(NAN, NAN, (NAN, NAN, NAN), (0, 0, 0))
    written = result(tmp_path, before=nothing, after=nothing)
    RunFolder(tmp_path, Recipe(), NAMES).add_result(written)
    assert same(load_result(tmp_path), written)


def test_a_result_is_strict_json_without_its_folder(tmp_path):
    RunFolder(tmp_path, Recipe(), NAMES).add_result(result(tmp_path))

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    text = (tmp_path / "result.json").read_text(encoding="utf-8")
    values = json.loads(text, parse_constant=refuse)
    assert values["before"]["per_class"] == [0.25, 0.75, None]
    assert "folder" not in values


def test_a_result_is_found_where_its_folder_went(tmp_path):
    RunFolder(tmp_path / "old", Recipe(), NAMES).add_result(result(tmp_path / "old"))
    (tmp_path / "old").rename(tmp_path / "new")
    assert load_result(tmp_path / "new").folder == tmp_path / "new"
    assert load_result(tmp_path / "new").best_adapter == tmp_path / "new" / "best.safetensors"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"before": 3, "after": 4}', '{"before": {}, "after": {}}', "\0"],
)
def test_a_folder_without_a_whole_result_is_refused(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(StudioError, match="holds no finished run"):
        load_result(tmp_path)


def test_a_result_of_a_newer_version_is_read_for_what_is_known(tmp_path):
    written = result(tmp_path)
    RunFolder(tmp_path, Recipe(), NAMES).add_result(written)
    path = tmp_path / "result.json"
    values = json.loads(path.read_text())
    values["subject"]["camera"] = "phone"
    path.write_text(json.dumps(values | {"colour": "red"}))
    assert same(load_result(tmp_path), written)


def test_a_result_of_an_older_version_comes_back(tmp_path):
    RunFolder(tmp_path, Recipe(), NAMES).add_result(result(tmp_path))
    path = tmp_path / "result.json"
    values = json.loads(path.read_text())
    for key in ("subject", "learning_rate", "epochs_measured", "adapter_name"):
        del values[key]
    for part in ("before", "after"):
        del values[part]["class_losses"], values[part]["part"]
    path.write_text(json.dumps(values))
    found = load_result(tmp_path)
    assert (found.best_epoch, found.subject.network, found.adapter_name) == (2, "", "")
    assert math.isnan(found.before.loss_over((0, 1)))
    assert math.isnan(found.learning_rate)


def test_what_the_best_adapter_is_called_is_noted(tmp_path):
    RunFolder(tmp_path, Recipe(), NAMES).add_result(result(tmp_path))
    named = name_adapter(load_result(tmp_path), "pets \udcff")
    assert named.adapter_name == "pets \udcff"
    assert same(load_result(tmp_path), named)


def test_a_result_with_less_than_it_should_is_refused(tmp_path):
    RunFolder(tmp_path, Recipe(), NAMES).add_result(result(tmp_path))
    path = tmp_path / "result.json"
    values = json.loads(path.read_text())
    del values["seconds"]
    path.write_text(json.dumps(values))
    with pytest.raises(StudioError, match="seconds"):
        load_result(tmp_path)


def test_a_run_that_is_not_finished_has_no_result(tmp_path):
    RunFolder(tmp_path, Recipe(), NAMES)
    with pytest.raises(StudioError, match="holds no finished run"):
        load_result(tmp_path)


def test_new_folders_are_named_after_the_time_and_free(tmp_path):
    now = datetime(2024, 2, 29, 13, 5, 7)
    first = new_run_folder(tmp_path, now)
    assert first == tmp_path / "2024-02-29_13-05-07"
    assert not first.exists()
    first.mkdir()
    second = new_run_folder(tmp_path, now)
    assert second == tmp_path / "2024-02-29_13-05-07_2"
    second.mkdir()
    assert new_run_folder(tmp_path, now).name == "2024-02-29_13-05-07_3"


def test_means_leave_out_classes_without_images():
    figures = evaluation()
    assert figures.mean_over((0, 1, 2)) == 0.5
    assert math.isnan(figures.mean_over((2,)))
    assert math.isnan(figures.mean_over(()))
    assert dataclasses.replace(figures, per_class=(0.5, 1.0, 0.0)).mean_over((1, 2)) == 0.5


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(StudioError, match="is a file; a run needs a folder"):
        check_unused(tmp_path / "run")


@pytest.mark.parametrize("table", ["losses.csv", "metrics.csv"])
def test_a_table_never_ends_in_half_a_row(tmp_path, table):
    """The disk fills up in the midst of a row, which the limit on a file's size stands for."""
    import resource

    told = []
    folder = RunFolder(tmp_path, Recipe(), NAMES, on_notice=told.append)
    losses = StepsDone(1, 1, (2.5, 2.25), 10.0, 0.5, 1.0)
    epoch = EpochDone(1, 8, 2.25, evaluation(), 0.004, True, 1.5)
    folder.add_losses(losses)
    folder.add_epoch(epoch)
    before = (tmp_path / table).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, limits[1]))
    try:
        folder.add_losses(losses) if table == "losses.csv" else folder.add_epoch(epoch)
        assert told[0].startswith(f"Cannot write {tmp_path / table}: File too large.")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / table).read_bytes() == before


def test_a_row_that_is_broken_off_is_taken_back(tmp_path, monkeypatch):
    class Half(io.FileIO):
        """Writes half of it, then Ctrl+C comes."""

        def write(self, content):
            super().write(bytes(content)[: len(content) // 2])
            raise KeyboardInterrupt

    path = tmp_path / "table.csv"
    path.write_bytes(b"step\n")
    monkeypatch.setattr(Path, "open", lambda self, *_, **__: Half(self, "r+b"))
    with pytest.raises(KeyboardInterrupt):
        append(path, b"1,2,3\n")
    monkeypatch.undo()
    assert path.read_bytes() == b"step\n"


def test_of_many_classes_only_those_that_count_are_written(tmp_path):
    names = tuple(f"class {index}" for index in range(1000))

    def measured(share):
        shares = [share if index in (3, 7) else NAN for index in range(1000)]
        counts = tuple(0 if math.isnan(one) else 4 for one in shares)
        return Evaluation(1.0, share, tuple(shares), counts, tuple(shares), "test")

    before, after = measured(0.25), measured(0.5)
    targets = {"class_names": names, "target_classes": (7, 500)}
    folder = RunFolder(tmp_path, Recipe(), names, told=(3, 7))
    folder.add_epoch(EpochDone(1, 1, 0.5, after, 0.1, True, 1.0))
    head, row = rows(tmp_path / "metrics.csv")
    assert head[5:8] == ["accuracy_class 3", "accuracy_class 7", "learning_rate"]
    assert (len(row), row[5:7]) == (len(head), ["0.5000", "0.5000"])
    written = result(tmp_path, before=before, after=after, **targets)
    folder.add_result(written)
    found = load_result(tmp_path)
    assert (tmp_path / "result.json").stat().st_size < 2000
    assert found.class_names == ("class 3", "class 7", "class 500")
    assert found.target_classes == (1, 2)
    assert found.after.per_class[:2] == found.after.class_losses[:2] == (0.5, 0.5)
    assert found.after.counts == (4, 4, 0)
    assert found.after.mean_over(found.target_classes) == after.mean_over((7, 500))
    assert found.other_classes == (0,)
