"""Where a network looked in a picture: before, with the adapter, and what that changed."""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QImage, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vera_studio.ui.widgets.heat_picture import Colors, Heat, HeatPicture, two_sided, warm
from vera_studio.ui.widgets.marked_slider import MarkedSlider
from vera_studio.ui.widgets.wrapped_label import WrappedLabel

_OPACITY = 80  # per cent, at first
_LINES = 3
_HARDLY = 0.1  # of the brightest: less cannot be seen
Told = Sequence[tuple[str, float]]  # classes with their shares, the likeliest first


class LookedView(QWidget):
    """Three pictures side by side, and a slider for how much of them the maps cover."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.before = _Pane("looked_before", "Network", warm)
        self.after = _Pane("looked_after", "With the adapter", warm)
        self.change = _Pane("looked_change", "What the adapter changed", two_sided, _points)
        self.opacity = MarkedSlider(0, 100, _OPACITY)
        self.opacity.setObjectName("map_opacity")
        self.opacity.setAccessibleName("How much of the picture the map covers, in per cent")
        self.opacity.setToolTip("Let the picture show through the map more or less")
        self.opacity.setMaximumWidth(220)
        self.opacity.valueChanged.connect(self._follow_opacity)
        self.opacity.setValue(_OPACITY)
        self.note = WrappedLabel("looked_note", "What the maps are of")
        panes = QHBoxLayout()
        panes.setSpacing(12)
        for pane in (self.before, self.after, self.change):
            panes.addWidget(pane, 1)
        below = QHBoxLayout()
        below.addWidget(self.note, 1)
        below.addSpacing(12)
        below.addWidget(QLabel("Map"))
        below.addWidget(self.opacity, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(panes, 1)
        column.addLayout(below)

    def set_maps(
        self,
        picture: QImage,
        class_name: str,
        before: tuple[Heat, Told] | None,
        after: tuple[Heat, Told] | None,
    ) -> None:
        """Show where both looked for a class.

        Args:
            picture: as the network takes it, or as the file has it, cut alike.
            class_name: the class.
            before: the network's map (h, w), 0 to 1, and what it takes the picture for; None
                where it does not know the class.
            after: the same with the adapter on; None without one.
        """
        for pane, seen in ((self.before, before), (self.after, after)):
            pane.setVisible(seen is not None)
            if seen is not None:
                pane.show_map(picture, *seen)
        change = None
        if before is not None and after is not None:
            change = after[0] - before[0]
            self.change.show_map(picture, change, _changed(before[1], after[1]))
        self.change.setVisible(change is not None)
        self.note.setText(_note(class_name, before is not None, change))

    def show_picture(self, picture: QImage, note: str) -> None:
        """Show a picture of which there is no map, and why."""
        for pane in (self.after, self.change):
            pane.hide()
        self.before.show()
        self.before.show_map(picture, None, ())
        self.note.setText(note)

    def _follow_opacity(self, percent: int) -> None:
        for pane in (self.before, self.after, self.change):
            pane.picture.set_opacity(percent / 100)


class _Pane(QWidget):
    """A picture with its title above and what it was taken for below."""

    def __init__(
        self, name: str, title: str, colors: Colors, text: Callable[[float], str] = "{:.1%}".format
    ) -> None:
        super().__init__()
        self._text = text  # of a share
        self.setObjectName(f"{name}_pane")
        heading = QLabel(title)
        font = QFont(heading.font())
        font.setWeight(QFont.Weight.DemiBold)
        heading.setFont(font)
        self.picture = HeatPicture(name, title, colors)
        self.told = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.told.setObjectName(f"{name}_told")
        self.told.setAccessibleName(f"{title}: what it takes the picture for")
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.told.setMinimumHeight(_LINES * self.told.fontMetrics().lineSpacing())
        self.told.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(heading, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.picture, 1000)
        column.addWidget(self.told)
        column.addStretch()

    def show_map(self, picture: QImage, heat: Heat | None, told: Told) -> None:
        self.picture.set_picture(picture, None if heat is None else np.asarray(heat))
        lines = [f"{_short(name)}  {self._text(share)}" for name, share in told]
        self.told.setText("\n".join(lines))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.picture.setMaximumHeight(self.width())  # what it says stands right below it


def _changed(before: Told, after: Told) -> list[tuple[str, float]]:
    """By how much the shares differ of what both told."""
    known = dict(before)
    return [(name, share - known[name]) for name, share in after if name in known][:_LINES]


def _points(change: float) -> str:
    return f"{100 * change:+.1f}".replace("-", "\N{MINUS SIGN}")


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"


def _note(class_name: str, has_before: bool, change: Heat | None) -> str:
    text = f"Where it looked for “{class_name}”: bright places speak for the class most."
    if change is not None and np.abs(change).max() < _HARDLY:
        return f"{text} The adapter changed hardly anything in that."
    if change is not None:
        return f"{text} On the right orange is more than before, blue is less."
    if not has_before:
        return f"{text} The network itself does not know the class, so there is no map before."
    return text
