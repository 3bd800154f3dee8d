"""The curves of several runs over each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QLabel, QStackedWidget, QVBoxLayout, QWidget

from vera_studio.runs.run_curves import RunCurves
from vera_studio.runs.run_list import RunEntry
from vera_studio.ui.widgets.curve_plot import CurvePlot

MOST_CURVES = 10  # as many as there are colours
_TITLE = "Curves of the chosen runs"
_EMPTY = "Select runs, the second with Ctrl, to see their curves over each other."


@dataclass(frozen=True)
class _Figure:
    title: str
    values: Callable[[RunCurves, RunEntry], Sequence[float]]
    is_share: bool = False


def _targets(curves: RunCurves, run: RunEntry) -> Sequence[float]:
    result = run.result
    if result is None:
        return curves.validation_accuracy
    return curves.mean_over(frozenset(result.class_names[i] for i in result.target_classes))


_FIGURES = (
    _Figure("Mean of the targets, validation", _targets, is_share=True),
    _Figure("Accuracy of all, validation", lambda c, _: c.validation_accuracy, is_share=True),
    _Figure("Loss, validation", lambda c, _: c.validation_loss),
    _Figure("Loss, training", lambda c, _: c.train_loss),
    _Figure("Learning rate", lambda c, _: c.learning_rate),
)


class RunCurvesView(QWidget):
    """A choice of the figure, and its curve of each run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[RunEntry, ...] = ()
        self._curves: Mapping[Path, RunCurves] = {}
        self.figure = QComboBox()
        self.figure.setObjectName("run_figure")
        self.figure.setAccessibleName("Figure that is drawn")
        self.figure.setToolTip("Which figure of the chosen runs is drawn, epoch by epoch")
        self.figure.addItems([figure.title for figure in _FIGURES])
        self.figure.currentIndexChanged.connect(self._draw)
        self.shares = CurvePlot(_TITLE, "Epoch", "Accuracy", percent=True, empty_text=_EMPTY)
        self.shares.setObjectName("run_shares_plot")
        self.numbers = CurvePlot(_TITLE, "Epoch", "", empty_text=_EMPTY)
        self.numbers.setObjectName("run_numbers_plot")
        self._note = QLabel()
        self._note.setObjectName("run_curves_note")
        self._note.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.shares)
        self._stack.addWidget(self.numbers)
        self._put_choice_on(self.shares)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack, 1)
        column.addWidget(self._note)

    def show_curves(self, runs: Sequence[RunEntry], curves: Mapping[Path, RunCurves]) -> None:
        """Draw the curves of these runs, the first ones where they are many."""
        self._runs, self._curves = tuple(runs[:MOST_CURVES]), curves
        more = len(runs) - len(self._runs)
        self._note.setText(f"The first {MOST_CURVES} of {len(runs)}")
        self._note.setVisible(more > 0)
        self._draw()

    def _put_choice_on(self, plot: CurvePlot) -> None:
        """Have the choice stand in the line of the plot's title, with the keys going to it."""
        if not plot.isAncestorOf(self.figure):
            has_focus = self.figure.hasFocus()
            plot.tools.insertWidget(0, self.figure)
            if has_focus:
                self.figure.setFocus()

    def _draw(self, _: object = None) -> None:
        figure = _FIGURES[self.figure.currentIndex()]
        plot = self.shares if figure.is_share else self.numbers
        self._put_choice_on(plot)
        self._stack.setCurrentWidget(plot)
        plot.clear()
        for number, run in enumerate(self._runs):
            curves = self._curves.get(run.folder, RunCurves())
            key = str(run.folder)
            plot.set_series(key, run.title, color_index=number, width=2, points=True)
            plot.append(key, curves.epochs, figure.values(curves, run))
