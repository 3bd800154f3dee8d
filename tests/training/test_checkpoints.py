"""What counts as better, and what is kept of it."""

import math

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attach
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings, Recipe, TrainingSettings
from vera_studio.runs.events import Evaluation
from vera_studio.runs.run_files import RunFiles
from vera_studio.training.automatic import decide
from vera_studio.training.checkpoints import Checkpoints, score_of, standard_error
from vera_studio.training.progress import Best, Progress
from vera_studio.training.stopwatch import Stopwatch

NAMES = ("cat", "dog", "frog")


def evaluation(*per_class, counts=(10, 10, 20)):
    return Evaluation(1.0, 0.5, per_class, counts)


def recipe(keep_others, targets=("cat",)):
    return Recipe(training=TrainingSettings(target_classes=targets, keep_others=keep_others))


def accuracy_of(validation, chosen):
    return score_of(validation, chosen, NAMES, by_classes=True)[0]


def checkpoints_of(folder, chosen, model, record, before):
    """Of a run before its first step, and its progress."""
    vectors = adapter_file.parameters(model.network)
    course = decide(chosen.training, "vera", model.has_own_classes, (8,) * 10)
    score = score_of(before, chosen, model.class_names, course.by_classes)
    progress = Progress(
        course=course,
        batch_size=8,
        order="",
        best=Best(0, score or (-math.inf, -math.inf), 0, vectors, record),
        drawn_from=torch.zeros(0),
        network=model.network,
        optimizer=None,
        schedule=None,
        generator=None,
        clock=Stopwatch(),
    )
    return Checkpoints(RunFiles(folder), chosen, model, progress), progress


@pytest.mark.parametrize(
    ("keep_others", "targets", "expected"),
    [
        (0.0, ("cat",), 0.8),
        (1.0, ("cat",), (8 + 4 + 5) / 40),
        (0.5, ("cat",), (8 + 2 + 2.5) / 25),
        (0.0, None, (8 + 4 + 5) / 40),
    ],
)
def test_a_score_weighs_as_training_does(keep_others, targets, expected):
    found = score_of(evaluation(0.8, 0.4, 0.25), recipe(keep_others, targets), NAMES)
    assert found == pytest.approx((expected, 0.0))


def test_by_classes_a_small_class_counts_as_much():
    uneven = evaluation(0.8, 0.4, 0.3, counts=(2, 100, 10))
    assert accuracy_of(uneven, recipe(1.0, None)) == pytest.approx(0.5)
    assert accuracy_of(uneven, recipe(0.5)) == pytest.approx((0.8 + 0.2 + 0.15) / 2)
    absent = evaluation(0.8, 0.4, math.nan, counts=(2, 100, 0))
    assert accuracy_of(absent, recipe(1.0, None)) == pytest.approx(0.6)


def test_classes_without_images_do_not_count():
    found = score_of(evaluation(0.8, math.nan, 0.5, counts=(10, 0, 10)), recipe(1.0), NAMES)
    assert found == pytest.approx((0.65, 0.0))
    nothing = evaluation(math.nan, math.nan, math.nan, counts=(0, 0, 0))
    assert score_of(nothing, recipe(1.0), NAMES) is None


def test_the_best_is_kept_and_put_back_on(tmp_path):
    model = open_model(ModelSettings())
    chosen = Recipe()
    attach(model.network, chosen.adapter)
    before = evaluation(*[0.4] * 10, counts=(3,) * 10)
    record = TrainingRecord("Colours")
    checkpoints, progress = checkpoints_of(tmp_path, chosen, model, record, before)
    for epoch, share in enumerate((0.5, 0.9, 0.7), start=1):
        model.network.fc1.b.data.fill_(epoch)
        vectors = adapter_file.parameters(model.network)
        progress.epoch = epoch
        is_best = checkpoints.keep_epoch(vectors, evaluation(*[share] * 10, counts=(3,) * 10))
        assert is_best == (epoch < 3)
    assert (progress.best.epoch, progress.best.since) == (2, 1)
    checkpoints.put_best_on()
    assert model.network.fc1.b[0] == 2
    checkpoints.finish(evaluation(*[0.6] * 10, counts=(3,) * 10))
    best, last = (adapter_file.load(tmp_path / f"{name}.safetensors") for name in ("best", "last"))
    assert (best.parameters["fc1.b"][0], last.parameters["fc1.b"][0]) == (2, 3)
    assert best.info.training.epoch == 2
    assert best.info.training.after.per_class == pytest.approx([0.6] * 10)
    assert best.info.training.data == last.info.training.data == "Colours"


def kept(tmp_path, *validations, targets=("cat",), keep_others=1.0, diverged=()):
    """The best epoch of those that do as given; the first is the network before training."""
    model = open_model(ModelSettings())
    training = TrainingSettings(target_classes=targets, keep_others=keep_others)
    chosen = Recipe(training=training)
    attach(model.network, chosen.adapter)
    before, *epochs = validations
    checkpoints, progress = checkpoints_of(tmp_path, chosen, model, TrainingRecord(), before)
    for epoch, validation in enumerate(epochs, start=1):
        vectors = adapter_file.parameters(model.network)
        progress.epoch = epoch
        checkpoints.keep_epoch(vectors, validation, epoch in diverged)
    return progress.best.epoch


def of_ten(accuracy, loss):
    return Evaluation(loss, accuracy, (accuracy,) * 10, (3,) * 10, (loss,) * 10)


def test_of_equals_the_lower_loss_is_the_better(tmp_path):
    found = kept(tmp_path, of_ten(0.5, 2.0), of_ten(0.5, 1.5), of_ten(0.5, 1.2), of_ten(0.5, 1.4))
    assert found == 2


def test_what_does_no_better_than_before_training_is_not_the_best(tmp_path):
    assert kept(tmp_path, of_ten(0.5, 2.0), of_ten(0.5, 2.0), of_ten(0.4, 0.1)) == 0


def test_what_diverged_is_not_the_best_by_luck(tmp_path):
    lucky, good = of_ten(0.9, 6e23), of_ten(0.6, 1.0)
    assert kept(tmp_path, of_ten(0.5, 2.0), lucky, good, diverged=(1,)) == 2


def test_without_validation_images_what_diverged_is_not_kept(tmp_path):
    nothing = Evaluation.nothing(10)
    assert kept(tmp_path, nothing, nothing, nothing, diverged=(2,)) == 1


def test_the_loss_of_others_that_are_left_out_does_not_count(tmp_path):
    def validation(cat, others):
        losses = tuple(cat if name == 3 else others for name in range(10))
        return Evaluation(1.0, 0.5, (0.5,) * 10, (3,) * 10, losses)

    found = kept(tmp_path, validation(2.0, 0.5), validation(1.0, 2.9), keep_others=0.0)
    assert found == 1


@pytest.mark.parametrize(
    ("shares", "kept", "since"),
    [
        ((0.90, 0.88, 0.89), 3, 2),  # 2 points of 200 images are chance
        ((0.90, 0.80, 0.85), 1, 2),  # 5 points are not
        ((0.90, 0.85, 0.95, 0.80), 3, 1),
        ((0.69, 0.68, 0.60), 0, 3),  # none beats what training began with
    ],
)
def test_with_own_classes_the_last_of_the_best_that_chance_may_part_is_kept(
    tmp_path, shares, kept, since
):
    model = open_model(ModelSettings()).with_classes(("amber", "teal"))
    settings = model.settings_for(Recipe().adapter)
    attach(model.network, settings)
    chosen = Recipe(adapter=settings)

    def measured(share):
        return Evaluation(1.0, share, (share, share), (100, 100), (1.0, 1.0))

    record = TrainingRecord(epoch=0)
    checkpoints, progress = checkpoints_of(tmp_path, chosen, model, record, measured(0.7))
    assert adapter_file.inspect(tmp_path / "best.safetensors").training.epoch == 0
    for epoch, share in enumerate(shares, start=1):
        progress.epoch = epoch
        checkpoints.keep_epoch(adapter_file.parameters(model.network), measured(share))
    assert (progress.best.epoch, progress.best.since) == (kept, since)
    assert progress.best.score[0] == max(0.7, *shares)


def test_a_standard_error_is_that_of_a_share():
    assert standard_error(0.9, 10_000) == pytest.approx(0.003, rel=0.01)
    assert standard_error(1.0, 24) == pytest.approx(0.0377, rel=0.01)
