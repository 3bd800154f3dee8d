import itertools

import numpy as np
import pytest

from vera_studio.ui.widgets.series import Series


def series_of(xs, ys):
    series = Series()
    series.append(xs, ys)
    return series


def test_points_in_pieces_are_points_in_one():
    rng = np.random.default_rng(0)
    ys = rng.normal(size=5000)
    whole, pieces = series_of(np.arange(5000), ys), Series()
    for start in range(0, 5000, 7):
        pieces.append(np.arange(start, min(start + 7, 5000)), ys[start : start + 7])
    assert len(pieces) == 5000
    np.testing.assert_array_equal(pieces.xs, whole.xs)
    np.testing.assert_array_equal(pieces.ys, ys)


def test_x_must_ascend():
    series = series_of([1, 2], [0, 0])
    with pytest.raises(ValueError, match="greater than the one before"):
        series.append([2], [0])
    with pytest.raises(ValueError, match="greater than the one before"):
        series.append([5, 4], [0, 0])
    assert len(series) == 2


def test_as_many_x_as_y():
    with pytest.raises(ValueError, match=r"\(2,\) and y of shape \(1,\)"):
        Series().append([1, 2], [0])


def test_bounds_pass_over_gaps():
    assert Series().bounds() is None
    assert series_of([1, 2], [np.nan, np.nan]).bounds() is None
    assert series_of([1, 2, 3], [4, np.nan, -1]).bounds() == ((1, 3), (-1, 4))


def test_few_points_are_not_thinned():
    xs, ys = series_of(range(10), range(10)).thinned(-np.inf, np.inf, buckets=5)
    np.testing.assert_array_equal(xs, range(10))
    np.testing.assert_array_equal(ys, range(10))


def test_thinning_keeps_every_peak():
    rng = np.random.default_rng(0)
    ys = rng.normal(size=100_000)
    ys[[333, 77_777]] = 50, -50
    thin_x, thin_y = series_of(np.arange(100_000), ys).thinned(-np.inf, np.inf, buckets=400)
    assert len(thin_x) == len(thin_y) == 800
    assert thin_y.max() == 50
    assert thin_y.min() == -50
    assert np.all(np.diff(thin_x) >= 0)
    # Each bucket on its own: least and greatest as a plain loop finds them.
    starts = thin_x[0::2].astype(int).tolist()
    assert np.ptp(np.diff(starts)) <= 100_000 / 400 / 2  # about as large as one another
    for i, (start, end) in enumerate(zip(starts, [*starts[1:], 100_000], strict=True)):
        pair = thin_y[2 * i], thin_y[2 * i + 1]
        assert sorted(pair) == [ys[start:end].min(), ys[start:end].max()]
        assert (pair[0] > pair[1]) == (ys[start] > ys[end - 1])


@pytest.mark.parametrize("piece", [1, 15, 16, 17, 1000])
def test_levels_grow_with_the_points(piece):
    rng = np.random.default_rng(1)
    ys = rng.normal(size=10_000)
    ys[rng.integers(0, 10_000, 500)] = np.nan
    series = Series()
    for start in range(0, 10_000, piece):
        series.append(np.arange(start, min(start + piece, 10_000)), ys[start : start + piece])
    for left, right in ((-np.inf, np.inf), (0, 5000), (4321, 9876), (9000, np.inf)):
        thin_x, thin_y = series.thinned(left, right, buckets=50)
        end = min(right + 1, 10_000)
        assert thin_x[0] <= max(left, 0)
        starts = thin_x[0::2].astype(int).tolist()
        for i, (start, stop) in enumerate(itertools.pairwise(starts)):
            pair = sorted(thin_y[2 * i : 2 * i + 2])
            assert pair == [np.nanmin(ys[start:stop]), np.nanmax(ys[start:stop])]
        shown = ys[starts[-1] : int(min(end, 10_000))]
        assert max(thin_y[-2:]) >= np.nanmax(shown)
        assert min(thin_y[-2:]) <= np.nanmin(shown)


def test_a_million_points_are_thinned_from_few(monkeypatch):
    series, seen = series_of(np.arange(1_000_000), np.zeros(1_000_000)), []

    class Counting:
        reduceat = staticmethod(lambda ys, starts: seen.append(len(ys)) or ys[starts])

    monkeypatch.setattr(np, "fmin", Counting)
    monkeypatch.setattr(np, "fmax", Counting)
    series.thinned(-np.inf, np.inf, buckets=300)
    series.append([1_000_000], [0])
    assert max(seen) <= 300 * 2 * 16


def test_thinning_a_part_shows_that_part_in_full():
    series = series_of(np.arange(100_000), np.arange(100_000))
    xs, _ = series.thinned(500, 600, buckets=400)
    np.testing.assert_array_equal(xs, range(499, 602))


def test_a_thinned_line_still_falls():
    xs, ys = series_of(np.arange(10_000), -np.arange(10_000)).thinned(-np.inf, np.inf, buckets=50)
    assert np.all(np.diff(xs) > 0)
    assert np.all(np.diff(ys) < 0)


def test_thinning_passes_over_gaps():
    ys = np.tile([np.nan, 1.0], 5000)
    _, thin_y = series_of(np.arange(10_000), ys).thinned(-np.inf, np.inf, buckets=100)
    np.testing.assert_array_equal(thin_y, np.ones(200))


def test_nearest():
    assert Series().nearest(3) is None
    series = series_of([0, 10, 20], [1, 2, 3])
    assert [series.nearest(x) for x in (-5, 4, 6, 99)] == [(0, 1), (0, 1), (10, 2), (20, 3)]


def test_a_million_points_take_the_memory_of_some_and_lose_no_peak(monkeypatch):
    monkeypatch.setattr("vera_studio.ui.widgets.series._MOST", 4096)
    rng = np.random.default_rng(0)
    ys = rng.normal(size=1_000_000)
    ys[[5, 123_456, 999_990]] = 50, -60, 70
    ys[300_000:300_100] = np.nan
    series = Series()
    for start in range(0, len(ys), 20_000):
        series.append(np.arange(start, start + 20_000), ys[start : start + 20_000])
        assert len(series) <= 4096
    assert series.bounds() == ((0, 999_999), (-60, 70))
    assert np.all(np.diff(series.xs) > 0)
    kept = dict(zip(series.xs.astype(int), series.ys, strict=True))
    assert (kept[5], kept[123_456], kept[999_990]) == (50, -60, 70)
    assert all(value == ys[x] or np.isnan(value) for x, value in kept.items())
    thin_x, thin_y = series.thinned(-np.inf, np.inf, buckets=100)
    assert (thin_y.max(), thin_y.min()) == (70, -60)
    assert len(thin_x) == 200


def test_equals_and_gaps_are_halved_as_well(monkeypatch):
    monkeypatch.setattr("vera_studio.ui.widgets.series._MOST", 64)
    equal = series_of(range(1000), [3.0] * 1000)
    gaps = series_of(range(1000), [np.nan] * 1000)
    for series in (equal, gaps):
        assert len(series) <= 64
        assert (series.xs[0], series.xs[-1]) == (0, 999)
        assert np.all(np.diff(series.xs) > 0)
