"""Images that are learned in moments, and the measuring of what came of it."""

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.models.convnet import CLASS_NAMES
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings
from vera_studio.training.evaluation import evaluate


@pytest.fixture
def tiny_data():
    """A function that makes small image data: every class a colour of its own, with noise."""

    def make(train=8, validation=3, test=3, classes=range(10)):
        generator = torch.Generator().manual_seed(11)
        colours = torch.randint(30, 190, (10, 3, 1, 1), generator=generator)

        def images(per_class):
            labels = torch.tensor(classes).repeat(per_class)
            noise = torch.randint(0, 60, (len(labels), 3, 32, 32), generator=generator)
            return ImageSet((colours[labels] + noise).to(torch.uint8), labels)

        parts = images(train), images(validation), images(test)
        return ImageData("folder", "Colours", CLASS_NAMES, *parts)

    return make


@pytest.fixture
def measured():
    """A function that puts the adapter of a file on the shipped network and evaluates it."""

    def measure(adapter, images):
        model = open_model(ModelSettings())
        adapter_file.apply(adapter_file.load(adapter), model.network, model.class_names)
        return evaluate(model, images)

    return measure
