"""What is to be known of the run that is selected, or in what two recipes differ."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vera_studio.runs.recipe_difference import Setting
from vera_studio.runs.run_notes import MAX_NAME
from vera_studio.ui.pages.runs.rows import facts
from vera_studio.ui.state.run_history import Entry
from vera_studio.ui.widgets.facts import fact, fact_name
from vera_studio.ui.widgets.figure_table import Cell, Column, FigureTable
from vera_studio.ui.widgets.notes_edit import NotesEdit
from vera_studio.ui.widgets.wrapped_label import WrappedLabel

_HINT, _ONE, _TWO = range(3)
_HINT_TEXT = (
    "Select a run for what is to be known of it, or two (with Ctrl) to see in what they differ."
)


class RunDetails(QStackedWidget):
    """Shows one run, or two beside each other.

    Signals:
        name_edited(Path, str): the run in this folder is to be called so.
        notes_edited(Path, str): the notes on the run in this folder are to be these.
    """

    name_edited = Signal(object, str)
    notes_edited = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        hint = QLabel(_HINT_TEXT, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        hint.setForegroundRole(hint.palette().ColorRole.PlaceholderText)
        for pane in (hint, self._one(), self._two()):
            self.addWidget(pane)

    def _one(self) -> QWidget:
        self.name = QLineEdit(maxLength=MAX_NAME)
        self.name.setObjectName("run_name")
        self.name.setAccessibleName("Name of the run")
        self.name.setToolTip("What you call the run; without a name it is called as its folder")
        self.name.editingFinished.connect(self._tell_name)
        self.notes = NotesEdit(
            "run_notes_edit", "Your notes on the run; they are kept beside it", "Notes on this run"
        )
        self.notes.editing_finished.connect(self.save_notes)
        inner = QWidget()
        self._form = QFormLayout(inner)
        self._form.setContentsMargins(0, 0, 8, 0)
        self._form.setVerticalSpacing(5)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setObjectName("run_facts")
        scroll.setAccessibleName("Facts of the selected run")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        pane = QWidget()
        column = QVBoxLayout(pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.name)
        column.addWidget(scroll, 3)
        column.addWidget(self.notes, 2)
        return pane

    def _two(self) -> QWidget:
        self.caption = WrappedLabel("run_difference_caption", "Which runs are compared")
        self.difference = FigureTable(
            (
                Column("Setting", "Of the recipe", is_text=True),
                Column("First", "In the run that stands higher in the table", is_text=True),
                Column("Second", "In the other run", is_text=True),
            )
        )
        self.difference.setObjectName("run_difference")
        self.difference.setAccessibleName("In what the two recipes differ")
        self.difference.setToolTip("Ctrl+C copies the selected rows")
        pane = QWidget()
        column = QVBoxLayout(pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.caption)
        column.addWidget(self.difference, 1)
        return pane

    def show_entry(self, entry: Entry) -> None:
        """Show one; notes on the one before it are saved first."""
        if entry.folder != self._folder:
            self.save_notes()
            self._folder = entry.folder
            self.name.setModified(False)
            self.notes.document().setModified(False)
        if not self.name.isModified():
            self.name.setText(entry.notes.name)
        self.name.setPlaceholderText(entry.folder.name)
        self.notes.show_notes(entry.notes.notes)
        while self._form.rowCount():
            self._form.removeRow(0)
        for heading, text in facts(entry):
            self._form.addRow(fact_name(heading), fact(text))
        self.setCurrentIndex(_ONE)

    def show_two(self, first: Entry, second: Entry, found: Sequence[Setting], why: str) -> None:
        """Show in what two runs differ, or `why` that is not known."""
        self.save_notes()
        same = "" if found else " The recipes are the same."
        names = f"{first.title} \N{RIGHTWARDS ARROW} {second.title}."
        self.caption.setText(f"{names} {why}" if why else names + same)
        self.difference.set_rows(
            [[Cell(text, text, text) for text in (s.name, s.first, s.second)] for s in found]
        )
        self.setCurrentIndex(_TWO)

    def show_hint(self) -> None:
        """Say what is to be done to see something."""
        self.save_notes()
        self.setCurrentIndex(_HINT)

    def edit_name(self) -> None:
        """Have the user write another name."""
        self.name.setFocus()
        self.name.selectAll()

    def save_notes(self) -> None:
        """Tell the notes, if they were edited."""
        if self._folder and (notes := self.notes.take_edited()) is not None:
            self.notes_edited.emit(self._folder, notes)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.save_notes()

    def _tell_name(self) -> None:
        if self._folder and self.name.isModified():
            self.name.setModified(False)
            self.name_edited.emit(self._folder, self.name.text())
