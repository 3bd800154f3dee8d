"""The values under the mouse: a line across the plot and a small card beside the pointer."""

import pyqtgraph as pg
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPalette, QPen
from PySide6.QtWidgets import QFrame, QLabel

_DISTANCE = 14  # of the card from the pointer


class ReadOut:
    """A vertical line in the plot and a card with text on top of it."""

    def __init__(self, plot: pg.PlotWidget) -> None:
        self._plot = plot
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.setVisible(False)
        plot.getPlotItem().addItem(self._line, ignoreBounds=True)
        self.card = QLabel(plot.viewport())
        self.card.setObjectName("read_out")
        self.card.setTextFormat(Qt.TextFormat.RichText)
        self.card.setMargin(6)
        self.card.setFrameShape(QFrame.Shape.StyledPanel)
        self.card.setAutoFillBackground(True)
        self.card.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.card.hide()

    def show_at(self, pointer: QPoint, x: float, text: str) -> None:
        """Put the line at `x` and the card with `text` where it hides little."""
        self._line.setValue(x)
        self._line.setVisible(True)
        self.card.setText(text)
        self.card.adjustSize()
        room = self._plot.viewport().rect()
        left = pointer.x() + _DISTANCE
        if left + self.card.width() > room.right():
            left = pointer.x() - _DISTANCE - self.card.width()
        top = min(pointer.y() + _DISTANCE, room.bottom() - self.card.height())
        self.card.move(max(left, 0), max(top, 0))
        self.card.show()

    def leave(self) -> None:
        """Take line and card away."""
        self._line.setVisible(False)
        self.card.hide()

    def recolor(self, pen: QPen, palette: QPalette) -> None:
        """Draw the line with `pen` and the card in the colours of `palette`."""
        self.leave()  # what the card says has colours of its own
        self._line.setPen(pen)
        card = QPalette(palette)
        card.setColor(QPalette.ColorRole.Window, palette.toolTipBase().color())
        card.setColor(QPalette.ColorRole.WindowText, palette.toolTipText().color())
        self.card.setPalette(card)
