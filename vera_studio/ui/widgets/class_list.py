"""A list in which classes are ticked, each with its present accuracy."""

import math
from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.widgets.class_model import ACCURACY, TEXT, ClassModel
from vera_studio.ui.widgets.reasons import allow

_ROW_HEIGHT = 22
_NO_LIMIT = 2**24 - 1  # pixels, Qt's QWIDGETSIZE_MAX
_BAR_WIDTH, _BAR_HEIGHT = 72, 4
_FIGURE_WIDTH = 72
_WEAKEST = 3
_FEW = 10  # classes that are seen at once
_MOST_PLAIN = 20  # classes that are listed without a filter
_NO_IMAGES = "No class has images to measure on."


class ClassList(QWidget):
    """The classes of the network; ticked ones are the targets.

    Many classes can be filtered by what is typed, and by whether there are images of them.

    Signals:
        checked_changed(tuple): indices of the ticked classes, after any change of them.
    """

    checked_changed = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[int, ...] | None = None
        self.model = ClassModel(self)
        self.model.toggled.connect(lambda _: self._tell())
        self.filter = QLineEdit(placeholderText="Filter classes", clearButtonEnabled=True)
        self.filter.setObjectName("class_filter")
        self.filter.setAccessibleName("Filter the classes")
        self.filter.setToolTip("Show the classes only that have this in their names")
        self.filter.textChanged.connect(self._choose_shown)
        self.with_images = QCheckBox("With images only")
        self.with_images.setChecked(True)
        self.with_images.setObjectName("classes_with_images")
        self.with_images.setAccessibleName("Classes with images only")
        self.with_images.setToolTip("Show the classes only that there are images of to train on")
        self.with_images.toggled.connect(self._choose_shown)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setObjectName("class_list")
        self.list.setAccessibleName("Target classes")
        self.list.setToolTip("Tick the classes that the adapter is to get better at")
        # Only ticks count here; a selection beside them would but confuse.
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.list.setItemDelegate(_AccuracyDelegate(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.weakest_button = self._button("weakest", "&Weakest three", self.check_weakest)
        self.weakest_button.setToolTip("Tick the three classes with the lowest accuracy")
        self.all_button = self._button("all", "&All", lambda: self._check_every(True))
        self.all_button.setToolTip("Tick every class that is shown")
        self.none_button = self._button("none", "&None", lambda: self._check_every(False))
        self.none_button.setToolTip("Tick no class")
        buttons = QHBoxLayout()
        for button in (self.weakest_button, self.all_button, self.none_button):
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.filter)
        layout.addWidget(self.with_images)
        layout.addWidget(self.list)
        layout.addLayout(buttons)
        self.set_accuracies(None)

    def set_classes(self, names: Sequence[str]) -> None:
        """List `names`, none of them ticked, accuracies unknown."""
        before = self.checked()
        self._counts = None
        self.model.set_classes(names)
        self.filter.clear()
        self.filter.setVisible(len(names) > _MOST_PLAIN)
        self._choose_shown()
        height = min(len(names), _FEW) * _ROW_HEIGHT + 2 * self.list.frameWidth()
        self.list.setMinimumHeight(height)
        self.list.setMaximumHeight(height if len(names) <= _FEW else _NO_LIMIT)
        self.set_accuracies(None)
        if before:
            self._tell()

    def set_counts(self, counts: Sequence[int] | None) -> None:
        """Say how many images there are of each class; None while that is not known."""
        self._counts = None if counts is None else tuple(counts)
        self._choose_shown()

    def shown(self) -> tuple[int, ...]:
        """Indices of the classes that are listed now."""
        return self.model.shown

    def _choose_shown(self, _: object = None) -> None:
        wanted, names, counts = (
            self.filter.text().strip().casefold(),
            self.model.names,
            self._counts,
        )
        has_many = len(names) > _MOST_PLAIN
        can_leave_out = has_many and counts is not None and any(counts) and not all(counts)
        self.with_images.setVisible(can_leave_out)
        leaves_out = can_leave_out and self.with_images.isChecked()
        self.model.set_shown(
            [
                number
                for number, name in enumerate(names)
                if (not wanted or wanted in name.casefold())
                and not (leaves_out and counts is not None and not counts[number])
            ]
        )

    def set_accuracies(
        self, accuracies: Sequence[float] | None, counts: Sequence[int] | None = None
    ) -> None:
        """Show how well each class does now.

        Args:
            accuracies: a share from 0 to 1 for each class, NaN for one without images;
                None while nothing is known.
            counts: the images behind each share, which are told where they are few.

        Raises:
            ValueError: there are more or fewer of them than classes.
        """
        count = len(self.model.names)
        if accuracies is not None and len(accuracies) != count:
            raise ValueError(f"{len(accuracies)} accuracies for {count} classes")
        self.model.set_accuracies(accuracies, counts)
        known = any(not math.isnan(value) for value in self.model.accuracies or ())
        unknown = "The accuracies are not known yet." if accuracies is None else _NO_IMAGES
        allow(self.weakest_button, "" if known else unknown)

    def set_checked(self, indices: Iterable[int]) -> None:
        """Tick exactly the classes with these indices."""
        wanted = set(indices) & set(range(len(self.model.names)))
        if wanted != self.model.checked:
            self.model.set_checked(wanted)
            self._tell()

    def checked(self) -> tuple[int, ...]:
        """Indices of the ticked classes, in order."""
        return tuple(sorted(self.model.checked))

    def check_weakest(self) -> None:
        """Tick the three classes with the lowest accuracy; of equal ones the first."""
        known = [
            (value, i) for i, value in enumerate(self.model.accuracies or ()) if value == value
        ]
        self.set_checked(index for _, index in sorted(known)[:_WEAKEST])

    def _check_every(self, on: bool) -> None:
        self.set_checked({*self.checked(), *self.shown()} if on else ())

    def _button(self, name: str, text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(f"classes_{name}")
        button.setAccessibleName(text.replace("&", ""))
        button.setAutoDefault(False)
        button.clicked.connect(lambda _: slot())
        return button

    def _tell(self) -> None:
        self.checked_changed.emit(self.checked())


class _AccuracyDelegate(QStyledItemDelegate):
    """Draws the accuracy as a figure and a thin bar at the right of a row."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hint = super().sizeHint(option, index)
        needed = hint.width() + _BAR_WIDTH + _FIGURE_WIDTH
        return QSize(needed, max(_ROW_HEIGHT, option.fontMetrics.height() + 6))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        accuracy = index.data(ACCURACY)
        known = isinstance(accuracy, float) and not math.isnan(accuracy)
        ink = option.palette.text() if known else option.palette.placeholderText()
        area = QRectF(option.rect).adjusted(0, 0, -8, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.save()
        painter.setPen(ink.color())
        text = index.data(TEXT) or ""
        painter.drawText(area, int(right), text)
        if known and "(" not in text:  # else there is no room for it
            area.setRight(area.right() - option.fontMetrics.horizontalAdvance("100.0%") - 8)
            _paint_bar(painter, area, accuracy, option.palette)
        painter.restore()


def _paint_bar(painter: QPainter, area: QRectF, share: float, palette: QPalette) -> None:
    """A thin bar at the right of `area`, filled to `share`."""
    groove = QRectF(area.right() - _BAR_WIDTH, 0, _BAR_WIDTH, _BAR_HEIGHT)
    groove.moveTop(area.center().y() - _BAR_HEIGHT / 2)
    faint = palette.text().color()
    faint.setAlphaF(0.15)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faint)
    painter.drawRoundedRect(groove, 2, 2)
    groove.setWidth(_BAR_WIDTH * min(share, 1.0))
    painter.setBrush(palette.accent())
    painter.drawRoundedRect(groove, 2, 2)
