"""The queue of runs: one after the other, from one start of the program to the next."""

import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from vera_studio import environment
from vera_studio.errors import StudioError
from vera_studio.recipe import Recipe
from vera_studio.runs import queue_file
from vera_studio.runs.events import RunResult
from vera_studio.runs.queue_file import EntryState, Queue, QueueEntry
from vera_studio.runs.run_folder import new_run_folder
from vera_studio.runs.summary import headline
from vera_studio.ui.jobs import runs as run_jobs
from vera_studio.ui.state.run_control import RunState

if TYPE_CHECKING:
    from vera_studio.ui.state.studio import Studio

_log = logging.getLogger(__name__)


class RunQueue(QObject):
    """Begins the runs that wait, as soon as nothing else of their kind goes on.

    Every change is written down at once. At the next start what waits is there, and is held until
    the user lets it go on.

    Signals:
        changed(): `queue` is another.
        message(str): something was done, in a sentence.
        failed(Exception): the queue could not be read or written.

    Attributes:
        queue: the entries, and whether they are held.
    """

    changed = Signal()
    message = Signal(str)
    failed = Signal(object)

    def __init__(self, studio: "Studio") -> None:
        super().__init__(studio)
        self.queue = Queue()
        self._studio = studio
        self._going = ""  # name of the entry that goes on
        self._end: dict[str, Any] = {}  # how that has ended, as far as it was told
        self._begun_by_queue = 0  # since it was last told that the queue is done
        self._has_failed = False  # to be written
        self._is_over = False  # whether the program is about to end
        self._skips = False  # whether the stop that was asked for is of one run only
        self._times: deque[tuple[Recipe, float]] = deque(maxlen=100)  # of runs beside the queue
        studio.run.state_changed.connect(self._follow_run)
        studio.comparison.state_changed.connect(self._follow)
        studio.ready.connect(self._load)

    @property
    def going(self) -> QueueEntry | None:
        """The entry that goes on, if the run that goes on is of the queue."""
        return self.queue.entry(self._going) if self._going else None

    @property
    def waiting(self) -> tuple[QueueEntry, ...]:
        """Those whose turn is still to come, in their order."""
        return tuple(one for one in self.queue.entries if one.is_waiting)

    @property
    def ended(self) -> tuple[QueueEntry, ...]:
        """Those that had their turn, the newest first."""
        return tuple(one for one in reversed(self.queue.entries) if one.has_ended)

    # What the user does

    def add(self, titled: Sequence[tuple[str, Recipe]]) -> None:
        """Have more runs wait, a title and a recipe each."""
        try:
            self._set(self.queue.with_added(titled))
        except StudioError as error:
            self.failed.emit(error)
            return
        runs = "1 run" if len(titled) == 1 else f"{len(titled):,} runs"
        held = " The queue is held." if self.queue.is_held else ""
        self.message.emit(f"Added {runs} to the queue.{held}")

    def remove(self, names: Sequence[str]) -> None:
        """Take entries out, but for one that goes on; folders of runs stay."""
        self._set(self.queue.without(names))

    def clear_ended(self) -> None:
        """Take out what had its turn; folders of runs stay."""
        self.remove([one.name for one in self.ended])

    def reorder(self, names: Sequence[str]) -> None:
        """Have those that wait have their turns in this order."""
        self._set(self.queue.with_order(names))

    def hold_entries(self, names: Sequence[str], is_held: bool) -> None:
        """Pass over some of those that wait, or no longer."""
        state: EntryState = "held" if is_held else "waiting"
        chosen = [one.name for one in self.waiting if one.name in set(names)]
        self._set(self.queue.with_change(chosen, state=state))

    def hold(self, is_held: bool) -> None:
        """Begin no more runs, or go on; a run that goes on comes to its end."""
        if is_held != self.queue.is_held:
            self._set(Queue(self.queue.entries, is_held))

    def skip(self) -> None:
        """End the run of the queue that goes on, keep it, and begin the next."""
        if self.going is not None:
            self._skips = True
            self._studio.run.stop()

    def run_again(self, name: str) -> None:
        """Have a run that had its turn wait once more, as a new one."""
        if entry := self.queue.entry(name):
            self.add([(entry.title, entry.recipe)])

    def end(self) -> None:
        """Begin nothing more: the program is about to end."""
        self._is_over = True

    # What the run tells, through the studio

    def note_result(self, result: RunResult) -> None:
        """Take note of how the run that goes on has ended."""
        is_here = result.folder.parent == environment.runs_folder()  # else its disk had failed
        self._end = {
            "run": result.folder.name if is_here else "",
            "state": "stopped" if result.stopped else "finished",
            "outcome": headline(result),
            "before": result.before.accuracy,
            "after": result.after.accuracy if result.after.images else math.nan,
            "seconds": result.seconds,
        }

    def note_failure(self, error: Exception) -> None:
        """Take note of why the run that goes on has failed, and say so."""
        reason = str(error).partition("\n")[0] or type(error).__name__
        self._end = {"state": "failed", "outcome": reason}
        entry = self.going
        more = " The queue goes on." if self.queue.next and not self.queue.is_held else ""
        self.message.emit(f"{entry.title if entry else 'A run'} failed: {reason}{more}")

    def note_time(self, recipe: Recipe, seconds: float) -> None:
        """Take note of how long a run took, to tell how long those like it may take."""
        self._times.append((recipe, seconds))

    def seconds_of(self, recipe: Recipe) -> float:
        """About how long a run takes, by those with as many epochs on the same network and images.

        NaN where none has ended.
        """
        return self._mean_seconds().get(_like(recipe), math.nan)

    @property
    def seconds_left(self) -> float:
        """About how long all that waits takes; NaN where that is not known of one."""
        known = self._mean_seconds()
        return math.fsum(known.get(_like(one.recipe), math.nan) for one in self.waiting)

    def _mean_seconds(self) -> dict[tuple[object, ...], float]:
        """How long runs took, by what decides most of it."""
        ended = [(one.recipe, one.seconds) for one in self.ended if one.state == "finished"]
        alike: dict[tuple[object, ...], list[float]] = {}
        for recipe, seconds in (*self._times, *ended):
            alike.setdefault(_like(recipe), []).append(seconds)
        return {like: math.fsum(found) / len(found) for like, found in alike.items()}

    # One after the other

    def _follow_run(self, state: RunState) -> None:
        """Hold the queue where the user stops its run, wherever that is done."""
        if state is RunState.STOPPING and self.going is not None and not self._skips:
            if self.queue.next and not self.queue.is_held:
                self.hold(True)
                self.message.emit("The queue is held: Go On, on its page, begins the next run.")
        else:
            self._follow()

    def _follow(self, _: object = None) -> None:
        studio = self._studio
        if self._going and not studio.run.is_going:
            ended = self._end or {"state": "stopped", "outcome": "Stopped; nothing was kept."}
            going, self._going, self._end, self._skips = self._going, "", {}, False
            self._set(self.queue.with_change([going], **ended))
        self._look()

    def _set(self, queue: Queue) -> None:
        if queue == self.queue:
            return
        self.queue = queue
        self._save()
        self.changed.emit()
        self._look()

    def _look(self) -> None:
        """Begin the next from the event loop: this may be in the midst of the end of another."""
        QTimer.singleShot(0, self, self._begin_next)

    def _begin_next(self) -> None:
        studio, entry = self._studio, self.queue.next
        is_occupied = studio.run.is_going or studio.comparison.is_going or not studio.is_ready
        if self._going or self._is_over or is_occupied:
            return
        if entry is None or self.queue.is_held:
            self._tell_end()
            return
        folder = self._folder(entry)
        is_new = not run_jobs.can_go_on(folder)
        function: Callable[..., Any]
        if is_new:
            folder = new_run_folder(environment.runs_folder(), datetime.now())
        model, data = studio.parts_for(entry.recipe)
        function = partial(run_jobs.run_entry, entry.recipe, folder, is_new, model, data)
        self._going = entry.name
        self._begun_by_queue += 1
        self._set(self.queue.with_change([entry.name], state="going", run=folder.name))
        studio.run.start(function, folder, is_new, entry.title)

    def _folder(self, entry: QueueEntry) -> Path:
        return environment.runs_folder() / entry.run if entry.run else Path()

    def _tell_end(self) -> None:
        if self._begun_by_queue and not self.waiting:
            last = self.ended[: self._begun_by_queue]
            failed = sum(one.state == "failed" for one in last)
            told = f", {failed:,} of them failed" if failed else ""
            runs = "1 run" if len(last) == 1 else f"{len(last):,} runs"
            self.message.emit(f"The queue is done: {runs}{told}.")
            self._begun_by_queue = 0

    # From one start to the next

    def _load(self) -> None:
        path = environment.queue_file()
        try:
            queue = queue_file.load(path)
        except StudioError as error:
            self._put_aside(path, error)
            return
        entries = queue.entries + self.queue.entries  # some may have been added by now
        waiting = sum(one.is_waiting for one in queue.entries)
        self._set(Queue(entries, is_held=bool(waiting)))
        if waiting:
            runs = "1 run waits" if waiting == 1 else f"{waiting:,} runs wait"
            self.message.emit(f"{runs} in the queue, which is held: Train > Queue has Go On.")

    def _put_aside(self, path: Path, error: StudioError) -> None:
        """Let the queue begin anew without losing what cannot be read."""
        try:
            aside = queue_file.put_aside(path)
            error = StudioError(f"{error}\nIt is kept as {aside.name}; the queue begins anew.")
        except StudioError as second:
            error = StudioError(f"{error}\n{second}")
        self.failed.emit(error)

    def _save(self) -> None:
        try:
            queue_file.save(self.queue, environment.queue_file())
            self._has_failed = False
        except StudioError as error:
            if not self._has_failed:  # once, not with every change
                self.failed.emit(StudioError(f"{error}\nThe queue goes on, but is not kept."))
            self._has_failed = True


def _like(recipe: Recipe) -> tuple[object, ...]:
    """What decides most of how long a run takes."""
    training = recipe.training
    return recipe.model, recipe.data, training.epochs, training.target_classes, training.views
