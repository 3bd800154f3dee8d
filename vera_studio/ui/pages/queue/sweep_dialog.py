"""Asking for a sweep: which methods, ranks, learning rates and seeds become runs of the queue."""

import math
import re
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.methods import FAMILIES
from vera_studio.recipe import MAX_LEARNING_RATE, MAX_RANK, MIN_LEARNING_RATE, Recipe
from vera_studio.runs.candidates import family_of
from vera_studio.runs.comparison_results import MAX_SEEDS
from vera_studio.runs.sweep import Sweep
from vera_studio.ui.widgets.comparison_choice import ComparisonChoice, MethodOption
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.run_progress import format_seconds
from vera_studio.wording import plain

Problems = Callable[[Sweep], list[str]]


class SweepDialog(QDialog):
    """Says, while one chooses, how many runs that is and how long they may take.

    Signals:
        wanted(list): a title and a recipe for each run.
    """

    wanted = Signal(list)

    def __init__(
        self, recipe: Recipe, problems: Problems, seconds_a_run: float, parent: QWidget
    ) -> None:
        """Ask.

        Args:
            recipe: the draft, which is varied.
            problems: why a sweep of it cannot be run, sentences.
            seconds_a_run: about; NaN where nobody knows.
            parent: what the dialog stands before.
        """
        super().__init__(parent)
        self._recipe, self._problems, self._seconds = recipe, problems, seconds_a_run
        self.setObjectName("sweep_dialog")
        self.setWindowTitle("Sweep")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        present = family_of(recipe.adapter)
        options = [
            MethodOption(
                family.key,
                family.title,
                family.tip,
                family == present,
                str(recipe.adapter.rank) if family == present and family.has_rank else family.ranks,
            )
            for family in FAMILIES
        ]
        self.choice = ComparisonChoice(options, MAX_RANK, 1, MAX_SEEDS)
        self.choice.changed.connect(self._follow)
        self.rates = QLineEdit()
        self.rates.setObjectName("sweep_rates")
        self.rates.setAccessibleName("Learning rates")
        self.rates.setPlaceholderText("As set up, or such as 0.001, 0.003, 0.01")
        self.rates.setToolTip(
            "Learning rates with commas in between; without any, each run has the one that is set "
            "up, or the one that suits its method"
        )
        self.rates.textChanged.connect(self._follow)
        self.plan = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.plan.setObjectName("sweep_plan")
        self.plan.setAccessibleName("What will be added")
        self.add_button = QPushButton()
        self.add_button.setObjectName("add_sweep_button")
        self.add_button.setToolTip("Have these runs wait in the queue")
        self.add_button.setDefault(True)
        self.add_button.clicked.connect(self._add)
        self._lay_out()
        self._follow()

    def sweep(self) -> Sweep:
        """What is chosen."""
        names = (key if rank is None else f"{key}:{rank}" for key, rank in self.choice.chosen())
        rates, _ = read_rates(self.rates.text())
        return Sweep(tuple(names), rates, self.choice.seeds.value())

    def _lay_out(self) -> None:
        cancel = QPushButton("Cancel")
        cancel.setObjectName("cancel_sweep_button")
        cancel.setToolTip("Add nothing")
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(cancel)
        buttons.addWidget(self.add_button)
        about = QLabel(
            "Every combination becomes a run of the queue; all else is as set up.", wordWrap=True
        )
        form = QFormLayout()
        form.addRow("Learning &rates", self.rates)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.choice)
        layout.addLayout(form)
        layout.addWidget(self.plan, 1)
        layout.addLayout(buttons)

    def _follow(self) -> None:
        sweep = self.sweep()
        _, problem = read_rates(self.rates.text())
        found = self.choice.problems() or ([problem] if problem else self._problems(sweep))
        self.plan.setText("\n".join(found[:4]) or self._told(sweep))
        runs = "1 Run" if sweep.runs == 1 else f"{sweep.runs:,} Runs"
        self.add_button.setText("Add Runs" if found else f"Add {runs}")
        self.add_button.setAccessibleName(self.add_button.text())
        allow(self.add_button, "\n".join(found[:4]))

    def _told(self, sweep: Sweep) -> str:
        parts = [
            (len(sweep.methods), "method or rank", "methods and ranks"),
            (len(sweep.learning_rates), "learning rate", "learning rates"),
            (sweep.seeds, "seed", "seeds"),
        ]
        words = [f"{n:,} {one if n == 1 else several}" for n, one, several in parts if n]
        runs = "1 run" if sweep.runs == 1 else f"{sweep.runs:,} runs"
        how_long = "How long a run takes is not known yet."
        if math.isfinite(self._seconds):
            how_long = f"About {format_seconds(self._seconds * sweep.runs)} in all."
        product = " \N{MULTIPLICATION SIGN} ".join(words)
        return f"{product}: {runs}. {how_long}"

    def _add(self) -> None:
        self.wanted.emit(self.sweep().recipes(self._recipe))
        self.accept()


def read_rates(text: str) -> tuple[tuple[float, ...], str]:
    """The learning rates in `text`, each once, and what is wrong with it; empty for nothing.

    Commas, semicolons and spaces part them.
    """
    rates: dict[float, None] = {}
    wrong = []
    for part in filter(None, re.split(r"[,;\s]+", text)):
        try:
            rate = float(part) if part.isascii() and "_" not in part else math.nan
        except ValueError:
            rate = math.nan
        if MIN_LEARNING_RATE <= rate <= MAX_LEARNING_RATE:
            rates[rate] = None
        else:
            wrong.append(part[:20])
    least, most = plain(MIN_LEARNING_RATE), plain(MAX_LEARNING_RATE)
    problem = f"{', '.join(wrong[:3])}: no learning rate from {least} to {most}." if wrong else ""
    return tuple(rates), problem
