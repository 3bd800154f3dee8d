"""Two adapters at once, each with a weight that is heard as it is turned."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.wheel import ignore_wheel_when_unfocused

_STEPS = 100  # of a slider, for a weight of 1
_MOST = 2.0
# Long enough that a slider on its way does not queue up more combinations than can be made.
_SETTLING_MILLISECONDS = 30


class CombineForm(QGroupBox):
    """Weights of two adapters, and the name to keep the combination under.

    Signals:
        weights_chosen(tuple): the model is to have both on with these weights.
        keep_requested(str): the combination is to be kept under this name.
    """

    weights_chosen = Signal(tuple)
    keep_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Combine", parent)
        self._names = tuple(ElidedLabel() for _ in range(2))
        self.sliders = tuple(_slider(which) for which in (1, 2))
        self.fields = tuple(_field(which) for which in (1, 2))
        self._timer = QTimer(self, singleShot=True, interval=_SETTLING_MILLISECONDS)
        self._timer.timeout.connect(self.put_on)
        for slider, field in zip(self.sliders, self.fields, strict=True):
            slider.valueChanged.connect(partial(self._slide, field))
            field.valueChanged.connect(partial(self._follow_field, slider))
        self.name = QLineEdit(placeholderText="Name of the combination", maxLength=100)
        self.name.setObjectName("combination_name")
        self.name.setAccessibleName("Name of the combination")
        self.name.setToolTip("The library keeps the combination under this name")
        self.keep_button = QPushButton(icon("save-recipe"), "Keep in Library")
        self.keep_button.setObjectName("keep_combination_button")
        self.keep_button.setAccessibleName("Keep in library")
        self.keep_button.setToolTip("Add the combination to the library as an adapter of its own")
        self.keep_button.clicked.connect(self._keep)
        self._state = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._state.setObjectName("combination_state")
        self._lay_out()

    @property
    def weights(self) -> tuple[float, float]:
        """What the changes of the two are multiplied by."""
        first, second = (field.value() for field in self.fields)
        return first, second

    def show_pair(self, names: tuple[str, str], weights: tuple[float, float]) -> None:
        """Offer to combine these two, at first with `weights`."""
        self._timer.stop()
        for label, text in zip(self._names, names, strict=True):
            label.setText(text)
        for slider, field, weight in zip(self.sliders, self.fields, weights, strict=True):
            with QSignalBlocker(slider), QSignalBlocker(field):
                slider.setValue(round(weight * _STEPS))
                field.setValue(weight)
        self.name.setText(" + ".join(names)[:100])
        self.name.setCursorPosition(0)

    def set_state(self, is_on: bool, busy: str) -> None:
        """Say whether the model has the two on, and let them be put on unless it is `busy`.

        Args:
            is_on: whether it has.
            busy: why nothing may be switched now, a sentence; empty when it may.
        """
        self._state.setText(
            "The model has both on."
            if is_on
            else "Move a weight, or press Combine, to put both on the model."
        )
        allow(self.keep_button, "" if is_on else "Put the two on the model first.")
        for field in (*self.sliders, *self.fields):
            allow(field, busy)

    def put_on(self) -> None:
        """Ask for the combination with the weights as they are."""
        self.weights_chosen.emit(self.weights)

    def _keep(self) -> None:
        if self._timer.isActive():  # what is kept is what is shown
            self._timer.stop()
            self.put_on()
        self.keep_requested.emit(self.name.text())

    def _slide(self, field: QDoubleSpinBox, position: int) -> None:
        field.setValue(position / _STEPS)

    def _follow_field(self, slider: QSlider, value: float) -> None:
        with QSignalBlocker(slider):
            slider.setValue(round(value * _STEPS))
        if not self._timer.isActive():
            self._timer.start()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        for row in range(2):
            grid.addWidget(self._names[row], 3 * row, 0, 1, 2)
            grid.addWidget(self.sliders[row], 3 * row + 1, 0)
            grid.addWidget(self.fields[row], 3 * row + 1, 1)
        grid.setRowMinimumHeight(2, 6)
        layout = QVBoxLayout(self)
        layout.addLayout(grid)
        layout.addWidget(self._state)
        layout.addSpacing(6)
        layout.addWidget(self.name)
        layout.addWidget(self.keep_button)
        layout.addStretch()


def _slider(which: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, round(_MOST * _STEPS))
    slider.setPageStep(_STEPS // 4)
    slider.setObjectName(f"weight_slider_{which}")
    slider.setAccessibleName(f"Weight of adapter {which}")
    slider.setToolTip("From 0, which leaves the adapter out, to 2, which doubles its changes")
    ignore_wheel_when_unfocused(slider)
    return slider


def _field(which: int) -> QDoubleSpinBox:
    field = QDoubleSpinBox(minimum=0, maximum=_MOST, decimals=2, singleStep=0.05, value=1)
    field.setKeyboardTracking(False)
    field.setObjectName(f"weight_{which}")
    field.setAccessibleName(f"Weight of adapter {which}")
    field.setToolTip("What the adapter's changes are multiplied by, 0 to 2")
    ignore_wheel_when_unfocused(field)
    return field
