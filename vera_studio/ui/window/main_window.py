"""The window: menus, docks, pages and closing."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QToolBar,
    QWidget,
)

from vera_studio import environment, files
from vera_studio.errors import StudioError
from vera_studio.export_targets import TARGETS
from vera_studio.ui.error_reporter import ErrorReporter
from vera_studio.ui.icons import icon
from vera_studio.ui.pages.activity_page import ActivityPage
from vera_studio.ui.pages.adapters.page import AdaptersPage
from vera_studio.ui.pages.classify.page import ClassifyPage
from vera_studio.ui.pages.comparison.page import ComparisonPage
from vera_studio.ui.pages.evaluation.page import EvaluationPage
from vera_studio.ui.pages.images.page import DataPage
from vera_studio.ui.pages.label.page import LabelPage
from vera_studio.ui.pages.looked_page import LookedPage
from vera_studio.ui.pages.parameters_page import ParametersPage
from vera_studio.ui.pages.queue.page import QueuePage
from vera_studio.ui.pages.results_page import ResultsPage
from vera_studio.ui.pages.runs.page import RunsPage
from vera_studio.ui.pages.setup.panel import SetupPanel
from vera_studio.ui.pages.take_page import TakePage
from vera_studio.ui.pages.training_page import TrainingPage
from vera_studio.ui.pages.try_images.page import TryPage
from vera_studio.ui.pages.vera_page import VeraPage
from vera_studio.ui.state.proposal import Proposal
from vera_studio.ui.state.recent_paths import RecentPaths
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.settings import Settings
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.dock_title import DockTitle
from vera_studio.ui.widgets.dropped import dropped_path
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.window import help_texts
from vera_studio.ui.window.action_states import ActionStates
from vera_studio.ui.window.actions import make_actions
from vera_studio.ui.window.asking import Asking
from vera_studio.ui.window.closing import Closing
from vera_studio.ui.window.continuing import Continuing
from vera_studio.ui.window.continuity import Continuity
from vera_studio.ui.window.diagnostics import diagnostics
from vera_studio.ui.window.event_file_choice import bind_event_files
from vera_studio.ui.window.menus import RecentMenu, build_menus
from vera_studio.ui.window.room_guide import RoomGuide
from vera_studio.ui.window.rooms import Rooms
from vera_studio.ui.window.run_reports import RunReports
from vera_studio.ui.window.saving_elsewhere import SavingElsewhere
from vera_studio.ui.window.setup_beside import SetupBeside
from vera_studio.ui.window.status_bar import StatusBar
from vera_studio.ui.window.visiting_runs import VisitingRuns

_TITLE = "VeRA Studio"
_LEAST_SIZE = 720, 500  # pixels; pages with more on them ask for more


class MainWindow(QMainWindow):
    """The studio's one window."""

    def __init__(self, studio: Studio, settings: Settings, reporter: ErrorReporter) -> None:
        super().__init__()
        self.studio = studio
        studio.setParent(self)
        self._settings = settings
        self._recent = RecentPaths(settings)
        self._run_state = RunState.IDLE
        self.setObjectName("main_window")
        self.setWindowTitle(_TITLE)
        self.setAcceptDrops(True)
        self.setMinimumSize(*_LEAST_SIZE)
        self.actions_by_name = make_actions(self)
        self.asking = Asking(studio, self)
        self.asking.download_offered.connect(self._offer_download)
        self._build_pages()
        self._build_docks()
        studio.activities.listed.connect(self._show_title)
        studio.activities.told.connect(self._show_title)
        self.setStatusBar(StatusBar(studio))
        self._continuing = Continuing(studio, settings, self)
        self._visit_runs()
        self._build_menus()
        self._connect_actions()
        bind_event_files(self.actions_by_name["event_files"], studio.run, settings)
        studio.failed.connect(SavingElsewhere(studio, reporter, self).show)
        studio.path_opened.connect(self._recent.add)
        studio.run.state_changed.connect(self._follow_run)
        self.closing = Closing(studio, self)
        self.closing.may_lose = partial(self.label_page.may_lose, "Close")
        states = ActionStates(studio, self.actions_by_name, self)
        states.allowed.connect(self._allow_widgets)
        states.show_all()
        library = self.adapters_page.table
        self._continuity = Continuity(
            self, studio, settings, self.rooms, self.setup_beside, library
        )
        self._continuity.restore()

    # Building

    def _build_pages(self) -> None:
        studio = self.studio
        self.data_page = DataPage(studio)
        self.training_page = TrainingPage(studio)
        self.queue_page = QueuePage(studio)
        self.results_page = ResultsPage(studio.workspace, self.actions_by_name)
        self.evaluation_page = EvaluationPage(studio)
        self.adapters_page = AdaptersPage(studio, self.actions_by_name)
        self.comparison_page = ComparisonPage(studio)
        self.try_page = TryPage(studio)
        self.runs_page = RunsPage(studio)
        self.looked_page = LookedPage(studio)
        self.vera_page = VeraPage(studio)
        self.parameters_page = ParametersPage(studio)
        self.label_page = LabelPage(studio)
        self.classify_page = ClassifyPage(studio)
        pages = {
            "data": self.data_page,
            "label": self.label_page,
            "training": self.training_page,
            "queue": self.queue_page,
            "results": self.results_page,
            "evaluate": self.evaluation_page,
            "looked": self.looked_page,
            "vera": self.vera_page,
            "parameters": self.parameters_page,
            "library": self.adapters_page,
            "runs": self.runs_page,
            "comparison": self.comparison_page,
            "try": self.try_page,
            "classify": self.classify_page,
            "take": TakePage(studio, self.actions_by_name),
        }
        self.rooms = Rooms()
        for name, page in pages.items():
            self.rooms.add_page(name, page)
        self.setCentralWidget(self.rooms)
        self._add_rail()
        self.queue_page.results_requested.connect(partial(self.rooms.show_page, "results"))
        self.adapters_page.export_requested.connect(self.asking.ask_export)
        self.results_page.export_requested.connect(self.asking.ask_export_of_run)
        self.results_page.layers_requested.connect(self._show_what_run_did)
        studio.look_requested.connect(self._show_where_it_looks)
        self.adapters_page.folder_requested.connect(self._open_folder)
        self.data_page.folder_requested.connect(self.asking.ask_folder)
        self.data_page.network_requested.connect(self.asking.ask_network)
        self.studio.folders.proposal_changed.connect(self._show_proposal)
        self.studio.folders.use_wanted.connect(self._use_unsorted)
        self.data_page.sample_requested.connect(partial(self.asking.use_source, "sample"))
        self.data_page.cifar10_requested.connect(partial(self.asking.use_source, "cifar10"))

    def _visit_runs(self) -> None:
        reports = RunReports(self.studio, self)
        self.results_page.report_requested.connect(reports.ask)
        VisitingRuns(
            *(self.studio, self.rooms, self.runs_page, self.comparison_page),
            *(self._continuing, reports, self._open_folder),
        )

    def _show_what_run_did(self) -> None:
        """Put the adapter of the run that is shown on, which may be one of the past."""
        result = self.studio.workspace.result
        if result is not None and not self.studio.obstacle:
            self.studio.adapters.put_run_on(result)
        self.rooms.show_page("vera")

    def _show_where_it_looks(self, picture: object) -> None:
        self.looked_page.show_picture(picture)
        self.rooms.show_page("looked")

    def _add_rail(self) -> None:
        bar = QToolBar("Rooms", self, movable=False, floatable=False)
        bar.setObjectName("rooms_bar")
        bar.addWidget(self.rooms.rail)
        bar.toggleViewAction().setVisible(False)  # it is always there
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)

    def _build_docks(self) -> None:
        self.setup_panel = SetupPanel(
            self.studio.workspace, self.studio.runner, self.actions_by_name
        )
        self.setup_panel.failed.connect(self.studio.failed)
        self.setup_panel.open_network_requested.connect(self.asking.ask_network)
        self.setup_panel.images_requested.connect(partial(self.rooms.show_page, "data"))
        self.setup_panel.source_requested.connect(self.asking.use_source)
        self.setup_panel.remove_adapter_requested.connect(self.studio.adapters.switch_off)
        self.activity_page = ActivityPage(self.studio)
        left, bottom = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        setup = self._add_dock("Setup", "setup", self.setup_panel, left)
        self.setup_beside = SetupBeside(setup, self.rooms)
        self._guide_through_rooms(setup)
        self._add_dock("Activity", "activity", self.activity_page, bottom).hide()
        # The set-up panel is tall: it keeps the corner that the activity would take.
        self.setCorner(Qt.Corner.BottomLeftCorner, left)

    def _guide_through_rooms(self, setup: QDockWidget) -> None:
        start, button = self.actions_by_name["start"], self.setup_panel.start_button
        guide = RoomGuide(self.studio, self.rooms, start, button, setup.visibilityChanged)
        self.evaluation_page.about_changed.connect(partial(guide.tell_about, "evaluate"))

    def _add_dock(
        self, title: str, name: str, widget: QWidget, area: Qt.DockWidgetArea
    ) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock_{name}")
        dock.setWidget(widget)
        dock.setTitleBarWidget(DockTitle(dock))
        dock.toggleViewAction().setIcon(icon(name))
        self.addDockWidget(area, dock)
        return dock

    def _build_menus(self) -> None:
        self._recent_menu = recent = RecentMenu(self._recent, self)
        recent.path_chosen.connect(self.studio.open_path)
        build_menus(self, self.actions_by_name, recent, self.rooms, self._settings)

    def _connect_actions(self) -> None:
        studio, asking = self.studio, self.asking
        slots = {
            "open_network": asking.ask_network,
            "open_model": asking.ask_model,
            "pretrained_model": asking.use_pretrained,
            "open_folder": asking.ask_folder,
            "use_sample": lambda: asking.use_source("sample"),
            "use_cifar10": lambda: asking.use_source("cifar10"),
            "open_recipe": asking.ask_recipe,
            "save_recipe": asking.ask_save_recipe,
            "import_adapter": asking.ask_import,
            "import_peft": asking.ask_import_peft,
            **{f"export_{target}": partial(asking.ask_export, target) for target in TARGETS},
            "remove_adapter": studio.adapters.switch_off,
            "undo_delete": studio.shelf.undo_delete,
            "quit": self.close,
            "start": studio.start_run,
            "pause": studio.pause_or_resume,
            "add_to_queue": studio.queue_run,
            "sweep": self.queue_page.ask_sweep,
            "stop": studio.stop,
            "continue_run": self._continuing.ask,
            "compare": partial(self.rooms.show_page, "comparison"),
            "open_runs": lambda: self._open_folder(environment.runs_folder()),
            "full_screen": self._toggle_full_screen,
            "image_cache": asking.show_image_cache,
            "open_log": lambda: self._open_folder(environment.log_file().parent),
            "help": lambda: help_texts.show_getting_started(self),
            "copy_diagnostics": self._copy_diagnostics,
            "about": lambda: help_texts.show_about(self, studio.workspace.devices),
        }
        for name, slot in slots.items():
            # triggered carries whether the action is checked, which no slot here wants.
            self.actions_by_name[name].triggered.connect(lambda _=False, slot=slot: slot())

    # What the user asks for

    def _show_proposal(self, proposal: Proposal | None) -> None:
        if proposal is not None:
            self.rooms.show_page("data")

    def _use_unsorted(self, how: str, folder: Path) -> None:
        self.rooms.show_page(how)
        if how == "label":
            self.label_page.look_through(folder)
        else:
            self.classify_page.control.start(folder)

    def _offer_download(self) -> None:
        self.rooms.show_page("data")
        self.data_page.offer_download()

    def _open_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            told = f"Cannot open the folder {folder}: {files.reason(error)}."
            self.studio.failed.emit(StudioError(told))
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _copy_diagnostics(self) -> None:
        QGuiApplication.clipboard().setText(diagnostics(self.studio))
        self.studio.message.emit("Copied the diagnostics to the clipboard.")

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    # Following the studio

    def _allow_widgets(self, busy: str, problems: str) -> None:
        allow(self._recent_menu.menuAction(), busy)
        self.setup_panel.set_editable(busy)
        self.data_page.set_editable(busy)
        self.setup_panel.show_problem("" if busy else problems)

    def _follow_run(self, state: RunState) -> None:
        is_awaited = self.studio.queue.going is None  # else one may be looking at something else
        if is_awaited and state is RunState.RUNNING and self._run_state is RunState.IDLE:
            self.rooms.show_page("training")
        self._run_state = state

    def _show_title(self, _: object = None) -> None:
        """Have the title tell of the run, for a look at the task bar from another program."""
        title = f"{self.studio.activities.title} \N{EN DASH} {_TITLE}".removeprefix(" \N{EN DASH} ")
        if title != self.windowTitle():
            self.setWindowTitle(title)

    # Drag and drop, closing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        is_free = self.actions_by_name["import_adapter"].isEnabled()
        if self.try_page.takes(event.mimeData()) or (dropped_path(event) and is_free):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_path(event)
        if self.try_page.takes(event.mimeData()):
            event.acceptProposedAction()
            self.rooms.show_page("try")
            self.try_page.take(event.mimeData())
        elif path:
            event.acceptProposedAction()
            self.studio.open_path(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.closing.may_close():
            event.ignore()
            return
        self._continuity.keep()
        self.hide()
        self.closing.end_jobs()
        event.accept()

    # From one start to the next

    def come_to_front(self, path: Path | None = None) -> None:
        """Show the window to the user, and open a file or folder in it."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        if path is not None:
            self.studio.open_path(path)

    def load(self) -> None:
        """Have the studio load all it needs, for a window that is on screen."""
        self._continuity.mark_start()
        self.studio.load()
