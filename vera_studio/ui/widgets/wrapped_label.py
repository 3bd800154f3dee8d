"""Text of several lines that never makes its window wider."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class WrappedLabel(QLabel):
    """Takes the width that it is given: a long name of a file in it widens nothing."""

    def __init__(
        self,
        name: str,
        title: str,
        text_format: Qt.TextFormat = Qt.TextFormat.PlainText,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty one.

        Args:
            name: of the object.
            title: what it says, for screen readers.
            text_format: of its text.
            parent: takes the label along.
        """
        super().__init__(parent, wordWrap=True, textFormat=text_format)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
