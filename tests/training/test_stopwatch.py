"""The stopwatch counts work and leaves out what happens outside."""

import pytest

from vera_studio.training import stopwatch
from vera_studio.training.stopwatch import Stopwatch


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets: `clock.now += 3` is three seconds later."""

    class Clock:
        now = 100.0

        def perf_counter(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(stopwatch, "time", clock)
    return clock


def test_it_starts_at_zero_and_counts(clock):
    watch = Stopwatch()
    assert watch.seconds() == 0
    clock.now += 3
    assert watch.seconds() == 3


def test_what_is_outside_does_not_count(clock):
    watch = Stopwatch()

    def wait():
        clock.now += 50
        return False

    clock.now += 2
    watch.outside(wait)
    clock.now += 1
    watch.outside(wait)
    assert watch.seconds() == 3


@pytest.mark.parametrize("answer", [True, False])
def test_the_answer_comes_back(clock, answer):
    assert Stopwatch().outside(lambda: answer) is answer


def test_time_outside_that_ends_in_an_error_reaches_the_caller(clock):
    def fail():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Stopwatch().outside(fail)


def test_an_hour_of_sleep_does_not_count(clock):
    watch = Stopwatch(10.0)
    clock.now += 3
    assert watch.seconds() == 13
    clock.now += 3600
    assert watch.seconds() == 13
    clock.now += 2
    assert watch.seconds() == 15


def test_a_clock_that_goes_back_does_not_count(clock):
    watch = Stopwatch()
    clock.now -= 50
    assert watch.seconds() == 0
    clock.now += 2
    assert watch.seconds() == 2
