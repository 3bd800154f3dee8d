"""The menu bar: which actions stand where."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from vera_studio.export_targets import EXPORT_TARGETS
from vera_studio.ui.icons import icon
from vera_studio.ui.state.adapter_names import MOST_IN_MENU, shortened
from vera_studio.ui.state.recent_paths import Recent, RecentPaths
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.theme import set_color_scheme
from vera_studio.ui.widgets.plain_text import plain_caption, plain_tip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.window.rooms import ROOMS, Rooms, keys_of

_FILE = (
    "open_network open_model pretrained_model | open_folder use_sample use_cifar10"
    " | open_recipe save_recipe | import_adapter import_peft EXPORT remove_adapter | RECENT | quit"
)
_EDIT = "undo_delete"
_RUN = "start pause stop | add_to_queue sweep | continue_run | compare | open_runs event_files"
_HELP = "help | image_cache | copy_diagnostics open_log about"
_SCHEMES = {"system": "Like the &System", "light": "&Light", "dark": "&Dark"}


class RecentMenu(QMenu):
    """The files and folders opened last.

    Signals:
        path_chosen(Path): one of them was chosen.
    """

    path_chosen = Signal(object)

    def __init__(self, recent: RecentPaths, parent: QWidget | None = None) -> None:
        super().__init__("Open &Recent", parent)
        self.setObjectName("menu_recent")
        self._recent = recent
        # Only then: looking for files takes long where a disk or a share does not answer.
        self.aboutToShow.connect(self.refresh)

    def refresh(self) -> None:
        """List what is remembered now."""
        self.clear()
        found = self._recent.all()
        for one in found:
            self._add(one)
        self.addSeparator()
        clear = self.addAction("&Clear List")
        clear.setObjectName("action_clear_recent")
        clear.triggered.connect(self._recent.clear)
        clear.setToolTip("Forget these files and folders")
        allow(clear, "" if found else "The list is empty.")

    def _add(self, one: Recent) -> None:
        action = self.addAction(plain_caption(_entry_text(one)))
        action.setToolTip(plain_tip(str(one.path)))
        action.setStatusTip(str(one.path))
        action.triggered.connect(lambda: self.path_chosen.emit(one.path))


def _entry_text(one: Recent) -> str:
    """Name, kind and folder, for names are often alike: "best.safetensors, adapter, in birds"."""
    text = f"{shortened(one.path.name or str(one.path), MOST_IN_MENU)}, {one.kind}"
    folder = one.path.parent.name
    return f"{text}, in {shortened(folder, MOST_IN_MENU)}" if folder else text


def build_menus(
    window: QMainWindow,
    actions: dict[str, QAction],
    recent: RecentMenu,
    rooms: Rooms,
    settings: Settings,
) -> None:
    """Fill the menu bar of `window`, whose docks are in place already."""
    bar = window.menuBar()
    recent.setToolTipsVisible(True)
    _fill(bar.addMenu("&File"), _FILE, actions, recent)
    _fill(bar.addMenu("&Edit"), _EDIT, actions, recent)
    _fill(bar.addMenu("&Run"), _RUN, actions, recent)
    view = bar.addMenu("&View")
    view.setToolTipsVisible(True)
    _add_places(view, rooms)
    for dock in window.findChildren(QDockWidget):
        view.addAction(dock.toggleViewAction())
    view.addSeparator()
    view.addMenu(_scheme_menu(view, settings))
    view.addAction(actions["full_screen"])
    _fill(bar.addMenu("&Help"), _HELP, actions, recent)


def _add_places(view: QMenu, rooms: Rooms) -> None:
    """The rooms, by Ctrl and their number, and every page."""
    titles = {page.name: page for room in ROOMS for page in room.pages}
    there = [room for room in ROOMS if any(page.name in rooms.pages for page in room.pages)]
    for room in there:
        action = view.addAction(icon(room.icon), room.title)
        action.setObjectName(f"action_room_{room.name}")
        action.setShortcut(keys_of(room))
        action.setStatusTip(room.tip)
        action.triggered.connect(partial(rooms.show_room, room.name))
    pages = view.addMenu("&Page")
    for room in there:
        pages.addSection(room.title)
        for name in (page.name for page in room.pages if page.name in rooms.pages):
            action = pages.addAction(titles[name].title)
            action.setObjectName(f"action_page_{name}")
            action.setStatusTip(titles[name].tip)
            action.triggered.connect(partial(rooms.show_page, name))
    pages.addSeparator()
    for text, keys, pages_on in (("&Next", "Ctrl+PgDown", 1), ("&Previous", "Ctrl+PgUp", -1)):
        action = pages.addAction(f"{text} Page of This Room")
        action.setObjectName(f"action_{text[1:].lower()}_page")
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(partial(rooms.step, pages_on))
    view.addSeparator()


def _fill(menu: QMenu, names: str, actions: dict[str, QAction], recent: RecentMenu) -> None:
    menu.setToolTipsVisible(True)
    for name in names.split():
        if name == "|":
            menu.addSeparator()
        elif name == "RECENT":
            menu.addMenu(recent)
        elif name == "EXPORT":
            menu.addMenu(export_menu(menu, actions))
        else:
            menu.addAction(actions[name])


def export_menu(parent: QWidget, actions: dict[str, QAction]) -> QMenu:
    """The forms in which an adapter can be exported."""
    menu = QMenu(export_title(""), parent)
    menu.setObjectName("menu_export")
    menu.setIcon(icon("export"))
    menu.setToolTipsVisible(True)
    for target, form in EXPORT_TARGETS.items():
        if form.begins_group:
            menu.addSeparator()
        menu.addAction(actions[f"export_{target}"])
    return menu


def export_title(name: str) -> str:
    """The title of that menu for the adapter called `name`, or empty for none."""
    return f"&Export {plain_caption(shortened(name, MOST_IN_MENU)) or 'Adapter'} As"


def _scheme_menu(parent: QWidget, settings: Settings) -> QMenu:
    """Light, dark, or as the system has it; remembered."""
    menu = QMenu("&Appearance", parent)
    group = QActionGroup(menu)
    present = settings.text("color_scheme", "system")

    def choose(scheme: str) -> None:
        settings.keep(color_scheme=scheme)
        set_color_scheme(scheme)

    for scheme, text in _SCHEMES.items():
        action = group.addAction(text)
        action.setObjectName(f"action_scheme_{scheme}")
        action.setCheckable(True)
        action.setChecked(scheme == present)
        action.triggered.connect(lambda _=False, scheme=scheme: choose(scheme))
        menu.addAction(action)
    return menu
