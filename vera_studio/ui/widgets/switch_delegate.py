"""A switch in a cell of a table: a pill with a knob, in place of a check box."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

_WIDTH, _HEIGHT, _MARGIN = 28, 16, 8
_RING = 2.5  # between knob and pill
_Index = QModelIndex | QPersistentModelIndex


class SwitchDelegate(QStyledItemDelegate):
    """Draws a cell's check state as a switch, which a click anywhere in the cell turns."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        state = index.data(Qt.ItemDataRole.CheckStateRole)
        is_on = state is not None and Qt.CheckState(state) == Qt.CheckState.Checked
        super().paint(painter, option, index)  # the ground, which tells what is selected
        pill = QRectF(0, 0, _WIDTH, _HEIGHT)
        pill.moveCenter(QRectF(option.rect).center())
        side = _HEIGHT - 2 * _RING
        left = pill.right() - _RING - side if is_on else pill.left() + _RING
        knob = QRectF(left, pill.top() + _RING, side, side)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ground, mark = _colors(option.palette, is_on, is_selected)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, _HEIGHT / 2, _HEIGHT / 2)
        painter.setBrush(mark)
        painter.drawEllipse(knob)
        painter.restore()

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        # Else the style would draw a check box below the switch.
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(_WIDTH + 2 * _MARGIN, _HEIGHT + _MARGIN)

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: _Index,
    ) -> bool:
        if not _turns(event):
            return False
        state = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole))
        other = Qt.CheckState.Unchecked if state == Qt.CheckState.Checked else Qt.CheckState.Checked
        return model.setData(index, other, Qt.ItemDataRole.CheckStateRole)


def _turns(event: QEvent) -> bool:
    """Whether a switch turns by `event`: a click with the left button, or the space bar."""
    if isinstance(event, QMouseEvent):
        is_release = event.type() is QEvent.Type.MouseButtonRelease
        return is_release and event.button() is Qt.MouseButton.LeftButton
    return (
        isinstance(event, QKeyEvent)
        and event.type() is QEvent.Type.KeyPress
        and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Select)
    )


def _colors(palette: QPalette, is_on: bool, is_selected: bool) -> tuple[QColor, QColor]:
    """Of the pill and of its knob; in a selected row a pill in the accent would not be seen."""
    white = QColor("white")
    if is_on:
        accent = palette.color(QPalette.ColorRole.Accent)
        return (
            (white, palette.color(QPalette.ColorRole.Highlight))
            if is_selected
            else (
                accent,
                white,
            )
        )
    ground = QColor(white) if is_selected else palette.color(QPalette.ColorRole.PlaceholderText)
    ground.setAlphaF(0.4 if is_selected else 0.6)
    return ground, white
