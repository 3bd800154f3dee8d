"""The five rooms of the window, and the pages in each."""

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.room_rail import RoomRail
from vera_studio.ui.widgets.stand_out import make_stand_out


@dataclass(frozen=True)
class Page:
    """A place in a room: the name that code goes by, and what a person reads."""

    name: str
    title: str
    tip: str


@dataclass(frozen=True)
class Room:
    """Pages that belong together, in the order of their tabs."""

    name: str
    title: str
    icon: str
    tip: str
    pages: tuple[Page, ...]


ROOMS = (
    Room(
        "images",
        "Images",
        "image",
        "What there is to learn from: pictures, classes, what is wrong with them",
        (
            Page("data", "Images", "The images that are open, class by class"),
            Page("label", "Label", "Name many pictures at once, by what is seen in them"),
        ),
    ),
    Room(
        "train",
        "Train",
        "training",
        "Set up, start and watch a run",
        (
            Page("training", "Training", "The run: how far it is, losses and accuracies"),
            Page("queue", "Queue", "Runs that wait their turn"),
        ),
    ),
    Room(
        "understand",
        "Understand",
        "understand",
        "What a run came to: gains, mistakes, and what the adapter did",
        (
            Page("results", "Results", "The gain of every class"),
            Page("evaluate", "Evaluate", "Mistakes, mended and new, before against after"),
            Page("looked", "Where It Looked", "What in a picture decided"),
            Page("vera", "What VeRA Did", "The trained vectors and the change of each layer"),
            Page("parameters", "Parameters", "Every number of network and adapter"),
        ),
    ),
    Room(
        "adapters",
        "Adapters",
        "adapters",
        "What was trained so far: library, runs and comparisons",
        (
            Page("library", "Library", "Adapters: switched, compared, combined, exported"),
            Page("runs", "Runs", "Every run, with its figures"),
            Page("comparison", "Compare", "Methods and ranks side by side"),
        ),
    ),
    Room(
        "use",
        "Use",
        "use",
        "Put the classifier to work",
        (
            Page("try", "Try", "Pictures of your own, classified at once"),
            Page("classify", "Classify", "A folder of pictures, sorted into classes"),
            Page("take", "Take Along", "The classifier in files, for use elsewhere"),
        ),
    ),
)
_ROOM_OF = {page.name: room for room in ROOMS for page in room.pages}
_PAGE_OF = {page.name: page for room in ROOMS for page in room.pages}


def room_of(page: str) -> Room:
    """The room that the page called `page` is in.

    Raises:
        KeyError: no page has that name.
    """
    return _ROOM_OF[page]


def keys_of(room: Room) -> QKeySequence:
    """The keys that lead to `room`."""
    return QKeySequence(f"Ctrl+{ROOMS.index(room) + 1}")


class Rooms(QWidget):
    """One page at a time; above it the tabs of its room, what it is about, and the way forward.

    Rooms and pages appear once there is something in them. Each room comes back with the page
    that was left in it.

    Signals:
        page_changing(str): another page is about to be shown; its name.
        page_changed(str): another page is shown; its name.

    Attributes:
        rail: the rooms to choose from; has no place in this widget.
        subject: the line that says what the page is about.
        forward: the button that leads on.
        page: name of the page that is shown; empty before there is one.
    """

    page_changing = Signal(str)
    page_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rooms")
        self.page = ""
        self._widgets: dict[str, QWidget] = {}
        self._left: dict[str, str] = {}  # the page that was last shown, by room
        self.rail = RoomRail()
        self.rail.chosen.connect(self.show_room)
        for room in ROOMS:
            keys = keys_of(room).toString(QKeySequence.SequenceFormat.NativeText)
            tip = f"{room.tip} ({keys})"
            self.rail.add_room(room.name, room.title, icon(room.icon), tip)
        self.tabs = QTabBar(documentMode=True, drawBase=False, expanding=False)
        self.tabs.setObjectName("page_tabs")
        self.tabs.setAccessibleName("Pages of this room")
        self.tabs.setToolTip("Pages of this room")
        self.tabs.currentChanged.connect(self._follow_tab)
        self.subject = ElidedLabel()
        self.subject.setObjectName("room_subject")
        self.subject.setAccessibleName("What this page is about")
        self.subject.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.forward = QPushButton()
        make_stand_out(self.forward)
        self.forward.setObjectName("way_forward")
        self._stack = _Stack()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._header())
        line = QFrame(frameShape=QFrame.Shape.HLine)
        line.setForegroundRole(self.palette().ColorRole.Mid)
        column.addWidget(line)
        column.addWidget(self._stack, 1)

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(4, 3, 9, 3)
        row.setSpacing(10)
        row.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.subject, 1)
        row.addWidget(self.forward)
        return row

    @property
    def pages(self) -> list[str]:
        """The names of all pages that are there, room by room."""
        return [name for name in _PAGE_OF if name in self._widgets]

    @property
    def room(self) -> str:
        """The name of the room that the shown page is in."""
        return room_of(self.page).name if self.page else ""

    def add_page(self, name: str, widget: QWidget) -> None:
        """Give the page `name` of the table its widget.

        Raises:
            KeyError: no page has that name.
        """
        self.rail.allow_room(room_of(name).name)
        self._widgets[name] = widget
        self._stack.addWidget(widget)

    def show_page(self, name: str) -> None:
        """Go to the page called `name`.

        Raises:
            KeyError: there is no such page.
        """
        widget, room = self._widgets[name], room_of(name)
        self._left[room.name] = name
        if name == self.page:
            return
        if room.name != self.room:
            self._fill_tabs(room)
        self.page = name
        self.tabs.setCurrentIndex(self._pages_in(room).index(_PAGE_OF[name]))
        self.rail.set_room(room.name)
        self.page_changing.emit(name)
        self._stack.setCurrentWidget(widget)
        self.page_changed.emit(name)

    def show_room(self, name: str) -> None:
        """Go to the page that was last shown in the room called `name`."""
        room = next(room for room in ROOMS if room.name == name)
        if there := self._pages_in(room):
            self.show_page(self._left.get(name, there[0].name))

    def step(self, pages: int) -> None:
        """Go so many pages on in this room, or back, and from its last to its first."""
        there = self._pages_in(room_of(self.page))
        self.show_page(there[(there.index(_PAGE_OF[self.page]) + pages) % len(there)].name)

    def _pages_in(self, room: Room) -> list[Page]:
        return [page for page in room.pages if page.name in self._widgets]

    def _fill_tabs(self, room: Room) -> None:
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        for page in self._pages_in(room):
            row = self.tabs.addTab(page.title)
            self.tabs.setTabToolTip(row, page.tip)
            self.tabs.setTabData(row, page.name)
        self.tabs.blockSignals(False)
        self.tabs.setVisible(self.tabs.count() > 1)

    def _follow_tab(self, row: int) -> None:
        self.show_page(self.tabs.tabData(row))


class _Stack(QStackedWidget):
    """Needs the room that the page on top needs, whatever those below would."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pages")
        self.currentChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        widget = self.currentWidget()
        return widget.minimumSizeHint() if widget else super().minimumSizeHint()
