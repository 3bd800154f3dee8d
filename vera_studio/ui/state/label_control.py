"""A heap of pictures that is being named: opened and seen by a job, named, saved."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from vera_studio.recipe import ModelSettings
from vera_studio.runs.sorted_copies import folder_names
from vera_studio.ui.jobs import classify as classify_jobs
from vera_studio.ui.jobs import labelling as label_jobs
from vera_studio.ui.jobs.labelling import SeenHeap
from vera_studio.ui.runner import Function
from vera_studio.ui.state.busy import USUAL
from vera_studio.ui.state.labelling import Labelling
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.one_job import OneJob
from vera_studio.ui.state.proposal import FOR_PHOTOGRAPHS
from vera_studio.ui.state.studio import Studio

_SMALL = 64  # pixels a side: photographs deserve better


class LabelControl(OneJob):
    """One heap at a time.

    Signals:
        seen_changed(): other pictures are there to be named.
        changed(): something was named, moved or undone.
        saved(Path, bool): the labels were written there; whether as folders of copies.

    Attributes:
        seen: the pictures and their groups; None before there are some.
        labelling: what they were named.
    """

    seen_changed = Signal()
    changed = Signal()
    saved = Signal(object, bool)

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.seen: SeenHeap | None = None
        self.labelling = Labelling([])
        self._parting = NewestJob(label_jobs.PART, studio.runner, self)
        self._parting.failed.connect(studio.failed)

    @property
    def obstacle(self) -> str:
        """Why no pictures can be looked through now, a sentence; empty where they can."""
        if self._job is not None:
            return f"{self._job.name}: wait until that is done."
        return "" if self._studio.workspace.model else "No network is open."

    @property
    def unsaved(self) -> str:
        """What would be lost, a sentence; empty for nothing."""
        labelling = self.labelling
        if labelling.is_saved or not labelling.named:
            return ""
        count = labelling.named
        return f"{count:,} pictures are" if count > 1 else "1 picture is"

    def networks(self) -> list[tuple[str, ModelSettings]]:
        """Titles of the networks to see with, the proposed one first."""
        workspace = self._studio.workspace
        if workspace.model is None:
            return []
        from vera_studio.models.efficientnet_lite import TITLE

        opened = (workspace.model.kind.title, workspace.recipe.model)
        if workspace.recipe.model.name == FOR_PHOTOGRAPHS.name:
            return [opened]
        other = (TITLE, FOR_PHOTOGRAPHS)
        is_small = workspace.model.preprocessing.size < _SMALL
        return [other, opened] if is_small else [opened, other]

    # Looking through

    def look_through(self, folder: Path, network: ModelSettings) -> None:
        """Open all pictures in and below `folder`, and group what `network` sees alike.

        Names that were given to the same pictures stay.
        """
        workspace = self._studio.workspace
        if self.obstacle:
            return
        model = workspace.model if network == workspace.recipe.model else None
        device = workspace.recipe.training.device
        function = partial(label_jobs.look_through, folder, model, network, device)
        self._start(label_jobs.LOOK_THROUGH, function, self._take)

    def _take(self, seen: SeenHeap) -> None:
        from vera_studio.data.grouping import proposed_groups

        groups = seen.grouping.groups(proposed_groups(len(seen.files))).tolist()
        same = self.seen is not None and self.seen.heap.folder == seen.heap.folder
        if same and self.seen is not None and self.seen.files == seen.files:
            self.seen = seen
            self.labelling.regroup(groups)
        else:
            self.seen = seen
            self.labelling = Labelling(groups, self._studio.workspace.own_classes)
        self.seen_changed.emit()
        self.changed.emit()

    def regroup(self, count: int) -> None:
        """Have the pictures be in so many groups."""
        if self.seen is not None:
            self.labelling.regroup(self.seen.grouping.groups(count).tolist())
            self.changed.emit()

    def split(self, pictures: list[int]) -> None:
        """Part what is in a group in two; the smaller part goes into a group of its own."""
        if self.seen is None or len(pictures) < 2:
            return
        labelling, state = self.labelling, self.labelling.state

        def part(taken: list[int]) -> None:
            # Nothing is taken where all look the same, or something was named meanwhile.
            if taken and self.labelling is labelling and labelling.state is state:
                labelling.split(taken)
                self.changed.emit()

        function = partial(label_jobs.smaller_part, self.seen.grouping, pictures)
        self._parting.start(function, part)

    def typical_first(self, pictures: list[int]) -> list[int]:
        """The pictures, those that fit their group best first."""
        import numpy as np

        if self.seen is None or not pictures:
            return pictures
        found: list[int] = self.seen.grouping.typical_first(np.array(pictures)).tolist()
        return found

    # Saving

    def save_table(self, path: Path) -> None:
        """Write the named pictures and their classes as a table."""
        if self.seen is None:
            return
        files, state = self.seen.files, self.labelling.state
        pairs = [(files[picture], name) for picture, name in self.labelling.pairs()]

        def saved(count: int) -> None:
            self._note_saved(state, path, False, f"Saved {path.name}: {count:,} pictures.")

        self._start(label_jobs.SAVE, partial(label_jobs.save_table, path, pairs), saved)

    def save_folders(self, folder: Path) -> None:
        """Copy the named pictures into a folder a class in `folder`."""
        if self.seen is None:
            return
        names = self.labelling.classes
        folder_of = dict(zip(names, folder_names(names), strict=True))
        files, state = self.seen.files, self.labelling.state
        pairs = [
            (files[picture], folder / folder_of[name]) for picture, name in self.labelling.pairs()
        ]

        def copied(count: int) -> None:
            if count < len(pairs):
                told = f"Stopped: {count:,} of {len(pairs):,} pictures were copied to {folder}."
                self._studio.message.emit(told)
            else:
                told = f"Copied {count:,} pictures to {folder}."
                self._note_saved(state, folder, True, told)

        root = self.seen.heap.folder
        self._start(classify_jobs.COPY, partial(classify_jobs.copy_pictures, root, pairs), copied)

    def refusal(self, folder: Path) -> str:
        """Why copies cannot go into `folder`, a sentence; empty where they can."""
        if self.seen and folder.resolve().is_relative_to(self.seen.heap.folder.resolve()):
            return (
                f"{folder} lies in the folder of the pictures: copies there would be among them "
                "the next time. Choose another."
            )
        return ""

    def _note_saved(self, state: object, path: Path, as_folders: bool, message: str) -> None:
        self.labelling.note_saved(state)  # more may have been named since it began
        self._studio.message.emit(message)
        self.saved.emit(path, as_folders)
        self.changed.emit()

    # Jobs

    def _start(self, name: str, function: Function, finished: Callable[[Any], None]) -> None:
        job = self._studio.runner.start(function, name=name, handling=USUAL)
        job.finished.connect(finished)
        job.failed.connect(self._studio.failed)
        self._follow(job)


def part_problem(class_names: list[str]) -> str:
    """Why folders called so would not be opened as classes, a sentence; empty where they would."""
    from vera_studio.data.part_names import parts_of

    if found := parts_of(class_names):
        name = next(iter(found))
        return (
            f"A folder called {name} would be taken for a part of the images, such as those to "
            "train or to test on, and not for a class. Rename the class first."
        )
    return ""
