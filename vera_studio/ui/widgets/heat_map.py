"""A matrix in colours: below zero blue, above zero orange."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QLabel, QWidget

from vera_studio.ui.theme import PlotColors
from vera_studio.ui.widgets.axes import ValueAxis, WholeNumberAxis
from vera_studio.ui.widgets.heat_picture import LESS, MORE
from vera_studio.ui.widgets.plot_frame import PlotFrame

_MINUS = "\N{MINUS SIGN}"
_STEPS = 255  # colours; odd, for zero has one of its own


class HeatMap(PlotFrame):
    """The rows from the top to the bottom, the columns from left to right."""

    def __init__(self, title: str, empty_text: str, parent: QWidget | None = None) -> None:
        self._values: NDArray[np.float32] = np.zeros((1, 1), dtype=np.float32)
        self._shape = (1, 1)  # of the matrix that the values are of
        self._image = pg.ImageItem(axisOrder="row-major")
        axes = {"bottom": WholeNumberAxis(), "left": ValueAxis()}
        super().__init__(title, empty_text, axes, parent)
        item = self.plot.getPlotItem()
        item.setLabels(bottom="Input", left="Output")
        item.showGrid(x=False, y=False)
        item.getViewBox().invertY(True)
        item.getViewBox().setDefaultPadding(0)
        self.plot.addItem(self._image)
        self.scale = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.scale.setObjectName("heat_map_scale")
        self.scale.setAccessibleName("What the colours mean")
        self.column.addWidget(self.scale)
        self.scale.hide()

    def set_values(self, values: NDArray[np.float32], shape: tuple[int, int]) -> None:
        """Show a matrix.

        Args:
            values: (rows, columns), or the furthest from zero of each of its blocks.
            shape: of the matrix itself.
        """
        self._values, self._shape = values, shape
        self.set_empty(False)
        largest = float(np.abs(values).max()) if values.size else 0.0
        self._image.setImage(values, autoLevels=False, levels=(-largest or -1.0, largest or 1.0))
        self._image.setRect(QRectF(0, 0, shape[1], shape[0]))
        self.scale.setText(self._scale_text(largest))
        self.scale.show()
        self.reset_view()

    def clear(self) -> None:
        """Go back to the empty text."""
        self.set_empty(True)
        self.scale.hide()

    def table(self) -> Iterator[Sequence[object]]:
        yield [f"column {number}" for number in range(self._values.shape[1])]
        yield from self._values.tolist()

    def describe(self, x: float, y: float) -> tuple[float, str] | None:
        rows, columns = self._shape
        if not (0 <= x < columns and 0 <= y < rows):
            return None
        row = int(y * self._values.shape[0] / rows)
        column = int(x * self._values.shape[1] / columns)
        value = self._values[row, column]
        return x, f"output {int(y)}, input {int(x)}<br><b>{value:+.4g}</b>"

    def recolor(self, colors: PlotColors) -> None:
        ground = colors.background
        middle = (ground.red(), ground.green(), ground.blue())
        places, table = (0.0, 0.5, 1.0), np.array([LESS, middle, MORE])
        at = np.linspace(0, 1, _STEPS)
        ramp = [np.interp(at, places, table[:, channel]) for channel in range(3)]
        self._image.setLookupTable(np.stack(ramp, axis=1).astype(np.uint8))

    def _scale_text(self, largest: float) -> str:
        if not largest:
            return "Nothing is changed yet: all of it is zero."
        text = f"Blue to {_MINUS}{largest:.3g}, orange to +{largest:.3g}."
        if self._values.shape != self._shape:
            return f"{text} Each place shows the largest of its block."
        return text
