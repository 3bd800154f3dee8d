import pytest

from vera_studio.ui.widgets.axes import PercentAxis, WholeNumberAxis


def ticks(axis, low, high, size=500):
    levels = axis.tickValues(low, high, size)
    return sorted(value for _, values in levels for value in values)


@pytest.mark.parametrize("high", [0.02, 0.5, 1, 1.5, 3, 12, 57, 100_000])
@pytest.mark.parametrize("low", [-1, -0.03, 0, 0.4])
def test_epochs_and_steps_are_whole_and_none_comes_before_the_first(qtbot, low, high):
    found = ticks(WholeNumberAxis(), low, high)
    assert all(value >= 0 and value == round(value) for value in found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(("low", "high"), [(-0.2, 1.2), (0.9, 1.1), (0.5, 1.5), (0.98, 1.003)])
def test_shares_end_at_100_percent(qtbot, low, high):
    axis = PercentAxis()
    levels = axis.tickValues(low, high, 300)
    assert ticks(axis, low, high)[-1] == pytest.approx(1)
    for spacing, values in levels:
        texts = axis.tickStrings(values, 1, spacing)
        assert len(set(texts)) == len(texts)
        assert all(0 <= float(text.rstrip("%")) <= 100 for text in texts)


def test_neighbouring_shares_are_told_apart_however_near(qtbot):
    axis = PercentAxis()
    assert axis.tickStrings([0.5, 0.501, 0.502], 1, 0.001) == ["50.0%", "50.1%", "50.2%"]
    assert axis.tickStrings([0.5, 0.5005], 1, 0.0005) == ["50.00%", "50.05%"]
