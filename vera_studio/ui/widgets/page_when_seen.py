"""A page whose content takes a moment to find: that waits until somebody looks at it."""

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget


class PageWhenSeen(QWidget):
    """Finds its content as soon as it is in front, by `_find`, which a page has of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_due = False  # what is shown is out of date

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_due:
            self._find_when_seen()

    def _find_when_seen(self) -> None:
        """Find the content now, or as soon as the page is in front."""
        self._is_due = not self.isVisible()
        if not self._is_due:
            self._find()

    def _find_later(self) -> None:
        """Find it the next time that the page comes in front; for a job that was broken off."""
        self._is_due = True

    def _find(self) -> None:
        raise NotImplementedError
