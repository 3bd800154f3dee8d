"""The rows behind a list of classes: what is ticked, how well each does, which are shown."""

import math
from collections.abc import Collection, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.wording import of_few

ACCURACY = Qt.ItemDataRole.UserRole
TEXT = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


class ClassModel(QAbstractListModel):
    """A row for each class that is shown; a thousand cost no more than those in view.

    Signals:
        toggled(int): the user ticked or unticked the class with this index.
    """

    toggled = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self.shown: tuple[int, ...] = ()  # classes, a row each
        self.checked: set[int] = set()  # classes
        self.accuracies: tuple[float, ...] | None = None
        self._measured: tuple[int, ...] | None = None  # images behind each accuracy

    def set_classes(self, names: Sequence[str]) -> None:
        """Show these classes, none ticked, accuracies unknown."""
        self.beginResetModel()
        self.names, self.shown = tuple(names), tuple(range(len(names)))
        self.checked, self.accuracies, self._measured = set(), None, None
        self.endResetModel()

    def set_shown(self, classes: Sequence[int]) -> None:
        """Show these classes only."""
        if tuple(classes) != self.shown:
            self.beginResetModel()
            self.shown = tuple(classes)
            self.endResetModel()

    def set_checked(self, classes: Collection[int]) -> None:
        """Tick these and no others, and tell nobody."""
        self.checked = set(classes)
        self._changed()

    def set_accuracies(
        self, accuracies: Sequence[float] | None, counts: Sequence[int] | None
    ) -> None:
        """How well each class does, and the images behind that; None where unknown."""
        self.accuracies = None if accuracies is None else tuple(map(float, accuracies))
        self._measured = None if counts is None else tuple(counts)
        self._changed()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.shown)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        number = self.shown[index.row()]
        name = self.names[number]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name
            case Qt.ItemDataRole.CheckStateRole:
                on = number in self.checked
                return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(f"{name}: {self._text(number)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{name}, {self._text(number)}"
            case _ if role == ACCURACY:
                return self._accuracy(number)
            case _ if role == TEXT:
                return self._text(number)
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        number = self.shown[index.row()]
        if (Qt.CheckState(value) == Qt.CheckState.Checked) != (number in self.checked):
            self.checked ^= {number}
            self.dataChanged.emit(index, index)
            self.toggled.emit(number)
        return True

    def _accuracy(self, number: int) -> float | None:
        return None if self.accuracies is None else self.accuracies[number]

    def _text(self, number: int) -> str:
        accuracy = self._accuracy(number)
        known = self._measured is not None and accuracy is not None
        return accuracy_text(accuracy, self._measured[number] if known and self._measured else 0)

    def _changed(self) -> None:
        if self.shown:
            self.dataChanged.emit(self.index(0), self.index(len(self.shown) - 1))


def accuracy_text(accuracy: float | None, images: int = 0) -> str:
    """The share as a percentage, with the images behind it where they are few.

    "…" stands for an unknown share, "no images" for NaN.
    """
    if accuracy is None:
        return "…"
    if math.isnan(accuracy):
        return "no images"
    few = of_few(accuracy, images)
    return f"{accuracy:.1%} ({few})" if few else f"{accuracy:.1%}"
