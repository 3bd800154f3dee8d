"""Putting an adapter to use: what it says of the pictures in a folder."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.command_line import run, write_class
from tests.made_adapters import made_adapter
from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import adapter_parameters, attach
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import StudioError
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.runs.sorted_copies import SortedCopies
from vera_studio.training import classification


@pytest.fixture
def labelled(tmp_path):
    """A folder of two classes that the network does not know, with a test part alone."""
    folder = tmp_path / "labelled"
    for like, name in (("cat", "amber"), ("ship", "teal & co/2")):
        write_class(folder, like, 20, seed=2)
        (folder / like).rename(folder / name.replace("/", "-"))
    return folder


@pytest.fixture
def adapter(labelled, tmp_path):
    """A file with the two classes; where one network says one the other says the other."""
    names = ("amber", "teal & co-2")
    own = open_model(ModelSettings()).with_classes(names)
    attach(own.network, own.settings_for(AdapterSettings(method="head")))
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for _, parameter in adapter_parameters(own.network):
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    path = tmp_path / "own.safetensors"
    adapter_file.save(path, own.network, names, TrainingRecord(), own.digest, "convnet")
    return path


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_is_right_as_often_as_evaluate_says(labelled, adapter, tmp_path, capsys):
    assert run("evaluate", adapter, "--data", labelled, "--device", "cpu", "--json") == 0
    accuracy = json.loads(capsys.readouterr().out)["accuracy"]
    assert 0 < accuracy < 1
    out = tmp_path / "out.csv"
    assert run("predict", adapter, labelled, "--csv", out, "--device", "cpu") == 0
    rows = table(out)
    assert list(rows[0]) == ["file", "class", "share", "second", "second_share", "unsure"]
    right = [row["file"].split("/")[0] == row["class"] for row in rows]
    assert len(rows) == 40
    assert sum(right) / len(rows) == accuracy
    assert capsys.readouterr().out == ""


def test_so_it_is_on_real_images(real_images, tmp_path, capsys):
    labelled, path = tmp_path / "labelled", tmp_path / "made.safetensors"
    for folder in (real_images / "test").iterdir():
        (labelled / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:30]:
            shutil.copy(file, labelled / folder.name)
    model = open_model(ModelSettings())
    made_adapter(path, model.network, AdapterSettings(rank=4), base=model.digest)
    assert run("evaluate", path, "--data", labelled, "--device", "cpu", "--json") == 0
    accuracy = json.loads(capsys.readouterr().out)["accuracy"]
    out = tmp_path / "out.csv"
    assert run("predict", path, labelled, "--csv", out, "--device", "cpu") == 0
    right = [Path(row["file"]).parts[0] == row["class"] for row in table(out)]
    assert len(right) == 300
    assert sum(right) / len(right) == accuracy
    assert 0.1 < accuracy < 1


def test_what_is_no_picture_is_told_and_left_out(labelled, adapter, capsys):
    (labelled / "notes.txt").write_text("not a picture")
    (labelled / "amber" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    assert run("predict", adapter, labelled, "--device", "cpu", "--json") == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 40
    counts = "1 not an image (text), 1 not an image in a known format"
    assert f"2 files were skipped: {counts}." in err
    assert "notes.txt: Not an image (text)." in err
    assert "broken.jpg" in err


def test_copies_go_into_a_folder_a_class_and_nothing_is_overwritten(
    labelled, adapter, tmp_path, capsys
):
    sorted_out, out = tmp_path / "sorted", tmp_path / "out.csv"
    assert run("predict", adapter, labelled, "--csv", out, "--device", "cpu") == 0
    middle = sum(sorted(float(row["share"]) for row in table(out))[19:21]) / 2
    command = ("predict", adapter, labelled, "--copy-to", sorted_out, "--threshold", middle)
    assert run(*command, "--csv", out, "--device", "cpu") == 0
    rows = table(out)
    unsure = [row for row in rows if row["unsure"] == "True"]
    assert 0 < len(unsure) < 40
    assert all((float(row["share"]) < middle) == (row in unsure) for row in rows)
    count = {folder.name: len(list(folder.iterdir())) for folder in sorted_out.iterdir()}
    assert count.pop("unsure") == len(unsure)
    for name in count:
        assert count[name] == sum(row["class"] == name for row in rows if row not in unsure)
    assert f"40 pictures, {len(unsure)} of them unsure." in capsys.readouterr().err
    before = {path.name for path in (sorted_out / "unsure").iterdir()}
    assert run(*command, "--device", "cpu") == 0
    after = {path.name for path in (sorted_out / "unsure").iterdir()}
    assert before < after
    assert len(after) == 2 * len(before)


def test_what_was_found_before_an_interruption_is_written(
    labelled, adapter, tmp_path, monkeypatch, capsys
):
    real = classification.classify

    def interrupted(*arguments):
        for number, one in enumerate(real(*arguments)):
            if number == 25:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(classification, "classify", interrupted)
    out = tmp_path / "out.csv"
    command = ("predict", adapter, labelled, "--csv", out, "--copy-to", tmp_path / "sorted")
    assert run(*command, "--device", "cpu") == 130
    assert len(table(out)) == 25
    assert f"Broken off. 25 pictures. They are in {out}." in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()
    assert sum(path.is_file() for path in (tmp_path / "sorted").rglob("*")) == 25


def test_what_was_found_before_a_disk_is_full_is_written(
    labelled, adapter, tmp_path, monkeypatch, capsys
):
    real = SortedCopies.copy

    def copy(self, file, folder):
        if len(list(tmp_path.rglob("sorted/*/*"))) == 7:
            raise StudioError("Cannot copy: No space left on device.")
        return real(self, file, folder)

    monkeypatch.setattr(SortedCopies, "copy", copy)
    out = tmp_path / "out.csv"
    command = ("predict", adapter, labelled, "--csv", out, "--copy-to", tmp_path / "sorted")
    assert run(*command, "--device", "cpu") == 1
    assert len(table(out)) == 7
    told = capsys.readouterr().err
    assert f"Broken off. 7 pictures. They are in {out}." in told
    assert "No space left" in told


def test_wrong_input(labelled, adapter, tmp_path, capsys):
    def told(*arguments):
        assert run("predict", *arguments, "--device", "cpu") == 1
        return capsys.readouterr().err

    assert "There is no folder" in told(adapter, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "holds no file" in told(adapter, tmp_path / "empty")
    (tmp_path / "empty" / "a.txt").touch()
    assert "holds no picture that can be read" in told(adapter, tmp_path / "empty")
    assert "must be from 0 to 1" in told(adapter, labelled, "--threshold", "70")
    assert "must not lie in" in told(adapter, labelled, "--copy-to", labelled / "sorted")
    assert not (labelled / "sorted").exists()
    (tmp_path / "file").touch()
    assert "Cannot write" in told(adapter, labelled, "--csv", tmp_path / "file" / "out.csv")


def test_pictures_of_any_size_keep_their_order(adapter, tmp_path, capsys):
    folder = tmp_path / "any"
    folder.mkdir()
    for number in range(30):
        size = (20 + 7 * number, 300 - 8 * number)
        Image.new("RGB", size, (8 * number, 90, 255 - 8 * number)).save(folder / f"{number:02}.png")
    assert run("predict", adapter, folder, "--device", "cpu", "--json") == 0
    together = json.loads(capsys.readouterr().out)
    assert [row["file"] for row in together] == [f"{number:02}.png" for number in range(30)]
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(folder / "17.png", alone)
    assert run("predict", adapter, alone, "--device", "cpu", "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["class"] == together[17]["class"]
    assert one["share"] == pytest.approx(together[17]["share"], abs=1e-5)
