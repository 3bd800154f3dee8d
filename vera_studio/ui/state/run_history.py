"""All runs as the window has them: listed anew as they end, named, put away and brought back."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vera_studio import environment
from vera_studio.errors import StudioError
from vera_studio.runs.events import RunStarted
from vera_studio.runs.run_list import ComparisonEntry, RunEntry, RunList
from vera_studio.runs.run_notes import RunNotes, load_notes, save_notes
from vera_studio.ui.jobs import run_history as run_history_jobs
from vera_studio.ui.jobs.run_history import Trashed
from vera_studio.ui.state.busy import KEPT
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.studio import Studio

Entry = RunEntry | ComparisonEntry


class RunHistory(QObject):
    """Reads the folder of runs when somebody looks at them, and meanwhile as they begin and end.

    Signals:
        changed(RunList): they are others, or tell others.
        undo_changed(str): what `undo_delete` would bring back; empty for nothing.
    """

    changed = Signal(object)
    undo_changed = Signal(str)

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.runs: RunList | None = None  # None until they have been read
        self._is_watched = False
        self._reading = NewestJob("Reading the runs", studio.runner, self)
        self._reading.failed.connect(studio.failed)
        self._deleted: tuple[Trashed, ...] = ()
        studio.run.events.connect(self._follow_events)
        studio.run.state_changed.connect(self._follow_run)
        studio.workspace.result_changed.connect(self._follow)
        studio.comparison.state_changed.connect(self._follow)

    def watch(self, is_watched: bool) -> None:
        """Say whether somebody looks: then the runs are read, and anew as they begin and end."""
        self._is_watched = is_watched
        self._follow()

    def read(self) -> None:
        """Read the folder of runs."""
        function = partial(run_history_jobs.list_runs, environment.runs_folder())
        self._reading.start(function, self._take)

    def entry(self, folder: Path) -> Entry | None:
        """What is known of the run or comparison in `folder`."""
        found = self.runs or RunList()
        of_comparisons = (run for one in found.comparisons for run in one.runs)
        all_of_them: tuple[Entry, ...] = (*found.runs, *found.comparisons, *of_comparisons)
        return next((one for one in all_of_them if one.folder == folder), None)

    def annotate(self, folder: Path, name: str | None = None, notes: str | None = None) -> None:
        """Give a run or a comparison another name or other notes; None leaves them."""
        old = load_notes(folder)
        new = RunNotes(
            old.name if name is None else " ".join(name.split()),
            old.notes if notes is None else notes,
        )
        if new.name == folder.name:
            new = dataclasses.replace(new, name="")
        if new == old:
            return
        try:
            save_notes(folder, new)
        except StudioError as error:
            self._studio.failed.emit(error)
            return
        self.read()

    def delete(self, folders: Sequence[Path]) -> None:
        """Move runs and comparisons to the trash, or where there is none to a folder like it.

        From both `undo_delete` brings them back.
        """
        function = partial(run_history_jobs.move_to_trash, tuple(folders))
        job = self._studio.runner.start(function, name="Moving runs to the trash", handling=KEPT)
        job.finished.connect(self._tell_deleted)
        job.failed.connect(self._studio.failed)

    def undo_delete(self) -> None:
        """Bring back what was deleted last."""
        function = partial(run_history_jobs.bring_back, self._deleted)
        self._deleted = ()
        self.undo_changed.emit("")
        job = self._studio.runner.start(function, name="Bringing runs back", handling=KEPT)
        job.failed.connect(self._studio.failed)
        job.ended.connect(self.read)

    def _tell_deleted(self, outcome: tuple[list[Trashed], StudioError | None]) -> None:
        done, error = outcome
        if done:
            names = [entry.title for one in done if (entry := self.entry(one.folder))]
            what = names[0] if len(names) == 1 else f"{len(done)} runs"
            self._studio.message.emit(f"Moved {what} to {done[-1].told}.")
            self._deleted = tuple(one for one in done if one.place is not None)
            self.undo_changed.emit(what if self._deleted else "")
            self.read()
        if error is not None:
            self._studio.failed.emit(error)

    def _take(self, found: RunList) -> None:
        if found != self.runs:
            self.runs = found
            self.changed.emit(found)

    def _follow_events(self, events: list[object]) -> None:
        if any(isinstance(event, RunStarted) for event in events):  # it has a folder by now
            self._follow()

    def _follow_run(self, state: RunState) -> None:
        if state is RunState.IDLE:
            self._follow()

    def _follow(self, _: object = None) -> None:
        if self._is_watched:
            self.read()
