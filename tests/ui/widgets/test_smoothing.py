import pytest

from vera_studio.ui.widgets.smoothing import Smoothing


def test_it_begins_with_the_mean_of_the_first_values():
    smoothing = Smoothing(400)
    assert smoothing.add([8.0]) == []
    assert smoothing.add([0.0] * 6) == []
    assert smoothing.add([0.0]) == [1.0] * 8


def test_then_it_follows():
    smoothing = Smoothing(400)
    smoothing.add([1.0] * 8)
    assert smoothing.add([10.0, 1.0]) == pytest.approx([3.0, 3.0 - 2 / 9 * 2])
    assert smoothing.add([7.0] * 60)[-1] == pytest.approx(7.0, abs=0.001)


def test_a_run_of_few_steps_is_smoothed_too():
    assert Smoothing(3).add([3.0, 2.0, 1.0]) == [2.0, 2.0, 2.0]


def test_it_does_not_matter_how_the_values_come_in():
    values = [float(number % 7) for number in range(50)]
    one = Smoothing(1000)
    pieces = [smoothed for value in values for smoothed in one.add([value])]
    assert pieces == Smoothing(1000).add(values)
