"""What stands in a strip of buttons over a table, and in the table's context menu."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton

from vera_studio.ui.icons import icon


@dataclass(frozen=True)
class StripEntry:
    """What can be done with what is selected in a table."""

    text: str
    tip: str
    icon: str
    shortcut: str = ""


def strip_action(name: str, entry: StripEntry, parent: QObject) -> QAction:
    """The action of an entry; its object name is `name` with "action_" before it."""
    action = QAction(icon(entry.icon), entry.text, parent)
    action.setObjectName(f"action_{name}")
    action.setStatusTip(entry.tip)
    action.setToolTip(f"{entry.tip} ({entry.shortcut})" if entry.shortcut else entry.tip)
    if entry.shortcut:
        action.setShortcut(QKeySequence(entry.shortcut))
        # On the table alone: a space, F2 or Del elsewhere means something else.
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    return action


def strip_button(action: QAction) -> QToolButton:
    """A flat button that does what `action` does."""
    button = QToolButton(autoRaise=True)
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setObjectName(action.objectName().removeprefix("action_") + "_button")
    button.setAccessibleName(action.text().removesuffix("…"))
    return button
