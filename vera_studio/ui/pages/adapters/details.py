"""The details of one adapter: facts, notes to write, its accuracies before and after."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.pages.adapters.rows import facts
from vera_studio.ui.widgets.facts import fact, fact_name
from vera_studio.ui.widgets.gain_chart import GainChart
from vera_studio.ui.widgets.notes_edit import NotesEdit

if TYPE_CHECKING:
    from vera_studio.adapters.library import Entry
    from vera_studio.models.model import Model


class DetailsPane(QWidget):
    """Shows an adapter.

    Signals:
        notes_edited(str, str): the notes on the adapter in this file were edited to be these.
    """

    notes_edited = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = ""
        self._facts = QWidget()
        self._form = QFormLayout(self._facts)
        self._form.setContentsMargins(0, 0, 8, 0)
        self._form.setVerticalSpacing(5)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setObjectName("adapter_facts")
        scroll.setAccessibleName("Facts of the selected adapter")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._facts)
        self.notes = NotesEdit(
            "adapter_notes",
            "Your notes on the adapter; they are kept in its file",
            "Notes on this adapter",
        )
        self.notes.editing_finished.connect(self.save_notes)
        self.chart = GainChart(
            "Accuracy on the test images",
            "The file does not tell what the adapter gained.",
        )
        self.chart.setObjectName("adapter_gains")
        left = QVBoxLayout()
        left.addWidget(scroll, 3)
        left.addWidget(self.notes, 2)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(left, 2)
        layout.addWidget(self.chart, 3)

    def show_entry(
        self,
        entry: "Entry",
        obstacle: str = "",
        images: str = "",
        model: "Model | None" = None,
    ) -> None:
        """Show an adapter; notes on the one before it are saved first.

        Args:
            entry: what the library says of it.
            obstacle: why it cannot go on the present network; empty if it can.
            images: what is to be said of the images that it was trained on; may be empty.
            model: the network that it is for, where that is open.
        """
        if str(entry.path) != self._path:
            self.save_notes()
        self._path = str(entry.path)
        while self._form.rowCount():
            self._form.removeRow(0)
        lines = facts(entry, model)
        if obstacle:
            lines.insert(0, ("Does not fit", obstacle))
        if images:
            lines.insert(0, ("Images", images))
        for heading, text in lines:
            self._form.addRow(fact_name(heading), fact(text))
        self.notes.show_notes(entry.info.notes)
        self._show_gains(entry)

    def save_notes(self) -> None:
        """Tell the notes, if they were edited."""
        if self._path and (notes := self.notes.take_edited()) is not None:
            self.notes_edited.emit(self._path, notes)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.save_notes()

    def _show_gains(self, entry: "Entry") -> None:
        from vera_studio.adapters.gains import class_gains

        shown = class_gains(entry.info)
        self.chart.set_values(
            [one.name for one in shown],
            [one.before for one in shown],
            [one.after for one in shown],
            {index for index, one in enumerate(shown) if one.is_target},
        )
