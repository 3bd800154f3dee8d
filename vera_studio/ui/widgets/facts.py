"""Labels of a list of facts: what each is called, and what it is."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def fact_name(text: str) -> QLabel:
    """What a fact is called."""
    label = QLabel(text, alignment=Qt.AlignmentFlag.AlignTop)
    label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
    return label


def fact(text: str) -> QLabel:
    """The fact, which can be copied."""
    label = QLabel(text, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
