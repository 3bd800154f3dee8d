"""Classified pictures as rows for a table."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtCore import Signal as Signal
from PySide6.QtGui import QFont, QGuiApplication, QIcon, QPalette

from vera_studio.ui.widgets.classified_rows import (
    CLASS,
    COLUMNS,
    FILE,
    NOBODY,
    PICTURE,
    SECOND,
    SHARE,
    STATE,
    ClassifiedRows,
    Ids,
    View,
)
from vera_studio.ui.widgets.plain_text import plain_tip

Index = QModelIndex | QPersistentModelIndex
Thumbnail = Callable[[str], QIcon | None]
_NO_PARENT = QModelIndex()
_CENTRE = Qt.AlignmentFlag.AlignVCenter
_HEADINGS = {
    PICTURE: ("", "The picture, small"),
    FILE: ("File", "The picture's file; a click sorts as they lie in their folder"),
    CLASS: ("Class", "What it is taken for, or what you say that it is"),
    SHARE: ("Share", "How sure the network is of the likeliest class"),
    STATE: ("", "Unsure: below the threshold. Yours: the class is the one that you gave"),
    SECOND: ("Second", "The likeliest class of the others, with its share"),
}


class ClassifiedModel(QAbstractTableModel):
    """Shows those of `rows` that `view` asks for.

    Signals:
        changed(): there are other pictures, or other things are said of them.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = ClassifiedRows()
        self.view = View()
        self.thumbnail: Thumbnail = lambda file: None
        self._shown: Ids = np.empty(0, dtype=np.int64)

    # What is shown

    def begin(self, class_names: Sequence[str], threshold: float) -> None:
        """Let go of all pictures; those to come are of these classes."""
        self.beginResetModel()
        self.rows = ClassifiedRows(class_names)
        self.rows.threshold = threshold
        self._shown = np.empty(0, dtype=np.int64)
        self.endResetModel()
        self.changed.emit()

    def add(
        self, files: Sequence[str], told: NDArray[np.integer], shares: NDArray[np.floating]
    ) -> int:
        """Take pictures more; they come last until all is sorted again: nothing jumps.

        Returns:
            The id of the first of them.
        """
        first = len(self.rows)
        self.rows.add(files, told, shares)
        new = self.rows.ids(self.view, first)
        if len(new):
            end = len(self._shown) + len(new) - 1
            self.beginInsertRows(_NO_PARENT, len(self._shown), end)
            self._shown = np.concatenate([self._shown, new])
            self.endInsertRows()
        self.changed.emit()
        return first

    def set_view(self, view: View) -> None:
        """Show other pictures, or the same in another order; also sorts what came since."""
        self.beginResetModel()
        self.view = view
        self._shown = self.rows.ids(view)
        self.endResetModel()
        self.changed.emit()

    def set_threshold(self, threshold: float) -> None:
        """Have pictures be unsure below another share; which are shown follows."""
        self.rows.threshold = threshold
        if self.view.which == "unsure":
            self.set_view(self.view)
        else:
            self._tell_change()

    def give(self, ids: Ids, class_index: int) -> None:
        """Have pictures be of a class; none vanishes for it under the user's hand."""
        self.rows.give(ids, class_index)
        self._tell_change()

    def confirm(self, ids: Ids) -> None:
        """Have pictures be of the classes that they are taken for."""
        self.rows.confirm(ids)
        self._tell_change()

    def id_at(self, row: int) -> int:
        """The id of the picture in a row of the table."""
        return int(self._shown[row])

    def ids_between(self, first: int, last: int) -> Ids:
        """The ids of the pictures in the rows from `first` to `last` of the table."""
        return self._shown[first : last + 1]

    def row_of(self, picture: int) -> int | None:
        """The row in which a picture is shown, by its id; None where it is not."""
        found = np.flatnonzero(self._shown == picture)
        return int(found[0]) if len(found) else None

    def _tell_change(self) -> None:
        if len(self._shown):
            last = self.index(len(self._shown) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        self.changed.emit()

    # For Qt

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, tip = _HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return {Qt.ItemDataRole.DisplayRole: title, Qt.ItemDataRole.ToolTipRole: tip}.get(
            Qt.ItemDataRole(role)
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        picture, column = self.id_at(index.row()), index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(picture, column)
            case Qt.ItemDataRole.DecorationRole if column == PICTURE:
                return self.thumbnail(self.rows.files[picture])
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole if column != PICTURE:
                return plain_tip(self._text(picture, column))
            case Qt.ItemDataRole.FontRole if column == CLASS:
                return _bold() if self.rows.given(picture) != NOBODY else None
            case Qt.ItemDataRole.ForegroundRole if column in (STATE, SECOND):
                return QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)
        return None

    def _text(self, picture: int, column: int) -> str:
        rows = self.rows
        if column == FILE:
            return rows.files[picture]
        if column == CLASS:
            return rows.class_names[rows.class_of(picture)]
        if column == STATE:
            is_given = rows.given(picture) != NOBODY
            return "yours" if is_given else "unsure" if rows.is_unsure(picture) else ""
        told = rows.told(picture)
        is_other = rows.class_of(picture) != told[0][0]  # a person knows better
        if column == SHARE:
            return "" if is_other else f"{told[0][1]:.1%}"
        if column == SECOND and len(told) > 1:
            index, share = told[0 if is_other else 1]
            return f"{rows.class_names[index]}, {share:.1%}"
        return ""


def _alignment(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column == SHARE else Qt.AlignmentFlag.AlignLeft
    return int(side | _CENTRE)


def _bold() -> QFont:
    font = QFont()
    font.setWeight(QFont.Weight.DemiBold)
    return font
