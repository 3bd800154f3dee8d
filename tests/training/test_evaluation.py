"""Evaluation agrees with the plainest way to measure, image by image."""

import math

import pytest
import torch
import torch.nn.functional as F

from vera_studio.data.store import ImageSet, empty_set
from vera_studio.errors import Cancelled, NotEnoughMemoryError
from vera_studio.models.convnet import ConvNet
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings
from vera_studio.training.evaluation import evaluate, predict

MODEL = open_model(ModelSettings())


@pytest.fixture
def network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ConvNet().eval()


def random_images(count, classes=10):
    generator = torch.Generator().manual_seed(4)
    images = torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return ImageSet(images, torch.randint(0, classes, (count,), generator=generator))


def reference(network, images):
    """Losses and whether right, one image at a time."""
    losses, right = [], []
    with torch.no_grad():
        for image, label in zip(images.read(), images.labels, strict=True):
            logits = network((image[None] / 255 - 0.5) / 0.5)
            losses.append(F.cross_entropy(logits, label[None]).item())
            right.append(int(logits.argmax()) == int(label))
    return losses, right


def test_it_agrees_with_a_plain_reference(network):
    images = random_images(120)
    labels = images.labels.tolist()
    losses, right = reference(network, images)
    found = evaluate(MODEL.with_network(network), images)
    assert found.counts == tuple(labels.count(i) for i in range(10))
    assert found.loss == pytest.approx(sum(losses) / 120, abs=1e-5)
    assert found.accuracy == sum(right) / 120
    for index in range(10):
        hits = [hit for hit, label in zip(right, labels, strict=True) if label == index]
        assert found.per_class[index] == sum(hits) / len(hits)
        of_class = [loss for loss, label in zip(losses, labels, strict=True) if label == index]
        assert found.class_losses[index] == pytest.approx(sum(of_class) / len(of_class), abs=1e-5)
    assert found.loss_over(range(10)) == pytest.approx(found.loss)
    assert 0 < found.accuracy < 1  # a network that is always or never right shows nothing


def test_classes_without_images_have_no_accuracy(network):
    images = random_images(40, classes=3)
    found = evaluate(MODEL.with_network(network), images)
    assert [math.isnan(share) for share in found.per_class] == [False] * 3 + [True] * 7
    assert found.counts[3:] == (0,) * 7
    assert found.loss_over((0, 1, 2, 9)) == pytest.approx(found.loss)
    assert math.isnan(found.loss_over((9,)))
    assert found.accuracy == sum(reference(network, images)[1]) / 40


def test_no_images_have_no_accuracy_at_all(network):
    found = evaluate(MODEL.with_network(network), empty_set(32))
    assert math.isnan(found.loss)
    assert math.isnan(found.accuracy)
    assert all(math.isnan(share) for share in found.per_class)
    assert found.counts == (0,) * 10


def test_more_images_than_a_batch(network):
    small = random_images(7)
    many = ImageSet(small.read().repeat(150, 1, 1, 1), small.labels.repeat(150))
    once, often = (
        evaluate(MODEL.with_network(network), small),
        evaluate(MODEL.with_network(network), many),
    )
    assert often.counts == tuple(150 * count for count in once.counts)
    assert often.accuracy == once.accuracy
    assert often.loss == pytest.approx(once.loss, abs=1e-5)


def test_predict_normalises(network):
    images = random_images(5).read()
    with torch.no_grad():
        expected = network((images / 255 - 0.5) / 0.5)
    found = predict(MODEL.with_network(network), images)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_it_stops_when_asked(network):
    with pytest.raises(Cancelled):
        evaluate(MODEL.with_network(network), random_images(5), lambda: True)


def test_memory_for_not_even_one_image_is_told(network, monkeypatch):
    def out_of_memory(images):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(network, "forward", out_of_memory)
    with pytest.raises(NotEnoughMemoryError, match="Close other programs"):
        evaluate(MODEL.with_network(network), random_images(5))


def test_they_say_which_images_they_were(network):
    model = MODEL.with_network(network)
    found = evaluate(model, random_images(5), part="validation")
    assert found.part == "validation"
    assert found == evaluate(model, random_images(5))  # the same figures
