"""What network and adapter take a picture for, one below the other."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from vera_studio.ui.jobs.trying import Told
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.share_bars import ShareBars
from vera_studio.ui.widgets.wrapped_label import WrappedLabel


class Answer(QWidget):
    """A heading, a line below it, and five classes as bars.

    Args:
        name: of the widget.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.heading = ElidedLabel()
        self.heading.setObjectName(f"{name}_heading")
        font = QFont(self.heading.font())
        font.setWeight(QFont.Weight.DemiBold)
        self.heading.setFont(font)
        self.note = WrappedLabel(f"{name}_note", "What there is to know of this answer")
        self.note.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.shares = ShareBars()
        self.shares.setObjectName(f"{name}_shares")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.heading)
        column.addWidget(self.note)
        column.addWidget(self.shares)

    def set_subject(self, heading: str, note: str = "") -> None:
        """Say whose answer it is, and what there is to know of it."""
        self.heading.setText(heading)
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def show_told(self, told: Told, is_muted: bool) -> None:
        """Show these classes; none while nothing is known."""
        self.shares.show_shares(told, is_muted)

    def sizeHint(self) -> QSize:
        return QSize(300, super().sizeHint().height())
