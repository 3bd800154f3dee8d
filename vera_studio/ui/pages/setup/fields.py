"""Making the input fields of the forms, each with a name, a tip and a label of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QSlider,
    QSpinBox,
    QWidget,
)

from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.wheel import ignore_wheel_when_unfocused

_Field = TypeVar("_Field", bound=QWidget)


def describe(field: _Field, object_name: str, accessible_name: str, tip: str) -> _Field:
    """Give `field` its names and its tooltip; returns it."""
    field.setObjectName(object_name)
    field.setAccessibleName(accessible_name)
    field.setToolTip(plain_tip(tip))
    ignore_wheel_when_unfocused(field)
    return field


def add_row(form: QFormLayout, text: str, field: QWidget) -> None:
    """Add `field` with a label that carries its tip."""
    form.addRow(text, field)
    form.labelForField(field).setToolTip(field.toolTip())


def whole_number(least: int, most: int, text_for_least: str = "") -> QSpinBox:
    """A field for whole numbers from `least` to `most`, told once when editing is done.

    `text_for_least`, if any, is shown in place of `least`.
    """
    field = QSpinBox(minimum=least, maximum=most)
    field.setKeyboardTracking(False)
    field.setGroupSeparatorShown(True)
    field.setSpecialValueText(text_for_least)
    return field


def number(least: float, most: float, decimals: int) -> QDoubleSpinBox:
    """A field for numbers whose arrows step by a tenth of the size of the value."""
    field = _NumberBox(minimum=least, maximum=most, decimals=decimals)
    field.setKeyboardTracking(False)
    field.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    return field


def slider(least: int, most: int) -> QSlider:
    """A horizontal slider of whole steps from `least` to `most`."""
    field = QSlider(Qt.Orientation.Horizontal)
    field.setRange(least, most)
    return field


class _NumberBox(QDoubleSpinBox):
    """Shows no zeros that say nothing."""

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "g", self.decimals() + 1)


@contextmanager
def signals_blocked(*fields: QWidget) -> Iterator[None]:
    """Let `fields` be set without telling anyone."""
    with ExitStack() as stack:
        for field in fields:
            stack.enter_context(QSignalBlocker(field))
        yield


def choice(options: Sequence[tuple[str, str]]) -> QComboBox:
    """A field to choose one of `options`, each the text to show and the value behind it."""
    field = QComboBox()
    for text, value in options:
        field.addItem(text, value)
    return field


def select(field: QComboBox, value: str) -> None:
    """Choose the option with `value` behind it."""
    field.setCurrentIndex(field.findData(value))
