"""Steps are told now and then, each once, with speeds that can be checked by hand."""

import math

import pytest
import torch

from vera_studio.training import reporting
from vera_studio.training.reporting import LossNotFiniteError, StepReporter


class Clock:
    now = 0.0

    def seconds(self):
        return self.now

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(reporting, "time", clock)
    return clock


@pytest.fixture
def told():
    return []


@pytest.fixture
def reporter(clock, told):
    return StepReporter(20, clock, told.append)


def add(reporter, clock, losses, seconds=0.04, images=8):
    for loss in losses:
        clock.now += seconds
        reporter.add(torch.tensor(loss), images)


def test_steps_are_gathered_between_reports(reporter, clock, told):
    reporter.begin_epoch(1)
    add(reporter, clock, [1.0, 2.0, 3.0, 4.0])
    assert [event.losses for event in told] == [(1.0, 2.0, 3.0)]  # 0.12 s have passed
    mean, seconds = reporter.end_epoch()
    assert [event.losses for event in told] == [(1.0, 2.0, 3.0), (4.0,)]
    assert [event.first_step for event in told] == [1, 4]
    assert (mean, seconds) == (2.5, pytest.approx(0.16))


def test_speed_and_time_left_are_of_the_training_alone(reporter, clock, told):
    reporter.begin_epoch(1)
    add(reporter, clock, [1.0] * 5, seconds=0.2)
    reporter.end_epoch()
    clock.now += 100  # the evaluation between two epochs
    reporter.begin_epoch(2)
    add(reporter, clock, [1.0] * 5, seconds=0.2)
    last = told[-1]
    assert (last.epoch, last.first_step, last.progress) == (2, 10, 0.5)
    assert last.images_per_second == pytest.approx(10 * 8 / 2.0)
    assert last.seconds_left == pytest.approx(2.0)
    assert (reporter.step, reporter.images) == (10, 80)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_not_told(reporter, clock, told, loss):
    reporter.begin_epoch(1)
    with pytest.raises(LossNotFiniteError):
        add(reporter, clock, [1.0, loss, 1.0])
    assert told == []


def test_nothing_new_is_not_reported(reporter, clock, told):
    reporter.begin_epoch(1)
    add(reporter, clock, [1.0])
    reporter.report()
    reporter.report()
    assert len(told) == 1
