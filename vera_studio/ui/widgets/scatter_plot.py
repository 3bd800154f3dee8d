"""Accuracy against the size of something, on a logarithmic axis, with the spread of each point."""

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QWidget

from vera_studio.ui.theme import PlotColors
from vera_studio.ui.widgets.axes import LogAxis, PercentAxis
from vera_studio.ui.widgets.plot_frame import PlotFrame

_BASE = "base"
_POINT = 9  # pixels
_BEAM = 0.03  # of the error bars, in decades
_REACH = 60  # pixels from a point, at most, for what is said about it
_MARGIN_X, _LEAST_SPAN_X = 0.15, 1.0  # decades
_LEAST_SPAN_Y = 0.05
# Of labels, as shares of their width and height from their point. Below at first: more numbers
# mostly mean a higher accuracy, so that the line goes up.
_ANCHORS = ((-0.1, -0.05), (-0.1, 1.05), (1.1, -0.05), (1.1, 1.05))


@dataclass(frozen=True)
class ScatterSeries:
    """Points of one kind, with a line through them."""

    key: str
    title: str
    color_index: int


@dataclass(frozen=True)
class ScatterPoint:
    """One point."""

    series: str  # key
    name: str
    label: str  # beside the point; may be empty
    x: float  # greater than 0
    y: float  # share, 0 to 1
    spread: float  # of y, to either side; NaN for none
    lines: tuple[str, ...]  # said about it beside its name


class ScatterPlot(PlotFrame):
    """Points with error bars; a dashed line for what they are measured against."""

    def __init__(
        self,
        title: str,
        x_title: str,
        y_title: str,
        empty_text: str,
        parent: QWidget | None = None,
    ) -> None:
        self._titles = (x_title, y_title)
        self._series: dict[str, ScatterSeries] = {}
        self._points: tuple[ScatterPoint, ...] = ()
        self._base, self._base_title = math.nan, ""
        self._hidden: set[str] = set()
        self._drawn: list[pg.GraphicsObject] = []
        self._labels: list[pg.TextItem] = []
        axes = {"bottom": LogAxis(), "left": PercentAxis()}
        self._base_line = pg.InfiniteLine(angle=0, movable=False)
        super().__init__(title, empty_text, axes, parent)
        self.plot.getPlotItem().setLabels(bottom=x_title, left=y_title)
        self.plot.addItem(self._base_line, ignoreBounds=True)
        self.plot.getPlotItem().vb.sigTransformChanged.connect(self._place_labels)
        self.legend.toggled.connect(self._toggle)

    def set_points(
        self,
        series: Sequence[ScatterSeries],
        points: Sequence[ScatterPoint],
        base: float = math.nan,
        base_title: str = "base",
    ) -> None:
        """Show these points in place of the former.

        Args:
            series: the kinds of points, in the order of the legend.
            points: of those series; each x must be greater than 0.
            base: y of the dashed line; NaN for none.
            base_title: what that is.

        Raises:
            ValueError: an x is not greater than 0, or a point's series is not there.
        """
        kinds = {one.key: one for one in series}
        for point in points:
            if point.x <= 0 or point.series not in kinds:
                raise ValueError(f"{point.name}: x {point.x}, series {point.series!r}")
        used = {point.series for point in points}
        if used != self._series.keys():
            self.legend.clear()
            self._hidden = set()
        self._series = {key: one for key, one in kinds.items() if key in used}
        self._points = tuple(points)
        self._base, self._base_title = base, base_title
        self.set_empty(not points)
        self._recolor()
        self.reset_view()

    def reset_view(self) -> None:
        ends = [p.y + sign * _known(p.spread) for p in self._points for sign in (-1, 1)]
        ends += [] if math.isnan(self._base) else [self._base]
        if not self._points:
            return
        xs = [math.log10(point.x) for point in self._points]
        left, right = _widened(min(xs) - _MARGIN_X, max(xs) + 2 * _MARGIN_X, _LEAST_SPAN_X)
        low, high = _widened(min(ends), max(ends), _LEAST_SPAN_Y)
        item = self.plot.getPlotItem()
        item.setXRange(left, right, padding=0)
        item.setYRange(low, high, padding=0.06)

    def table(self) -> Iterator[Sequence[object]]:
        yield ("name", *(title.lower() for title in self._titles), "spread")
        for point in self._points:
            spread = "" if math.isnan(point.spread) else point.spread
            yield (point.name, point.x, point.y, spread)

    def describe(self, x: float, y: float) -> tuple[float, str] | None:
        per_pixel = self.plot.getPlotItem().vb.viewPixelSize()

        def distance(point: ScatterPoint) -> float:
            across, up = math.log10(point.x) - x, point.y - y
            return math.hypot(across / per_pixel[0], up / per_pixel[1])

        shown = [point for point in self._points if point.series not in self._hidden]
        nearest = min(shown, key=distance, default=None)
        if nearest is None or distance(nearest) > _REACH:
            return None
        lines = [f"<b>{html.escape(nearest.name)}</b>", *map(html.escape, nearest.lines)]
        return math.log10(nearest.x), "<br>".join(lines)

    def recolor(self, colors: PlotColors) -> None:
        for drawn in self._drawn:
            self.plot.removeItem(drawn)
        self._drawn, self._labels = [], []
        for key, series in self._series.items():
            color = colors.of_class(series.color_index)
            self.legend.set_entry(key, series.title, color, dashed=False, bar=True)
            if key not in self._hidden:
                self._draw(series, colors)
        self._draw_base(colors)
        self._place_labels()

    def _draw_base(self, colors: PlotColors) -> None:
        there = not math.isnan(self._base)
        self._base_line.setVisible(there and _BASE not in self._hidden)
        if there and not self.is_empty():
            self._base_line.setValue(self._base)
            self._base_line.setPen(self.pen(colors.other, 1.5, Qt.PenStyle.DashLine))
            self.legend.set_entry(_BASE, self._base_title, colors.other, dashed=True, bar=False)

    def _draw(self, series: ScatterSeries, colors: PlotColors) -> None:
        points = sorted((p for p in self._points if p.series == series.key), key=lambda p: p.x)
        xs, ys = [math.log10(p.x) for p in points], [p.y for p in points]
        color = colors.of_class(series.color_index)
        faint = QColor(color)
        faint.setAlphaF(0.4)
        self._add(pg.PlotCurveItem(xs, ys, pen=self.pen(faint, 1.5), antialias=True))
        barred = [index for index, point in enumerate(points) if _known(point.spread)]
        if barred:
            bars = pg.ErrorBarItem(
                x=np.take(xs, barred),
                y=np.take(ys, barred),
                height=2 * np.take([point.spread for point in points], barred),
                beam=_BEAM,
                pen=self.pen(color, 1.5),
            )
            self._add(bars)
        dots = pg.ScatterPlotItem(xs, ys, size=_POINT, brush=color, pen=None, antialias=True)
        self._add(dots)
        for x, point in zip(xs, points, strict=True):
            if point.label:
                text = pg.TextItem(point.label, color=colors.text)
                text.setFont(self.font())
                text.setPos(x, point.y)
                self._add(text)
                self._labels.append(text)

    def _place_labels(self) -> None:
        """Put each label beside its point, clear of other labels and points, or leave it away."""
        box = self.plot.getPlotItem().vb
        dots = [
            box.mapViewToScene(QPointF(math.log10(point.x), point.y))
            for point in self._points
            if point.series not in self._hidden
        ]
        half = QPointF(_POINT, _POINT) / 2
        taken = [QRectF(dot - half, dot + half) for dot in dots]
        for label in self._labels:
            metrics = QFontMetricsF(self.font())
            size = QSizeF(metrics.horizontalAdvance(label.toPlainText()), metrics.height())
            dot = box.mapViewToScene(label.pos())
            for anchor in _ANCHORS:
                at = QPointF(size.width() * anchor[0], size.height() * anchor[1])
                area = QRectF(dot - at, size)
                others = (other for other in taken if not other.contains(dot))
                if not any(area.intersects(other) for other in others):
                    break
            else:
                label.hide()  # hovering tells its name
                continue
            label.setAnchor(anchor)
            label.show()
            taken.append(area)

    def _add(self, drawn: pg.GraphicsObject) -> None:
        self.plot.addItem(drawn, ignoreBounds=True)
        self._drawn.append(drawn)

    def _toggle(self, key: str, on: bool) -> None:
        self._hidden = self._hidden - {key} if on else self._hidden | {key}
        self.recolor(self.colors())


def _known(spread: float) -> float:
    return 0.0 if math.isnan(spread) else spread


def _widened(low: float, high: float, least: float) -> tuple[float, float]:
    """From `low` to `high`, made at least `least` wide around their middle."""
    missing = max(least - (high - low), 0.0)
    return low - missing / 2, high + missing / 2
