"""From one start to the next: the window comes back as it was left."""

from PySide6.QtCore import QByteArray, QObject, QTimer
from PySide6.QtWidgets import QMainWindow

from vera_studio.ui.state.session import Session, keep_session, mark_start, read_session
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.adapter_table import AdapterTable
from vera_studio.ui.widgets.file_dialogs import LastFolder
from vera_studio.ui.window.rooms import Rooms
from vera_studio.ui.window.setup_beside import SetupBeside

_KEEP_MILLISECONDS = 2000  # after the last change: a slider on its way is no draft yet
_STATE_VERSION = 2  # of the docks' arrangement; raise it when docks come or go
_WIDTH, _HEIGHT = 1240, 760  # the first time
# Pages as they were remembered, by their titles, before they stood in rooms.
_PAGES_BEFORE_ROOMS = {
    "Images": "data",
    "Training": "training",
    "Results": "results",
    "Adapters": "library",
    "Compare": "comparison",
    "Parameters": "parameters",
}


class Continuity(QObject):
    """Keeps what is open and shown in the settings, and brings it back."""

    def __init__(
        self,
        window: QMainWindow,
        studio: Studio,
        settings: Settings,
        rooms: Rooms,
        setup: SetupBeside,
        library: AdapterTable,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._studio = studio
        self._settings = settings
        self._rooms = rooms
        self._setup = setup
        self._library = library
        self._last = Session()
        studio.ready.connect(self._select)
        # A program that is killed closes no window.
        self._soon = QTimer(self, singleShot=True, interval=_KEEP_MILLISECONDS)
        self._soon.timeout.connect(self.keep)
        studio.workspace.recipe_changed.connect(self._keep_soon)
        last_folder = LastFolder.of_application()
        last_folder.path = settings.text("last_folder")
        last_folder.changed.connect(self._keep_folder)

    def mark_start(self) -> None:
        """Note that loading begins, so that what ends the program in it does so only once."""
        mark_start(self._settings, True)

    def restore(self) -> None:
        """Bring back place, docks, page and set-up; the rest follows when all is loaded."""
        geometry, docks = self._settings.data("geometry"), self._settings.data("docks")
        if not (geometry and self._window.restoreGeometry(QByteArray(geometry))):
            self._window.resize(_WIDTH, _HEIGHT)
        if docks:
            self._window.restoreState(QByteArray(docks), _STATE_VERSION)
        self._last = read_session(self._settings)
        if self._last.recipe is not None:
            self._studio.starting.bring_back(self._last.recipe)
        self._setup.restore(self._settings.text("setup_shown") != "no")
        page = _PAGES_BEFORE_ROOMS.get(self._last.page, self._last.page)
        self._rooms.show_page(page if page in self._rooms.pages else self._rooms.pages[0])

    def keep(self) -> None:
        """Remember how everything is now, as the window closes or has changed."""
        self._soon.stop()
        was_loaded = self._studio.is_ready
        session = Session(
            self._studio.workspace.recipe,
            self._rooms.page,
            tuple(self._library.selected) if was_loaded else self._last.selected,
        )
        keep_session(
            self._settings,
            session,
            setup_shown="yes" if self._setup.is_wanted else "no",
            geometry=bytes(self._window.saveGeometry().data()),
            docks=bytes(self._window.saveState(_STATE_VERSION).data()),
        )

    def _keep_soon(self, _: object = None) -> None:
        if self._studio.is_ready:
            self._soon.start()

    def _select(self) -> None:
        """Select the adapters that were selected, now that the library is read."""
        mark_start(self._settings, False)
        there = {str(entry.path) for entry in self._studio.shelf.entries}
        if selected := [key for key in self._last.selected if key in there]:
            self._library.select(selected)

    def _keep_folder(self, folder: str) -> None:
        self._settings.keep(last_folder=folder)
