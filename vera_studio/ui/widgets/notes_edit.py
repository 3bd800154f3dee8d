"""A field for notes of several lines that tells when they have been written."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget


class NotesEdit(QPlainTextEdit):
    """Notes on something.

    Signals:
        editing_finished(): the field lost the focus.
    """

    editing_finished = Signal()

    def __init__(
        self, object_name: str, tip: str, placeholder: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName("Notes")
        self.setToolTip(tip)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setMinimumHeight(48)

    def show_notes(self, notes: str) -> None:
        """Show these notes, unless they are being written."""
        if not self.document().isModified() and notes != self.toPlainText():
            self.setPlainText(notes)

    def take_edited(self) -> str | None:
        """The notes, if they were edited since they were last taken or shown; else None."""
        if not self.document().isModified():
            return None
        self.document().setModified(False)
        return self.toPlainText()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.editing_finished.emit()
