"""The confusion matrix: after, before, or what has changed; as counts or as shares of a row."""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vera_studio.ui.jobs.evaluation import Evaluated, Side
from vera_studio.ui.pages.evaluation.selection import When
from vera_studio.ui.widgets.choice_row import Choice, ChoiceRow
from vera_studio.ui.widgets.confusion_matrix import ConfusionMatrix

_MOST_CLASSES = 1000  # in the matrix
_WHENS = (
    Choice("after", "After", "What the network says with the adapter"),
    Choice("before", "Before", "What the network says without the adapter, or before training"),
    Choice("difference", "Difference", "How many more are in each cell with the adapter"),
)
_UNITS = (
    Choice("counts", "Counts", "How many images are in each cell"),
    Choice("shares", "Shares", "Share of all images of the class, row by row"),
)
_NO_BASE = "There is nothing to compare with: no adapter is on, or it brought its own classes."
Counts = NDArray[np.int64]


class ConfusionView(QWidget):
    """Signals:
    cell_chosen(int, int, str): the images of the first class that were taken for the second:
        "after", "before", or those that have come or gone, "difference".
    """

    cell_chosen = Signal(int, int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._evaluated: Evaluated | None = None
        self._filter = ""
        self._shown: NDArray[np.int64] = np.zeros(0, dtype=np.int64)  # classes
        self._counts: Counts = np.zeros((0, 0), dtype=np.int64)
        self._totals: Counts = np.zeros(0, dtype=np.int64)  # images of each class shown
        self.when = ChoiceRow("confusion_when", "Matrix", _WHENS)
        self.unit = ChoiceRow("confusion_unit", "Unit", _UNITS)
        for row in (self.when, self.unit):
            row.chosen.connect(self._show)
        self.matrix = ConfusionMatrix()
        self.matrix.setToolTip("Click a cell to see its images")
        self.matrix.cell_chosen.connect(self._choose)
        self._note = QLabel()
        self._note.setObjectName("confusion_note")
        self._note.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        top = QHBoxLayout()
        top.addWidget(self.when)
        top.addSpacing(8)
        top.addWidget(self.unit)
        top.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.matrix, 1)
        layout.addWidget(self._note)

    def show_figures(self, evaluated: Evaluated) -> None:
        """Show the matrix of these."""
        self._evaluated = evaluated
        reason = "" if evaluated.before else _NO_BASE
        for key in ("before", "difference"):
            self.when.allow(key, reason)
        if reason:
            self.when.set_choice("after")
        self._show()

    def set_filter(self, text: str) -> None:
        """Show classes that have `text` in their names, and those that they are mistaken for."""
        self._filter = text.strip().casefold()
        self._show()

    def _show(self, _: str = "") -> None:
        if (evaluated := self._evaluated) is None:
            return
        self._shown, left_out = _classes(evaluated, self._filter)
        self._totals = evaluated.after.classes.count[self._shown]
        self._note.setText(f"{left_out:,} classes with fewer mistakes are left out.")
        self._note.setVisible(bool(left_out))
        self._counts = self._of(evaluated)
        totals = np.maximum(self._totals, 1)[:, None]
        names = [evaluated.predictions.class_names[row] for row in self._shown]
        diagonal = np.eye(len(names), dtype=bool)
        good = diagonal if self.when.choice != "difference" else diagonal == (self._counts > 0)
        strengths = np.minimum(np.abs(self._counts) / totals, 1.0)
        self.matrix.set_matrix(names, strengths, good, self._text, self._tip)

    def _of(self, evaluated: Evaluated) -> Counts:
        after = _counts(evaluated, evaluated.after, self._shown)
        if self.when.choice == "after" or evaluated.before is None:
            return after
        before = _counts(evaluated, evaluated.before, self._shown)
        return before if self.when.choice == "before" else after - before

    def _text(self, row: int, column: int) -> str:
        count = int(self._counts[row, column])
        if not count:
            return ""
        sign = "+" if self.when.choice == "difference" else ""
        if self.unit.choice == "shares":
            share = 100 * count / max(int(self._totals[row]), 1)
            return f"{share:{sign}.0f}%".replace("-", "\N{MINUS SIGN}")
        return f"{count:{sign},}".replace("-", "\N{MINUS SIGN}")

    def _tip(self, row: int, column: int) -> str:
        assert self._evaluated is not None
        names = self._evaluated.predictions.class_names
        true, other = names[self._shown[row]], names[self._shown[column]]
        count, total = int(self._counts[row, column]), int(self._totals[row])
        what = "right" if row == column else f"taken for {other}"
        if self.when.choice == "difference":
            change = f"{count:+,}".replace("-", "\N{MINUS SIGN}")
            return f"{true}: {change} of {total:,} images {what}"
        return f"{true}: {count:,} of {total:,} images {what}"

    def _choose(self, row: int, column: int) -> None:
        when = cast(When, self.when.choice)
        self.cell_chosen.emit(int(self._shown[row]), int(self._shown[column]), when)


def _classes(evaluated: Evaluated, wanted: str) -> tuple[NDArray[np.int64], int]:
    """The classes to show, in their order, and how many are left out for want of room."""
    names = evaluated.predictions.class_names
    sides = [side for side in (evaluated.after, evaluated.before) if side]
    mistakes = np.zeros(len(names), dtype=np.int64)
    kept = {row for row, name in enumerate(names) if wanted in name.casefold()}
    with_images = set(np.flatnonzero(evaluated.after.classes.count).tolist())
    shown = kept & with_images
    for side in sides:
        for (true, other), count in side.pairs.items():
            mistakes[true] += count
            if true in kept or other in kept:
                shown |= {true, other} if wanted else {other}
    order = sorted(shown, key=lambda row: (-mistakes[row], row))
    chosen = np.array(sorted(order[:_MOST_CLASSES]), dtype=np.int64)
    return chosen, len(order) - len(chosen)


def _counts(evaluated: Evaluated, side: Side, shown: NDArray[np.int64]) -> Counts:
    """(n, n): how many images of each class shown were taken for each."""
    one = evaluated.predictions
    place = np.full(len(one.class_names), -1)
    place[shown] = np.arange(len(shown))
    rows, columns = place[one.truth], place[side.told[:, 0]]
    inside = (rows >= 0) & (columns >= 0)
    places = rows[inside] * len(shown) + columns[inside]
    return np.bincount(places, minlength=len(shown) ** 2).reshape(len(shown), len(shown))
