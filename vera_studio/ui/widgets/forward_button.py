"""The one button of a room that leads on, in the colour of what is chosen."""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QPushButton, QWidget

from vera_studio.ui.theme import ACCENT


class ForwardButton(QPushButton):
    """Stands out from other buttons, while it can be used."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        palette = QPalette()  # what is not set stays the application's
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
            palette.setColor(group, QPalette.ColorRole.Button, QColor(ACCENT))
            palette.setColor(group, QPalette.ColorRole.ButtonText, QColor("white"))
        self.setPalette(palette)
