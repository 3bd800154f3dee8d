"""The rows behind the table of adapters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QGuiApplication, QPalette

from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.wording import size_text

SORT_ROLE = Qt.ItemDataRole.UserRole
KEY_ROLE = Qt.ItemDataRole.UserRole + 1
SWITCH, NAME, METHOD, RANK, CLASSES, TARGETS, OTHERS, SIZE, ADDED = range(9)
_HEADERS = (
    ("On", "Whether the model has the adapter on"),
    ("Name", "Double-click or F2 to change a name"),
    ("Method", "What was trained"),
    ("Rank", "Rank of the adapter, where the method has one"),
    ("Trained for", "The classes that were to improve"),
    ("Targets", "Gain of these classes on the test images, in points"),
    ("Others", "Gain of the other classes on the test images, in points"),
    ("Size", "Of the adapter's file"),
    ("Added", "When it was trained or imported"),
)
_RIGHT = (RANK, TARGETS, OTHERS, SIZE)  # columns of numbers
_DASH, _MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class AdapterRow:
    """An adapter, as it stands in the table."""

    key: str  # unique
    is_on: bool
    name: str
    method: str
    rank: int | None
    classes: str  # in a few words
    all_classes: str  # in full
    targets_gain: float  # points; NaN where it is not known
    others_gain: float  # points; NaN where it is not known
    bytes: int
    added: datetime
    obstacle: str = ""  # why it cannot be switched on; empty if it can


class AdapterModel(QAbstractTableModel):
    """A row for each adapter.

    Signals:
        switch_requested(str, bool): the adapter with this key is to be on, or off.
        rename_requested(str, str): the adapter with this key is to have this name.
    """

    switch_requested = Signal(str, bool)
    rename_requested = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[AdapterRow, ...] = ()

    def set_rows(self, rows: Sequence[AdapterRow]) -> None:
        """Show these adapters; where they are the same ones, what is selected stays so."""
        if [row.key for row in rows] == [row.key for row in self.rows]:
            self.rows = tuple(rows)
            if rows:
                last = self.index(len(rows) - 1, len(_HEADERS) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
        else:
            self.beginResetModel()
            self.rows = tuple(rows)
            self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(_HEADERS)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        text, tip = _HEADERS[section]
        return {
            # As far from the edge as the figures below it.
            Qt.ItemDataRole.DisplayRole: text + ("\N{EN SPACE}" if section in _RIGHT else ""),
            Qt.ItemDataRole.ToolTipRole: tip,
            Qt.ItemDataRole.TextAlignmentRole: _alignment(section),
        }.get(Qt.ItemDataRole(role))

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if index.column() == NAME:
            flags |= Qt.ItemFlag.ItemIsEditable
        elif index.column() == SWITCH:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return _text(row, column)
            case Qt.ItemDataRole.CheckStateRole if column == SWITCH:
                return Qt.CheckState.Checked if row.is_on else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(row.obstacle or _tip(row, column))
            case Qt.ItemDataRole.AccessibleTextRole if column == SWITCH:
                return "on" if row.is_on else "off"
            case Qt.ItemDataRole.FontRole if row.is_on and column == NAME:
                return _bold()
            case Qt.ItemDataRole.ForegroundRole if row.obstacle:
                group, text = QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text
                return QGuiApplication.palette().brush(group, text)
            case _ if role == SORT_ROLE:
                return _sort_value(row, column)
            case _ if role == KEY_ROLE:
                return row.key
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for the change; the rows are others once it has been made."""
        key = self.rows[index.row()].key
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == SWITCH:
            self.switch_requested.emit(key, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == Qt.ItemDataRole.EditRole and index.column() == NAME:
            self.rename_requested.emit(key, str(value))
            return True
        return False


def date_text(when: datetime) -> str:
    """Date and time of this place, to the minute."""
    return f"{when.astimezone():%Y-%m-%d %H:%M}"


def points_text(points: float) -> str:
    """A gain with its sign; a dash where it is not known."""
    return _DASH if math.isnan(points) else f"{points:+.1f}".replace("-", _MINUS)


def _text(row: AdapterRow, column: int) -> str:
    rank = _DASH if row.rank is None else f"{row.rank:,}"
    return {
        NAME: row.name,
        METHOD: row.method,
        RANK: rank,
        CLASSES: row.classes,
        TARGETS: points_text(row.targets_gain),
        OTHERS: points_text(row.others_gain),
        SIZE: size_text(row.bytes),
        ADDED: _day_text(row.added),
    }.get(column, "")


def _day_text(when: datetime) -> str:
    """The day, and of today the time: both at once take room that the names need."""
    here = when.astimezone()
    is_today = here.date() == datetime.now().astimezone().date()
    return f"today, {here:%H:%M}" if is_today else f"{here:%Y-%m-%d}"


def _tip(row: AdapterRow, column: int) -> str:
    return {
        SWITCH: "Take it off" if row.is_on else "Put it on, in place of what is on",
        NAME: row.name,
        CLASSES: row.all_classes,
        SIZE: f"{row.bytes:,} bytes",
        ADDED: date_text(row.added),
    }.get(column, "")


def _sort_value(row: AdapterRow, column: int) -> Any:
    """What the column is sorted by; what is not known comes below everything."""
    targets, others = (
        -math.inf if math.isnan(gain) else gain for gain in (row.targets_gain, row.others_gain)
    )
    return {
        SWITCH: row.is_on,
        NAME: row.name.casefold(),
        METHOD: row.method.casefold(),
        RANK: row.rank or 0,
        CLASSES: row.all_classes,
        TARGETS: targets,
        OTHERS: others,
        SIZE: row.bytes,
        ADDED: row.added.timestamp(),
    }[column]


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _bold() -> QFont:
    font = QFont()
    font.setWeight(QFont.Weight.DemiBold)
    return font
