"""The headings of a table, drawn across all of its width."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHeaderView, QStyle, QStyleOptionHeader


class FullHeader(QHeaderView):
    """Goes on behind its last heading, where styles leave a strip in another colour."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setSectionsClickable(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        end, room = self.length() - self.offset(), self.viewport().size()
        if end < room.width():
            option = QStyleOptionHeader()
            self.initStyleOption(option)
            option.rect = QRect(end, 0, room.width() - end, room.height())
            option.position = QStyleOptionHeader.SectionPosition.End
            painter = QPainter(self.viewport())
            element = QStyle.ControlElement.CE_HeaderSection
            self.style().drawControl(element, option, painter, self)
            painter.end()
