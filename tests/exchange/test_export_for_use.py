"""The folder that an export for use leaves, run as a person would run it: without the studio."""

import dataclasses
import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest
import torch

from tests.exchange.odd_pictures import make_odd_pictures
from tests.made_adapters import made_adapter
from vera_studio import environment
from vera_studio.adapters.copies import with_adapter
from vera_studio.data.image_file import read_image
from vera_studio.data.preprocessing import Preprocessing, square
from vera_studio.errors import StudioError
from vera_studio.exchange.export import export
from vera_studio.export_targets import USE_FILES
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.training.evaluation import predict

_HALF = (0.5, 0.5, 0.5)
# What a fresh environment has after `pip install onnxruntime pillow`; it may not connect.
_ALONE = """
import json, runpy, sys

allowed = {*sys.stdlib_module_names, "onnxruntime", "numpy", "PIL", "flatbuffers", "google"}
allowed |= {"packaging", "preprocessing"}


class OnlyThese:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] not in allowed:
            raise ModuleNotFoundError(f"No module named {name}", name=name)


def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
        raise AssertionError(event)


sys.meta_path.insert(0, OnlyThese)
sys.addaudithook(refuse)
folder = sys.argv.pop(1)
sys.path.insert(0, folder)  # as of a script that is started by its name
script = runpy.run_path(folder + "/classify.py", run_name="__main__")
print(json.dumps([script["classify"](path) for path in sys.argv[1:]]))
assert not {"torch", "torchvision", "vera_studio"} & set(sys.modules)
"""


def run_alone(folder, paths):
    """What `classify.py` prints of pictures where nothing else is, and all shares of each."""
    command = [sys.executable, "-I", "-c", _ALONE, folder, *paths]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    *lines, found = done.stdout.splitlines()
    return lines, [dict(told) for told in json.loads(found)]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_odd_pictures(tmp_path_factory.mktemp("odd") / "pictures")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The network, the adapter, and the folder."""
    folder, model = tmp_path_factory.mktemp("use"), open_model(ModelSettings())
    adapter = made_adapter(folder / "made.safetensors", model.network, AdapterSettings(rank=4))
    adapter = dataclasses.replace(adapter, info=dataclasses.replace(adapter.info, temperature=1.7))
    written = export(adapter, model, "use", folder / "birds-use")
    assert [path.name for path in written.paths] == list(USE_FILES)
    assert written.sentence.endswith("onnxruntime computes the same logits.")
    return model.with_network(with_adapter(adapter, model.network)), folder / "birds-use"


def test_the_script_classifies_as_the_studio_does(exported, pictures):
    adapted, folder = exported
    lines, found = run_alone(folder, pictures.values())
    for path, shares in zip(pictures.values(), found, strict=True):
        pixels = torch.from_numpy(read_image(path, adapted.preprocessing).copy())
        # (height, width, 3) -> (1, 3, height, width)
        expected = predict(adapted, pixels.permute(2, 0, 1)[None])[0].softmax(0)
        got = [shares[name] for name in CLASS_NAMES]
        np.testing.assert_allclose(got, expected.numpy(), rtol=0, atol=1e-5, err_msg=path.name)
        assert lines[:1] == [str(path)]
        best = [f"    {name} {share:.1%}" for name, share in list(shares.items())[:5]]
        assert lines[1:6] == best
        del lines[:6]


def test_the_files_tell_all_that_another_program_needs_and_nothing_of_the_machine(exported):
    _, folder = exported
    about = json.loads((folder / "network.json").read_text())
    assert about["class_names"] == list(CLASS_NAMES)
    assert about["preprocessing"]["size"] == 32
    assert "pip install onnxruntime pillow" in (folder / "README.txt").read_text()
    for name in USE_FILES:
        assert str(folder.parent).encode() not in (folder / name).read_bytes()


def take_along():
    """The module that reads pictures in such a folder."""
    path = environment.resources_folder() / "take_along" / "preprocessing.py"
    spec = spec_from_file_location("take_along_preprocessing", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "form",
    [
        square(32),
        Preprocessing(28, 32, "bilinear", _HALF, _HALF),
        Preprocessing(33, 50, "bicubic", _HALF, _HALF),
    ],
    ids=["cuts first", "bilinear", "bicubic"],
)
def test_reads_pictures_to_the_pixel_as_the_studio_does(pictures, form):
    rules = form.described()
    del rules["mean"], rules["std"]
    read = take_along().read_picture
    for name, path in pictures.items():
        assert np.array_equal(read(path, **rules), read_image(path, form)), name


def test_an_export_before_is_replaced_and_nothing_else(model, make_adapter, tmp_path, monkeypatch):
    adapter = make_adapter(model.network, AdapterSettings(rank=4))
    from vera_studio.exchange import export_for_use

    monkeypatch.setattr(export_for_use, "onnx_content", lambda *_: (b"network", "Not checked."))
    export(adapter, model, "use", tmp_path / "use")
    export(adapter, model, "use", tmp_path / "use")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    with pytest.raises(StudioError, match="holds other files"):
        export(adapter, model, "use", tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
