"""The queue of runs: what goes on, what waits, and how those ended that had their turn."""

import math
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vera_studio import environment
from vera_studio.runs.events import RunResult
from vera_studio.runs.queue_file import QueueEntry
from vera_studio.runs.sweep import Sweep
from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import runs as run_jobs
from vera_studio.ui.pages.queue.sweep_dialog import SweepDialog
from vera_studio.ui.runner import JobState
from vera_studio.ui.state.activities import Activity
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.activity_row import ActivityRow
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.figure_table import Cell, Column, FigureTable
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.run_progress import format_seconds
from vera_studio.ui.widgets.waiting_list import WaitingList, WaitingRow

_COLUMNS = (
    Column("Run", "What was run", is_text=True),
    Column("Ended", "Whether it came to its end", is_text=True),
    Column("Before", "Accuracy on the test images before training", gives_way=2),
    Column("After", "Accuracy on the test images with the best epoch's adapter"),
    Column("Change", "Points of accuracy gained on the test images"),
    Column("Time", "How long the run took, pauses not counted", gives_way=1),
)
_NONE = "Select a run first."


class QueuePage(QWidget):
    """Shows and changes the queue.

    Signals:
        results_requested(): the results of a run that ended are there to be shown.
    """

    results_requested = Signal()

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio, self._queue = studio, studio.queue
        self._about = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._about.setObjectName("queue_about")
        self._about.setAccessibleName("How it is with the queue")
        self.hold_button = _button("hold_queue_button", "Hold", "pause", "")
        self.hold_button.clicked.connect(self._hold_or_go_on)
        self._going = ActivityRow("the run of the queue")
        self._going.stop_button.setToolTip("End this run, keep it, and begin the next")
        self._going.pause_requested.connect(studio.pause_or_resume)
        self._going.stop_requested.connect(self._queue.skip)
        self._make_list()
        self._make_table()
        self._lay_out()
        self._connect()
        self._show()

    # Building

    def _make_list(self) -> None:
        self.list = WaitingList()
        self.list.setObjectName("queue_list")
        self.list.setAccessibleName("Runs that wait")
        self.list.setToolTip(
            "Drag runs, or press Alt with Up or Down, to change their order; Space holds them, "
            "Delete takes them out"
        )
        self.up_button = _button("queue_up_button", "Up", "up", "Have the selected runs earlier")
        self.down_button = _button("queue_down_button", "Down", "down", "Have them later")
        self.entry_button = _button("hold_entries_button", "Hold", "pause", "")
        self.remove_button = _button(
            "remove_entries_button", "Remove", "delete", "Take the selected runs out of the queue"
        )
        self.up_button.clicked.connect(lambda: self.list.move_selected(-1))
        self.down_button.clicked.connect(lambda: self.list.move_selected(1))
        self.entry_button.clicked.connect(lambda: self._hold_entries(self.list.selected()))
        self.remove_button.clicked.connect(lambda: self._queue.remove(self.list.selected()))

    def _make_table(self) -> None:
        self.table = FigureTable(_COLUMNS)
        self.table.setObjectName("queue_table")
        self.table.setAccessibleName("Runs that had their turn")
        self.table.setToolTip("Double-click a run to see its results; Ctrl+C copies")
        self.results_button = _button(
            "queue_results_button", "Results", "results", "Show the results of the selected run"
        )
        self.again_button = _button(
            "queue_again_button", "Run Again", "retry", "Have the selected run wait once more"
        )
        self.clear_button = _button(
            "clear_queue_button", "Clear", "delete", "Empty this list; the runs themselves stay"
        )
        self.results_button.clicked.connect(lambda: self._show_results(self.table.current_row))
        self.again_button.clicked.connect(self._run_again)
        self.clear_button.clicked.connect(self._queue.clear_ended)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self._about, 1)
        top.addWidget(self.hold_button)
        waiting = self.up_button, self.down_button, self.entry_button, self.remove_button
        ended = self.results_button, self.again_button, self.clear_button
        halves = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        halves.addWidget(_part("Waiting", "queue_waiting", self.list, waiting))
        halves.addWidget(_part("Ended", "queue_ended", self.table, ended))
        empty = EmptyState(
            icon("queue"),
            "Nothing waits",
            "Set up a run and press Add to Queue, or make many of it with Sweep. They are run one "
            "after the other, also when one fails, and are still here after the next start.",
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(halves)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self._going)
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        queue, activities = self._queue, self._studio.activities
        queue.changed.connect(self._show)
        activities.listed.connect(self._show_going)
        activities.told.connect(self._follow_going)
        self.list.order_wanted.connect(queue.reorder)
        self.list.hold_wanted.connect(self._hold_entries)
        self.list.removal_wanted.connect(queue.remove)
        self.list.itemSelectionChanged.connect(self._allow)
        self.table.current_changed.connect(self._allow)
        self.table.row_chosen.connect(self._show_results)

    # Showing

    def _show(self) -> None:
        queue = self._queue
        self.list.set_rows([_waiting_row(entry) for entry in queue.waiting])
        self.table.set_rows([_cells(entry) for entry in queue.ended])
        self._stack.setCurrentIndex(int(bool(queue.waiting or queue.ended or queue.going)))
        self._about.setText(self._told())
        is_held = queue.queue.is_held
        self.hold_button.setText("Go On" if is_held else "Hold")
        self.hold_button.setAccessibleName("Let the queue go on" if is_held else "Hold the queue")
        self.hold_button.setIcon(icon("start" if is_held else "pause"))
        self.hold_button.setToolTip(
            "Begin the next run" if is_held else "Begin no more; a run that goes on ends as usual"
        )
        self._show_going()
        self._allow()

    def _told(self) -> str:
        queue = self._queue
        number, held = len(queue.waiting), " The queue is held." if queue.queue.is_held else ""
        if not number:
            return f"{'No run waits.' if queue.going is None else 'The last run goes on.'}{held}"
        words = ["1 run waits" if number == 1 else f"{number:,} runs wait"]
        if math.isfinite(queue.seconds_left):
            words.append(f"about {format_seconds(queue.seconds_left)}")
        return f"{', '.join(words)}.{held}"

    def _show_going(self) -> None:
        activity = self._studio.activities.main
        is_of_queue = activity is not None and self._queue.going is not None
        self._going.setVisible(is_of_queue)
        if activity is not None and is_of_queue:
            self._follow_going(activity)

    def _follow_going(self, activity: Activity) -> None:
        if activity is not self._studio.activities.main or self._queue.going is None:
            return
        parts = dict.fromkeys(filter(None, (activity.sentence, activity.stage)))
        share = activity.stage_share if math.isnan(activity.share) else activity.share
        self._going.show_progress(" \N{MIDDLE DOT} ".join(parts), share)
        is_paused = activity.state is JobState.PAUSED
        self._going.allow(is_paused, activity.why_no_pause, activity.why_no_stop)

    def _allow(self) -> None:
        chosen = "" if self.list.selected() else "Select runs that wait first."
        held = self.list.are_held
        self.entry_button.setText("Release" if held else "Hold")
        self.entry_button.setAccessibleName("Release the runs" if held else "Hold the runs")
        tip = "Let the selected runs have their turn" if held else "Pass over the selected runs"
        self.entry_button.setToolTip(tip)
        for button in (self.entry_button, self.remove_button):
            allow(button, chosen)
        for button, by in ((self.up_button, -1), (self.down_button, 1)):
            at_end = "" if self.list.can_move(by) else "They stand at the end already."
            allow(button, chosen or at_end)
        entry = self._entry(self.table.current_row)
        allow(self.again_button, "" if entry else _NONE)
        is_there = entry is not None and bool(entry.run) and entry.state != "failed"
        nothing = "" if is_there else "It left no results among the runs."
        allow(self.results_button, nothing if entry else _NONE)
        allow(self.clear_button, "" if self._queue.ended else "The list is empty.")

    # Doing

    def ask_sweep(self) -> None:
        """Ask for a sweep of what is set up."""
        workspace, queue = self._studio.workspace, self._queue

        def found(sweep: Sweep) -> list[str]:
            return workspace.problems() or sweep.problems(
                workspace.recipe, workspace.class_names, workspace.layer_names
            )

        seconds = queue.seconds_of(workspace.recipe)
        dialog = SweepDialog(workspace.recipe, found, seconds, self.window())
        dialog.wanted.connect(queue.add)
        dialog.open()

    def _hold_or_go_on(self) -> None:
        self._queue.hold(not self._queue.queue.is_held)

    def _hold_entries(self, names: list[str]) -> None:
        self._queue.hold_entries(names, not self.list.are_held)

    def _entry(self, row: int | None) -> QueueEntry | None:
        ended = self._queue.ended
        return ended[row] if row is not None and row < len(ended) else None

    def _run_again(self) -> None:
        if entry := self._entry(self.table.current_row):
            self._queue.run_again(entry.name)

    def _show_results(self, row: int | None) -> None:
        entry = self._entry(row)
        if entry is None or not entry.run:
            return
        function = partial(run_jobs.read_result, environment.runs_folder() / entry.run)
        job = self._studio.runner.start(function, name="Reading the results")

        def show(result: RunResult) -> None:
            self._studio.workspace.set_result(result)
            self.results_requested.emit()

        job.finished.connect(show)
        job.failed.connect(self._studio.failed)


def _waiting_row(entry: QueueEntry) -> WaitingRow:
    recipe = entry.recipe
    images = {"sample": "built-in sample", "cifar10": "CIFAR-10"}.get(recipe.data.source)
    about = f"{recipe.model.name}, {images or recipe.data.folder}"
    is_held = entry.state == "held"
    text = f"{entry.title} \N{MIDDLE DOT} {about}"
    begun = "It was broken off and goes on from where it was." if entry.run else ""
    tip = "\n".join(filter(None, (text, begun, "Held: it is passed over." if is_held else "")))
    return WaitingRow(entry.name, text, is_held, tip)


def _cells(entry: QueueEntry) -> list[Cell]:
    change = entry.after - entry.before
    return [
        Cell(entry.title, entry.title, entry.outcome),
        Cell(entry.state, entry.state, entry.outcome),
        Cell(_share(entry.before), entry.before),
        Cell(_share(entry.after), entry.after),
        Cell("" if math.isnan(change) else f"{100 * change:+.1f}", change),
        Cell("" if math.isnan(entry.seconds) else format_seconds(entry.seconds), entry.seconds),
    ]


def _share(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.1%}"


def _part(title: str, name: str, view: QWidget, buttons: tuple[QPushButton, ...]) -> QWidget:
    """A heading with buttons beside it, above a list or a table."""
    heading = QLabel(title)
    row = QHBoxLayout()
    row.addWidget(heading)
    row.addStretch()
    for button in buttons:
        row.addWidget(button)
    part = QWidget()
    part.setObjectName(name)
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.addLayout(row)
    column.addWidget(view, 1)
    return part


def _button(object_name: str, text: str, icon_name: str, tip: str) -> QPushButton:
    button = QPushButton(icon(icon_name), text)
    button.setObjectName(object_name)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    return button
