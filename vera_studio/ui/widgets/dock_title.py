"""The title of a dock, with buttons that light and dark show alike."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from vera_studio.ui.icons import icon

_ICON = 14  # pixels


class DockTitle(QWidget):
    """Stands in for the title that the style draws, whose pictures are for a light ground only."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        name, text = dock.objectName(), dock.windowTitle()
        self.float_button = _button(f"{name}_float", "float")
        self.float_button.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self.close_button = _button(f"{name}_close", "close")
        self.close_button.setAccessibleName(f"Close {text}")
        self.close_button.setToolTip(f"Close {text}; the menu View opens it again")
        self.close_button.clicked.connect(dock.close)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 2, 4, 2)
        row.setSpacing(2)
        row.addWidget(QLabel(text))
        row.addStretch()
        row.addWidget(self.float_button)
        row.addWidget(self.close_button)
        dock.topLevelChanged.connect(self._follow)
        self._follow(dock.isFloating())

    def _follow(self, floating: bool) -> None:
        text = self._dock.windowTitle()
        name = f"Dock {text}" if floating else f"Float {text}"
        self.float_button.setAccessibleName(name)
        where = "Put it back into the window" if floating else "Have it as a window of its own"
        self.float_button.setToolTip(where)


def _button(name: str, icon_name: str) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setObjectName(name)
    button.setIcon(icon(icon_name))
    button.setIconSize(QSize(_ICON, _ICON))
    return button
