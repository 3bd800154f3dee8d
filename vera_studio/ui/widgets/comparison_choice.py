"""Choosing what to compare: methods, the ranks of each, and how many seeds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.number_boxes import WholeNumberBox
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.wheel import ignore_wheel_when_unfocused

_LEAST_RANKS_WIDTH = 46  # pixels, where the window is narrow
_COLUMN_GAP = 4


@dataclass(frozen=True)
class MethodOption:
    """A method that can be chosen."""

    key: str
    title: str
    tip: str
    checked: bool
    ranks: str = ""  # to begin with, such as "4, 16"; empty for a method without


class ComparisonChoice(QWidget):
    """A tick for each method, a field for its ranks, and a number of seeds.

    Signals:
        changed(): something else is chosen.
    """

    changed = Signal()

    def __init__(
        self,
        options: Sequence[MethodOption],
        most_rank: int,
        seeds: int,
        most_seeds: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._most_rank = most_rank
        self._titles = {option.key: option.title for option in options}
        self._ticks = {option.key: self._make_tick(option) for option in options}
        self._ranks = {o.key: self._make_ranks(o) for o in options if o.ranks}
        self.seeds = WholeNumberBox(1, most_seeds)
        self.seeds.show_setting(seeds)
        self._refused_seeds = ""
        self.seeds.setObjectName("comparison_seeds")
        self.seeds.setAccessibleName("Number of seeds")
        self.seeds.setToolTip(
            "Runs of each method, each with other random numbers: the order of the images and the "
            "adapter's projections. What the runs differ by is the spread"
        )
        ignore_wheel_when_unfocused(self.seeds)
        self.seeds.valueChanged.connect(self.changed)
        self.seeds.refused.connect(self._refuse_seeds)
        self._lay_out()
        self._follow()

    def chosen(self) -> tuple[tuple[str, int | None], ...]:
        """Key and rank of everything that is ticked; None for a method without ranks.

        Ranks that cannot be read are left out; `problems` tells of them.
        """
        found: list[tuple[str, int | None]] = []
        for key, tick in self._ticks.items():
            if tick.isChecked() and key in self._ranks:
                ranks, _ = read_ranks(self._ranks[key].text(), self._most_rank)
                found += [(key, rank) for rank in ranks]
            elif tick.isChecked():
                found.append((key, None))
        return tuple(found)

    def problems(self) -> list[str]:
        """What is wrong with what is chosen, a sentence each."""
        if not any(tick.isChecked() for tick in self._ticks.values()):
            return ["Tick at least one method."]
        of_seeds = (
            [f"Seeds {self._refused_seeds[0].lower()}{self._refused_seeds[1:]}"]
            if self._refused_seeds
            else []
        )
        return of_seeds + [
            f"{self._titles[key]}: {problem}"
            for key, field in self._ranks.items()
            if self._ticks[key].isChecked()
            and (problem := read_ranks(field.text(), self._most_rank)[1])
        ]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._mark()

    def _make_tick(self, option: MethodOption) -> QCheckBox:
        tick = QCheckBox(option.title)
        tick.setObjectName(f"compare_{option.key}")
        tick.setAccessibleName(f"Compare {option.title}")
        tick.setToolTip(option.tip)
        tick.setChecked(option.checked)
        tick.toggled.connect(self._follow)
        return tick

    def _make_ranks(self, option: MethodOption) -> QLineEdit:
        field = QLineEdit(option.ranks)
        field.setObjectName(f"ranks_{option.key}")
        field.setAccessibleName(f"Ranks of {option.title}")
        field.setToolTip(f"Ranks from 1 to {self._most_rank:,}, with commas in between")
        field.setMinimumWidth(_LEAST_RANKS_WIDTH)
        field.textChanged.connect(self._follow)
        field.editingFinished.connect(lambda: self._tidy(field))
        return field

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        for row, (key, field) in enumerate(self._ranks.items()):
            label = QLabel("Ranks")
            label.setBuddy(field)
            for column, widget in enumerate((self._ticks[key], label, field)):
                grid.addWidget(widget, row, column)
        others = [key for key in self._ticks if key not in self._ranks]
        for row, key in enumerate(others):
            grid.addWidget(self._ticks[key], row, 4)
        grid.addLayout(self._seeds_row(), 0, 6)
        for column in (3, 5):
            grid.setColumnMinimumWidth(column, _COLUMN_GAP)
        grid.setColumnStretch(7, 1)

    def _seeds_row(self) -> QHBoxLayout:
        label = QLabel("Seeds")
        label.setBuddy(self.seeds)
        label.setToolTip(self.seeds.toolTip())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self.seeds)
        row.addStretch()
        return row

    def _follow(self, _: object = None) -> None:
        for key, field in self._ranks.items():
            is_ticked = self._ticks[key].isChecked()
            allow(field, "" if is_ticked else f"{self._titles[key]} is not ticked.")
        self._mark()
        self.changed.emit()

    def _refuse_seeds(self, refusal: str) -> None:
        self._refused_seeds = refusal
        self.changed.emit()

    def _mark(self) -> None:
        """Show what cannot be read in the colour of losses."""
        for field in self._ranks.values():
            palette = QPalette(self.palette())
            if read_ranks(field.text(), self._most_rank)[1]:
                palette.setColor(QPalette.ColorRole.Text, plot_colors(palette).loss)
            field.setPalette(palette if field.isEnabled() else QPalette())

    def _tidy(self, field: QLineEdit) -> None:
        ranks, problem = read_ranks(field.text(), self._most_rank)
        if not problem:
            field.setText(", ".join(str(rank) for rank in ranks))


def read_ranks(text: str, most: int) -> tuple[tuple[int, ...], str]:
    """The whole numbers in `text`, each once, and what is wrong with it; empty for nothing.

    Commas, semicolons and spaces part them.
    """
    parts = [part for part in re.split(r"[,;\s]+", text) if part]
    numbers = [p for p in parts if p.isascii() and p.isdigit() and len(p) <= len(str(most))]
    good = [part for part in numbers if 1 <= int(part) <= most]
    ranks = tuple(dict.fromkeys(int(part) for part in good))
    wrong = [part for part in parts if part not in good]
    if wrong:
        return ranks, f"{', '.join(wrong)} is no rank from 1 to {most:,}."
    return ranks, "" if ranks else "Enter a rank, or several with commas in between."
