"""Which of the classified pictures are shown, and below which share one is unsure."""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSlider, QSpinBox, QWidget

from vera_studio.ui.widgets.classified_rows import Which
from vera_studio.ui.widgets.plain_text import plain_tip

DEFAULT_PERCENT = 70
_TYPING_MILLISECONDS = 150
_WHICH: tuple[tuple[Which, str], ...] = (
    ("all", "All pictures"),
    ("unsure", "Unsure"),
    ("corrected", "Yours"),
)
_MOST_WIDTH = 170


class FilterRow(QWidget):
    """A line of fields.

    Signals:
        changed(): other pictures are to be shown.
        threshold_changed(float): a picture is unsure below another share, 0 to 1.
    """

    changed = Signal()
    threshold_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting = QTimer(self, singleShot=True, interval=_TYPING_MILLISECONDS)
        self._waiting.timeout.connect(self.changed)
        self._make_fields()
        self._make_threshold()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.which)
        row.addWidget(self.of_class)
        row.addWidget(self.text, 1)
        row.addSpacing(8)
        row.addWidget(QLabel("Unsure below"))
        row.addWidget(self.slider)
        row.addWidget(self.percent)

    @property
    def threshold(self) -> float:
        """Share below which a picture is unsure."""
        return self.percent.value() / 100

    @property
    def shown(self) -> Which:
        """Which pictures are to be shown."""
        return cast(Which, self.which.currentData())

    @property
    def class_index(self) -> int | None:
        """Of which class; None for all."""
        row = self.of_class.currentIndex()
        return None if row <= 0 else row - 1

    def set_classes(self, names: Sequence[str]) -> None:
        """Offer these classes to choose from; all are shown."""
        self.of_class.blockSignals(True)
        self.of_class.clear()
        self.of_class.addItems(["Every class", *names])
        for row, name in enumerate(names, 1):
            self.of_class.setItemData(row, plain_tip(name), Qt.ItemDataRole.ToolTipRole)
        self.of_class.blockSignals(False)

    def show_all(self) -> None:
        """Have nothing be left out."""
        for field in (self.which, self.of_class, self.text):
            field.blockSignals(True)
        self.which.setCurrentIndex(0)
        self.of_class.setCurrentIndex(0)
        self.text.clear()
        for field in (self.which, self.of_class, self.text):
            field.blockSignals(False)

    def _make_fields(self) -> None:
        self.which = QComboBox()
        self.which.setObjectName("classified_which")
        self.which.setAccessibleName("Which pictures are shown")
        self.which.setToolTip("Show all pictures, the unsure ones, or those that you gave a class")
        for key, title in _WHICH:
            self.which.addItem(title, key)
        self.of_class = QComboBox()
        self.of_class.setObjectName("classified_class")
        self.of_class.setAccessibleName("Of which class pictures are shown")
        self.of_class.setToolTip("Show pictures of one class only")
        self.of_class.setMaximumWidth(_MOST_WIDTH)
        self.of_class.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.of_class.setMinimumContentsLength(12)
        self.set_classes(())
        self.text = QLineEdit(placeholderText="File name", clearButtonEnabled=True)
        self.text.setObjectName("classified_filter")
        self.text.setAccessibleName("Filter by file name")
        self.text.setToolTip("Show pictures only whose file has this in its name")
        self.text.textChanged.connect(lambda _: self._waiting.start())
        for box in (self.which, self.of_class):
            box.currentIndexChanged.connect(lambda _: self.changed.emit())

    def _make_threshold(self) -> None:
        tip = "A picture is unsure when the network gives its likeliest class less than this"
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setObjectName("unsure_slider")
        self.slider.setFixedWidth(110)
        self.percent = QSpinBox(minimum=0, maximum=100, suffix=" %")
        self.percent.setObjectName("unsure_percent")
        for field in (self.slider, self.percent):
            field.setAccessibleName("Share below which a picture is unsure")
            field.setToolTip(tip)
            field.setValue(DEFAULT_PERCENT)
        self.slider.valueChanged.connect(self.percent.setValue)
        self.percent.valueChanged.connect(self.slider.setValue)
        self.percent.valueChanged.connect(lambda _: self.threshold_changed.emit(self.threshold))
