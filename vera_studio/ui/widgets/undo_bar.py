"""A line that says what was just done and offers to undo it, for a while."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.elided_label import ElidedLabel

_SHOWN_MILLISECONDS = 12_000


class UndoBar(QFrame):
    """Hidden until there is something to undo.

    Signals:
        undo_requested(): the button was pressed.
    """

    undo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.label = ElidedLabel()  # a long name must not make the window wider
        self.label.setObjectName("undo_text")
        self.button = QPushButton(icon("undo"), "Undo")
        self.button.setObjectName("undo_button")
        self.button.setAccessibleName("Undo")
        self.button.setToolTip("Bring back what was deleted")
        self.button.clicked.connect(self.undo_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        row.addWidget(self.label, 1)
        row.addWidget(self.button)
        self._timer = QTimer(self, singleShot=True, interval=_SHOWN_MILLISECONDS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def offer(self, text: str) -> None:
        """Say `text` for a while; nothing if it is empty."""
        self.label.setText(text)
        self.setVisible(bool(text))
        if text:
            self._timer.start()
        else:
            self._timer.stop()
