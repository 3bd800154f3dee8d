"""The one button of several that leads on, in the colour of what is chosen."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QPushButton

from vera_studio.ui.theme import ACCENT

_DARKER = 130  # percent: the style draws a button lighter than it is told


def make_stand_out(button: QPushButton, stands_out: bool = True) -> None:
    """Have `button` stand out from the others, while it can be used, or no longer."""
    palette = QPalette()  # what is not set stays the application's
    if not stands_out:
        button.setPalette(palette)
        return
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        palette.setColor(group, QPalette.ColorRole.Button, QColor(ACCENT).darker(_DARKER))
        palette.setColor(group, QPalette.ColorRole.ButtonText, Qt.GlobalColor.white)
    button.setPalette(palette)
