"""Comparing methods: what to run, how far that is, and what came of it."""

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vera_studio.errors import StudioError
from vera_studio.files import write_atomically
from vera_studio.methods import FAMILIES
from vera_studio.recipe import MAX_RANK
from vera_studio.runs import comparison_tables as tables
from vera_studio.runs.candidates import candidate
from vera_studio.runs.comparison_results import (
    MAX_SEEDS,
    Comparison,
    ComparisonSettings,
    ComparisonStands,
)
from vera_studio.runs.events import StepsDone
from vera_studio.ui.icons import icon
from vera_studio.ui.pages.comparison import figures
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.comparison_choice import ComparisonChoice, MethodOption
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.figure_table import FigureTable
from vera_studio.ui.widgets.file_dialogs import ask_save_as
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.run_progress import RunProgress, format_seconds
from vera_studio.ui.widgets.scatter_plot import ScatterPlot

_SEEDS = 3
_EMPTY, _FILLED = range(2)
_SOON = 0.5  # runs, after which it is told how long the rest will take
_RUNS_FILTER = "A row a run (*.csv)"
_SUMMARY_FILTER = "A row a method: means and spreads (*.csv)"
_GOING = "Not while a comparison is going on."
_MakeRows = Callable[[Comparison], list[tables.Row]]


class ComparisonPage(QWidget):
    """Starts comparisons and shows the newest."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._comparison: Comparison | None = None  # the one that is shown
        self._is_beginning = False  # another was started and has not told anything yet
        self._now = ""
        self._share = 0.0  # of the present run, 0 to 1
        self._clock = QElapsedTimer()
        options = [MethodOption(f.key, f.title, f.tip, f.is_ticked, f.ranks) for f in FAMILIES]
        self.choice = ComparisonChoice(options, MAX_RANK, _SEEDS, MAX_SEEDS)
        self.progress = RunProgress()
        self.progress.bar.setObjectName("comparison_progress_bar")
        self.progress.bar.setAccessibleName("Progress of the comparison")
        self.progress.bar.setToolTip("How much of the comparison is done")
        self.progress.label.setObjectName("comparison_progress_text")
        self.progress.label.setAccessibleName("Progress of the comparison in words")
        self.progress.setVisible(False)
        self._make_labels()
        self._make_buttons()
        self.table = FigureTable(figures.COLUMNS)
        self.table.setObjectName("comparison_table")
        self.table.setAccessibleName("Compared methods")
        self.table.setToolTip("Click a heading to sort; Ctrl+C copies the selected rows")
        self.plot = ScatterPlot(
            "Accuracy against trainable numbers",
            "Trainable numbers, logarithmic",
            "Target classes",
            "A point for each method appears here when its first run has finished.",
        )
        self.plot.setObjectName("comparison_plot")
        self._lay_out()
        self._connect()
        self._follow()

    def _make_labels(self) -> None:
        self._plan = _label("comparison_plan", "What will be run")
        self._about = _label("comparison_about", "What was compared")
        self._failures = _label("comparison_failures", "Runs that failed")
        self._failures.setVisible(False)

    def _make_buttons(self) -> None:
        self.start_button = _button(
            "compare_button", "Compare", "start", "Run the ticked methods, each with every seed"
        )
        self.start_button.clicked.connect(self._start)
        self.stop_button = _button(
            "stop_comparison_button", "Stop", "stop", "End the comparison; finished runs are kept"
        )
        self.stop_button.clicked.connect(self._studio.comparison.stop)
        self.export_button = _button(
            "export_comparison_button",
            "Export CSV…",
            "table",
            "Save a row a run, or a row a method with means and spreads, as the kind of file says",
        )
        self.export_button.clicked.connect(self._ask_export)

    def _lay_out(self) -> None:
        controls = QHBoxLayout()
        controls.addWidget(self._plan, 1)
        controls.addWidget(self.start_button)
        controls.addWidget(self.stop_button)
        empty = EmptyState(
            icon("comparison"),
            "Nothing compared yet",
            "Tick methods above and press Compare. Accuracy, size and time of each will stand "
            "here, in a table and in a plot, and grow as the runs finish.",
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self._outcome())
        layout = QVBoxLayout(self)
        layout.addWidget(self.choice)
        layout.addLayout(controls)
        layout.addWidget(self.progress)
        layout.addWidget(self._stack, 1)

    def _outcome(self) -> QWidget:
        top = QHBoxLayout()
        top.addWidget(self._about, 1)
        top.addWidget(self.export_button)
        self._halves = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self._halves.addWidget(self.table)
        self._halves.addWidget(self.plot)
        outcome = QWidget()
        column = QVBoxLayout(outcome)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self._failures)
        column.addWidget(self._halves, 1)
        return outcome

    def _connect(self) -> None:
        studio = self._studio
        self.choice.changed.connect(self._follow)
        for signal in (
            studio.busy_changed,
            studio.run.state_changed,
            studio.comparison.state_changed,
            studio.workspace.recipe_changed,
            studio.workspace.problems_changed,
            studio.workspace.data_changed,
        ):
            signal.connect(self._follow)
        studio.comparison.events.connect(self._take_events)
        studio.comparison.finished.connect(self._end)
        studio.comparison.failed.connect(lambda _: self.progress.set_stopped("Stopped by an error"))

    # What is to be run

    def settings(self) -> ComparisonSettings:
        """What is chosen, everything else as in the draft."""
        like = self._studio.workspace.recipe.adapter
        names = [key if rank is None else f"{key}:{rank}" for key, rank in self.choice.chosen()]
        chosen = tuple(candidate(name, like) for name in names)
        return ComparisonSettings(chosen, self.choice.seeds.value())

    def _problems(self) -> list[str]:
        workspace = self._studio.workspace
        found = self.choice.problems() or workspace.problems()
        if found:
            return found
        return self.settings().problems(
            workspace.recipe, workspace.class_names, workspace.layer_names
        )

    def _follow(self, _: object = None) -> None:
        """Say what Compare would do, and let it be pressed where it would do something."""
        studio, found = self._studio, self._problems()
        allow(self.start_button, studio.start_obstacle or "\n".join(found))
        allow(self.stop_button, "" if studio.comparison.can_stop else self._why_no_stop())
        allow(self.choice, _GOING if studio.comparison.is_going else "")
        self._plan.setText("\n".join(found) or self._plan_text())

    def _why_no_stop(self) -> str:
        is_going = self._studio.comparison.is_going
        return "It is stopping already." if is_going else "No comparison is going on."

    def _plan_text(self) -> str:
        settings, training = self.settings(), self._studio.workspace.recipe.training
        methods = _count(len(settings.candidates), "method or rank", "methods and ranks")
        text = (
            f"{methods} with {_count(settings.seeds, 'seed', 'seeds')}: "
            f"{_count(settings.runs, 'run', 'runs')}{_of_epochs(training.epochs)}, "
            "all else as set up."
        )
        if training.learning_rate is not None:
            text += f" Learning rate {training.learning_rate:g} for all; Auto suits each."
        return text

    def _start(self) -> None:
        self._is_beginning, self._now, self._share = True, "", 0.0
        self._clock.start()
        self.progress.setVisible(True)
        self.progress.set_idle("")
        self.progress.set_busy("Beginning")
        self._studio.start_comparison(self.settings())

    # What comes of it

    def _take_events(self, events: list[object]) -> None:
        newest: Comparison | None = None
        for event in events:
            match event:
                case ComparisonStands(newest, now):
                    self._now, self._share = now or self._now, 0.0
                case StepsDone():
                    self._share = event.progress
        if newest is not None and newest is not self._comparison:
            self._show(newest)
        self._show_progress()

    def show_comparison(self, comparison: Comparison) -> None:
        """Show one that ended earlier, unless another is going on."""
        if self._studio.comparison.is_going:
            self._studio.message.emit(f"{comparison.folder.name} is not shown. {_GOING}")
            return
        self._show(comparison)
        QTimer.singleShot(0, self._fit_table)  # the page may not have been laid out yet
        self.progress.setVisible(True)
        text = f"{comparison.folder.name}: {len(comparison.runs)} of {comparison.total} runs"
        is_whole = len(comparison.runs) == comparison.total
        (self.progress.set_finished if is_whole else self.progress.set_stopped)(text)

    def _show(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._stack.setCurrentIndex(_FILLED)
        self._about.setText(figures.about(comparison))
        self.table.set_rows(figures.rows(comparison))
        base = comparison.before.targets
        name = "base network" if math.isnan(base) else f"base network, {base:.1%}"
        self.plot.set_points(figures.SERIES, figures.points(comparison), base, name)
        failures = figures.failures(comparison)
        self._failures.setText(failures)
        self._failures.setVisible(bool(failures))
        allow(self.export_button, "" if comparison.runs else "No run has finished yet.")
        if self._is_beginning:
            self._is_beginning = False
            self._fit_table()

    def _fit_table(self) -> None:
        """Give the table the height that it needs, and the plot the rest."""
        height = self.table.height_of_all()
        self._halves.setSizes([height, max(self._halves.height() - height, height)])

    def _show_progress(self) -> None:
        comparison = self._comparison
        if comparison is None or self._is_beginning:
            return
        done, total = len(comparison.runs) + self._share, comparison.total
        if not self._studio.comparison.can_stop:
            self.progress.set_busy("Stopping")
            return
        parts = [f"Run {min(len(comparison.runs) + 1, total)} of {total}", self._now]
        if done >= _SOON:
            seconds = self._clock.elapsed() / 1000 * (total - done) / done
            parts.append(f"{format_seconds(seconds)} left")
        self.progress.set_share(done / total, " · ".join(parts))

    def _end(self, comparison: Comparison) -> None:
        self._show(comparison)
        runs = f"{len(comparison.runs)} of {comparison.total} runs"
        took = format_seconds(self._clock.elapsed() / 1000)
        if comparison.stopped:
            self.progress.set_stopped(f"Stopped after {runs} · {took}")
        else:
            self.progress.set_finished(f"Finished {runs} · {took}")

    def _ask_export(self) -> None:
        kinds = f"{_RUNS_FILTER};;{_SUMMARY_FILTER}"
        path, kind = ask_save_as(self, "Export the comparison", "comparison.csv", kinds)
        if path:
            self._export(path, tables.summary_rows if kind == _SUMMARY_FILTER else tables.run_rows)

    def _export(self, path: Path, make_rows: _MakeRows) -> None:
        assert self._comparison is not None
        try:
            write_atomically(path, tables.csv_bytes(make_rows(self._comparison)))
        except StudioError as error:
            self._studio.failed.emit(error)
        else:
            self._studio.message.emit(f"Exported the comparison to {path.name}.")


def _of_epochs(epochs: int | None) -> str:
    """How long each run is, where the user has said so."""
    return f" of {_count(epochs, 'epoch', 'epochs')}" if epochs else ""


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _label(object_name: str, accessible_name: str) -> QLabel:
    label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    label.setObjectName(object_name)
    label.setAccessibleName(accessible_name)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _button(object_name: str, text: str, icon_name: str, tip: str) -> QPushButton:
    button = QPushButton(icon(icon_name), text)
    button.setObjectName(object_name)
    button.setAccessibleName(text.rstrip("…"))
    button.setToolTip(tip)
    return button
