"""Fields for numbers that say what they do not take, and never put another number in its place."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPalette, QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox

from vera_studio.ui.theme import plot_colors
from vera_studio.wording import plain

# What may still become a number, or Auto.
_UNFINISHED = re.compile(r"[-+]?[0.,]*|.*[eE.,][-+]?|.*,[0-9]{1,2}|a|au|aut", re.ASCII)
_MOST_SHOWN = 24  # characters of a text that is refused
_DECIMALS = 15  # kept; a text has as many as it needs


class _Refusing:
    """What both kinds of field have in common; `least` and `most` are what they take.

    While the text is something else it is left as it was typed, in another colour, the value
    stays the former one, and `refused` tells why.
    """

    _kind: str
    # Qt asks what is valid while it makes the field.
    _least: float = -math.inf
    _most: float = math.inf
    _auto: float | None = None
    _besides: float | None = None
    _refusal = ""

    def _set_up(self: Any, least: float, most: float, auto: float | None) -> None:
        self._least, self._most, self._auto = least, most, auto
        self._first = least  # where the arrows go from Auto
        self.setKeyboardTracking(False)
        self.lineEdit().textChanged.connect(lambda _: self._judge(done=False))
        self.valueChanged.connect(lambda _: self.edited.emit(self.setting()))

    def setting(self: Any) -> Any:
        """The number; None for Auto."""
        return None if self.value() == self._auto else self.value()

    def show_setting(self: Any, setting: Any) -> None:
        """Show `setting`, telling nobody; with the same value a text that is refused stays."""
        if setting == self.setting() and self._refusal:
            return
        self.blockSignals(True)
        self.setValue(self._auto if setting is None else setting)
        self.blockSignals(False)
        self._judge(done=True)

    def set_auto_text(self: Any, text: str, first: float | None = None) -> None:
        """Show `text` for Auto, from which the arrows go to `first`."""
        self._first = self._least if first is None else first
        if text != self.specialValueText():
            with self._text_kept():
                self.setSpecialValueText(text)

    def forget(self: Any) -> None:
        """Show the value again in place of a text that is refused."""
        self.setValue(self.value())
        self._judge(done=True)

    def commit(self: Any) -> None:
        """Take what was typed, as leaving the field does."""
        with self._text_kept():
            self.interpretText()

    # Reading a text

    def validate(self: Any, text: str, position: int) -> Any:
        good = self._read(text) is not None
        state = QValidator.State.Acceptable if good else QValidator.State.Intermediate
        return state, text, position

    def fixup(self, text: str) -> str:
        return text

    def valueFromText(self: Any, text: str) -> Any:
        value = self._read(text)
        return self.value() if value is None else value

    def _read(self: Any, text: str) -> Any:
        """The number that `text` means, None for none that the field takes."""
        text = text.removeprefix(self.prefix()).removesuffix(self.suffix()).strip()
        is_special = text.casefold() in ("", "auto", self.specialValueText().casefold())
        if self._auto is not None and is_special:
            return self._auto
        if text and text == self.specialValueText():
            return self._least
        value = self._number(text)
        if value is None or not (self._least <= value <= self._most or value == self._auto):
            return None
        return value

    def _judge(self: Any, done: bool) -> None:
        """Say what is wrong with the text; `done` is False while it is being typed."""
        shown = self.lineEdit().text()
        text = shown.removeprefix(self.prefix()).removesuffix(self.suffix()).strip()
        refusal = ""
        if text and self._read(shown) is None and (done or not _UNFINISHED.fullmatch(text)):
            text = text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
            allowed = f"{self._kind} from {plain(self._least)} to {plain(self._most)}"
            automatic = "; empty for Auto" if self._auto is not None else ""
            refusal = f"Must be {allowed}, not {text}{automatic}."
        if refusal != self._refusal:
            self._refusal = refusal
            self._mark()
            self.refused.emit(refusal)

    def _mark(self: Any) -> None:
        palette = QPalette()
        if self._refusal:
            palette.setColor(QPalette.ColorRole.Text, plot_colors(self.palette()).loss)
        self.lineEdit().setPalette(palette)

    # What Qt would put another text in place of

    @contextmanager
    def _text_kept(self: Any) -> Iterator[None]:
        text = self.lineEdit().text()
        is_wrong = bool(text.strip()) and self._read(text) is None
        yield
        if is_wrong:
            self.lineEdit().setText(text)
        self._judge(done=True)

    def focusOutEvent(self: Any, event: QFocusEvent) -> None:
        with self._text_kept():
            self._base.focusOutEvent(self, event)

    def keyPressEvent(self: Any, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._base.keyPressEvent(self, event)
            return
        with self._text_kept():
            self._base.keyPressEvent(self, event)

    def stepBy(self: Any, steps: int) -> None:
        if self._refusal:
            self.forget()
        if self.value() == self._auto:
            if steps > 0:
                self.setValue(self._first)
            return
        self._base.stepBy(self, steps)
        if self._auto is not None and self.value() < self._least:
            self.setValue(self._auto)

    def changeEvent(self: Any, event: QEvent) -> None:
        self._base.changeEvent(self, event)
        if event.type() == QEvent.Type.PaletteChange and self._refusal:
            self._mark()


class WholeNumberBox(_Refusing, QSpinBox):
    """A field for whole numbers, told once when editing is done.

    Args:
        least, most: what it takes.
        auto: the number behind Auto, just below `least`; None where there is no Auto.
        text_for_least: shown in place of the least, or of Auto.

    Signals:
        edited(object): the user entered this; None for Auto.
        refused(str): why the text is not taken; empty once it is.
    """

    edited = Signal(object)
    refused = Signal(str)
    _kind, _base = "a whole number", QSpinBox

    def __init__(
        self, least: int, most: int, auto: int | None = None, text_for_least: str = ""
    ) -> None:
        QSpinBox.__init__(self, minimum=least if auto is None else auto, maximum=most)
        self.setGroupSeparatorShown(True)
        self.setSpecialValueText(text_for_least)
        self._set_up(least, most, auto)

    def _number(self, text: str) -> int | None:
        value, good = self.locale().toLongLong(text)
        if good:
            return int(value)
        return int(text) if re.fullmatch(r"[-+]?[0-9]{1,18}", text, re.ASCII) else None


class NumberBox(_Refusing, QDoubleSpinBox):
    """A field for numbers whose arrows step by a tenth of the size of the value.

    Args:
        least, most: what it takes.
        auto: the number behind Auto, below `least`; None where there is no Auto.
        besides: a number in between that it does not take.

    Signals: as `WholeNumberBox`.
    """

    edited = Signal(object)
    refused = Signal(str)
    _kind, _base = "a number", QDoubleSpinBox

    def __init__(
        self, least: float, most: float, auto: float | None = None, besides: float | None = None
    ) -> None:
        lowest = least if auto is None else auto
        QDoubleSpinBox.__init__(self, minimum=lowest, maximum=most, decimals=_DECIMALS)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self._besides = besides
        if besides is not None:
            self._kind = f"a number other than {plain(besides)}"
        self._set_up(least, most, auto)

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "g", 12)  # no zeros that say nothing

    def _number(self, text: str) -> float | None:
        for locale in (self.locale(), QLocale.c()):
            value, good = locale.toDouble(text)
            if good:
                return None if value == self._besides else float(value)
        return None


def refusing_boxes(parent: Any) -> list[Any]:
    """All fields for numbers in `parent`."""
    return [box for box in parent.findChildren(QAbstractSpinBox) if isinstance(box, _Refusing)]
