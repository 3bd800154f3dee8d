"""A tick box for each of several groups of things, in three states."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from vera_studio.ui.widgets.flow_layout import FlowLayout
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.wheel import ignore_wheel_when_unfocused


@dataclass(frozen=True)
class Group:
    """What one box ticks."""

    names: tuple[str, ...]
    tip: str
    reason: str = ""  # why it cannot be ticked


class GroupTicks(QWidget):
    """Ticked where all of a group is chosen, half where some of it is.

    Signals:
        toggled(object, bool): the names of a group, and whether they are to be chosen.
    """

    toggled = Signal(object, bool)

    def __init__(self, prefix: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._prefix = prefix  # of object names
        self._groups: Mapping[str, Group] = {}
        self._boxes: dict[str, QCheckBox] = {}
        self._flow = FlowLayout(self, spacing=10, line_spacing=4)
        self._chosen: frozenset[str] = frozenset()

    def boxes(self) -> list[QCheckBox]:
        """The boxes, in the order in which they stand."""
        return list(self._boxes.values())

    def set_groups(self, groups: Mapping[str, Group]) -> None:
        """Put these groups, by their titles, in the place of all others."""
        self._groups = groups
        if list(groups) != list(self._boxes):
            for box in self._boxes.values():
                box.hide()
                box.deleteLater()
            self._boxes = {title: self._make_box(title) for title in groups}
        for title, box in self._boxes.items():
            box.setToolTip(plain_tip(groups[title].tip))
            allow(box, groups[title].reason)
        self._take_height()
        self.set_chosen(self._chosen)

    def set_chosen(self, names: Collection[str]) -> None:
        """Show that these are chosen and no others."""
        self._chosen = frozenset(names)
        for title, group in self._groups.items():
            count = len(self._chosen.intersection(group.names))
            state = Qt.CheckState.PartiallyChecked if count else Qt.CheckState.Unchecked
            if count and count == len(group.names):
                state = Qt.CheckState.Checked
            self._boxes[title].setCheckState(state)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._take_height()

    def _take_height(self) -> None:
        # A form does not ask again how high its rows are at their width.
        self.setMinimumHeight(self._flow.heightForWidth(self.width()))

    def _make_box(self, title: str) -> QCheckBox:
        box = QCheckBox(title)
        box.setObjectName(f"{self._prefix}_{title.lower().replace(' ', '_')}")
        box.setAccessibleName(title)
        ignore_wheel_when_unfocused(box)
        box.clicked.connect(lambda: self._toggle(title))
        self._flow.addWidget(box)
        box.show()  # now: what is hidden has no place, and a layout would show it later
        return box

    def _toggle(self, title: str) -> None:
        names = self._groups[title].names
        is_on = self._chosen.issuperset(names)
        self.set_chosen(self._chosen)  # it shows what is chosen, not what was clicked
        self.toggled.emit(names, not is_on)
