"""A push button that does what a menu entry does."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget


class ActionButton(QPushButton):
    """A push button that shows an action as it is and triggers it."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self.setObjectName(action.objectName().replace("action_", "") + "_button")
        action.changed.connect(self._show)
        self.clicked.connect(action.trigger)
        self._show()

    def _show(self) -> None:
        action = self._action
        text = action.text().replace("&", "")
        self.setText(text)
        self.setAccessibleName(text)
        self.setIcon(action.icon())
        self.setToolTip(action.toolTip())
        self.setEnabled(action.isEnabled())
