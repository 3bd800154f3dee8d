"""What there is to know of the images that are open, and what can be done about it."""

import dataclasses
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from vera_studio.ui.state.image_warnings import image_warnings
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.wrapped_label import WrappedLabel
from vera_studio.wording import printable

_WARNING = "\N{WARNING SIGN}"
_COPIES_OUT = ("Leave Them Out of the Test", "Measure on pictures only that are not trained on too")
_COPIES_IN = ("Test on Them Too", "Measure on all pictures of the test part")


class ImagesNotes(QWidget):
    """A line for each thing to know; hidden where there is none."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._obstacle = ""
        self.text = WrappedLabel("images_warnings", "What to know of these images")
        self.copies_button = QPushButton()
        self.copies_button.setObjectName("copies_button")
        self.copies_button.clicked.connect(self._switch_copies)
        self.left_out_button = QPushButton("Use All Again")
        self.left_out_button.setObjectName("use_left_out_button")
        self.left_out_button.setAccessibleName("Use the images again that are left out by name")
        self.left_out_button.setToolTip(
            "Open the images anew with those that were left out by name, on the page Evaluate or "
            "in a recipe"
        )
        self.left_out_button.clicked.connect(lambda: self._open(left_out=()))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        for button in (self.left_out_button, self.copies_button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        studio.workspace.data_changed.connect(self._show)
        studio.workspace.recipe_changed.connect(self._show)
        self._show()

    def set_obstacle(self, reason: str) -> None:
        """Say why nothing can be opened now; empty where it can."""
        self._obstacle = reason
        for button in (self.copies_button, self.left_out_button):
            allow(button, reason)

    def _show(self, _: object = None) -> None:
        workspace = self._studio.workspace
        data = workspace.data
        lines = [f"{_WARNING} {text}" for text in image_warnings(workspace)]
        lines += data.notes if data else ()
        text = "\n".join(map(printable, lines))
        if text != self.text.text():
            self.text.setText(text)
        self.setVisible(bool(text))
        self.copies_button.setVisible(data is not None and bool(data.copies))
        is_out = data is not None and data.copies_left_out
        words, tip = _COPIES_IN if is_out else _COPIES_OUT
        self.copies_button.setText(words)
        self.copies_button.setAccessibleName(words)
        self.copies_button.setToolTip(tip)
        is_folder = data is not None and data.folder is not None
        self.left_out_button.setVisible(is_folder and bool(workspace.recipe.data.left_out))
        self.set_obstacle(self._obstacle)

    def _switch_copies(self) -> None:
        settings = self._studio.workspace.recipe.data
        self._open(leave_out_copies=not settings.leave_out_copies)

    def _open(self, **changes: Any) -> None:
        settings = self._studio.workspace.recipe.data
        self._studio.open_data(dataclasses.replace(settings, **changes))
