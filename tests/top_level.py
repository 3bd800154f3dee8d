"""The windows that are there, asked for safely."""

import gc


def top_level_widgets():
    """`QApplication.topLevelWidgets()` as a list of widgets that live.

    PySide makes a wrapper for each; should a collection of garbage set in meanwhile and delete a
    window that an earlier test left, the next wrapper is made for memory that is gone, and the
    process ends.
    """
    from PySide6.QtWidgets import QApplication

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return QApplication.topLevelWidgets()
    finally:
        if was_enabled:
            gc.enable()
