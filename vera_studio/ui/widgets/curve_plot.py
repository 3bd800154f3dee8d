"""Curves that grow while a run goes on."""

import html
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QToolButton, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.theme import PlotColors, Role
from vera_studio.ui.widgets.axes import PercentAxis, ValueAxis, WholeNumberAxis
from vera_studio.ui.widgets.plot_frame import PlotFrame
from vera_studio.ui.widgets.series import Series

# Drawing holds Python, and a run beside it has to wait: so each plot has a share of the time.
_REDRAW_SHARE = 0.015
_REDRAW_MILLISECONDS = range(150, 2000)  # that it may take from one drawing to the next
_BUCKETS = 250  # of neighbouring points, each drawn as its least and its greatest
_MOST_DOTS = 40  # of a curve in view; more would run into a thick line, and take long to draw
_LEAST_SHARES = 0.1  # that the axis shows of them, at least: equal ones would have no height


@dataclass
class _Curve:
    label: str
    color_index: int | None
    role: Role
    width: float
    dashed: bool
    points: bool
    series: Series
    item: "_CurveItem"
    drawn: tuple[int, float, float] | None = None  # points, and the view that they were drawn for

    def color(self, colors: PlotColors) -> QColor:
        if self.color_index is not None:
            return colors.of_class(self.color_index)
        return colors.of_role(self.role)


class CurvePlot(PlotFrame):
    """Named curves over a common x of whole numbers, such as steps or epochs.

    Args:
        title: shown above; saved files are named after it.
        x_label: what x counts.
        y_label: what y is.
        percent: y is a share from 0 to 1 and written as a percentage.
        empty_text: shown while there are no points.
    """

    def __init__(
        self,
        title: str,
        x_label: str,
        y_label: str,
        percent: bool = False,
        empty_text: str = "Nothing to show yet.",
        parent: QWidget | None = None,
    ) -> None:
        self._curves: dict[str, _Curve] = {}
        self._percent = percent
        self._x_label, self._y_label = x_label, y_label
        self._marker: pg.InfiniteLine | None = None
        self._drawn_view: tuple[float, float] | None = None
        self._is_live = False
        left = PercentAxis() if percent else ValueAxis()
        super().__init__(title, empty_text, {"bottom": WholeNumberAxis(), "left": left}, parent)
        item = self.plot.getPlotItem()
        item.setLabels(bottom=x_label, left=y_label)
        self._timer = QTimer(self, singleShot=True, interval=_REDRAW_MILLISECONDS.start)
        self._timer.timeout.connect(self._redraw)
        item.vb.sigXRangeChanged.connect(self._follow_view)
        item.vb.sigRangeChangedManually.connect(self._offer_to_follow)
        self.follow_button = self._make_follow_button()
        self.legend.toggled.connect(self._show_curve)

    def set_series(
        self,
        key: str,
        label: str,
        color_index: int | None = None,
        role: Role = "target",
        width: float = 1.5,
        dashed: bool = False,
        points: bool = False,
    ) -> None:
        """Add a curve without points, or change how an existing one looks.

        Args:
            key: by which `append` knows it.
            label: its name in the legend.
            color_index: number of its colour, for a class; takes precedence over `role`.
            role: what it stands for, which gives it its colour.
            width: of its line, in pixels.
            dashed: whether its line is dashed.
            points: whether its points are marked with dots.
        """
        old = self._curves.get(key)
        item = old.item if old else _CurveItem(self._percent)
        series = old.series if old else Series()
        if old is None:
            self.plot.getPlotItem().addItem(item)
        self._curves[key] = _Curve(label, color_index, role, width, dashed, points, series, item)
        self._color_curve(key, self.colors())

    def append(self, key: str, xs: Iterable[float], ys: Iterable[float]) -> None:
        """Add points to the curve `key`; drawn a moment later, together with others.

        Raises:
            KeyError: there is no such curve.
            ValueError: not as many x as y, or an x that is not greater than the one before.
        """
        self._curves[key].series.append(np.fromiter(xs, float), np.fromiter(ys, float))
        if len(self._curves[key].series):
            self.set_empty(False)
        if not self._timer.isActive():
            self._timer.start()

    def points(self, key: str) -> tuple[np.ndarray, np.ndarray]:
        """All x and all y of the curve `key`, each (count,)."""
        series = self._curves[key].series
        return series.xs.copy(), series.ys.copy()

    def set_marker(self, x: float, text: str) -> None:
        """Put the one marker, a vertical line with `text`, at `x`."""
        if self._marker is None:
            options = {"position": 0.96, "movable": False, "anchors": [(1.05, 0.5), (-0.05, 0.5)]}
            self._marker = pg.InfiniteLine(angle=90, label=text, labelOpts=options)
            self.plot.getPlotItem().addItem(self._marker, ignoreBounds=True)
            self._color_marker(self.colors())
        self._marker.label.setFormat(text)
        self._marker.setValue(x)

    def set_live(self, live: bool) -> None:
        """Say whether points still come in: then a plot that was zoomed offers to follow them."""
        self._is_live = live
        self._offer_to_follow()

    def reset_view(self) -> None:
        super().reset_view()
        self._offer_to_follow()

    def clear(self) -> None:
        """Take away all curves and the marker and show everything again."""
        item = self.plot.getPlotItem()
        for curve in self._curves.values():
            item.removeItem(curve.item)
        if self._marker is not None:
            item.removeItem(self._marker)
            self._marker = None
        self._curves = {}
        self.legend.clear()
        self.set_empty(True)
        self.reset_view()

    def _make_follow_button(self) -> QToolButton:
        button = QToolButton(toolButtonStyle=Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setObjectName("follow_button")
        button.setText("Follow the run")
        button.setIcon(icon("resume"))
        button.setAccessibleName("Follow the run")
        button.setToolTip("Show all that has come in, and what comes in from now on")
        button.clicked.connect(self.reset_view)
        button.hide()
        self.tools.insertWidget(0, button)
        return button

    def _offer_to_follow(self, _: object = None) -> None:
        """Show the button while the plot stands still although points come in."""
        follows = all(self.plot.getPlotItem().vb.autoRangeEnabled())
        self.follow_button.setVisible(self._is_live and not follows)

    def _redraw(self) -> None:
        start = time.perf_counter()
        self.bring_up_to_date()
        # It is painted a moment after this; how long that took the last time will do.
        seconds = time.perf_counter() - start + self.plot.paint_seconds
        limits = _REDRAW_MILLISECONDS
        wanted = round(seconds * 1000 / _REDRAW_SHARE)
        self._timer.setInterval(min(max(wanted, limits.start), limits.stop))

    def bring_up_to_date(self) -> None:
        self._timer.stop()
        box = self.plot.getPlotItem().vb
        following = box.autoRangeEnabled()[0]
        left, right = (-np.inf, np.inf) if following else box.viewRange()[0]
        self._drawn_view = (left, right)
        for curve in self._curves.values():
            wanted = (len(curve.series), left, right)
            if curve.drawn == wanted:
                continue
            curve.drawn = wanted
            curve.item.bounds = curve.series.bounds()
            xs, ys = curve.series.thinned(left, right, _BUCKETS)
            if not np.isfinite(ys).any():  # of nothing but gaps pyqtgraph would warn
                xs, ys = xs[:0], ys[:0]
            dots = "o" if curve.points and len(xs) <= _MOST_DOTS else None
            # Smooth edges take most of the time, and a jumble of lines looks no better for them.
            smooth = curve.role != "raw"
            curve.item.setData(xs, ys, connect="finite", symbol=dots, antialias=smooth)
        box.prepareForPaint()  # left to when it is drawn, it would have all drawn twice

    def table(self) -> Iterator[Iterable[object]]:
        curves = self._curves.values()
        yield (self._x_label, *(curve.label for curve in curves))
        xs = np.unique(np.concatenate([curve.series.xs for curve in curves]))
        columns = []
        for curve in curves:
            column: list[object] = [""] * len(xs)
            places = np.searchsorted(xs, curve.series.xs).tolist()
            for place, y in zip(places, curve.series.ys.tolist(), strict=True):
                column[place] = y
            columns.append(column)
        for x, *ys in zip(xs.tolist(), *columns, strict=True):
            yield (int(x) if x.is_integer() else x, *ys)

    def describe(self, x: float, y: float) -> tuple[float, str] | None:
        colors, lines, at = self.colors(), [], None
        for curve in self._curves.values():
            point = curve.series.nearest(x) if curve.item.isVisible() else None
            if point is None:
                continue
            if at is None or abs(point[0] - x) < abs(at - x):
                at = point[0]
            lines.append(_line(curve, colors, f"{point[0]:,.0f}", self._number(point[1])))
        if at is None:
            return None
        head = f"<tr><td></td>{_cell(html.escape(self._x_label))}<td></td></tr>"
        return at, f"<table cellspacing='3'>{head}{''.join(lines)}</table>"

    def recolor(self, colors: PlotColors) -> None:
        for key in self._curves:
            self._color_curve(key, colors)
        if self._marker is not None:
            self._color_marker(colors)

    def _color_curve(self, key: str, colors: PlotColors) -> None:
        curve = self._curves[key]
        color = curve.color(colors)
        style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
        # A polyline that is smooth, wide and jagged takes Qt half a second; its parts do not.
        # Dashes would start anew in each part.
        curve.item.curve.setSegmentedLineMode("off" if curve.dashed else "on")
        curve.item.setPen(self.pen(color, curve.width, style))
        curve.item.setSymbolBrush(color)
        curve.item.setSymbolPen(None)
        curve.item.setSymbolSize(6)
        curve.item.setZValue(curve.width)
        self.legend.set_entry(key, curve.label, color, curve.dashed, bar=False)

    def _color_marker(self, colors: PlotColors) -> None:
        assert self._marker is not None
        self._marker.setPen(self.pen(colors.muted, 1, Qt.PenStyle.DashLine))
        self._marker.label.setColor(colors.muted)

    def _show_curve(self, key: str, on: bool) -> None:
        self._curves[key].item.setVisible(on)

    def _follow_view(self) -> None:
        """Thin the curves anew for what is in view now."""
        box = self.plot.getPlotItem().vb
        following = box.autoRangeEnabled()[0]
        view = (-np.inf, np.inf) if following else tuple(box.viewRange()[0])
        if view != self._drawn_view and not self._timer.isActive():
            self._timer.start()

    def _number(self, y: float) -> str:
        return f"{y:.1%}" if self._percent else f"{y:.4g}"


class _CurveItem(pg.PlotDataItem):
    """Tells the view how far all its points reach, not only the few that it draws."""

    def __init__(self, percent: bool) -> None:
        super().__init__(antialias=True)
        self._percent = percent
        self.bounds: tuple[tuple[float, float], tuple[float, float]] | None = None

    def dataBounds(
        self,
        ax: int,
        frac: float = 1.0,
        orthoRange: Sequence[float] | None = None,  # noqa: N803
    ) -> tuple[float | None, float | None]:
        if self.bounds is None:
            return None, None
        low, high = self.bounds[ax]
        if ax == 0:  # one point alone would be shown amid numbers before the first
            return low, max(high, low + 1)
        return _shares_around(low, high) if self._percent else (low, high)


def _shares_around(low: float, high: float) -> tuple[float, float]:
    """From `low` to `high`, made wide enough to be read, but not beyond 0 and 1."""
    missing = max(_LEAST_SHARES - (high - low), 0.0)
    low, high = low - missing / 2, high + missing / 2
    shift = max(-low, 0.0) - max(high - 1, 0.0)
    return low + shift, high + shift


def _line(curve: _Curve, colors: PlotColors, x: str, y: str) -> str:
    """A row of the read-out: name, x and y of a curve."""
    name = html.escape(curve.label)
    dot = f"<span style='color:{curve.color(colors).name()}'>\N{BLACK CIRCLE}</span>"
    return f"<tr><td>{dot} {name}</td>{_cell(x)}{_cell(f'<b>{y}</b>')}</tr>"


def _cell(content: str) -> str:
    return f"<td align='right' style='padding-left: 10px'>{content}</td>"
