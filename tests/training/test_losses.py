"""Steps are told now and then, each once, with speeds that can be checked by hand."""

import math

import pytest
import torch

from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import TrainingError
from vera_studio.recipe import TrainingSettings
from vera_studio.runs.events import Evaluation, Notice
from vera_studio.training import losses
from vera_studio.training.automatic import decide
from vera_studio.training.losses import Losses
from vera_studio.training.progress import Best, Progress


class Clock:
    now = 0.0

    def seconds(self):
        return self.now

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(losses, "time", clock)
    return clock


@pytest.fixture
def told():
    return []


@pytest.fixture
def progress(clock):
    """Of a run before its first step; what computes is not asked for."""
    return Progress(
        course=decide(TrainingSettings(), "vera", False, (8,) * 10),
        batch_size=8,
        order="",
        best=Best(0, (0.0, 0.0), 0, {}, TrainingRecord()),
        drawn_from=torch.zeros(0),
        network=None,
        optimizer=None,
        schedule=None,
        generator=None,
        clock=clock,
    )


@pytest.fixture
def reporter(progress, told):
    before = Evaluation(5.0, 0.1, (0.1,) * 10, (3,) * 10)
    return Losses(progress, 20, before, "Try a lower rate.", told.append)


def add(reporter, clock, losses, seconds=0.04, images=8):
    for loss in losses:
        clock.now += seconds
        reporter.add(torch.tensor(loss), images)


def test_steps_are_gathered_between_reports(reporter, clock, told):
    reporter.begin_epoch()
    add(reporter, clock, [1.0, 2.0, 3.0, 4.0])
    assert [event.losses for event in told] == [(1.0, 2.0, 3.0)]  # 0.12 s have passed
    mean, seconds = reporter.end_epoch()
    assert [event.losses for event in told] == [(1.0, 2.0, 3.0), (4.0,)]
    assert [event.first_step for event in told] == [1, 4]
    assert (mean, seconds) == (2.5, pytest.approx(0.16))


def test_speed_and_time_left_are_of_the_training_alone(reporter, progress, clock, told):
    reporter.begin_epoch()
    add(reporter, clock, [1.0] * 5, seconds=0.2)
    reporter.end_epoch()
    clock.now += 100  # the evaluation between two epochs
    progress.epoch = 2
    reporter.begin_epoch()
    add(reporter, clock, [1.0] * 5, seconds=0.2)
    last = told[-1]
    assert (last.epoch, last.first_step, last.progress) == (2, 10, 0.5)
    assert last.images_per_second == pytest.approx(10 * 8 / 2.0)
    assert last.seconds_left == pytest.approx(2.0)
    assert (progress.step, progress.images) == (10, 80)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_not_told(reporter, clock, told, loss):
    reporter.begin_epoch()
    with pytest.raises(TrainingError, match=r"in epoch 1\. Try a lower rate"):
        add(reporter, clock, [1.0, loss, 1.0])
    assert told == []


def test_nothing_new_is_not_reported(reporter, clock, told):
    reporter.begin_epoch()
    add(reporter, clock, [1.0])
    reporter.report()
    reporter.report()
    assert len(told) == 1


def test_a_loss_as_before_training_is_not_called_huge(reporter, progress, told):
    assert not any(reporter.are_huge(loss) for loss in (49.0, 2.0, math.nan))
    assert told == []
    progress.epoch = 2
    assert reporter.are_huge(1.0, 6e23)
    assert reporter.are_huge(7e23)
    assert told == [Notice("The loss has grown to 6e+23 in epoch 2. Try a lower rate.")]


def test_what_was_not_measured_may_be_anything_but_what_is_trained_may_not(reporter):
    fine = {"fc1.d": torch.ones(2)}
    reporter.check(fine)
    reporter.check(fine, Evaluation.nothing(10))
    for wrong, validation in (
        ({"fc1.d": torch.tensor([1.0, math.inf])}, None),
        (fine, Evaluation(math.nan, 0.1, (0.1,) * 10, (3,) * 10)),
    ):
        with pytest.raises(TrainingError):
            reporter.check(wrong, validation)
