"""The table of torchvision's networks against torchvision, and weights that come on demand."""

import hashlib
import io
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models

from vera_studio.data.image_file import read_image
from vera_studio.errors import Cancelled, DownloadError, ModelError
from vera_studio.models import model as model_module
from vera_studio.models import torchvision_models
from vera_studio.models.head import find_head
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings

KINDS = torchvision_models.kinds()


def weights_of(name):
    return models.get_model_weights(name).DEFAULT


def test_every_network_that_has_weights_is_there():
    assert set(KINDS) == set(models.list_models(module=models))
    assert len(KINDS) >= 80


@pytest.mark.parametrize("name", KINDS)
def test_what_is_told_of_it_is_what_torchvision_tells(name):
    kind, weights = KINDS[name], weights_of(name)
    meta = weights.meta
    assert list(kind.class_names) == meta["categories"]
    assert len(set(kind.class_names)) == 1000
    assert (kind.parameters, kind.gflops) == (meta["num_params"], meta["_ops"])
    assert kind.accuracy == pytest.approx(meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100)
    assert kind.download_megabytes == meta["_file_size"]
    assert kind.url == weights.url
    # As torch.hub finds it, which checks it for torchvision.
    assert re.search(r"-([a-f0-9]*)\.", weights.url).group(1) == kind.sha256_start
    assert len(kind.sha256_start) >= 8
    assert kind.weights_file.name == weights.url.rpartition("/")[2]
    assert min(meta["min_size"]) <= kind.preprocessing.size


def test_no_two_share_a_file():
    assert len({kind.weights_file for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize(
    "name", ["resnet18", "resnet50", "efficientnet_b0", "efficientnet_b2", "inception_v3", "swin_t"]
)
@pytest.mark.parametrize("shape", [(340, 410), (97, 61)])
def test_pictures_are_made_ready_as_the_weights_say(name, shape, tmp_path):
    """Other sizes, other interpolations; up to the rounding to whole numbers that we keep."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (shape[0] // 16, shape[1] // 16, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize(shape[::-1], Image.Resampling.BICUBIC)
    picture.save(tmp_path / "a.png")
    form = KINDS[name].preprocessing
    pixels = torch.tensor(read_image(tmp_path / "a.png", form)).permute(2, 0, 1)
    found, expected = form(pixels[None])[0], weights_of(name).transforms()(picture)
    assert found.shape == expected.shape
    one_step = 1 / 255 / min(form.std)
    assert (found - expected).abs().max() <= 1.01 * one_step


# The smallest of each family; RegNet computes its widths, which needs tensors with values.
SMALLEST = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3"),
    *(
        "maxvit_t",
        "mnasnet0_5",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "resnet18",
        "resnext50_32x4d",
    ),
    *("shufflenet_v2_x0_5", "squeezenet1_0", "resnext50_32x4d", "vgg11_bn", "vit_b_16", "vit_h_14"),
)


@pytest.mark.parametrize("name", SMALLEST)
def test_it_is_built_as_torchvision_builds_it_with_weights(name):
    with torch.device("meta"):
        network = KINDS[name].build(1000)
    assert sum(value.numel() for value in network.parameters()) == KINDS[name].parameters
    assert len(network.get_submodule(find_head(network)).weight) == 1000


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_images_are_transformed_as_the_old_weights_want_them(name):
    with torch.device("meta"):
        network = KINDS[name].build(10)
    assert network.transform_input
    assert network.aux_logits is (name == "inception_v3")


def saved(state):
    """The bytes of a file of weights."""
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def old_densenet_names(state):
    pattern = re.compile(r"(denselayer\d+\.(?:norm|conv))([12])(?=\.)")
    return type(state)((pattern.sub(r"\1.\2", name), value) for name, value in state.items())


@pytest.fixture
def sent(server, monkeypatch):
    """Makes a network whose weights the server sends; values that tell them from others."""

    def make(name, change=lambda state: state):
        kind = KINDS[name]
        torch.manual_seed(3)
        state = kind.build(1000).state_dict()
        server.body = saved(change(state))
        start = hashlib.sha256(server.body).hexdigest()[:8]
        kind = replace(kind, url=f"{server.url}/{name}-{start}.pth", sha256_start=start)
        monkeypatch.setattr(model_module, "find", lambda name: kind)
        return state

    with torch.random.fork_rng(devices=[]):
        yield make


def assert_has(model, state):
    found = model.network.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in found.items())


def test_weights_come_once_and_are_opened_without_the_network_then(sent, server):
    state, reports = sent("squeezenet1_1"), []
    settings = ModelSettings("squeezenet1_1")
    model = open_model(settings, lambda *report: reports.append(report))
    assert_has(model, state)
    assert reports[-1] == (len(server.body), len(server.body))
    assert (model.weights, len(model.class_names)) == ("pretrained", 1000)
    assert model.kind.is_here
    server.status = 500
    assert_has(open_model(settings), state)
    assert server.requests == 1


def test_a_cancelled_download_leaves_nothing(sent, server):
    sent("squeezenet1_1")
    server.go_on.clear()
    with pytest.raises(Cancelled):
        open_model(ModelSettings("squeezenet1_1"), should_stop=server.half_sent.is_set)
    folder = model_module.find("").weights_file.parent
    assert not any(folder.iterdir())


def test_a_download_that_fails_is_told_and_tried_again(sent, server):
    state = sent("squeezenet1_1")
    server.length = len(server.body) + 1
    with pytest.raises(DownloadError, match=r"weights of SqueezeNet1\.1 broke off"):
        open_model(ModelSettings("squeezenet1_1"))
    server.length, whole = None, server.body
    server.body = whole[:-100] + bytes(100)
    with pytest.raises(DownloadError, match=r"SqueezeNet1\.1 arrived damaged"):
        open_model(ModelSettings("squeezenet1_1"))
    server.body = whole
    assert_has(open_model(ModelSettings("squeezenet1_1")), state)


@pytest.mark.parametrize("damage", [b"", b"no weights", None])
def test_a_file_that_was_damaged_since_comes_anew(sent, server, damage):
    state = sent("squeezenet1_1")
    open_model(ModelSettings("squeezenet1_1"))
    file = model_module.find("").weights_file
    file.write_bytes(file.read_bytes()[:-1] if damage is None else damage)
    assert_has(open_model(ModelSettings("squeezenet1_1")), state)
    assert server.requests == 2
    file.write_bytes(b"damaged again")
    server.status = 503
    with pytest.raises(DownloadError, match="503"):
        open_model(ModelSettings("squeezenet1_1"))


def test_a_whole_file_that_does_not_fit_is_told_in_plain_words(sent):
    sent("squeezenet1_1", lambda state: {"other": torch.ones(1)})
    with pytest.raises(ModelError, match="arrived whole, but the PyTorch that is") as caught:
        open_model(ModelSettings("squeezenet1_1"))
    assert "state_dict" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("densenet121", old_densenet_names),
        ("mnasnet0_5", lambda state: state),
        ("googlenet", lambda state: type(state)(state, **{"aux1.conv.conv.weight": torch.ones(1)})),
    ],
)
def test_files_as_torchvision_has_them(sent, server, tmp_path, name, change):
    """Old names, layers that ask for their version, parts for training; also as one's own file."""
    state = sent(name, change)
    assert_has(open_model(ModelSettings(name)), state)
    (tmp_path / "mine.pth").write_bytes(server.body)
    model = open_model(ModelSettings(name, weights=str(tmp_path / "mine.pth")))
    assert_has(model, state)
    assert model.notes == ()


@pytest.fixture
def of_three(tmp_path):
    """A file of one's own ResNet-18 that has three classes."""
    path = tmp_path / "three.pt"
    torch.save(models.resnet18(num_classes=3).state_dict(), path)
    return str(path)


def test_a_last_layer_of_another_size_opens_and_has_numbers_for_names(of_three):
    model = open_model(ModelSettings("resnet18", weights=of_three))
    assert model.class_names == ("0", "1", "2")
    assert model.network(torch.zeros(1, 3, 64, 64)).shape == (1, 3)
    state = torch.load(of_three, weights_only=True)
    assert_has(model, state)


def test_or_the_names_that_are_given(of_three):
    settings = ModelSettings("resnet18", weights=of_three, class_names=("ant", "bee", "wasp"))
    assert open_model(settings).class_names == ("ant", "bee", "wasp")
    with pytest.raises(ModelError, match="2 class names are given for a network of 3 classes"):
        open_model(replace(settings, class_names=("ant", "bee")))
    with pytest.raises(ModelError, match=r"Two classes cannot have one name: bee\."):
        open_model(replace(settings, class_names=("ant", "bee", "bee")))
    with pytest.raises(ModelError, match="one of those given is empty"):
        open_model(replace(settings, class_names=("ant", "bee", "")))
