"""All runs: a table, and below it what is to be known of the selected ones."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from vera_studio.errors import StudioError
from vera_studio.runs.recipe_difference import differences
from vera_studio.runs.run_curves import RunCurves
from vera_studio.runs.run_list import ComparisonEntry, RunEntry, RunList, recipe_of
from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import run_history as run_history_jobs
from vera_studio.ui.pages.runs.curves import MOST_CURVES, RunCurvesView
from vera_studio.ui.pages.runs.details import RunDetails
from vera_studio.ui.pages.runs.rows import COLUMNS, listed, row_of
from vera_studio.ui.pages.runs.run_actions import RunActions
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.run_history import Entry, RunHistory
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.figure_table import FigureTable
from vera_studio.ui.widgets.undo_bar import UndoBar

_EMPTY, _FILLED = range(2)
_WIDTHS = (380, 620)  # of details and curves
_LOADING, _NO_RUNS = "Reading the runs…", "No runs yet"
_EMPTY_TEXT = (
    "Every run and every comparison is kept, and stands here with its curves and its recipe, to "
    "be looked at, gone on with or run again."
)


class RunsPage(QWidget):
    """Shows all runs and what can be done with them.

    Signals:
        set_up_requested(Path): the window is to be set up as for the run in this folder.
        continue_requested(Path): the run in this folder is to go on.
        evaluate_requested(Path): what the run in this folder learned is to be shown.
        comparison_requested(Comparison): this comparison is to be shown.
        report_requested(Path): a report of the run in this folder is to be written.
        folder_requested(Path): this folder is to be shown.
    """

    set_up_requested = Signal(object)
    continue_requested = Signal(object)
    evaluate_requested = Signal(object)
    comparison_requested = Signal(object)
    report_requested = Signal(object)
    folder_requested = Signal(object)

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.history = RunHistory(studio, self)
        self._entries: list[Entry] = []  # a row each
        self._curves: dict[Path, RunCurves] = {}  # of what is selected
        self._is_replacing = False
        self._reading = NewestJob("Reading curves", studio.runner, self)
        self._reading.failed.connect(studio.failed)
        self.actions_strip = RunActions()
        self.table = FigureTable(COLUMNS)
        self.table.setObjectName("runs_table")
        self.table.setAccessibleName("All runs")
        self.table.setToolTip("Select runs for their curves; click a heading to sort")
        self.details = RunDetails()
        self.curves = RunCurvesView()
        self.undo_bar = UndoBar()
        self._make_filter()
        self._lay_out()
        self._connect()
        self._follow_selection()

    def _make_filter(self) -> None:
        self.filter = QLineEdit(clearButtonEnabled=True, placeholderText="Filter")
        self.filter.setObjectName("runs_filter")
        self.filter.setAccessibleName("Filter the runs")
        self.filter.setToolTip("Show the runs only that have this anywhere in their row")
        self.with_compared = QCheckBox("Runs of &comparisons")
        self.with_compared.setObjectName("runs_of_comparisons")
        self.with_compared.setAccessibleName("Runs of comparisons")
        self.with_compared.setToolTip("Show the single runs of every comparison too")
        self.count = QLabel()
        self.count.setObjectName("runs_count")

    def _lay_out(self) -> None:
        self._empty = EmptyState(icon("table"), _LOADING)
        top = QHBoxLayout()
        top.addWidget(self.filter, 1)
        top.addWidget(self.with_compared)
        top.addWidget(self.count)
        below = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        below.addWidget(self.details)
        below.addWidget(self.curves)
        below.setSizes(_WIDTHS)  # shares of what there is
        below.setStretchFactor(1, 1)
        halves = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        halves.addWidget(self.table)
        halves.addWidget(below)
        for half in range(2):
            halves.setStretchFactor(half, 1)
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.addLayout(top)
        column.addWidget(self.actions_strip)
        column.addWidget(halves, 1)
        pages = QWidget()
        self._stack = QStackedLayout(pages)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(filled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(pages, 1)
        self.undo_bar.setContentsMargins(9, 4, 9, 4)
        layout.addWidget(self.undo_bar)

    def _connect(self) -> None:
        studio, named = self._studio, self.actions_strip.by_name
        self.history.changed.connect(self._show)
        self.history.undo_changed.connect(self._offer_undo)
        self.undo_bar.undo_requested.connect(self.history.undo_delete)
        self.filter.textChanged.connect(self.table.set_filter)
        self.with_compared.toggled.connect(self._show)
        self.table.selection_changed.connect(self._follow_selection)
        self.table.row_chosen.connect(self._open_row)
        self.table.addActions(list(named.values()))
        self.details.name_edited.connect(
            lambda folder, name: self.history.annotate(folder, name=name)
        )
        self.details.notes_edited.connect(
            lambda folder, notes: self.history.annotate(folder, notes=notes)
        )
        for name, slot in (
            ("set_up", self.set_up_requested.emit),
            ("again", studio.run_again),
            ("continue", self.continue_requested.emit),
            ("evaluate", self.evaluate_requested.emit),
            ("report", self.report_requested.emit),
            ("show", self.folder_requested.emit),
            ("adapter", lambda folder: studio.adapters.import_adapter(folder / "best.safetensors")),
        ):
            named[name].triggered.connect(partial(self._with_one, slot))
        named["open"].triggered.connect(self._open_comparison)
        named["rename"].triggered.connect(self.details.edit_name)
        named["delete"].triggered.connect(
            lambda: self.history.delete([entry.folder for entry in self.chosen])
        )
        for signal in (
            studio.busy_changed,
            studio.run.state_changed,
            studio.comparison.state_changed,
        ):
            signal.connect(self._follow_state)

    # What is shown

    @property
    def chosen(self) -> list[Entry]:
        """What is selected, from top to bottom."""
        return [self._entries[row] for row in self.table.selected_rows]

    def select(self, folders: Sequence[Path]) -> None:
        """Select the runs in these folders, as far as they are shown."""
        rows = [n for n, entry in enumerate(self._entries) if entry.folder in folders]
        self.table.select_rows(rows)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.history.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.history.watch(False)

    def _show(self, _: object = None) -> None:
        found = self.history.runs or RunList()
        before = [entry.folder for entry in self.chosen]
        self._is_replacing = True  # rows are others by now than those that are selected
        self._entries = listed(found, self.with_compared.isChecked())
        self.table.set_rows([row_of(entry) for entry in self._entries])
        self.select(before)
        self._is_replacing = False
        self._empty.set_text(_NO_RUNS, _EMPTY_TEXT)
        self._stack.setCurrentIndex(_FILLED if self._entries else _EMPTY)
        runs, comparisons = len(found.runs), len(found.comparisons)
        more = ", and more that are not listed" if found.left_out else ""
        self.count.setText(f"{_count(runs, 'run')}, {_count(comparisons, 'comparison')}{more}")
        self._follow_selection()

    def _follow_selection(self) -> None:
        if self._is_replacing:
            return
        chosen = self.chosen
        runs = [entry for entry in chosen if isinstance(entry, RunEntry)]
        if len(chosen) == 1:
            self.details.show_entry(chosen[0])
        elif len(chosen) == len(runs) == 2:
            self._show_two(runs[0], runs[1])
        else:
            self.details.show_hint()
        self._follow_state()
        self._draw([run for entry in chosen for run in _runs_of(entry)])

    def _show_two(self, first: RunEntry, second: RunEntry) -> None:
        try:
            found = differences(recipe_of(first.folder), recipe_of(second.folder))
        except StudioError as error:
            self.details.show_two(first, second, (), str(error))
        else:
            self.details.show_two(first, second, found, "")

    def _draw(self, runs: list[RunEntry]) -> None:
        shown = runs[:MOST_CURVES]
        function = partial(run_history_jobs.curves_of, tuple(run.folder for run in shown))
        if shown:
            self._reading.start(function, partial(self.curves.show_curves, runs))
        else:
            self._reading.forget()
            self.curves.show_curves((), {})

    def _follow_state(self, _: object = None) -> None:
        studio = self._studio
        self.actions_strip.follow(self.chosen, studio.obstacle, studio.start_obstacle)

    def _offer_undo(self, text: str) -> None:
        self.undo_bar.offer(f"Deleted {text}." if text else "")

    # What is done

    def _with_one(self, slot: Callable[[Path], object], _: bool = False) -> None:
        if len(chosen := self.chosen) == 1:
            slot(chosen[0].folder)

    def _open_row(self, row: int) -> None:
        named = self.actions_strip.by_name
        is_comparison = isinstance(self._entries[row], ComparisonEntry)
        named["open" if is_comparison else "evaluate"].trigger()

    def _open_comparison(self) -> None:
        match self.chosen:
            case [ComparisonEntry(comparison=comparison)] if comparison:
                self.comparison_requested.emit(comparison)


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _runs_of(entry: Entry) -> tuple[RunEntry, ...]:
    return entry.runs if isinstance(entry, ComparisonEntry) else (entry,)
