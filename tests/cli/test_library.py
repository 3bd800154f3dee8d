"""The library from the command line: filled, listed, combined, compared, kept in order."""

import json
from pathlib import Path

import pytest
import torch

from tests import command_line
from vera_studio import environment
from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import merge
from vera_studio.adapters.copies import with_adapter
from vera_studio.exchange.export import export
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


@pytest.fixture
def adapter(make_adapter, model, tmp_path):
    """The path of an adapter at rank 4 whose one pair of projections PEFT can have."""
    made = make_adapter(model.network, AdapterSettings(rank=4, sharing="all"))
    adapter_file.write(tmp_path / "birds.safetensors", made)
    return tmp_path / "birds.safetensors"


@pytest.fixture
def lora(make_adapter, model, tmp_path):
    made = make_adapter(model.network, AdapterSettings(rank=2, method="lora"), seed=3)
    adapter_file.write(tmp_path / "lora.safetensors", made)
    return tmp_path / "lora.safetensors"


@pytest.fixture
def run(capsys):
    """A function that runs a subcommand and gives its exit status, output and errors."""

    def run(*arguments):
        status = command_line.run(*arguments)
        out, err = capsys.readouterr()
        return status, out, err

    return run


def listed(run):
    status, out, err = run("list", "--json")
    assert (status, err) == (0, "")
    return {entry["name"]: entry for entry in json.loads(out)}


def test_an_empty_library_says_how_to_fill_it(run):
    assert run("list") == (
        0,
        "The library is empty: train in the window, or import an adapter.\n",
        "",
    )
    assert listed(run) == {}


def test_a_library_that_cannot_be_there_is_told(run, tmp_path, monkeypatch):
    def refuse(folder, *_, **__):
        raise PermissionError(13, "Permission denied", str(folder))

    environment.set_data_folder(tmp_path / "not" / "allowed")
    monkeypatch.setattr(Path, "mkdir", refuse)
    status, out, err = run("list")
    assert (status, out) == (1, "")
    assert "Cannot write to" in err


def test_what_is_imported_is_listed(run, adapter, model, tmp_path):
    export(adapter_file.load(adapter), model, "lora", tmp_path / "folder")
    assert run("import", adapter)[0] == 0
    assert run("import", tmp_path / "folder", "--name", "From PEFT")[0] == 0
    found = listed(run)
    assert found.keys() == {"birds", "From PEFT"}
    assert (found["birds"]["method"], found["birds"]["rank"]) == ("vera", 4)
    assert (found["From PEFT"]["method"], found["From PEFT"]["rank"]) == ("lora", 4)
    status, out, err = run("list")
    head, *rows = out.splitlines()
    assert (status, err, len(rows)) == (0, "", 2)
    column = head.index("method")
    assert sorted(row[column:].split()[0] for row in rows) == ["LoRA", "VeRA"]


def test_names_in_the_library_are_taken_wherever_an_adapter_is(run, adapter, tmp_path):
    run("import", adapter, "--name", "Birds and cats")
    status, out, _ = run("export", "Birds and cats", "--to", "merged", tmp_path / "m.pt")
    assert (status, out.startswith(str(tmp_path / "m.pt"))) == (0, True)
    status, out, err = run("export", "Dogs", "--to", "merged", tmp_path / "d.pt")
    assert (status, out) == (1, "")
    assert err == "vera-studio: The library has no adapter 'Dogs'; it has Birds and cats.\n"


def test_importing_to_a_file_leaves_the_library_alone(run, adapter, model, tmp_path):
    export(adapter_file.load(adapter), model, "peft", tmp_path / "folder")
    status, out, _ = run("import", tmp_path / "folder", "--out", tmp_path / "own.safetensors")
    assert (status, out) == (0, f"{tmp_path / 'own.safetensors'}: written.\n")
    assert (tmp_path / "own.safetensors").read_bytes() == adapter.read_bytes()
    assert listed(run) == {}


def test_what_does_not_fit_is_not_imported(run, adapter, tmp_path):
    other = adapter_file.load(adapter)
    object.__setattr__(other.info, "base_digest", "0" * 64)
    adapter_file.write(tmp_path / "other.safetensors", other)
    for path, words in (
        (tmp_path / "other.safetensors", "other weights"),
        (tmp_path / "missing.safetensors", "found nothing"),
        (tmp_path, "adapter_config.json"),
    ):
        status, out, err = run("import", path)
        assert (status, out, len(err.splitlines())) == (1, "", 1)
        assert words in err
    assert listed(run) == {}


@pytest.mark.parametrize("name", ["", "~nosuch", "x" * 5000, "a\0b"])
def test_names_that_are_no_path_either(run, name):
    status, out, err = run("export", name, "--to", "merged", "m.pt")
    assert (status, out) == (1, "")
    assert err.startswith("vera-studio: The library has no adapter")
    assert len(err.splitlines()) == 1


def test_a_name_with_a_slash_and_a_folder_of_the_same_name(run, adapter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owls").mkdir()
    run("import", adapter, "--name", "cat/dog")
    assert run("export", "cat/dog", "--to", "merged", "m.pt")[0] == 0
    run("rename", "cat/dog", "owls")
    assert run("export", "owls", "--to", "merged", "m.pt")[0] == 0


def test_what_the_library_has_already_is_told_with_its_name_there(run, adapter):
    run("import", adapter, "--name", "Owls")
    status, out, _ = run("import", adapter, "--name", "Eagles")
    assert status == 0
    assert out.endswith("The library has this adapter already, as Owls; no second copy was made.\n")
    assert listed(run).keys() == {"Owls"}


def test_an_import_is_called_as_the_folder(run, adapter, model, tmp_path):
    export(adapter_file.load(adapter), model, "lora", tmp_path / "From PEFT")
    assert run("import", tmp_path / "From PEFT" / "adapter_config.json")[0] == 0
    assert listed(run).keys() == {"From PEFT"}


def test_a_combination_acts_as_both(run, adapter, lora, model):
    status, out, _ = run("combine", adapter, lora, "--mix", 0.5, -2, "--name", "Both")
    assert status == 0
    assert "in the library as Both" in out
    entry = listed(run)["Both"]
    assert (entry["method"], entry["rank"]) == ("lora", 6)
    found = with_adapter(adapter_file.load(Path(entry["path"])), model.network)
    parts = [with_adapter(adapter_file.load(path), model.network) for path in (adapter, lora)]
    for network in (found, *parts):
        merge(network)
    base = model.network.fc2.weight
    expected = base + 0.5 * (parts[0].fc2.weight - base) - 2 * (parts[1].fc2.weight - base)
    torch.testing.assert_close(found.fc2.weight, expected, rtol=1e-4, atol=1e-5)


def test_similarity_of_an_adapter_with_itself_and_another(run, adapter, lora):
    status, out, _ = run("similarity", adapter, adapter, "--json")
    assert status == 0
    assert json.loads(out) == pytest.approx(dict.fromkeys(("fc1", "fc2", "fc3", "fc4", "fc5"), 1))
    _, out, _ = run("similarity", adapter, lora)
    head, *rows = out.splitlines()
    assert head.split() == ["layer", "cosine"]
    assert all(abs(float(row.split()[1])) < 0.9 for row in rows)
    assert len(rows) == 5


def test_renaming_annotating_deleting_and_restoring(run, adapter):
    run("import", adapter)
    assert run("rename", "birds", "Owls")[0] == 0
    assert run("annotate", "Owls", "of the night")[0] == 0
    assert listed(run)["Owls"]["notes"] == "of the night"
    assert run("delete", "Owls")[0] == 0
    assert listed(run) == {}
    assert run("restore", "Owls")[0] == 0
    assert listed(run)["Owls"]["notes"] == "of the night"
    status, out, err = run("restore", "Owls")
    assert (status, out) == (1, "")
    assert "no adapter 'Owls'" in err


def test_a_damaged_file_is_told_and_the_others_are_listed(run, adapter):
    run("import", adapter)
    (environment.library_folder() / "broken.safetensors").write_bytes(b"x")
    status, out, err = run("list")
    assert status == 1
    assert "birds" in out
    assert err.startswith("vera-studio: broken.safetensors cannot be used")


@pytest.mark.parametrize(
    "arguments",
    [("combine", "a"), ("combine", "a", "b", "--mix", "x", "1"), ("rename", "a"), ("import",)],
)
def test_wrong_usage(run, arguments):
    with pytest.raises(SystemExit, match="2"):
        run(*arguments)


def test_an_unusable_library_is_told(run, own_data_folder):
    (own_data_folder / "adapters").write_text("in the way")
    status, out, err = run("list")
    assert (status, out) == (1, "")
    assert "cannot be read: Not a directory" in err
    assert err.count("\n") <= 1
