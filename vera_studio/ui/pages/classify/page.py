"""Pictures that nobody has labelled: what each is taken for, corrected, sorted into folders."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent
from PySide6.QtWidgets import QSplitter, QStackedLayout, QVBoxLayout, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.jobs.classify import ClassifiedSome
from vera_studio.ui.pages.classify.bars import BottomBar, TopBar
from vera_studio.ui.pages.classify.filters import FilterRow
from vera_studio.ui.pages.classify.outcome import Outcome
from vera_studio.ui.pages.classify.picture_pane import PicturePane
from vera_studio.ui.state.classify_control import ClassifyControl, Subject
from vera_studio.ui.state.given_keeper import GivenKeeper
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.thumbnail_loader import ThumbnailLoader
from vera_studio.ui.widgets import file_dialogs
from vera_studio.ui.widgets.classified_model import ClassifiedModel
from vera_studio.ui.widgets.classified_rows import View
from vera_studio.ui.widgets.classified_table import ClassifiedTable
from vera_studio.ui.widgets.dropped import dropped_folder
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.thumbnail_rows import fitted

_EMPTY, _FILLED = range(2)
_SIDE = 480  # pixels that the current picture is read at
_EMPTY_TEXT = (
    "Any number of pictures that nobody has labelled, in a folder and below it. Each gets its "
    "class; you correct by keys, save a table, or copy them into a folder a class. Nothing is "
    "moved or changed. A folder can be dropped here too."
)


class ClassifyPage(QWidget):
    """A folder of pictures as a table, and beside it the current one.

    Attributes:
        control: starts and stops.
        rows_model: what is shown.
    """

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.control = ClassifyControl(studio, self)
        self.rows_model = ClassifiedModel(self)
        self.table = ClassifiedTable(self.rows_model)
        self.filters = FilterRow()
        self.pane = PicturePane()
        self.top, self.bottom = TopBar(), BottomBar()
        self.outcome = Outcome(studio, self.control, self.rows_model, self)
        self._keeper = GivenKeeper(studio.runner, self)
        self._given_before: dict[str, str] = {}
        self._thumbnails = ThumbnailLoader(studio.runner, self)
        self._reading = NewestJob("Reading an image", studio.runner, self)
        self._sort = (View.column, View.is_descending)
        self._read_path: Path | None = None  # of the picture that is shown large
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self._show_state()

    def _lay_out(self) -> None:
        self._empty = EmptyState(
            icon("folder"), "Classify a folder of pictures", _EMPTY_TEXT, "Choose &Folder…"
        )
        self._empty.button.setObjectName("choose_classify_folder")
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(self.table)
        halves.addWidget(self.pane)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 1)
        filled = QWidget()
        column = QVBoxLayout(filled)
        for widget in (self.top, self.filters):
            column.addWidget(widget)
        column.addWidget(halves, 1)
        column.addWidget(self.bottom)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(filled)

    def _connect(self) -> None:
        control, workspace, model = self.control, self._studio.workspace, self.rows_model
        self._empty.action_triggered.connect(self.ask_folder)
        self.top.folder_requested.connect(self.ask_folder)
        self.top.again_requested.connect(self._classify_again)
        self.top.stop_requested.connect(control.stop)
        self.bottom.save_requested.connect(self.outcome.ask_table)
        self.bottom.copy_requested.connect(self.outcome.ask_copies)
        self.bottom.add_requested.connect(self.outcome.ask_training)
        control.begun.connect(self._begin)
        control.some.connect(self._add)
        control.progress.connect(self.top.show_progress)
        control.state_changed.connect(self._show_state)
        control.ended.connect(self._end)
        workspace.model_changed.connect(self._show_state)
        workspace.adapter_changed.connect(self._show_state)
        workspace.data_changed.connect(self._show_state)
        self.filters.changed.connect(self._show_view)
        self.filters.threshold_changed.connect(model.set_threshold)
        self.table.sort_wanted.connect(self._sort_by)
        self.table.given.connect(model.give)
        self.table.given.connect(self._keeper.note)
        self.table.confirmed.connect(model.confirm)
        self.table.confirmed.connect(self._keeper.note)
        self._keeper.failed.connect(self._studio.failed)
        control.given_before.connect(self._know)
        self.table.typed.connect(
            lambda typed: self.bottom.show_typed(typed, model.rows.class_names)
        )
        self.table.current_changed.connect(self._show_current)
        self.pane.class_chosen.connect(self._choose_class)
        model.thumbnail = self._thumbnail
        model.changed.connect(self._show_counts)
        self._thumbnails.arrived.connect(self.table.viewport().update)

    # A folder

    def ask_folder(self) -> None:
        """Ask which folder is to be classified."""
        if self.control.obstacle:
            return
        folder = file_dialogs.ask_folder(self, "Classify the Pictures in a Folder")
        if folder is not None:
            self.control.start(folder)

    def _classify_again(self) -> None:
        if self.control.subject is not None:
            self.control.start(self.control.subject.folder)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_folder(event) and not self.control.obstacle:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        folder = dropped_folder(event)
        if folder is not None:
            event.acceptProposedAction()
            self.control.start(folder)

    def _begin(self, subject: Subject) -> None:
        self.filters.show_all()
        self.filters.set_classes(subject.class_names)
        self.pane.set_classes(subject.class_names)
        self._sort = (View.column, View.is_descending)
        self.rows_model.view = View()
        self.rows_model.begin(subject.class_names, self.filters.threshold)
        self.table.horizontalHeader().setSortIndicator(View.column, Qt.SortOrder.AscendingOrder)
        self._given_before = {}
        self._keeper.begin(subject.folder, self.rows_model.rows)
        self._stack.setCurrentIndex(_FILLED)
        self.table.setFocus()

    def _know(self, given: dict[str, str]) -> None:
        self._given_before = given
        self._keeper.know(given)

    def _add(self, some: ClassifiedSome) -> None:
        is_first = not len(self.rows_model.rows)
        self._say_again(some.files, self.rows_model.add(some.files, some.told, some.shares))
        if is_first:
            self.table.fit_columns()
            self.table.selectRow(0)

    def _say_again(self, files: Sequence[str], first: int) -> None:
        """Give pictures, the first of which has this id, the classes that they had before."""
        names = self.rows_model.rows.class_names
        by_name: dict[str, list[int]] = {}
        for picture, file in enumerate(files, first):
            if name := self._given_before.get(file):
                by_name.setdefault(name, []).append(picture)
        for name, pictures in by_name.items():
            if name in names:
                self.rows_model.give(np.array(pictures), names.index(name))

    def hideEvent(self, event: QHideEvent) -> None:
        self._keeper.keep()  # the window may be about to close
        super().hideEvent(event)

    def _end(self, why: str) -> None:
        self.top.show_end(why, self.control.skipped, self.control.first_skipped)
        self._show_view()  # sorts what came last among the others

    # What is shown of it

    def _sort_by(self, column: int, is_descending: bool) -> None:
        self._sort = (column, is_descending)
        self._show_view()

    def _show_view(self) -> None:
        current = self.table.current
        column, is_descending = self._sort
        filters = self.filters
        self.rows_model.set_view(
            View(column, is_descending, filters.class_index, filters.shown, filters.text.text())
        )
        self.table.fit_columns()
        if current is not None:
            self.table.select(current)

    def _show_counts(self) -> None:
        rows = self.rows_model.rows
        self.top.show_counts(
            len(rows),
            int(rows.unsure().sum()),
            int(rows.corrected().sum()),
            self.rows_model.rowCount(),
        )
        self._show_current(self.table.current)
        self.bottom.set_obstacles(*self.outcome.obstacles())

    def _show_state(self, _: object = None) -> None:
        control = self.control
        self.top.show_subject(control.subject, control.title, control.is_out_of_date)
        self.top.set_state(control.is_going, control.obstacle, control.subject is not None)
        allow(self._empty.button, control.obstacle)
        self.bottom.set_obstacles(*self.outcome.obstacles())

    def _thumbnail(self, file: str) -> Any:
        subject = self.control.subject
        return self._thumbnails.find(subject.folder / file) if subject else None

    # The current picture

    def _show_current(self, picture: int | None) -> None:
        rows = self.rows_model.rows
        if picture is None:
            self.pane.show_picture("", (), None)
            self._read("")
            return
        names = rows.class_names
        told = [(names[index], share) for index, share in rows.told(picture)]
        self.pane.show_picture(rows.files[picture], told, rows.class_of(picture))
        self._read(rows.files[picture])

    def _read(self, file: str) -> None:
        subject = self.control.subject
        path = subject.folder / file if subject and file else None
        if path == self._read_path:
            return
        self._read_path = path
        if path is None:
            self._reading.forget()
            self.pane.show_pixels(None)
            return

        def read(pixels: Any) -> None:
            self.pane.show_pixels(None if pixels is None else fitted(pixels, _SIDE))

        self._reading.start(partial(opening_jobs.read_photograph, path, _SIDE), read)

    def _choose_class(self, class_index: int) -> None:
        self.table.correct(class_index)
        self.table.setFocus()
