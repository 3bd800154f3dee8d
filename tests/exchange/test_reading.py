"""Where an adapter is, given a folder around it: found where there is one, named where several."""

import os
import shutil
from pathlib import Path

import pytest

from vera_studio import recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.errors import AdapterError
from vera_studio.exchange.peft_export import export_peft
from vera_studio.exchange.reading import find_place, holds_adapter, read_adapter
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.recipe import AdapterSettings, Recipe


@pytest.fixture
def adapter(convnet, make_adapter):
    return make_adapter(convnet, AdapterSettings(rank=4, sharing="all"))


@pytest.fixture
def peft_folder(convnet, adapter, tmp_path):
    export_peft(adapter, convnet, CLASS_NAMES, tmp_path / "made")
    return tmp_path / "made"


def make_run(folder, adapter):
    recipe_file.save(Recipe(), folder / "recipe.toml")
    adapter_file.write(folder / "best.safetensors", adapter)


def test_an_adapter_that_peft_saved_under_a_name(model, adapter, peft_folder, tmp_path):
    given = tmp_path / "saved"
    shutil.copytree(peft_folder, given / "birds")
    (given / "README.md").touch()
    assert read_adapter(given, model).info == adapter.info
    assert find_place(given).name == "birds"
    assert not holds_adapter(given)  # dropped, it is a folder of images first
    assert holds_adapter(given / "birds")
    assert holds_adapter(given / "birds" / "adapter_model.safetensors")


def test_of_several_checkpoints_one_has_to_be_chosen(model, adapter, peft_folder, tmp_path):
    given = tmp_path / "checkpoints"
    for number in (500, 1000):
        shutil.copytree(peft_folder, given / f"checkpoint-{number}" / "default")
    with pytest.raises(AdapterError) as caught:
        read_adapter(given, model)
    first, second = (Path(f"checkpoint-{number}") / "default" for number in (1000, 500))
    assert f"holds several adapters: {first}, {second}. Choose one" in str(caught.value)
    shutil.rmtree(given / "checkpoint-500")
    assert read_adapter(given, model).info == adapter.info


def test_a_run_folder_and_one_around_it(model, adapter, tmp_path):
    make_run(tmp_path / "runs" / "2026-11-25", adapter)
    for given in (tmp_path / "runs", tmp_path / "runs" / "2026-11-25"):
        assert read_adapter(given, model).info == adapter.info
        assert find_place(given).name == "2026-11-25"
    assert holds_adapter(tmp_path / "runs" / "2026-11-25")
    make_run(tmp_path / "runs" / "2026-11-26", adapter)
    with pytest.raises(AdapterError, match="several adapters: 2026-11-25, 2026-11-26"):
        read_adapter(tmp_path / "runs", model)


def test_a_folder_that_is_given_as_a_dot_has_its_name(peft_folder, monkeypatch):
    monkeypatch.chdir(peft_folder)
    assert find_place(Path()).name == "made"


def test_a_path_that_may_not_be_entered_is_told_in_a_line(model, tmp_path, monkeypatch):
    true_stat, true_scan = os.stat, os.scandir

    def stat(path, *rest, **options):
        if "forbidden" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return true_stat(path, *rest, **options)

    def scandir(path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return true_scan(path)

    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr(os, "scandir", scandir)
    (tmp_path / "shut").mkdir()
    for path in (tmp_path / "forbidden" / "a.safetensors", tmp_path / "shut"):
        with pytest.raises(AdapterError, match=r"cannot be (used|read): .*Permission denied") as e:
            read_adapter(path, model)
        assert "\n" not in str(e.value)


@pytest.mark.skipif(os.name == "nt", reason="needs pipes that are files")
@pytest.mark.timeout(30)
def test_pipes_in_a_folder_are_not_waited_for(model, tmp_path):
    folder = tmp_path / "peft"
    folder.mkdir()
    os.mkfifo(folder / "adapter_config.json")
    with pytest.raises(AdapterError, match="there is neither"):
        read_adapter(folder, model)
    (folder / "adapter_config.json").unlink()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 4}')
    os.mkfifo(folder / "adapter_model.safetensors")
    with pytest.raises(AdapterError, match="it is a pipe, not a file"):
        read_adapter(folder, model)


def test_reasons_without_end_are_told_by_the_first(model, tmp_path):
    keys = ",".join(f'"k{number}": 1' for number in range(20_000))
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA",' + keys + "}")
    with pytest.raises(AdapterError, match="and 19,990 more") as caught:
        read_adapter(tmp_path, model)
    assert len(str(caught.value)) < 2000
