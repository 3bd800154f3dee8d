"""Which class was taken for which other, the most frequent mistakes first."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from vera_studio.ui.jobs.evaluation import Evaluated
from vera_studio.ui.widgets.figure_table import Cell, Column, FigureTable

_MOST = 1000  # pairs that are listed
_COLUMNS = (
    Column("Class", "The class that the images are of", is_text=True),
    Column("Taken for", "The class that they were taken for", is_text=True),
    Column("Images", "How many, now"),
    Column("Before", "How many, before"),
    Column("Of the class", "Share of all images of the class, now", gives_way=1),
)


class PairsView(QWidget):
    """Signals:
    pair_chosen(int, int): the images of the first class that were taken for the second.
    """

    pair_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: list[tuple[int, int]] = []
        self.table = FigureTable(_COLUMNS)
        self.table.setObjectName("confused_pairs")
        self.table.setAccessibleName("Pairs of classes that are mistaken for each other")
        self.table.setToolTip("Click a pair to see its images; Ctrl+C copies the table")
        self.table.clicked.connect(lambda _: self._choose())
        self.table.activated.connect(lambda _: self._choose())
        self._note = QLabel()
        self._note.setObjectName("pairs_note")
        self._note.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._note)

    def show_figures(self, evaluated: Evaluated) -> None:
        """Show all pairs of either network, as far as there is room."""
        after = evaluated.after.pairs
        before = evaluated.before.pairs if evaluated.before else {}
        pairs = list(after) + [pair for pair in before if pair not in after]
        self._pairs = pairs[:_MOST]
        more = len(pairs) - len(self._pairs)
        self._note.setText(f"{more:,} pairs more, of fewer images each, are not listed.")
        self._note.setVisible(bool(more))
        names, counts = evaluated.predictions.class_names, evaluated.after.classes.count
        rows = []
        for true, other in self._pairs:
            now, share = after.get((true, other), 0), after.get((true, other), 0) / counts[true]
            then = before.get((true, other), 0) if evaluated.before else None
            texts = [Cell(names[one], names[one].casefold(), names[one]) for one in (true, other)]
            then_cell = Cell("\N{EN DASH}") if then is None else Cell(f"{then:,}", float(then))
            rows.append(
                [*texts, Cell(f"{now:,}", float(now)), then_cell, Cell(f"{share:.1%}", share)]
            )
        self.table.set_rows(rows)

    def set_filter(self, text: str) -> None:
        """Show pairs only that have `text` in one of their names."""
        self.table.set_filter(text)

    def _choose(self) -> None:
        if (row := self.table.current_row) is not None:
            self.pair_chosen.emit(*self._pairs[row])
