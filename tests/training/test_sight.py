"""What comes into a network's last layer, and groups that follow from it."""

import pytest
import torch
from torch import nn

from vera_studio.data.store import ImageSet
from vera_studio.errors import Cancelled
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings
from vera_studio.training.evaluation import predict
from vera_studio.training.inputs import ImageInputs
from vera_studio.training.layer_inputs import layer_inputs
from vera_studio.training.sight import see


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (40, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return ImageSet(pixels, torch.zeros(40, dtype=torch.int64))


def test_the_last_layer_makes_the_logits_of_what_comes_into_it(model, images):
    inputs = ImageInputs(model.network, model.preprocessing, images)
    views, told = torch.tensor([3, 0, 39]), []
    last = model.network.fc5
    found = layer_inputs(last, inputs, views, on_progress=lambda *counts: told.append(counts))
    with torch.no_grad():
        torch.testing.assert_close(last(found), predict(model, images.read(views)))
    assert told == [(3, 3)]
    assert not last._forward_pre_hooks


def test_what_comes_into_a_convolution_is_averaged_over_places(images):
    network = nn.Sequential(nn.Identity(), nn.Conv2d(3, 5, 1), nn.AdaptiveAvgPool2d(1))
    network.append(nn.Flatten()).eval()
    form = open_model(ModelSettings()).preprocessing
    found = layer_inputs(network[1], ImageInputs(network, form, images), torch.arange(40))
    torch.testing.assert_close(found, form(images.read()).mean((2, 3)))


def test_pictures_of_two_kinds_come_in_two_groups(model):
    pixels = torch.zeros(30, 3, 32, 32, dtype=torch.uint8)
    pixels[:15, 2] = 230  # blue
    pixels[15:, :, ::4] = 255  # striped
    pixels += torch.randint(20, pixels.shape, generator=torch.Generator().manual_seed(0)).byte()
    images = ImageSet(pixels, torch.zeros(30, dtype=torch.int64))
    found = see(model, images).groups(2).tolist()
    assert len(set(found[:15])) == len(set(found[15:])) == 1
    assert found[0] != found[15]


def test_it_stops_when_told_to(model, images):
    with pytest.raises(Cancelled):
        see(model, images, should_stop=lambda: True)
