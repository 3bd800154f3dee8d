"""The numbers of one trained vector, before and after."""

import html
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from vera_studio.ui.theme import PlotColors
from vera_studio.ui.widgets.axes import ValueAxis, WholeNumberAxis
from vera_studio.ui.widgets.plot_frame import PlotFrame

_BEFORE, _AFTER = "before", "after"
_MOST_DRAWN = 2_000  # dots of each: more take long to draw and cannot be told apart
_EMPTY_TEXT = "Select what is trained, such as a d or b, to see its values."


class VectorPlot(PlotFrame):
    """Dots over the index; a line leads from each value before to the one after.

    Of many values those are drawn that stand out; all of them once few enough are in view.
    """

    def __init__(self, empty_text: str = _EMPTY_TEXT, parent: QWidget | None = None) -> None:
        self._values: dict[str, NDArray[np.float64]] = {}
        self._drawn = np.empty(0, dtype=int)  # their indices
        self._stems = pg.PlotCurveItem(antialias=True)
        self._dots = {
            _BEFORE: pg.ScatterPlotItem(size=6, symbol="o", antialias=True),
            _AFTER: pg.ScatterPlotItem(size=7, symbol="o", antialias=True),
        }
        axes = {"bottom": WholeNumberAxis(), "left": ValueAxis()}
        super().__init__("Values", empty_text, axes, parent)
        self.plot.getPlotItem().setLabels(bottom="Index")
        for drawn in (self._stems, *self._dots.values()):
            self.plot.addItem(drawn)
        self.figures = QLabel(textFormat=Qt.TextFormat.RichText)
        self.figures.hide()
        self.figures.setObjectName("vector_figures")
        self.figures.setAccessibleName("Figures of the values")
        self.figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(self.figures)
        self.legend.toggled.connect(self._show_part)
        self.plot.getPlotItem().getViewBox().sigXRangeChanged.connect(self._follow_view)

    def set_values(self, title: str, before: ArrayLike, after: ArrayLike | None = None) -> None:
        """Show a vector.

        Args:
            title: its name.
            before: its numbers (count,) before training.
            after: those after training; None while there are none.

        Raises:
            ValueError: the two are not vectors of the same length.
        """
        values = {_BEFORE: np.asarray(before, dtype=float)}
        if after is not None:
            values[_AFTER] = np.asarray(after, dtype=float)
        shapes = {array.shape for array in values.values()}
        if len(shapes) > 1 or values[_BEFORE].ndim != 1:
            raise ValueError(f"vectors of one length are needed, not shapes {sorted(shapes)}")
        is_another = title != self.title or self.is_empty()
        self._values = values
        self.set_title(title)
        self.set_empty(False)
        self._draw()
        if is_another:
            self.reset_view()

    def clear(self) -> None:
        """Go back to the empty text."""
        self._values = {}
        self.set_title("Values")
        self.figures.hide()
        self.set_empty(True)

    def table(self) -> Iterator[Sequence[object]]:
        yield ("index", *self._values)
        columns = [values.tolist() for values in self._values.values()]
        for index, row in enumerate(zip(*columns, strict=True)):
            yield (index, *row)

    def describe(self, x: float, y: float) -> tuple[float, str] | None:
        index = round(x)
        if not 0 <= index < len(self._values[_BEFORE]):
            return None
        lines = [f"{html.escape(self.title)}[{index}]"]
        lines += [f"{key}: <b>{values[index]:.5g}</b>" for key, values in self._values.items()]
        return index, "<br>".join(lines)

    def recolor(self, colors: PlotColors) -> None:
        faint = colors.target
        faint.setAlphaF(0.45)
        self._stems.setPen(self.pen(faint, 1))
        self._dots[_BEFORE].setPen(pg.mkPen(colors.other, width=1.2))
        self._dots[_BEFORE].setBrush(pg.mkBrush(colors.background))
        after = self.colors().target
        self._dots[_AFTER].setPen(None)
        self._dots[_AFTER].setBrush(pg.mkBrush(after))
        for key, color in ((_BEFORE, colors.other), (_AFTER, after)):
            if key in self._values:
                self.legend.set_entry(key, key, color, dashed=False, bar=True)

    def _draw(self) -> None:
        for drawn in (self._stems, *self._dots.values()):
            drawn.setVisible(True)
        self._drawn = np.empty(0, dtype=int)
        self._draw_values(0, len(self._values[_BEFORE]) - 1)
        self.legend.clear()
        self.recolor(self.colors())
        self.figures.show()

    def _follow_view(self, _: object, seen: Sequence[float]) -> None:
        """Draw what is in view with as much of it as can be told apart."""
        if self._values and len(self._values[_BEFORE]) > _MOST_DRAWN:
            last = len(self._values[_BEFORE]) - 1
            left, right = (min(max(round(edge), 0), last) for edge in seen)
            self._draw_values(left, right)

    def _draw_values(self, first: int, last: int) -> None:
        """Draw what stands out, and of the values from index `first` to `last` more than of all."""
        vectors = list(self._values.values())
        seen = _standing_out(vectors, first, last)
        # Those out of view as well: they say how far it goes.
        places = np.union1d(_standing_out(vectors, 0, len(vectors[0]) - 1), seen)
        if not np.array_equal(places, self._drawn):
            self._drawn = places
            for key, dots in self._dots.items():
                known = self._values.get(key)
                dots.setData(*((places, known[places]) if known is not None else ([], [])))
            before = self._values[_BEFORE]
            after = self._values.get(_AFTER, before)
            pairs = np.column_stack((before[places], after[places])).ravel()
            self._stems.setData(np.repeat(places, 2), pairs, connect="pairs")
        self.figures.setText(_figures(self._values) + _left_out(len(seen), last - first + 1))

    def _show_part(self, key: str, on: bool) -> None:
        self._dots[key].setVisible(on)
        self._stems.setVisible(all(dots.isVisible() for dots in self._dots.values()))


def _standing_out(
    vectors: Sequence[NDArray[np.float64]], first: int, last: int
) -> NDArray[np.int_]:
    """Indices from `first` to `last`; of too many the ends, and the extremes of even stretches."""
    count = last - first + 1
    if count <= _MOST_DRAWN:
        return np.arange(first, last + 1)
    # Two of each vector in a stretch.
    length = math.ceil(count * 2 * len(vectors) / _MOST_DRAWN)
    starts = np.arange(first, last + 1, length)
    found = [np.array([first, last])]
    for vector in vectors:
        # The last stretch is filled up with its own last value.
        stretches = np.pad(
            vector[first : last + 1], (0, len(starts) * length - count), mode="edge"
        ).reshape(len(starts), length)
        found += [starts + stretches.argmin(axis=1), starts + stretches.argmax(axis=1)]
    return np.unique(np.minimum(np.concatenate(found), last))


def _left_out(drawn: int, count: int) -> str:
    """A line that says how many of `count` values in view are drawn, where not all are."""
    if drawn >= count:
        return ""
    text = "drawn: the least and greatest of each stretch. Zoom in for all."
    return f"{drawn:,} of {count:,} {text}"


def _figures(values: dict[str, NDArray[np.float64]]) -> str:
    """Least, greatest, mean and norm of each vector, as the rows of a table."""
    rows = []
    for key, vector in values.items():
        norm = math.sqrt(float((vector**2).sum()))
        figures = {"min": vector.min(), "max": vector.max(), "mean": vector.mean(), "norm": norm}
        cells = "".join(
            f"<td>{name}&nbsp;</td><td align='right'><b>{value:.4g}</b></td><td>&nbsp;&nbsp;</td>"
            for name, value in figures.items()
        )
        rows.append(f"<tr><td>{key}&nbsp;&nbsp;&nbsp;</td>{cells}</tr>")
    return f"<table cellspacing='1'>{''.join(rows)}</table>"
