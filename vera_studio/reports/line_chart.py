"""Curves as an SVG picture that stands in a page by itself; colours come from the page's style."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 34
_MOST_POINTS = 500  # of a curve: more than there are pixels to tell apart
_TICKS = 5
_LEAST = 1e-9  # height of the range, where all values are the same


@dataclass(frozen=True)
class Line:
    """A curve; the page has a colour for each `style`."""

    name: str
    style: str  # "first", "second" or "third"
    ys: Sequence[float]  # NaN for gaps


def line_chart(
    title: str, xs: Sequence[int], lines: Sequence[Line], marker: int = 0, is_share: bool = False
) -> Markup:
    """The curves `lines` over `xs`, which rise; empty where there is nothing to draw.

    Args:
        title: what a screen reader says.
        xs: of the points, such as epochs.
        lines: each as long as `xs`.
        marker: x of an upright line; 0 for none.
        is_share: whether y is a share from 0 to 1, written as a percentage.
    """
    known = [y for line in lines for y in line.ys if math.isfinite(y)]
    if not known:
        return Markup()
    ticks = _ticks(min(known), max(known))
    frame = _Frame(xs[0], max(xs[-1], xs[0] + 1), ticks[0], ticks[-1])
    parts = [_grid(frame, y, f"{y:.0%}" if is_share else f"{y:.4g}") for y in ticks]
    parts += [_x_label(frame, x) for x in _whole_ticks(xs[0], xs[-1])]
    if marker:
        at = frame.x(marker)
        parts.append(
            Markup('<line class="marker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
                at, _TOP, _HEIGHT - _BOTTOM
            )
        )
    parts += [_curve(frame, xs, line) for line in lines]
    head = Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}">')
    inner = Markup().join(parts)
    return Markup("{}{}</svg>").format(head.format(title, _WIDTH, _HEIGHT), inner)


@dataclass(frozen=True)
class _Frame:
    """The range of both axes, and where in the picture a value lies, in pixels."""

    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        share = (value - self.left) / (self.right - self.left)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / max(self.high - self.low, _LEAST)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, some five of them, from below `low` to above `high`."""
    span = max(high - low, _LEAST, abs(high) * 1e-3)
    rough = span / _TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _whole_ticks(first: int, last: int) -> range:
    step = max(1, math.ceil((last - first) / 8))
    for nice in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000):
        if nice >= step:
            step = nice
            break
    start = math.ceil(first / step) * step
    return range(start, last + 1, step)


def _grid(frame: _Frame, y: float, text: str) -> Markup:
    at = frame.y(y)
    return Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="y" x="{}" y="{}">{}</text>'
    ).format(_LEFT, _WIDTH - _RIGHT, at, at, _LEFT - 6, at + 4, text)


def _x_label(frame: _Frame, x: int) -> Markup:
    place = Markup('<text class="x" x="{}" y="{}">{}</text>')
    return place.format(frame.x(x), _HEIGHT - _BOTTOM + 18, f"{x:,}")


def _curve(frame: _Frame, xs: Sequence[int], line: Line) -> Markup:
    """Its parts between gaps, as one path; a point alone as a dot."""
    stride = max(1, math.ceil(len(xs) / _MOST_POINTS))
    points = list(zip(xs, line.ys, strict=True))
    shown = points[::stride] + points[-1:] * bool((len(points) - 1) % stride)
    path, is_open = "", False
    for x, y in shown:
        if math.isfinite(y):
            path += f"{'L' if is_open else 'M'}{frame.x(x)} {frame.y(y)}"
            path += "" if is_open else "h0"
        is_open = math.isfinite(y)
    return Markup('<path class="curve {}" d="{}"><title>{}</title></path>').format(
        line.style, path, escape(line.name)
    )
