"""The table of classified pictures: sorted by headings, corrected by keys."""

import numpy as np
from PySide6.QtCore import QEvent, QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from vera_studio.ui.widgets.class_keys import Typed, type_key
from vera_studio.ui.widgets.classified_model import ClassifiedModel
from vera_studio.ui.widgets.classified_rows import (
    CLASS,
    FILE,
    NOBODY,
    PICTURE,
    SECOND,
    SHARE,
    STATE,
    Ids,
)
from vera_studio.ui.widgets.columns import giving_way
from vera_studio.ui.widgets.padded_delegate import PaddedDelegate

_PICTURE = 40  # pixels a side
_ROW_HEIGHT = _PICTURE + 4
_PADDING = 28  # pixels beside the widest text of a column
_LEAST_FILE, _MOST_CLASS = 120, 170
_GIVING_WAY = (SECOND, STATE)
_NOTHING: Ids = np.empty(0, dtype=np.int64)
_PLAIN = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.KeypadModifier,
)
_DONE_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_BACK_KEYS = (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)


class ClassifiedTable(QTableView):
    """Pictures, a row each; a thousand or a hundred thousand.

    A digit or the first letters of a class correct what is selected and go on to the next row,
    Return says that the class is right, Backspace takes back what a person said.

    Signals:
        given(object, int): the pictures with these ids, an array, are to be of this class;
            `NOBODY` for what the network says.
        confirmed(object): the pictures with these ids are of the classes that they are taken for.
        typed(Typed): what the letters so far lead to; without text once that is settled.
        current_changed(object): id of the current picture; None without one.
        sort_wanted(int, bool): by this column, descending or not.
    """

    given = Signal(object, int)
    confirmed = Signal(object)
    typed = Signal(object)
    current_changed = Signal(object)
    sort_wanted = Signal(int, bool)

    def __init__(self, rows_model: ClassifiedModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows_model
        self._typed = Typed()
        self.setModel(rows_model)
        self.setObjectName("classified_table")
        self.setAccessibleName("Classified pictures")
        self.setToolTip(
            "A digit, or the first letters of a class, corrects what is selected; Return says "
            "that the class is right, Backspace takes that back"
        )
        self._set_up_view()
        self._set_up_columns()
        self.selectionModel().currentRowChanged.connect(self._follow_current)
        rows_model.modelReset.connect(self._tell_current)

    @property
    def selected(self) -> Ids:
        """Ids of the pictures that are selected, from top to bottom."""
        # By ranges: there may be 100,000 rows in one.
        ranges = self.selectionModel().selection().toList()
        spans = sorted({(span.top(), span.bottom()) for span in ranges})
        return np.concatenate([_NOTHING, *(self._rows.ids_between(*span) for span in spans)])

    @property
    def current(self) -> int | None:
        """Id of the current picture; None without one."""
        index = self.currentIndex()
        return self._rows.id_at(index.row()) if index.isValid() else None

    def select(self, picture: int) -> None:
        """Make the picture with this id the current one, if it is shown, and bring it into view."""
        row = self._rows.row_of(picture)
        if row is not None:
            self.selectRow(row)
            self.scrollTo(self._rows.index(row, FILE))

    def correct(self, class_index: int) -> None:
        """Have what is selected be of a class, and go on to the row below where that is one."""
        selected = self.selected
        if len(selected):
            self.given.emit(selected, class_index)
        if class_index != NOBODY:
            self._go_on(len(selected))

    def fit_columns(self) -> None:
        """Give columns the width of what is in view; the file gets what is left."""
        room = self.viewport().width()
        header = self.horizontalHeader()
        widths = {PICTURE: _ROW_HEIGHT + 4, FILE: _LEAST_FILE}
        for column in (CLASS, SHARE, STATE, SECOND):
            needed = max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
            widths[column] = min(needed + _PADDING // 2, _MOST_CLASS)
        hidden = giving_way(room, widths, _GIVING_WAY)
        for column, width in widths.items():
            self.setColumnHidden(column, column in hidden)
            if column != FILE and column not in hidden:
                self.setColumnWidth(column, width)

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        text = event.text()
        is_letter = text.isprintable() and (text.strip() or (text and self._typed.text))
        if event.modifiers() not in _PLAIN:
            self._settle(Typed())
            super().keyPressEvent(event)
        elif event.key() in _DONE_KEYS:
            self._confirm()
        elif event.key() in _BACK_KEYS:
            self._take_back()
        elif is_letter:
            self._settle(type_key(self._rows.rows.class_names, self._typed.text, text))
        elif event.key() == Qt.Key.Key_Escape and self._typed.text:
            self._settle(Typed())
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # Letters are typed here: no shortcut of one key alone takes them.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if plain and event.text().isprintable() and event.text().strip():
                event.accept()
                return True
        return super().event(event)

    def _confirm(self) -> None:
        if self._typed.matches:
            first = self._typed.matches[0]
            self._settle(Typed())
            self.correct(first)
            return
        selected = self.selected
        self.confirmed.emit(selected)
        self._go_on(len(selected))

    def _go_on(self, selected: int) -> None:
        """Select the row below, where one alone is selected."""
        row = self.currentIndex().row()
        if selected == 1 and row + 1 < self._rows.rowCount():
            self.selectRow(row + 1)

    def _take_back(self) -> None:
        if self._typed.text:  # a letter
            self._settle(Typed())
        else:
            self.correct(NOBODY)

    def _settle(self, typed: Typed) -> None:
        """Take note of what was typed, and of the class that it leads to."""
        if typed.chosen is not None:
            self.correct(typed.chosen)
            typed = Typed()
        if typed != self._typed:
            self._typed = typed
            self.typed.emit(typed)

    # The view

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_columns()

    def _set_up_view(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(PaddedDelegate(self))
        self.setIconSize(QSize(_PICTURE, _PICTURE))
        vertical = self.verticalHeader()
        vertical.hide()
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # no row is measured
        vertical.setDefaultSectionSize(_ROW_HEIGHT)

    def _set_up_columns(self) -> None:
        header = self.horizontalHeader()
        # One that nothing is selected in: to draw a heading Qt looks through the whole column.
        header.setSelectionModel(QItemSelectionModel(self._rows, header))
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        header.setResizeContentsPrecision(0)  # widths by the rows in view
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(FILE, QHeaderView.ResizeMode.Stretch)
        header.setSortIndicatorShown(True)
        header.setSectionsClickable(True)
        header.setSortIndicator(FILE, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(
            lambda column, order: self.sort_wanted.emit(
                column, order == Qt.SortOrder.DescendingOrder
            )
        )

    def _follow_current(self, *_: object) -> None:
        self._settle(Typed())
        self._tell_current()

    def _tell_current(self) -> None:
        self.current_changed.emit(self.current)
