"""Cells that keep off each other."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

_Index = QModelIndex | QPersistentModelIndex


class PaddedDelegate(QStyledItemDelegate):
    """Puts a little room behind what stands at the right, and what is asked for around all."""

    def __init__(self, parent: QObject | None = None, room: QSize | None = None) -> None:
        """Make cells larger than their content by `room`, None for not at all."""
        super().__init__(parent)
        self._room = room or QSize(0, 0)

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        if option.displayAlignment & Qt.AlignmentFlag.AlignRight:
            option.text += "\N{EN SPACE}"

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return super().sizeHint(option, index) + self._room
