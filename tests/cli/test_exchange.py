"""Exporting from the command line, and reading back what was exported."""

import json

import pytest
import safetensors.torch
import torch
from PIL import Image

from tests.command_line import run
from vera_studio.adapters import adapter_file
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings


@pytest.fixture
def adapter(make_adapter, tmp_path):
    """The path of an adapter whose one pair of projections PEFT can have."""
    network = open_model(ModelSettings()).network
    made = make_adapter(network, AdapterSettings(rank=4, sharing="all"))
    adapter_file.write(tmp_path / "a.safetensors", made)
    return tmp_path / "a.safetensors"


@pytest.mark.parametrize(
    ("to", "name", "words"),
    [
        ("use", "folder", "a script that classifies pictures. onnxruntime computes the same"),
        ("peft", "folder", "A PEFT VeRA: the adapter has one pair"),
        ("lora", "folder", "A PEFT LoRA that computes exactly what"),
        ("merged", "m.pt", "The weights of the ConvNet with the adapter in them"),
        ("onnx", "m.onnx", "onnxruntime computes the same logits."),
    ],
)
def test_says_what_was_written_and_why(adapter, tmp_path, capsys, to, name, words):
    destination = tmp_path / name
    assert run("export", adapter, "--to", to, destination) == 0
    out, err = capsys.readouterr()
    (line,) = out.splitlines()
    assert line.startswith(f"{destination}: ")
    assert words in line
    assert err == ""
    assert destination.exists()


def test_a_peft_folder_is_an_adapter_too(adapter, tmp_path, capsys):
    (tmp_path / "images" / "cat").mkdir(parents=True)
    Image.new("RGB", (32, 32), (200, 60, 40)).save(tmp_path / "images" / "cat" / "1.png")
    assert run("export", adapter, "--to", "peft", tmp_path / "folder") == 0
    capsys.readouterr()
    losses = []
    for path in (adapter, tmp_path / "folder"):
        data = ("--data", tmp_path / "images", "--device", "cpu", "--json")
        assert run("evaluate", path, *data) == 0
        losses.append(json.loads(capsys.readouterr().out)["loss"])
    assert losses[0] == losses[1]
    assert run("export", tmp_path / "folder", "--to", "merged", tmp_path / "m.pt") == 0


def test_how_weights_were_taken_is_told(adapter, tmp_path, capsys):
    state = open_model(ModelSettings()).network.state_dict()
    torch.save({"net": {f"module.{n}": v for n, v in state.items()}}, tmp_path / "w.ckpt")
    merged = tmp_path / "m.safetensors"
    command = ("export", adapter, "--to", "merged", merged, "--weights", tmp_path / "w.ckpt")
    assert run(*command) == 0
    assert "w.ckpt: The prefix module. of all names was taken off." in capsys.readouterr().err


def test_failures_are_one_line(adapter, tmp_path, capsys):
    weights = tmp_path / "own.safetensors"
    network = open_model(ModelSettings()).network
    state = {name: value + 0.01 for name, value in network.state_dict().items()}
    safetensors.torch.save_file(state, weights)
    for arguments, text in (
        (("--to", "merged", tmp_path / "m.bin"), "m.bin cannot hold merged weights"),
        (("--to", "peft", tmp_path), "holds other files"),
        (("--to", "peft", tmp_path / "x", "--weights", weights), "other weights"),
    ):
        assert run("export", adapter, *arguments) == 1
        out, err = capsys.readouterr()
        assert out == ""
        (line,) = err.splitlines()
        assert line.startswith("vera-studio: ")
        assert text in line


@pytest.mark.parametrize(
    "arguments", [["a", "x"], ["a", "--to", "peft"], ["a", "--to", "gguf", "x"]]
)
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        run("export", *arguments)
    assert exit_.value.code == 2
    assert "usage:" in capsys.readouterr().err
