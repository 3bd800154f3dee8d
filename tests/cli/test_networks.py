"""Other networks from the command line: listing, naming, measuring, downloading them."""

import csv
import hashlib
import io
import json
import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models

from tests.command_line import run
from vera_studio import recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.models import model as model_module
from vera_studio.models import registry
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    ModelSettings,
    Recipe,
    TrainingSettings,
)
from vera_studio.runs.run_folder import load_result

LITE = "efficientnet_lite0"


@pytest.fixture
def insects(tmp_path):
    """Pictures of ants and bees, two classes of ImageNet's thousand; noise, for speed."""
    random = np.random.default_rng(0)
    for part, count in (("train", 4), ("val", 2), ("test", 2)):
        for name in ("ants", "bees"):
            folder = tmp_path / "insects" / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "insects"


@pytest.fixture
def of_two(tmp_path):
    """A file of weights of a small network with two classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = models.squeezenet1_1(num_classes=2)
    torch.save(network.state_dict(), tmp_path / "two.pt")
    return tmp_path / "two.pt"


def failure(capsys, *arguments):
    assert run(*arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = [line for line in err.splitlines() if not line.endswith(" ...")]
    assert len(lines) == 1
    return lines[0].removeprefix("vera-studio: ")


def test_all_networks_are_listed(capsys):
    assert run("networks") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(registry.every())
    assert lines[1].split()[0] == "convnet"
    (lite,) = (line for line in lines if line.startswith(LITE))
    assert lite.split() == [
        *(LITE, "EfficientNet-Lite0", "4,652,008", "74.8%", "224", "0.39", "none", "yes")
    ]
    (vgg,) = (line for line in lines if line.startswith("vgg16 "))
    assert vgg.split() == ["vgg16", "VGG16", "138,357,544", "71.6%", "224", "15.47", "528", "MB"]
    assert max(map(len, lines)) <= 100


def test_a_filter_and_json(capsys):
    assert run("networks", "RESNET", "18", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found == {
        "name": "resnet18",
        "title": "ResNet18",
        "parameters": 11_689_512,
        "imagenet_accuracy": 0.69758,
        "pixels": 224,
        "gflops": 1.814,
        "download_megabytes": 44.661,
        "here": False,
        "classes": 1000,
    }
    assert failure(capsys, "networks", "nothing") == (
        "There is no network with nothing in its name. 'vera-studio networks' lists all."
    )


def test_a_network_is_measured_on_the_classes_that_there_are_images_of(insects, capsys):
    evaluate = ("evaluate", "--model", LITE, "--data", insects, "--device", "cpu")
    assert run(*evaluate, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["network"], found["weights"]) == ("EfficientNet-Lite0", "pretrained")
    assert list(found["test"]["per_class"]) == ["bee", "ant"]  # ImageNet's order
    assert found["test"]["images"] == 4
    assert run(*evaluate) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["validation", "overall", "bee", "ant"]


def test_a_name_that_is_almost_right(insects, capsys):
    text = failure(capsys, "evaluate", "--model", "resnet", "--data", insects)
    assert text.startswith("There is no network 'resnet'. Is it resnet")


def test_weights_of_ones_own_and_the_names_of_their_classes(insects, of_two, capsys):
    evaluate = ("evaluate", "--model", "squeezenet1_1", "--weights", of_two, "--data", insects)
    text = failure(capsys, *evaluate)
    assert text.startswith("The network does not know the classes ants, bees.")
    assert "Classes the network knows: 0, 1." in text
    assert run(*evaluate, "--json", "--device", "cpu", "--class-names", "ant", "bee") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["weights"], list(found["test"]["per_class"])) == ("two.pt", ["ant", "bee"])
    text = failure(capsys, *evaluate, "--class-names", "ant")
    assert text == "1 class name is given for a network of 2 classes."


def recipe_of(insects, tmp_path, **model):
    training = TrainingSettings(epochs=2, batch_size=4, device="cpu")
    data = DataSettings(source="folder", folder=str(insects))
    adapter = AdapterSettings(rank=2)
    path = tmp_path / "recipe.toml"
    recipe_file.save(Recipe(ModelSettings(**model), data, adapter, training), path)
    return path


def test_a_recipe_names_its_network_and_the_adapter_finds_it(insects, tmp_path, capsys):
    recipe = recipe_of(insects, tmp_path, name=LITE)
    assert run("train", recipe, "--out", tmp_path / "run") == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) < 12
    assert len(err.splitlines()) < 20
    with (tmp_path / "run" / "metrics.csv").open() as file:
        (row, *_) = csv.DictReader(file)
    assert [key for key in row if key.startswith("accuracy_")] == ["accuracy_bee", "accuracy_ant"]
    assert (tmp_path / "run" / "result.json").stat().st_size < 4000
    result = load_result(tmp_path / "run")
    assert (result.class_names, result.target_classes) == (("bee", "ant"), (0, 1))
    assert result.after.images == 4
    adapter = tmp_path / "run" / "last.safetensors"
    assert adapter_file.inspect(adapter).network == LITE
    assert run("evaluate", adapter, "--data", insects, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["per_class"]) == ["bee", "ant"]
    assert found["base"]["accuracy"] == result.before.accuracy
    assert found["base"]["classes"]["bee"]["images"] == 2
    assert {"mended", "broken", "confused", "calibration"} <= found.keys()
    assert run("similarity", adapter, adapter) == 0
    assert "+1.0000" in capsys.readouterr().out
    assert run("export", adapter, "--to", "merged", tmp_path / "m.safetensors") == 0
    capsys.readouterr()
    text = failure(capsys, "export", adapter, "--to", "peft", tmp_path / "x", "--model", "convnet")
    assert "It is for 1,000 classes, and the network that is open has 10." in text


def test_a_recipe_names_weights_and_classes(insects, of_two, tmp_path, capsys):
    names = {"name": "squeezenet1_1", "weights": str(of_two), "class_names": ("bee", "ant")}
    recipe = recipe_of(insects, tmp_path, **names)
    for command in (
        ("train", recipe, "--out", tmp_path / "run"),
        ("compare", recipe, "--methods", "bias", "--seeds", 1, "--out", tmp_path / "compared"),
    ):
        assert run(*command) == 0
    result = load_result(tmp_path / "run")
    assert (result.class_names, result.subject.weights) == (("bee", "ant"), "two.pt")
    capsys.readouterr()
    evaluate = ("evaluate", tmp_path / "run" / "last.safetensors", "--data", insects)
    assert failure(capsys, *evaluate) == (
        "The adapter was trained on two.pt, weights of your own for SqueezeNet1.1. "
        "Name that file with --weights."
    )
    assert run(*evaluate, "--weights", of_two, "--device", "cpu", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["images"] == 4


def test_compare_takes_the_classes_that_there_are_images_of_as_targets(insects, tmp_path, capsys):
    recipe = recipe_of(insects, tmp_path, name=LITE)
    compare = ("compare", recipe, "--methods", "bias", "--seeds", 1, "--out", tmp_path / "out")
    assert run(*compare) == 0
    out, _ = capsys.readouterr()
    assert "Targets: bee, ant." in out
    assert len(out.splitlines()) == 5


@pytest.fixture
def sent(server, monkeypatch):
    """A network whose weights the server sends."""
    kind = registry.find("squeezenet1_1")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state, file = kind.build(1000).state_dict(), io.BytesIO()
    torch.save(state, file)
    server.body = file.getvalue()
    start = hashlib.sha256(server.body).hexdigest()[:8]
    kind = replace(kind, url=f"{server.url}/net-{start}.pth", sha256_start=start)
    monkeypatch.setattr(model_module, "find", lambda name: kind)
    return kind


def test_a_download_says_so_once_and_moves_on_a_terminal(sent, insects, capsys, monkeypatch):
    evaluate = ("evaluate", "--model", "squeezenet1_1", "--data", insects, "--device", "cpu")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert run(*evaluate) == 0
    err = capsys.readouterr().err
    assert err.count("Downloading the weights ...") == 1
    assert "100.0%  Downloading the weights: 5 MB" in err
    assert err.endswith("\r\x1b[K")  # nothing is left in the way of the results
    monkeypatch.undo()


def test_a_run_downloads_the_weights_of_its_network(sent, insects, tmp_path, capsys):
    recipe = recipe_of(insects, tmp_path, name="squeezenet1_1")
    assert run("train", recipe, "--out", tmp_path / "run") == 0
    assert capsys.readouterr().err.splitlines()[:2] == [
        "Opening the network ...",
        "Downloading the weights ...",
    ]


def test_an_adapter_of_anybodys_downloads_nothing(sent, server, insects, tmp_path, capsys):
    adapter = tmp_path / "run" / "last.safetensors"
    recipe = recipe_of(insects, tmp_path, name="squeezenet1_1")
    assert run("train", recipe, "--out", tmp_path / "run") == 0  # a recipe that is given may
    sent.weights_file.unlink()
    capsys.readouterr()
    for command in (("evaluate", adapter, "--data", insects), ("import", adapter)):
        assert failure(capsys, *command) == (
            "The weights of SqueezeNet1.1 are not on this machine; they are 5 MB to download. "
            "To have them downloaded add --model squeezenet1_1."
        )
    assert server.requests == 1
    assert run("import", adapter, "--model", "squeezenet1_1") == 0
    assert server.requests == 2


def test_a_download_that_fails_is_one_line(sent, server, insects, capsys):
    server.status = 404
    text = failure(capsys, "evaluate", "--model", "squeezenet1_1", "--data", insects)
    assert text.startswith("127.0.0.1 answered 404 Not Found for http://127.0.0.1:")
    assert not sent.is_here


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_ctrl_c_ends_a_download_and_leaves_nothing(
    sent, server, insects, tmp_path, capsys, command
):
    server.go_on.clear()

    def interrupt():
        server.half_sent.wait(10)
        os.kill(os.getpid(), signal.SIGINT)
        server.go_on.set()

    thread = threading.Thread(target=interrupt)
    thread.start()
    arguments = {
        "evaluate": ("--model", "squeezenet1_1", "--data", insects),
        "train": (recipe_of(insects, tmp_path, name="squeezenet1_1"), "--out", tmp_path / "run"),
    }[command]
    assert run(command, *arguments) == 130
    thread.join()
    assert capsys.readouterr().err.splitlines()[-1] == "vera-studio: interrupted"
    assert list(sent.weights_file.parent.iterdir()) == []
    assert not (tmp_path / "run").exists()


def test_a_cache_that_cannot_be_written_is_one_line(sent, server, insects, capsys):
    folder = sent.weights_file.parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")
    text = failure(capsys, "evaluate", "--model", "squeezenet1_1", "--data", insects)
    assert text.startswith(f"Cannot store the weights of SqueezeNet1.1 in {folder}: ")
