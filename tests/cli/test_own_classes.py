"""Adapters with classes of their own: nothing has to be named, the file says it all."""

import csv
import json

import pytest
import safetensors.torch
import torch

from tests.command_line import run, write_class
from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import adapter_parameters, attach
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.data.folder import open_images
from vera_studio.data.open_data import open_data
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, DataSettings, ModelSettings
from vera_studio.training.evaluation import evaluate, predict


@pytest.fixture
def photographs(tmp_path):
    """A folder of classes that the network does not know."""
    folder = tmp_path / "photographs"
    for like, name in (("cat", "amber"), ("ship", "teal")):
        write_class(folder, like, 4, seed=2)
        (folder / like).rename(folder / name)
    return folder


@pytest.fixture
def make(tmp_path):
    """A function that writes an adapter with classes of its own, as after training."""

    def make(*names, seed=0, method="vera", digest=""):
        own = open_model(ModelSettings()).with_classes(names)
        attach(own.network, own.settings_for(AdapterSettings(rank=4, method=method)))
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for _, parameter in adapter_parameters(own.network):
                parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
        path = tmp_path / f"own {seed}.safetensors"
        record = TrainingRecord(targets=names, images_digest=digest)
        adapter_file.save(path, own.network, names, record, own.digest, "convnet")
        return path, own

    return make


def test_evaluate_needs_nothing_but_adapter_and_folder(make, photographs, capsys):
    path, own = make("amber", "teal")
    assert run("evaluate", path, "--data", photographs, "--device", "cpu", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    images, _, _, _ = open_images(photographs, own.class_names, own.preprocessing)
    expected = evaluate(own, images)
    assert told["accuracy"] == expected.accuracy
    assert told["per_class"] == dict(zip(own.class_names, expected.per_class, strict=True))


def test_evaluate_says_what_the_adapter_was_trained_on_and_how_it_took_the_folder(
    make, photographs, capsys
):
    settings = DataSettings(source="folder", folder=str(photographs))
    form = open_model(ModelSettings()).preprocessing
    path, _ = make("amber", "teal", digest=open_data(settings, ("amber", "teal"), form).digest)
    assert run("evaluate", path, "--data", photographs.parent, "--device", "cpu", "--json") == 0
    told = capsys.readouterr().err
    assert "The images are in its folder photographs." in told
    assert "The adapter was trained on 6 of these 8 images" in told
    other, _ = make("amber", "teal", seed=1, digest="0" * 64)
    assert run("evaluate", other, "--data", photographs, "--device", "cpu", "--json") == 0
    assert "was trained on" not in capsys.readouterr().err


def test_a_folder_of_other_classes_is_refused_by_names(make, photographs, capsys):
    path, _ = make("amber", "jade")
    assert run("evaluate", path, "--data", photographs, "--device", "cpu") == 1
    assert "does not know the class teal" in capsys.readouterr().err


def test_predictions_come_as_a_table_that_says_what_the_figures_say(make, photographs, capsys):
    path, own = make("amber", "teal")
    table = photographs.parent / "predictions.csv"
    command = ("evaluate", path, "--data", photographs, "--device", "cpu", "--json")
    assert run(*command, "--predictions", table) == 0
    told = json.loads(capsys.readouterr().out)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    images, _, _, _ = open_images(photographs, own.class_names, own.preprocessing)
    assert [row["file"] for row in rows] == list(images.names)
    right = [row["class"] == row["truth"] == row["file"].split("/")[0] for row in rows]
    assert sum(right) / len(right) == told["accuracy"]
    logits = predict(own, images.read()).softmax(dim=1).sort(dim=1, descending=True)
    assert [float(row["share"]) for row in rows] == pytest.approx(
        logits.values[:, 0].tolist(), abs=2e-6
    )
    assert {row["second"] for row in rows} <= {"amber", "teal"}


def test_a_table_that_cannot_be_written_is_told_before_anything_is_measured(
    make, photographs, capsys
):
    path, _ = make("amber", "teal")
    (photographs.parent / "file").touch()
    nowhere = photographs.parent / "file" / "predictions.csv"
    command = ("evaluate", path, "--data", photographs, "--device", "cpu")
    assert run(*command, "--predictions", nowhere) == 1
    assert "Cannot write" in capsys.readouterr().err


def test_a_temperature_is_fitted_to_what_a_run_would_validate_on(make, photographs, capsys):
    path, _ = make("amber", "teal")
    command = ("evaluate", path, "--data", photographs, "--device", "cpu", "--json")
    assert run(*command) == 0
    before = json.loads(capsys.readouterr().out)
    assert run(*command, "--fit-temperature") == 0
    told = capsys.readouterr()
    kept = adapter_file.inspect(path).temperature
    assert kept != 1.0
    assert f"Its temperature is {kept:.4g}" in told.err
    after = json.loads(told.out)
    assert after["accuracy"] == before["accuracy"]
    assert after["loss"] != before["loss"]
    assert run("evaluate", "--data", photographs, "--fit-temperature") == 1


def test_a_temperature_is_kept_in_no_peft_folder(make, photographs, tmp_path, capsys):
    path, _ = make("amber", "teal", method="lora")
    assert run("export", path, tmp_path / "peft", "--to", "peft") == 0
    command = ("evaluate", tmp_path / "peft", "--data", photographs, "--device", "cpu")
    assert run(*command, "--fit-temperature") == 1
    assert "A PEFT folder has no place for a temperature" in capsys.readouterr().err


def test_the_library_names_the_first_of_many_classes(make, capsys):
    path, _ = make(*(f"kind {number:02}" for number in range(20)))
    assert run("import", path, "--name", "many") == 0
    capsys.readouterr()
    assert run("list") == 0
    assert "kind 00, kind 01, " in (told := capsys.readouterr().out)
    assert "kind 07 and 12 more" in told
    assert run("list", "--json") == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert len(entry["own_classes"]) == len(entry["classes"]) == 20


def test_two_are_combined_where_their_classes_are_equal(make, tmp_path, capsys):
    paths = [make("amber", "teal", seed=seed)[0] for seed in (1, 2)]
    assert run("combine", *paths, "--out", tmp_path / "both.safetensors") == 0
    both = adapter_file.load(tmp_path / "both.safetensors")
    assert both.info.classes.names == ("amber", "teal")
    assert run("similarity", *paths) == 0
    assert "fc5" in capsys.readouterr().out
    other, _ = make("amber", "jade", seed=3)
    for command in ("combine", "similarity"):
        assert run(command, paths[0], other) == 1
        assert "different classes" in (told := capsys.readouterr().err) or "other classes" in told


def test_a_peft_folder_tells_no_names_and_they_can_be_given(make, photographs, tmp_path, capsys):
    path, _ = make("amber", "teal")
    assert run("export", path, "--to", "peft", tmp_path / "peft") == 0
    tensors = tmp_path / "peft" / "adapter_model.safetensors"
    safetensors.torch.save_file(safetensors.torch.load_file(tensors), tensors)  # says no names
    told = ("evaluate", tmp_path / "peft", "--data", photographs, "--device", "cpu", "--json")
    assert run(*told) == 1
    assert "does not know the classes amber, teal" in capsys.readouterr().err
    assert run(*told, "--class-names", "amber", "teal") == 0
    expected = json.loads(capsys.readouterr().out)
    assert run("evaluate", path, *told[2:]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["per_class"] == expected["per_class"]
    assert run(*told, "--class-names", "amber") == 1
    assert "has 2 classes of its own; the names given for them are 1." in capsys.readouterr().err


def test_classes_of_ones_own_can_be_called_otherwise(make, tmp_path):
    path, _ = make("amber", "teal")
    names = ("--class-names", "bernstein", "türkis")
    assert run("import", path, "--out", tmp_path / "again.safetensors", *names) == 0
    info = adapter_file.inspect(tmp_path / "again.safetensors")
    assert info.classes.names == ("bernstein", "türkis")
