"""What the studio promises, on the 60,000 photographs of CIFAR-10 themselves."""

import pytest

from vera_studio.data.folder import open_folder
from vera_studio.models.model import open_model, pretrained_facts
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.training.evaluation import evaluate
from vera_studio.training.loop import train

TARGETS = ("bird", "cat", "dog")


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


@pytest.fixture(scope="module")
def photographs(real_images, model):
    return open_folder(real_images, model.class_names, model.preprocessing)


@pytest.fixture(scope="module")
def shipped(model, photographs):
    """The shipped network on the test images."""
    return evaluate(model, photographs.test)


def gains(result):
    """Points that the targets and the other classes gained, each in the mean."""
    others = [i for i in range(len(result.class_names)) if i not in result.target_classes]
    gained = tuple(
        100 * (result.after.mean_over(classes) - result.before.mean_over(classes))
        for classes in (result.target_classes, others)
    )
    print(f"gains in points: targets and others {gained}")  # shown where a test fails
    return gained


def test_all_photographs_are_there(photographs):
    assert photographs.skipped == ()
    assert len(photographs.train) + len(photographs.validation) == 50_000
    assert photographs.test.counts(10) == (1000,) * 10


def test_the_shipped_weights_know_the_photographs(shipped):
    assert shipped.accuracy >= 0.68
    assert min(shipped.per_class) > 0.5


def test_the_shipped_weights_do_what_their_file_says(model, shipped):
    facts = pretrained_facts(model.kind)
    assert facts["test_accuracy"] == pytest.approx(shipped.accuracy, abs=1e-4)
    assert facts["test_accuracy_per_class"] == pytest.approx(shipped.per_class, abs=1e-3)


def test_targets_alone_rise_and_the_others_pay(photographs, shipped, tmp_path):
    recipe = Recipe(
        adapter=AdapterSettings(rank=32),
        training=TrainingSettings(target_classes=TARGETS, keep_others=0.0, epochs=3),
    )
    result = train(recipe, tmp_path, data=photographs)
    targets, others = gains(result)
    assert result.before == shipped
    assert targets >= 10
    assert others < 0


def test_targets_rise_with_the_defaults_and_the_others_stay(photographs, tmp_path):
    recipe = Recipe(training=TrainingSettings(target_classes=TARGETS))
    targets, others = gains(train(recipe, tmp_path, data=photographs))
    assert targets >= 4
    assert others >= -3
