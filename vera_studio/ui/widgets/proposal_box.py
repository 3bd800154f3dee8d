"""A question that stands on a page: a sentence, first pictures, and a button for each answer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.flow_layout import FlowLayout
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.stand_out import make_stand_out
from vera_studio.ui.widgets.thumbnail_rows import fitted
from vera_studio.ui.widgets.wrapped_label import WrappedLabel

PICTURE_SIDE = 72  # pixels of the screen, before scaling
_SPACING = 6


class ProposalBox(QFrame):
    """Hidden until there is something to ask; the first answer is the obvious one.

    Signals:
        answered(int): the answer with this number was chosen.
        other_wanted(): none of them: the user wants to look further.
        dismissed(): the user wants nothing of it.
        cancelled(): the user wants what was begun broken off.
    """

    answered = Signal(int)
    other_wanted = Signal()
    dismissed = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("proposal")
        self.setAccessibleName("Proposal for the folder")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.sentence = WrappedLabel("proposal_text", "What the folder holds, and what is proposed")
        self.notes = WrappedLabel("proposal_notes", "What else there is to know of the folder")
        self.notes.setForegroundRole(self.notes.palette().ColorRole.PlaceholderText)
        self._pictures, self._buttons = _Row(), _Row()
        self._pictures.setObjectName("proposal_pictures")
        self.answers: list[QPushButton] = []
        self._obstacle = ""
        self._close = QPushButton(icon("close"), "")
        self._close.setObjectName("dismiss_proposal")
        self._close.setAccessibleName("Leave everything as it is")
        self._close.setToolTip("Leave everything as it is")
        self._close.setFlat(True)
        self._close.clicked.connect(self.dismissed)
        top = QHBoxLayout()
        top.addWidget(self.sentence, 1)
        top.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        for part in (self.notes, self._pictures, self._buttons, self._make_progress()):
            layout.addWidget(part)
        self.hide()

    def _make_progress(self) -> QWidget:
        self.bar = QProgressBar()
        self.bar.setObjectName("opening_progress")
        self.bar.setAccessibleName("Progress of opening the folder")
        self.bar.setToolTip("How many of the images have been read")
        cancel = QPushButton(icon("close"), "Cancel")
        cancel.setObjectName("cancel_opening")
        cancel.setAccessibleName("Cancel the opening")
        cancel.setToolTip("Break the opening off; what is open stays")
        cancel.clicked.connect(self.cancelled)
        self._progress = QWidget()
        row = QHBoxLayout(self._progress)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(cancel)
        return self._progress

    def ask(self, sentence: str, notes: Sequence[str], answers: Sequence[tuple[str, str]]) -> None:
        """Ask; each answer is the text and the tip of a button."""
        self.sentence.setText(sentence)
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        self._show_pictures_only(False)
        self.clear_pictures()
        self._buttons.empty()
        self.answers = [self._button(number, *answer) for number, answer in enumerate(answers)]
        other = self._add("proposal_other", "Another Network…", "Choose another network for these")
        other.clicked.connect(self.other_wanted)
        self.set_obstacle(self._obstacle)
        self.show()

    def show_opening(self, text: str) -> None:
        """Say that the folder is being opened, with the pictures that are there."""
        self.sentence.setText(text)
        self.notes.hide()
        self._show_pictures_only(True)
        self.bar.setRange(0, 0)
        self.show()

    def set_progress(self, done: int, total: int) -> None:
        """Show that so many of so many images are read; no total while that is not known."""
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def clear_pictures(self) -> None:
        """Show none."""
        self._pictures.empty()
        self._pictures.hide()

    def _show_pictures_only(self, is_opening: bool) -> None:
        self._progress.setVisible(is_opening)
        for part in (self._buttons, self._close):
            part.setVisible(not is_opening)

    def set_obstacle(self, reason: str) -> None:
        """Say why nothing can be opened now; empty where it can."""
        self._obstacle = reason
        for button in self._buttons.findChildren(QPushButton):
            allow(button, reason)

    def add_picture(self, name: str, pixels: NDArray[np.uint8]) -> None:
        """Show one of the images (height, width, 3), of the class `name`, behind the others."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap.fromImage(fitted(pixels, round(PICTURE_SIDE * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        label = QLabel(pixmap=pixmap)
        label.setAccessibleName(f"An image of {name}")
        label.setToolTip(plain_tip(name))
        self._pictures.row.addWidget(label)
        self._pictures.show()

    def _button(self, number: int, text: str, tip: str) -> QPushButton:
        button = self._add(f"proposal_answer_{number + 1}", text, tip)
        if number == 0:  # the one to press
            make_stand_out(button)
        button.clicked.connect(lambda: self.answered.emit(number))
        return button

    def _add(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text.replace("&", "&&"))
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setToolTip(plain_tip(tip))
        self._buttons.row.addWidget(button)
        return button


class _Row(QWidget):
    """Widgets beside each other, and below where the width ends."""

    def __init__(self) -> None:
        super().__init__()
        self.row = FlowLayout(self, _SPACING, _SPACING)

    def empty(self) -> None:
        """Let go of all that is in it."""
        while (item := self.row.takeAt(0)) is not None:
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
