"""Accuracy of every class before and after, as pairs of bars with the gain in figures."""

import html
import itertools
import math
from collections.abc import Collection, Iterator, Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextOption
from PySide6.QtWidgets import QWidget

from vera_studio.ui.theme import PlotColors
from vera_studio.ui.widgets.axes import PercentAxis
from vera_studio.ui.widgets.class_axis import ClassAxis
from vera_studio.ui.widgets.plot_frame import PlotFrame
from vera_studio.wording import of_few

_BAR = 0.36  # width, in classes
_BEFORE, _TARGETS, _OTHERS = "before", "targets", "others"
_MINUS = "\N{MINUS SIGN}"
_MOST_CLASSES = 40  # drawn
_GAP = 3  # pixels, from one figure to the next and to the edge of the chart


class GainChart(PlotFrame):
    """Two bars for each class; a class without images has the words in their place.

    Of many classes those are drawn that changed most, targets first; the table has them all.
    """

    def __init__(
        self,
        title: str = "Accuracy on the test images, before and after",
        empty_text: str = "The gain of every class appears here when a run has ended.",
        parent: QWidget | None = None,
    ) -> None:
        self._heading = title
        self._rows: tuple[tuple[str, bool, float, float], ...] = ()  # of all classes
        self._names: tuple[str, ...] = ()  # of those that are drawn, like all below
        self._before: tuple[float, ...] = ()
        self._after: tuple[float, ...] = ()
        self._targets: frozenset[int] = frozenset()
        self._counts: tuple[int, ...] = ()
        self._figures: list[pg.TextItem] = []
        self._labels = dict(_LABELS)
        self._axis = ClassAxis()
        self._bars = {key: pg.BarGraphItem(x=[], height=[], width=_BAR) for key in _LABELS}
        super().__init__(title, empty_text, {"bottom": self._axis, "left": PercentAxis()}, parent)
        for bars in self._bars.values():
            self.plot.addItem(bars)
        self.plot.getPlotItem().setMouseEnabled(y=False)
        self.plot.getPlotItem().vb.sigResized.connect(self._fit_figures)
        self.legend.toggled.connect(lambda key, on: self._bars[key].setVisible(on))

    def set_values(
        self,
        names: Sequence[str],
        before: Sequence[float],
        after: Sequence[float],
        targets: Collection[int],
        counts: Sequence[int] = (),
        before_what: str = _BEFORE,
    ) -> None:
        """Show these classes.

        Args:
            names: of the classes.
            before: accuracy of each class, 0 to 1; NaN for a class without images.
            after: the same after training; all NaN where that was not measured.
            targets: indices of the classes that were trained.
            counts: images of each class, by which few ones are told; empty where unknown.
            before_what: what the legend calls the accuracies before.

        Raises:
            ValueError: not as many accuracies as names.
        """
        if not len(names) == len(before) == len(after):
            raise ValueError(
                f"{len(names)} names, {len(before)} accuracies before, {len(after)} after"
            )
        self._labels = _LABELS | {_BEFORE: before_what}
        self._rows = tuple(
            (name, index in targets, float(before[index]), float(after[index]))
            for index, name in enumerate(names)
        )
        chosen = _worth_drawing(self._rows)
        self._names = tuple(names[index] for index in chosen)
        self._targets = frozenset(i for i, index in enumerate(chosen) if index in targets)
        self._before = tuple(self._rows[index][2] for index in chosen)
        self._after = tuple(self._rows[index][3] for index in chosen)
        self._counts = tuple(counts[index] if counts else 0 for index in chosen)
        of = f" ({len(chosen)} of {len(names):,} classes)" if len(chosen) < len(names) else ""
        self._title.setText(f"{self._heading}{of}")
        self._draw_figures()
        self._axis.set_names(self._names, self._targets)
        self._draw_bars()
        self.set_empty(not names)
        self._recolor()
        self.reset_view()

    def gain_texts(self) -> tuple[str, ...]:
        """What stands above each pair of bars."""
        pairs = zip(self._before, self._after, strict=True)
        return tuple(gain_text(before, after) for before, after in pairs)

    def reset_view(self) -> None:
        self.plot.getPlotItem().setXRange(-0.6, len(self._names) - 0.4, padding=0)
        self._fit_figures()

    def table(self) -> Iterator[Sequence[object]]:
        yield ("class", "target", "before", "after", "gain in points")
        for name, is_target, before, after in self._rows:
            target = "yes" if is_target else "no"
            if math.isnan(before) or math.isnan(after):
                yield (name, target, "", "", "")
            else:
                yield (name, target, before, after, round(100 * (after - before), 4))

    def describe(self, x: float, y: float) -> tuple[float, str] | None:
        index = round(x)
        if not 0 <= index < len(self._names):
            return None
        before, after = self._before[index], self._after[index]
        lines = [f"<b>{html.escape(self._names[index])}</b>"]
        if index in self._targets:
            lines[0] += ", target"
        if math.isnan(before):
            lines.append("no images")
        elif math.isnan(after):
            lines.append(f"{before:.1%}, not measured after")
        else:
            lines.append(f"{before:.1%} → {after:.1%}")
            lines.append(f"{gain_text(before, after)} points")
            if few := self._of_few(index):
                lines.append(f"{of_few(before, self._counts[index])} images right, then {few}")
        return index, "<br>".join(lines)

    def recolor(self, colors: PlotColors) -> None:
        shown = {_BEFORE: colors.base, _TARGETS: colors.target, _OTHERS: colors.other}
        for key, bars in self._bars.items():
            bars.setOpts(brush=shown[key], pen=None)
        if not self.is_empty():
            for key in self._used():
                self.legend.set_entry(key, self._labels[key], shown[key], dashed=False, bar=True)
        self._axis.set_target_color(colors.target)
        for index, figure in enumerate(self._figures):
            figure.setColor(self._figure_color(index, colors))

    def _used(self) -> list[str]:
        """The kinds of bars of which there are any."""
        used = [_BEFORE]
        if self._targets:
            used.append(_TARGETS)
        if len(self._targets) < len(self._names):
            used.append(_OTHERS)
        return used

    def _draw_bars(self) -> None:
        self.legend.clear()
        count = range(len(self._names))
        targets = [i for i in count if i in self._targets]
        others = [i for i in count if i not in self._targets]
        self._set_bars(_BEFORE, list(count), self._before, -_BAR / 2 - 0.01)
        self._set_bars(_TARGETS, targets, self._after, _BAR / 2 + 0.01)
        self._set_bars(_OTHERS, others, self._after, _BAR / 2 + 0.01)

    def _set_bars(
        self, key: str, indices: Sequence[int], values: Sequence[float], shift: float
    ) -> None:
        known = [index for index in indices if not math.isnan(values[index])]
        bars = self._bars[key]
        bars.setOpts(x=[i + shift for i in known], height=[values[i] for i in known], width=_BAR)
        bars.setVisible(True)

    def _draw_figures(self) -> None:
        item = self.plot.getPlotItem()
        for figure in self._figures:
            item.removeItem(figure)
        self._figures = []
        for index in range(len(self._names)):
            figure = pg.TextItem(anchor=(0.5, 1))
            figure.setFont(self._figure_font())
            figure.textItem.document().setDocumentMargin(0)
            pair = [v for v in (self._before[index], self._after[index]) if v == v]
            figure.setPos(index, max(pair, default=0.0))
            item.addItem(figure, ignoreBounds=True)
            self._figures.append(figure)

    def _fit_figures(self) -> None:
        """Write the figures as long as there is room for, and make room for them at the top."""
        box = self.plot.getPlotItem().vb
        metrics = QFontMetricsF(self._figure_font())
        slot = box.width() / (len(self._names) + 0.2)
        texts = self._figure_texts(metrics, slot)
        for figure, text in zip(self._figures, texts, strict=True):
            _write_centred(figure, text)
        lines = 1 + max((text.count("\n") for text in texts), default=0)
        taken = (lines * metrics.lineSpacing() + 2 * _GAP) / max(box.height(), 1.0)
        most = max((v for v in (*self._before, *self._after) if v == v), default=1.0)
        self.plot.getPlotItem().setYRange(-0.002, max(most, 0.1) / (1 - min(taken, 0.6)), padding=0)

    def _figure_texts(self, metrics: QFontMetricsF, slot: float) -> list[str]:
        """What to write above each pair of bars, `slot` pixels apart: as much as there is room."""

        def width(text: str) -> float:
            return max(metrics.horizontalAdvance(line) for line in text.split("\n"))

        if all(math.isnan(after) for after in self._after):  # the run was stopped before
            return ["" for _ in self._names]
        for form in (self._long_figure, self._short_figure, self._shortest_figure):
            texts = [form(index) for index in range(len(self._names))]
            widths = [width(text) for text in texts]
            if all((a + b) / 2 + _GAP <= slot for a, b in itertools.pairwise(widths)):
                return texts
        # Too narrow for all of them: those of targets, as long as no two stand side by side.
        return [
            text if index in self._targets and index - 1 not in self._targets else ""
            for index, text in enumerate(texts)
        ]

    def _long_figure(self, index: int) -> str:
        gain = self.gain_texts()[index].replace(" ", "\n")
        return "\n".join(filter(None, (gain, self._of_few(index))))

    def _short_figure(self, index: int) -> str:
        few = self._of_few(index).replace(" of ", "/")
        return "\n".join(filter(None, (self._shortest_figure(index), few)))

    def _shortest_figure(self, index: int) -> str:
        gain = 100 * (self._after[index] - self._before[index])
        return "\N{EN DASH}" if math.isnan(gain) else f"{gain:+.0f}".replace("-", _MINUS)

    def _of_few(self, index: int) -> str:
        """How many of the few images of a class are right after training; empty for many."""
        after = self._after[index]
        return "" if math.isnan(after) else of_few(after, self._counts[index])

    def _figure_font(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _figure_color(self, index: int, colors: PlotColors) -> QColor:
        gain = self._after[index] - self._before[index]
        if math.isnan(gain) or round(1000 * gain) == 0:
            return colors.muted
        return colors.gain if gain > 0 else colors.loss


_LABELS = {_BEFORE: "before", _TARGETS: "after, target class", _OTHERS: "after, other class"}


def _worth_drawing(rows: Sequence[tuple[str, bool, float, float]]) -> list[int]:
    """Which of the classes to draw, in their order: (name, is a target, before, after) each."""
    everything = range(len(rows))
    if len(rows) <= _MOST_CLASSES:
        return list(everything)
    measured = [index for index in everything if not math.isnan(rows[index][2])]

    def importance(index: int) -> tuple[bool, float]:
        _, is_target, before, after = rows[index]
        return is_target, 0.0 if math.isnan(after) else abs(after - before)

    return sorted(sorted(measured, key=importance, reverse=True)[:_MOST_CLASSES])


def _write_centred(figure: pg.TextItem, text: str) -> None:
    document = figure.textItem.document()
    document.setDefaultTextOption(QTextOption(Qt.AlignmentFlag.AlignHCenter))
    figure.textItem.setTextWidth(-1)  # as wide as it likes
    figure.textItem.setPlainText(text)
    figure.textItem.setTextWidth(document.idealWidth())
    figure.updateTextPos()


def gain_text(before: float, after: float) -> str:
    """The gain in points with its sign, or "no images"."""
    gain = 100 * (after - before)
    return "no images" if math.isnan(gain) else f"{gain:+.1f}".replace("-", _MINUS)
