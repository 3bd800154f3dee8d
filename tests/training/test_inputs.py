"""Views of images and of features: the right one of the right image."""

import pytest
import torch
from torch import nn

from vera_studio.data.augmentation import Augmentation
from vera_studio.data.store import ImageSet
from vera_studio.models.registry import find
from vera_studio.training.inputs import FeatureInputs, ImageInputs

PREPROCESSING = find("convnet").preprocessing


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(2)
    pixels = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return ImageSet(pixels, torch.arange(6))


def test_images_are_normalised_for_the_network(images):
    network = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    views = torch.tensor([4, 0, 4])
    found = ImageInputs(network, PREPROCESSING, images).logits(views)
    expected = network((images.read()[views] / 255 - 0.5) / 0.5)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_a_view_is_an_image_in_a_variant(images):
    network = nn.Linear(1, 1)
    inputs = ImageInputs(network, PREPROCESSING, images, Augmentation(flips=True))
    assert inputs.views == 12
    found = inputs.gather(torch.tensor([1, 6 + 1]))
    assert torch.equal(found[1], found[0].flip(2))
    assert not torch.equal(found[1], found[0])
    assert torch.equal(
        found[:1], ImageInputs(network, PREPROCESSING, images).gather(torch.tensor([1]))
    )


def test_a_shifted_view_is_what_the_augmentation_says(images):
    augmentation = Augmentation(flips=True, shift=1)
    inputs = ImageInputs(nn.Linear(1, 1), PREPROCESSING, images, augmentation)
    assert inputs.views == 6 * 18
    variant = torch.tensor([13])
    expected = augmentation.apply(images.read()[2:3], variant)
    torch.testing.assert_close(
        inputs.gather(2 + 6 * variant), (expected / 255 - 0.5) / 0.5, rtol=1e-4, atol=1e-5
    )


def test_features_go_through_the_trained_part():
    trained = nn.Linear(4, 10)
    features = torch.rand(12, 4)
    inputs = FeatureInputs(trained, features, torch.arange(6))
    views = torch.tensor([11, 0, 3])
    assert torch.equal(inputs.logits(views), trained(features[views]))
