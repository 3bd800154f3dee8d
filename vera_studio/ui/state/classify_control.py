"""Classifying a folder of pictures, and what becomes of what was found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vera_studio.errors import StudioError
from vera_studio.files import check_folder
from vera_studio.ui.jobs import classify as classify_jobs
from vera_studio.ui.jobs.classify import ClassifiedFolder, ClassifiedSome, GivenBefore, Unreadable
from vera_studio.ui.runner import Function, Handling
from vera_studio.ui.state.one_job import OneJob
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.classified_rows import ClassifiedRows

_UNTRAINED = (
    "The network's last layer is new and knows nothing yet: start a run, or switch on an adapter "
    "that was trained for these classes."
)


@dataclass(frozen=True)
class Subject:
    """What pictures were classified, and with what."""

    folder: Path
    class_names: tuple[str, ...]
    title: str  # of network and adapter


class ClassifyControl(OneJob):
    """One folder at a time.

    Signals:
        begun(Subject): other pictures come.
        given_before(dict): the classes that were given the last time, by files below the folder.
        some(ClassifiedSome): these were classified.
        ended(str): of a folder; why it was left before its end, or empty.

    Attributes:
        subject: of the pictures that were classified last; None before.
        skipped: how many files in it hold no picture.
        first_skipped: some of these.
    """

    begun = Signal(object)
    given_before = Signal(object)
    some = Signal(object)
    ended = Signal(str)

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.subject: Subject | None = None
        self.skipped = 0
        self.first_skipped: tuple[Unreadable, ...] = ()

    @property
    def obstacle(self) -> str:
        """Why no folder can be classified now, a sentence; empty where one can be."""
        if self._job is not None:
            return f"{self._job.name}: wait until that is done."
        workspace = self._studio.workspace
        if workspace.model is None:
            return "No network is open."
        return _UNTRAINED if workspace.is_untrained else ""

    @property
    def title(self) -> str:
        """What would classify now."""
        workspace = self._studio.workspace
        if workspace.model is None:
            return ""
        network = workspace.model.title
        return f"{workspace.adapter.title} on {network}" if workspace.adapter else network

    @property
    def is_out_of_date(self) -> bool:
        """Whether the network has another adapter on than when the pictures were classified."""
        return self.subject is not None and self.subject.title != self.title

    def start(self, folder: Path) -> None:
        """Classify all pictures in and below `folder` with what is open."""
        workspace = self._studio.workspace
        if self.obstacle or workspace.model is None:
            return
        self.subject = Subject(folder, workspace.class_names, self.title)
        self.skipped, self.first_skipped = 0, ()
        self.begun.emit(self.subject)
        device = workspace.recipe.training.device
        function = partial(
            classify_jobs.classify_folder, folder, workspace.model, workspace.adapter, device
        )
        handling = Handling(at_once=True)
        job = self._studio.runner.start(function, name=classify_jobs.CLASSIFY, handling=handling)
        job.finished.connect(self._classified)
        job.failed.connect(self._not_classified)
        job.cancelled.connect(lambda: self.ended.emit("Stopped before its end."))
        self._follow(job)

    def save_table(self, path: Path, rows: ClassifiedRows) -> None:
        """Write a table for other programs."""

        def saved(count: int) -> None:
            self._studio.message.emit(f"Saved {path.name}: {count:,} pictures.")

        self._start(classify_jobs.SAVE, partial(classify_jobs.save_table, path, rows.copy()), saved)

    def copy(
        self, pairs: Sequence[tuple[str, Path]], done: Callable[[], None] | None = None
    ) -> None:
        """Copy pictures, each into the folder beside it; `done` is called once all are there."""
        if self.subject is None:
            return
        root = self.subject.folder

        def copied(count: int) -> None:
            if count < len(pairs):
                told = f"Stopped: {count:,} of {len(pairs):,} pictures were copied."
                self._studio.message.emit(told)
            elif done:
                done()
            else:
                self._studio.message.emit(f"Copied {count:,} pictures.")

        self._start(classify_jobs.COPY, partial(classify_jobs.copy_pictures, root, pairs), copied)

    def refusal(self, folder: Path) -> str:
        """Why no copies can go into `folder`, a sentence; empty where they can."""
        if self.subject and folder.resolve().is_relative_to(self.subject.folder.resolve()):
            return (
                f"{folder} is the folder of the pictures, or lies in it: copies there would be "
                "classified with them the next time. Choose another."
            )
        try:
            check_folder(folder)
        except StudioError as error:
            return str(error)
        return ""

    def _start(self, name: str, function: Function, finished: Callable[[int], None]) -> None:
        # Copies may take long: closing the window ends them after a whole one.
        is_short = name == classify_jobs.SAVE
        handling = Handling(at_once=True, is_saving=is_short, may_be_left=False)
        job = self._studio.runner.start(function, name=name, handling=handling)
        job.finished.connect(finished)
        job.failed.connect(self._studio.failed)
        self._follow(job)

    def _pass_on(self, events: list[object]) -> None:
        for event in events:
            if isinstance(event, GivenBefore):
                self.given_before.emit(event.given)
            elif isinstance(event, ClassifiedSome):
                self.some.emit(event)
        super()._pass_on(events)

    def _classified(self, found: ClassifiedFolder) -> None:
        self.skipped, self.first_skipped = found.skipped, found.first_skipped
        self.ended.emit("")

    def _not_classified(self, error: Exception) -> None:
        self.ended.emit(str(error) if isinstance(error, StudioError) else "It failed.")
        self._studio.failed.emit(error)
