"""The set-up stands beside the rooms where it is of use."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDockWidget

from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.window.rooms import Rooms, room_of

_BESIDE = ("images", "train")
_ALONE = ("label",)  # pages there that need all the room, and set nothing up
_ELSEWHERE = "The set-up stands beside Images and Train."


class SetupBeside(QObject):
    """Takes the dock away in other rooms, and puts it back unless the user closed it."""

    def __init__(self, dock: QDockWidget, rooms: Rooms) -> None:
        super().__init__(dock)
        self._dock, self._rooms = dock, rooms
        self._is_beside = True
        self._is_wanted = True
        # Away before a page without it comes, and back after one with it has come: both side by
        # side would need more room than a small screen has, and the window would grow for good.
        rooms.page_changing.connect(self._leave)
        rooms.page_changed.connect(self._follow)

    @property
    def is_wanted(self) -> bool:
        """Whether the user has the set-up shown, where it stands."""
        return not self._dock.isHidden() if self._is_beside else self._is_wanted

    def restore(self, is_wanted: bool) -> None:
        """Have it shown, or not, as the last time."""
        self._is_wanted = is_wanted
        self._dock.setVisible(is_wanted and self._is_beside)

    def _leave(self, page: str) -> None:
        if not _is_beside(page):
            self._follow(page)

    def _follow(self, page: str) -> None:
        is_beside = _is_beside(page)
        if is_beside == self._is_beside:
            return
        self._is_wanted = self.is_wanted
        self._is_beside = is_beside
        self._dock.setVisible(self._is_wanted and is_beside)
        allow(self._dock.toggleViewAction(), "" if is_beside else _ELSEWHERE)


def _is_beside(page: str) -> bool:
    return room_of(page).name in _BESIDE and page not in _ALONE
