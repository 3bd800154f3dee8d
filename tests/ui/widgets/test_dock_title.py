import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from vera_studio.ui.widgets.dock_title import DockTitle


@pytest.fixture
def dock(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = QDockWidget("Setup", window)
    dock.setObjectName("dock_setup")
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    dock.setTitleBarWidget(DockTitle(dock))
    with qtbot.waitExposed(window):
        window.show()
    yield dock
    dock.setFloating(False)


def test_the_buttons_float_and_close(qtbot, dock):
    title = dock.titleBarWidget()
    qtbot.mouseClick(title.float_button, Qt.MouseButton.LeftButton)
    assert dock.isFloating()
    assert title.float_button.accessibleName() == "Dock Setup"
    qtbot.mouseClick(title.float_button, Qt.MouseButton.LeftButton)
    assert not dock.isFloating()
    qtbot.mouseClick(title.close_button, Qt.MouseButton.LeftButton)
    assert not dock.isVisible()


def test_the_buttons_say_what_they_do(dock):
    title = dock.titleBarWidget()
    for button in (title.float_button, title.close_button):
        assert button.objectName().startswith("dock_setup_")
        assert button.accessibleName()
        assert button.toolTip()
