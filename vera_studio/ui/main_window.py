"""The window: menus, docks, pages, dialogs and closing."""

import dataclasses
import os
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QMessageBox,
    QTabWidget,
    QWidget,
)

from vera_studio import environment
from vera_studio.recipe import DataSource
from vera_studio.ui import help_texts
from vera_studio.ui.actions import make_actions
from vera_studio.ui.error_reporter import ErrorReporter
from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import cifar10_is_downloaded
from vera_studio.ui.menus import RecentMenu, build_menus
from vera_studio.ui.pages.activity_page import ActivityPage
from vera_studio.ui.pages.comparison.page import ComparisonPage
from vera_studio.ui.pages.data_page import DataPage
from vera_studio.ui.pages.parameters_page import ParametersPage
from vera_studio.ui.pages.results_page import ResultsPage
from vera_studio.ui.pages.setup.panel import SetupPanel
from vera_studio.ui.pages.training_page import TrainingPage
from vera_studio.ui.recent_paths import RecentPaths
from vera_studio.ui.run_control import RunState
from vera_studio.ui.status_bar import StatusBar
from vera_studio.ui.studio import Studio

_WEIGHTS_FILTER = "Weights (*.safetensors *.pt *.pth)"
_ADAPTER_FILTER = "Adapters (*.safetensors)"
_RECIPE_FILTER = "Recipes (*.toml)"
_CLOSING_MILLISECONDS = 20_000
_STATE_VERSION = 1  # of the docks' arrangement; raise it when docks come or go


class MainWindow(QMainWindow):
    """The studio's one window."""

    def __init__(self, studio: Studio, settings: QSettings, reporter: ErrorReporter) -> None:
        super().__init__()
        self.studio = studio
        studio.setParent(self)
        self._settings = settings
        self._recent = RecentPaths(settings)
        self._close_after_run = False
        self._run_state = RunState.IDLE
        self.setObjectName("main_window")
        self.setWindowTitle("VeRA Studio")
        self.setAcceptDrops(True)
        self.actions_by_name = make_actions(self)
        self._build_pages()
        self._build_docks()
        self.setStatusBar(StatusBar(studio))
        self._build_menus()
        self._connect_actions()
        studio.failed.connect(partial(reporter.show, self))
        studio.path_opened.connect(self._recent.add)
        studio.run.state_changed.connect(self._follow_run)
        studio.run.failed.connect(self._stay_open)
        for signal in (
            studio.busy_changed,
            studio.run.state_changed,
            studio.comparison.state_changed,
            studio.workspace.recipe_changed,
            studio.workspace.adapter_changed,
            studio.workspace.data_changed,
        ):
            signal.connect(self._enable_actions)
        self._enable_actions()
        self._restore()

    # Building

    def _build_pages(self) -> None:
        self.pages = QTabWidget(documentMode=True)
        self.pages.setObjectName("pages")
        self.pages.setAccessibleName("Pages")
        self.data_page = DataPage(self.studio)
        self.training_page = TrainingPage(self.studio)
        self.results_page = ResultsPage(self.studio.workspace, self.actions_by_name)
        self.comparison_page = ComparisonPage(self.studio)
        self.parameters_page = ParametersPage(self.studio)
        for page, name, text in (
            (self.data_page, "data", "Images"),
            (self.training_page, "training", "Training"),
            (self.results_page, "results", "Results"),
            (self.comparison_page, "compare", "Compare"),
            (self.parameters_page, "parameters", "Parameters"),
        ):
            self.pages.addTab(page, icon(name), text)
        self.setCentralWidget(self.pages)
        self.data_page.folder_requested.connect(self.ask_folder)
        self.data_page.sample_requested.connect(self.use_sample)
        self.data_page.cifar10_requested.connect(self.use_cifar10)

    def _build_docks(self) -> None:
        self.setup_panel = SetupPanel(self.studio.workspace, self.actions_by_name)
        self.setup_panel.open_model_requested.connect(self.ask_model)
        self.setup_panel.source_requested.connect(self._use_source)
        self.setup_panel.remove_adapter_requested.connect(self.studio.remove_adapter)
        self.activity_page = ActivityPage(self.studio)
        left, bottom = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        self._add_dock("Setup", "setup", self.setup_panel, left)
        self._add_dock("Activity", "activity", self.activity_page, bottom).hide()
        # The set-up panel is tall: it keeps the corner that the activity would take.
        self.setCorner(Qt.Corner.BottomLeftCorner, left)

    def _add_dock(
        self, title: str, name: str, widget: QWidget, area: Qt.DockWidgetArea
    ) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock_{name}")
        dock.setWidget(widget)
        dock.toggleViewAction().setIcon(icon(name))
        self.addDockWidget(area, dock)
        return dock

    def _build_menus(self) -> None:
        self._recent_menu = recent = RecentMenu(self._recent, self)
        recent.path_chosen.connect(self.studio.open_path)
        pages = [self._page_action(row) for row in range(self.pages.count())]
        build_menus(self, self.actions_by_name, recent, pages, self._settings)

    def _page_action(self, row: int) -> QAction:
        action = QAction(self.pages.tabIcon(row), self.pages.tabText(row), self)
        action.setObjectName(f"action_page_{row + 1}")
        action.setShortcut(QKeySequence(f"Ctrl+{row + 1}"))
        action.setStatusTip(f"Show the page {self.pages.tabText(row)}")
        action.triggered.connect(partial(self.pages.setCurrentIndex, row))
        return action

    def _connect_actions(self) -> None:
        studio = self.studio
        slots = {
            "open_model": self.ask_model,
            "pretrained_model": lambda: studio.open_model(""),
            "open_folder": self.ask_folder,
            "use_sample": self.use_sample,
            "use_cifar10": self.use_cifar10,
            "open_recipe": self.ask_recipe,
            "save_recipe": self.ask_save_recipe,
            "import_adapter": self.ask_import,
            "export_adapter": self.ask_export,
            "remove_adapter": studio.remove_adapter,
            "quit": self.close,
            "start": studio.start_run,
            "pause": self._pause_or_resume,
            "stop": studio.stop,
            "compare": lambda: self.pages.setCurrentWidget(self.comparison_page),
            "open_runs": lambda: _open_folder(environment.runs_folder()),
            "full_screen": self._toggle_full_screen,
            "open_log": lambda: _open_folder(environment.log_file().parent),
            "help": lambda: help_texts.show_getting_started(self),
            "about": lambda: help_texts.show_about(self),
        }
        for name, slot in slots.items():
            # triggered carries whether the action is checked, which no slot here wants.
            self.actions_by_name[name].triggered.connect(lambda _=False, slot=slot: slot())

    # What the user asks for

    def ask_model(self) -> None:
        """Let the user choose a file of weights."""
        if path := self._ask_open("Open Model", _WEIGHTS_FILTER):
            self.studio.open_model(str(path))

    def ask_folder(self) -> None:
        """Let the user choose a folder of images."""
        folder = QFileDialog.getExistingDirectory(self, "Open Image Folder", self._last_folder())
        if folder:
            self._settings.setValue("last_folder", str(Path(folder).parent))
            self.studio.open_folder(Path(folder))

    def use_sample(self) -> None:
        """Open the built-in sample."""
        self._open_built_in("sample")

    def use_cifar10(self) -> None:
        """Open CIFAR-10; download it first, on the page that shows how far that is."""
        if cifar10_is_downloaded():
            self._open_built_in("cifar10")
        else:
            self.pages.setCurrentWidget(self.data_page)
            self.data_page.offer_download()

    def _open_built_in(self, source: DataSource) -> None:
        settings = self.studio.workspace.recipe.data
        self.studio.open_data(dataclasses.replace(settings, source=source, folder=""))

    def ask_recipe(self) -> None:
        """Let the user choose a recipe."""
        if path := self._ask_open("Open Recipe", _RECIPE_FILTER):
            self.studio.open_recipe(path)

    def ask_save_recipe(self) -> None:
        """Let the user choose where the recipe goes."""
        if path := self._ask_save("Save Recipe", "recipe.toml", _RECIPE_FILTER):
            self.studio.save_recipe(path)

    def ask_import(self) -> None:
        """Let the user choose an adapter."""
        if path := self._ask_open("Import Adapter", _ADAPTER_FILTER):
            self.studio.import_adapter(path)

    def ask_export(self) -> None:
        """Let the user choose where the adapter goes."""
        if path := self._ask_save("Export Adapter", "adapter.safetensors", _ADAPTER_FILTER):
            self.studio.export_adapter(path)

    def _use_source(self, source: str) -> None:
        {"sample": self.use_sample, "cifar10": self.use_cifar10, "folder": self.ask_folder}[
            source
        ]()

    def _pause_or_resume(self) -> None:
        if self.studio.run.state is RunState.PAUSED:
            self.studio.run.resume()
        else:
            self.studio.run.pause()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _ask_open(self, title: str, name_filter: str) -> Path | None:
        path, _ = QFileDialog.getOpenFileName(self, title, self._last_folder(), name_filter)
        return self._remember_folder(path)

    def _ask_save(self, title: str, name: str, name_filter: str) -> Path | None:
        start = str(Path(self._last_folder()) / name)
        path, _ = QFileDialog.getSaveFileName(self, title, start, name_filter)
        if path and not Path(path).suffix:
            path += Path(name).suffix
        return self._remember_folder(path)

    def _last_folder(self) -> str:
        return str(self._settings.value("last_folder", str(Path.home())))

    def _remember_folder(self, path: str) -> Path | None:
        if not path:
            return None
        self._settings.setValue("last_folder", str(Path(path).parent))
        return Path(path)

    # Following the studio

    def _enable_actions(self, _: object = None) -> None:
        studio, workspace = self.studio, self.studio.workspace
        free = studio.is_free
        found = workspace.problems()
        enabled = {
            "start": free and not found,
            "pause": studio.run.state in (RunState.RUNNING, RunState.PAUSED),
            "stop": studio.run.state in (RunState.RUNNING, RunState.PAUSED)
            or studio.comparison.can_stop,
            "export_adapter": workspace.adapter is not None,
            "remove_adapter": free and workspace.adapter is not None,
            **dict.fromkeys(("open_model", "pretrained_model", "open_recipe"), free),
            **dict.fromkeys(("open_folder", "use_sample", "use_cifar10"), free),
            "import_adapter": free,
        }
        for name, on in enabled.items():
            self.actions_by_name[name].setEnabled(on)
        self._recent_menu.setEnabled(free)
        self.setup_panel.set_editable(free)
        self.data_page.set_editable(free)
        self.setup_panel.show_problem("\n".join(found) if free else "")

    def _follow_run(self, state: RunState) -> None:
        paused = state is RunState.PAUSED
        pause = self.actions_by_name["pause"]
        pause.setText("&Resume" if paused else "&Pause")
        pause.setIcon(icon("resume" if paused else "pause"))
        if state is RunState.RUNNING and self._run_state is RunState.IDLE:
            self.pages.setCurrentWidget(self.training_page)
        self._run_state = state
        if state is RunState.IDLE and self._close_after_run:
            self.close()

    def _stay_open(self, _: Exception) -> None:
        """Stay, to show why the run that was to be saved was not."""
        self._close_after_run = False

    # Drag and drop, closing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_path(event) and self.actions_by_name["import_adapter"].isEnabled():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped_path(event)
        if path:
            event.acceptProposedAction()
            self.studio.open_path(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.studio.run.state is not RunState.IDLE:
            event.ignore()
            if self.studio.run.state is RunState.STOPPING:
                self._close_after_run = True
            else:
                self._ask_about_run()
            return
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("docks", self.saveState(_STATE_VERSION))
        self._settings.sync()
        self.hide()
        self.studio.runner.cancel_all()
        if not self.studio.runner.wait(_CLOSING_MILLISECONDS):
            # An import of torch or a read that hangs cannot be broken off, and Qt aborts where
            # a thread outlives the application. Nothing is left to be saved.
            os._exit(0)
        event.accept()

    def _ask_about_run(self) -> None:
        """Ask what becomes of the run; the window closes once the run has ended."""
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "A run is going",
            "A run is going. What should become of it?",
            parent=self,
        )
        box.setObjectName("closing_question")
        box.setInformativeText("Stop and save keeps the adapter of the best epoch so far.")
        save = box.addButton("Stop and save", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton("Keep running", QMessageBox.ButtonRole.RejectRole)
        for button, tip in (
            (save, "End the run, keep the best epoch's adapter, then close"),
            (discard, "End the run, delete its folder, then close"),
            (keep, "Let the run go on and stay open"),
        ):
            button.setObjectName(f"closing_{button.text().split()[0].lower()}")
            button.setToolTip(tip)
        box.setDefaultButton(save)
        box.setEscapeButton(keep)
        box.exec()
        if box.clickedButton() is keep:
            return
        self._close_after_run = True
        if self.studio.run.state is RunState.IDLE:  # it ended while the question was open
            self.close()
        else:
            self.studio.run.stop(discard=box.clickedButton() is discard)

    def _restore(self) -> None:
        geometry, docks = self._settings.value("geometry"), self._settings.value("docks")
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            self.resize(1240, 760)
        if isinstance(docks, QByteArray):
            self.restoreState(docks, _STATE_VERSION)


def _dropped_path(event: QDropEvent) -> Path | None:
    """The one local file or folder that is dropped, if it is that."""
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None


def _open_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
