"""Every class before and after: precision, recall, F1, and how many images."""

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from vera_studio.ui.jobs.evaluation import Evaluated
from vera_studio.ui.widgets.figure_table import Cell, Column, FigureTable

_COLUMNS = (
    Column("Class", "The class that the images are of", is_text=True),
    Column("Images", "How many images there are of it"),
    Column("Recall", "Share of its images that are taken for it"),
    Column("\N{GREEK CAPITAL LETTER DELTA}", "Points of recall gained by the adapter"),
    Column("Precision", "Share of the images taken for it that are of it"),
    Column("\N{GREEK CAPITAL LETTER DELTA} ", "Points of precision gained", gives_way=1),
    Column("F1", "Harmonic mean of precision and recall"),
    Column("\N{GREEK CAPITAL LETTER DELTA}  ", "Points of F1 gained", gives_way=2),
)


class ClassesView(QWidget):
    """Signals:
    class_chosen(int): the mistakes of this class are to be shown.
    """

    class_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: list[int] = []
        self.table = FigureTable(_COLUMNS)
        self.table.setObjectName("class_figures")
        self.table.setAccessibleName("Figures of each class")
        self.table.setToolTip("Click a class to see its mistakes; Ctrl+C copies the table")
        self.table.clicked.connect(lambda _: self._choose())
        self.table.activated.connect(lambda _: self._choose())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)

    def show_figures(self, evaluated: Evaluated) -> None:
        """Show those of the classes that there are images of, or that are told of some."""
        after = evaluated.after.classes
        before = evaluated.before.classes if evaluated.before else None
        names = evaluated.predictions.class_names
        self._classes = [row for row, f1 in enumerate(after.f1) if not math.isnan(f1)]
        rows = []
        for row in self._classes:
            cells = [Cell(names[row], names[row].casefold(), names[row])]
            cells.append(Cell(f"{after.count[row]:,}", float(after.count[row])))
            for figure in ("recall", "precision", "f1"):
                now = float(getattr(after, figure)[row])
                then = float(getattr(before, figure)[row]) if before else math.nan
                cells += [_share_cell(now, then), _gain_cell(now, then)]
            rows.append(cells)
        self.table.set_rows(rows)

    def set_filter(self, text: str) -> None:
        """Show classes only that have `text` in their names."""
        self.table.set_filter(text)

    def _choose(self) -> None:
        if (row := self.table.current_row) is not None:
            self.class_chosen.emit(self._classes[row])


def _share_cell(now: float, then: float) -> Cell:
    if math.isnan(now):
        return Cell("\N{EN DASH}")
    tip = "" if math.isnan(then) else f"{then:.1%} before"
    return Cell(f"{now:.1%}", now, tip)


def _gain_cell(now: float, then: float) -> Cell:
    if math.isnan(now) or math.isnan(then):
        return Cell()
    gain = 100 * (now - then)
    return Cell(f"{gain:+.1f}".replace("-", "\N{MINUS SIGN}"), gain, f"{then:.1%} before")
