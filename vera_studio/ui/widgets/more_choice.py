"""Adding one of many things that are not shown, such as the curve of a class."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from vera_studio.ui.widgets.reasons import allow

_IN_SIGHT = 20  # entries of the opened list


class MoreChoice(QComboBox):
    """Offers what is not shown yet; hidden where there is nothing more.

    Signals:
        wanted(int): this one is to be shown too.
    """

    wanted = Signal(int)

    def __init__(self, most: int, parent: QWidget | None = None) -> None:
        """Make an empty one.

        Args:
            most: how many may be added.
            parent: takes it along.
        """
        super().__init__(parent)
        self._most = self._left = most
        self.setMaxVisibleItems(_IN_SIGHT)
        self.setMinimumContentsLength(16)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._take)
        self.hide()

    def offer(self, title: str, more: Sequence[tuple[int, str]]) -> None:
        """Offer these, each a number and a name; `title` is what stands there meanwhile."""
        self.clear()
        self._left = self._most
        self.addItem(title)
        for number, name in more:
            self.addItem(name, number)
        self.setVisible(bool(more))
        allow(self)

    def _take(self, row: int) -> None:
        number = self.itemData(row)
        self.setCurrentIndex(0)
        if number is None:
            return
        self.removeItem(row)
        self._left -= 1
        if not self._left:
            allow(self, f"{self._most} more are shown already.")
        self.wanted.emit(number)
