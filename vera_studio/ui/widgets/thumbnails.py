"""A row for each class: how many images it has, how well it does, and small pictures of them."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from vera_studio.ui.widgets.thumbnail_rows import RIGHT, ClassRow, Read, ThumbnailRows

_EMPTY_TEXT = "The images appear here once they are loaded."


class ThumbnailGrid(QWidget):
    """A row for each class, with as many small pictures as there is room for.

    Args:
        titles: of the columns of numbers, one for each part of the images.
        empty_text: shown while there are no rows.

    Signals:
        picture_chosen(int, int): a picture was clicked, or chosen by keys; its row, and its
            position in it.
    """

    picture_chosen = Signal(int, int)

    def __init__(
        self,
        titles: Sequence[str] = (),
        empty_text: str = _EMPTY_TEXT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows = ThumbnailRows(titles)
        self.rows.chosen.connect(self.picture_chosen)
        self.rows.moved.connect(self._keep_in_view)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setObjectName("thumbnails_area")
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the rows have it
        self._area.setFrameShape(QFrame.Shape.StyledPanel)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self.rows)
        self._area.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        empty = QLabel(empty_text, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(_Header(self.rows, self._area.frameWidth()))
        column.addWidget(self._area, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(filled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_rows(self, rows: Sequence[ClassRow], read: Read | None = None) -> None:
        """Show these classes; `read` is asked for the pictures that come into view."""
        self.rows.set_rows(rows, read)
        self._stack.setCurrentIndex(1 if rows else 0)
        self._area.verticalScrollBar().setValue(0)

    def set_notes(self, notes: Sequence[Sequence[str]]) -> None:
        """Show a text below each number: for each row one a column, empty for none."""
        self.rows.set_notes(notes)

    def shown_per_row(self) -> int:
        """How many thumbnails of a class the width has room for."""
        return self.rows.room()

    def _keep_in_view(self, place: QRect) -> None:
        self._area.ensureVisible(place.center().x(), place.center().y(), 0, place.height())


class _Header(QWidget):
    """The titles of the columns, which stay when the rows scroll."""

    def __init__(self, rows: ThumbnailRows, offset: int) -> None:
        super().__init__()
        self._rows, self._offset = rows, offset
        self.setMinimumHeight(self.fontMetrics().height() + 2)
        rows.laid_out.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        for title, (left, width) in zip(self._rows.titles, self._rows.columns(), strict=True):
            painter.drawText(QRect(left + self._offset, 0, width, self.height()), RIGHT, title)
