"""A few buttons in a row, one of which is down: which of some views is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.ticked_buttons import TickedToolButton


@dataclass(frozen=True)
class Choice:
    """One of them."""

    key: str
    text: str
    tip: str


class ChoiceRow(QWidget):
    """Signals:
    chosen(str): the user wants this one, by its key.
    """

    chosen = Signal(str)

    def __init__(
        self, name: str, title: str, choices: Sequence[Choice], parent: QWidget | None = None
    ) -> None:
        """Make the buttons, the first of which is down.

        Args:
            name: of the object; buttons have it before their keys.
            title: what is chosen, for screen readers.
            choices: from left to right.
            parent: takes the row along.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._buttons: dict[str, TickedToolButton] = {}
        group = QButtonGroup(self)
        for choice in choices:
            button = TickedToolButton()
            button.setText(choice.text)
            button.setCheckable(True)
            button.setObjectName(f"{name}_{choice.key}")
            button.setAccessibleName(f"{title}: {choice.text}")
            button.setToolTip(choice.tip)
            button.clicked.connect(lambda _=False, key=choice.key: self.chosen.emit(key))
            group.addButton(button)
            row.addWidget(button)
            self._buttons[choice.key] = button
        self.set_choice(choices[0].key)

    @property
    def choice(self) -> str:
        """The key of the one that is down."""
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def set_choice(self, key: str) -> None:
        """Have this one down."""
        self._buttons[key].setChecked(True)

    def allow(self, key: str, reason: str = "") -> None:
        """Let this one be chosen, or say why not."""
        allow(self._buttons[key], reason)
