"""Whether runs of the window write files for TensorBoard too: an entry of the menu, remembered."""

import importlib.util

from PySide6.QtGui import QAction

from vera_studio.ui.state.run_control import RunControl
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.widgets.reasons import allow

_MISSING = "That needs the package tensorboard: pip install 'vera-studio[tensorboard]'."


def bind_event_files(action: QAction, run: RunControl, settings: Settings) -> None:
    """Have `action` say what `run` does from its next start on."""
    is_there = importlib.util.find_spec("tensorboard") is not None
    action.setCheckable(True)
    action.setChecked(is_there and settings.text("event_files") == "yes")
    run.writes_event_files = action.isChecked()
    allow(action, "" if is_there else _MISSING)

    def follow(on: bool) -> None:
        run.writes_event_files = on
        settings.keep(event_files="yes" if on else "")

    action.toggled.connect(follow)
