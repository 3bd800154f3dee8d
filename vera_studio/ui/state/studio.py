"""What the user can do: each action of the window, done on the workspace by the runner."""

import dataclasses
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from vera_studio import environment, recipe_file
from vera_studio import recipe as recipes
from vera_studio.errors import NotHereError, StudioError
from vera_studio.recipe import DataSettings, DataSource, ModelSettings
from vera_studio.runs.comparison_results import ComparisonSettings
from vera_studio.runs.events import RunResult
from vera_studio.runs.run_folder import load_result, new_run_folder
from vera_studio.runs.summary import headline, moved
from vera_studio.runs.sweep import title_of
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.jobs import runs as run_jobs
from vera_studio.ui.jobs import training as training_jobs
from vera_studio.ui.runner import Function, Runner
from vera_studio.ui.state.activities import Activities
from vera_studio.ui.state.adapter_control import AdapterControl
from vera_studio.ui.state.busy import BusyJobs
from vera_studio.ui.state.folder_opening import FolderOpening
from vera_studio.ui.state.measuring import Measuring
from vera_studio.ui.state.opening import Kind, kind_of
from vera_studio.ui.state.run_control import ComparisonControl, RunControl, RunState
from vera_studio.ui.state.run_queue import RunQueue
from vera_studio.ui.state.shelf import Shelf
from vera_studio.ui.state.starting import Starting
from vera_studio.ui.state.workspace import Workspace
from vera_studio.wording import files_skipped

_log = logging.getLogger(__name__)


class Studio(QObject):
    """Does what menus and pages ask for, one method an action.

    Signals:
        busy_changed(str): what is being worked on beside a run; empty for nothing.
        progress(Progress): how far that is.
        first_pictures(FirstPictures): of a folder that is being opened.
        ready(): torch is in, the network and the first images are open.
        message(str): something was done, in a sentence.
        failed(Exception): something was not done.
        download_failed(str): CIFAR-10 did not come; the reason.
        download_cancelled(): CIFAR-10 did not come, for the user broke it off.
        download_done(): CIFAR-10 has come.
        path_opened(Kind, Path): a file or folder of the user's was opened or written, and as what.
        classes_unnamed(): a file was opened of another number of classes than the network has;
            `name_classes` is to be called.
        look_requested(object): it is to be shown where the network looks in a picture: pixels as
            the network takes them, the path of a file, or the content of one.
        network_wanted(str, ModelSettings, callable): a file names a network whose weights have to
            be downloaded, the reason; if the user wants that, it is called once this is open.
    """

    busy_changed = Signal(str)
    progress = Signal(object)
    first_pictures = Signal(object)
    ready = Signal()
    message = Signal(str)
    failed = Signal(object)
    download_failed = Signal(str)
    download_cancelled = Signal()
    download_done = Signal()
    path_opened = Signal(str, object)
    classes_unnamed = Signal()
    look_requested = Signal(object)
    network_wanted = Signal(str, object, object)

    def __init__(self, workspace: Workspace, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.runner = runner
        self.activities = Activities(runner, self)
        self.run = RunControl(runner, self)
        self.run.finished.connect(self._run_finished)
        self.run.failed.connect(self._run_failed)
        self.run.message.connect(self.message)
        self.busy = BusyJobs(runner, self)
        self.busy.changed.connect(self.busy_changed)
        self.busy.progress.connect(self.progress)
        self.busy.first_pictures.connect(self.first_pictures)
        self.busy.failed.connect(self.failed)
        self.shelf = Shelf(self)
        self.adapters = AdapterControl(workspace, self.shelf, self.busy, self)
        self.adapters.path_opened.connect(self.path_opened)
        self.adapters.network_needed.connect(self._open_for)
        for part in (self.shelf, self.adapters):
            part.message.connect(self.message)
            part.failed.connect(self.failed)
        self.comparison = ComparisonControl(workspace, runner, self)
        self.comparison.failed.connect(self.failed)
        self.comparison.message.connect(self.message)
        self.folders = FolderOpening(self)
        self.measuring = Measuring(workspace, runner, self)
        self.measuring.failed.connect(self.failed)
        self.queue = RunQueue(self)
        self.queue.message.connect(self.message)
        self.queue.failed.connect(self.failed)
        self.is_ready = False
        self.starting = Starting(self)
        self._run_model: Any = None  # what the run is about that the user waits for
        self._run_recipe = workspace.recipe  # likewise
        self.failed.connect(lambda error: _log.warning("%s", error))
        for opened in (workspace.model_changed, workspace.data_changed):
            opened.connect(self.activities.forget_last)

    @property
    def is_free(self) -> bool:
        """Whether something else may be opened: all is loaded and nothing is going on."""
        return not self.obstacle

    @property
    def obstacle(self) -> str:
        """Why nothing else may be opened now, a sentence; empty when it may.

        A run has a network and images of its own, or shares what is never changed.
        """
        if self.comparison.is_going:
            return "Not while a comparison is going on."
        if self.busy.is_busy:
            return f"{self.busy.name}: wait until that is done."
        return "" if self.workspace.model is not None else "No network is open."

    @property
    def start_obstacle(self) -> str:
        """Why no run and no comparison may be started now, a sentence; empty when one may."""
        return "Not while a run is going on." if self.run.is_going else self.obstacle

    # Starting up

    def load(self) -> None:
        """Import the engine, then open the network and the images."""
        self.starting.load()

    def become_ready(self) -> None:
        """Tell that the network and the first images are open."""
        self.is_ready = True
        self.ready.emit()

    # Model and images

    def open_model(
        self,
        settings: ModelSettings,
        then: Callable[[], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        cancelled: Callable[[], None] = lambda: None,
        may_download: bool = True,
    ) -> None:
        """Open another network, and the images anew where those that are open do not fit it.

        Args:
            settings: which network, and whose weights.
            then: called when it is open, in place of opening images that fit it.
            failed: given the reason when it is not, which else is shown.
            cancelled: called when the user broke it off.
            may_download: whether weights that are not on this machine are fetched.
        """

        def opened(model: Any) -> None:
            self.workspace.set_model(model, settings)
            text = f"Opened the {model.kind.title}, {model.weights} weights."
            self._tell(" ".join((text, *model.notes)), "weights", settings.weights)
            if then:
                then()
            elif not _is_named(model, settings):
                self.classes_unnamed.emit()
            elif not self.folders.look_anew() and self.workspace.data is None:
                self.open_former_images()

        def broken_off() -> None:
            self.message.emit("Opening the network was cancelled.")
            cancelled()

        own = () if settings.weights else self.workspace.own_classes
        function = partial(opening_jobs.open_network, settings, own, may_download)
        self.busy.start(opening_jobs.OPEN_NETWORK, function, opened, failed, broken_off)

    def name_classes(self, names: tuple[str, ...]) -> None:
        """Call the classes of the network that is open so, in the order of its outputs."""
        model, settings = self.workspace.model, self.workspace.recipe.model
        if model is not None and names != model.class_names:
            renamed = dataclasses.replace(model, class_names=names)
            self.workspace.set_model(renamed, dataclasses.replace(settings, class_names=names))
        if self.workspace.data is None:
            self.open_former_images()

    def open_former_images(self) -> None:
        """Open the images of the draft for the present network, or else the sample."""
        settings = self.workspace.recipe.data
        sample = dataclasses.replace(settings, source="sample", folder="", classes="network")
        if settings.source != "folder":
            settings = dataclasses.replace(settings, classes="network")
        elif settings.classes == "own" and not self.workspace.own_classes:
            settings = dataclasses.replace(settings, classes="auto")

        def tell(_: Exception) -> None:
            self.message.emit("The sample does not fit this network; open images of its classes.")

        def open_sample() -> None:
            if settings != sample:
                self.open_data(sample, failed=tell)

        first = tell if settings == sample else self.failed.emit
        self.open_data(settings, otherwise=open_sample, failed=first)

    def open_data(
        self,
        settings: DataSettings,
        then: Callable[[], None] | None = None,
        otherwise: Callable[[], None] = lambda: None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Open other images; `then` is called when they are, `otherwise` when they are not.

        The network gets a last layer for their classes, or its own back, as `settings` say. The
        reason why they are not open is shown, or given to `failed`.
        """
        model = self.workspace.model

        def opened(found: opening_jobs.OpenedImages) -> None:
            data = found.data
            if found.model is not model:
                self.workspace.set_model(found.model, self.workspace.recipe.model)
            self.workspace.set_data(data, settings)
            images = len(data.train) + len(data.validation) + len(data.test)
            text = f"Opened {data.title}: {images:,} images."
            if data.skipped:
                text += f" {files_skipped(len(data.skipped))}; the page Images says why."
            self._tell(text, "images", settings.folder)
            if then:
                then()

        def not_opened(error: Exception) -> None:
            is_told = failed is None and isinstance(error, StudioError)
            if settings.source == "cifar10" and is_told:
                self.download_failed.emit(str(error))  # downloading it again is the way out
            else:
                (failed or self.failed.emit)(error)
            otherwise()

        def cancelled() -> None:
            self.message.emit("Opening the images was cancelled.")
            otherwise()

        if model is not None:
            function = partial(opening_jobs.open_data, settings, model)
            self.busy.start(opening_jobs.OPEN_IMAGES, function, opened, not_opened, cancelled)

    def open_folder(self, folder: Path) -> None:
        """Look at a folder of images; open it, or ask how."""
        self.folders.look(folder)

    def open_source(self, source: DataSource) -> None:
        """Open the sample or CIFAR-10, with the network's own classes where it knows theirs."""
        settings = self.workspace.recipe.data
        named = dataclasses.replace(settings, source=source, folder="", classes="auto")
        self.open_data(named)

    def download_cifar10(self) -> None:
        """Download CIFAR-10, then open it."""

        def downloaded(_: object) -> None:
            self.download_done.emit()
            self.open_source("cifar10")

        def not_downloaded(error: Exception) -> None:
            if isinstance(error, StudioError):
                self.download_failed.emit(str(error))
            else:
                self.failed.emit(error)

        def cancelled() -> None:
            self.download_cancelled.emit()
            self.message.emit("The download of CIFAR-10 was cancelled.")

        self.busy.start(
            opening_jobs.DOWNLOAD,
            opening_jobs.download_cifar10,
            downloaded,
            not_downloaded,
            cancelled,
        )

    def open_path(self, path: Path) -> None:
        """Open a file or folder by what it is, as when it is dropped on the window."""
        if self.starting.is_ahead:
            self.starting.open_afterwards(path)
            return
        if not self.is_free:
            self.message.emit(f"Not opened: {path.name}. {self.obstacle}")
            return
        match kind_of(path):
            case "images":
                self.open_folder(path)
            case "recipe":
                self.open_recipe(path)
            case "weights":
                name = self.workspace.recipe.model.name
                self.open_model(ModelSettings(name=name, weights=str(path)))
            case "adapter":
                self.adapters.import_adapter(path)

    # Recipes

    def save_recipe(self, path: Path) -> None:
        """Write the draft as TOML, for `vera-studio train` or another day."""
        if self._try(lambda: recipe_file.save(self.workspace.recipe, path)):
            self._tell(f"Saved the recipe as {path.name}.", "recipe", str(path))

    def open_recipe(self, path: Path) -> None:
        """Make the recipe in `path` the draft, with the network and images that it names."""

        def take() -> None:
            recipe = recipe_file.load(path)
            recipes.validate(recipe)
            self._take_recipe(recipe, path)

        self._try(take)

    def _take_recipe(
        self, recipe: recipes.Recipe, path: Path, then: Callable[[], None] = lambda: None
    ) -> None:
        """Open what `recipe` names and make it the draft; `then` is called when that is done."""

        def edit() -> None:
            # The images as they are now: the recipe's own, or if they did not open, the former.
            self.workspace.set_recipe(dataclasses.replace(recipe, data=self.workspace.recipe.data))
            self._tell(f"Opened the recipe {path.name}.", "recipe", str(path))
            then()

        def open_images() -> None:
            if recipe.data == self.workspace.recipe.data and self.workspace.data:
                edit()
            else:
                self.open_data(recipe.data, then=edit, otherwise=edit)

        if recipe.model == self.workspace.recipe.model:
            open_images()
        else:
            self._open_for(path.name, recipe.model, open_images)

    def _open_for(self, name: str, settings: ModelSettings, then: Callable[[], None]) -> None:
        """Open the network that something called `name` is about; `then` is called after that."""

        def not_opened(error: Exception) -> None:
            if isinstance(error, NotHereError):
                self.network_wanted.emit(f"{name}: {error}", settings, then)
            else:
                self.failed.emit(error)

        self.open_model(settings, then, not_opened, may_download=False)

    # The run

    def start_run(self) -> None:
        """Fine-tune as the draft says."""
        workspace = self.workspace
        model, data = workspace.model, workspace.data
        if self.start_obstacle or workspace.problems() or model is None or data is None:
            return
        self._begin_run(model, data)

    def _begin_run(self, model: Any, data: Any) -> None:
        folder = new_run_folder(environment.runs_folder(), datetime.now())
        function = partial(training_jobs.train, self.workspace.recipe, folder, model, data)
        self._start(function, folder, model)

    def _start(self, function: Function, folder: Path, model: Any, is_new: bool = True) -> None:
        if self.run.is_going:  # one of the queue may have begun while network and images came
            self.message.emit(f"Not started: {folder.name}. {self.start_obstacle}")
            return
        self._run_model, self._run_recipe = model, self.workspace.recipe
        self.run.start(function, folder, is_new)

    def queue_run(self) -> None:
        """Have a run as the draft says wait for its turn."""
        workspace = self.workspace
        if not self.obstacle and not workspace.problems():
            self.queue.add([(title_of(workspace.recipe), workspace.recipe)])

    def parts_for(self, recipe: recipes.Recipe) -> tuple[Any, Any]:
        """The network and the images that are open, where `recipe` is about these; else None."""
        workspace, draft = self.workspace, self.workspace.recipe
        is_same = (recipe.model, recipe.data) == (draft.model, draft.data)
        if not is_same or workspace.model is None or workspace.data is None:
            return None, None
        return workspace.model, workspace.data

    def resume_run(self, folder: Path, epochs: int | None = None) -> None:
        """Open what the run in `folder` is about and go on with it.

        Args:
            folder: of the run.
            epochs: that it is to have in all; None for those that it was to have.
        """
        if self.start_obstacle:
            self.message.emit(f"Not continued: {folder.name}. {self.start_obstacle}")
            return

        def go_on(model: Any, data: Any) -> None:
            function = partial(run_jobs.resume, folder, epochs, model, data)
            self._start(function, folder, model, is_new=False)

        self._with_what_it_was_on(folder, go_on)

    def show_run(self, folder: Path) -> bool:
        """Show the run in `folder` on the pages that show the newest; whether it can be read."""
        return self._try(lambda: self.workspace.set_result(load_result(folder)))

    def run_again(self, folder: Path) -> None:
        """Open what the run in `folder` is about, take its settings, and start."""
        if self.start_obstacle:
            self.message.emit(f"Not started: {folder.name}. {self.start_obstacle}")
        else:
            self._with_what_it_was_on(folder, lambda model, data: self._begin_run(model, data))

    def _with_what_it_was_on(self, folder: Path, then: Callable[[Any, Any], None]) -> None:
        """Set up as for the run in `folder`, and call `then` with its network and its images."""

        def go_on() -> None:
            workspace = self.workspace
            model, data, there = workspace.model, workspace.data, workspace.recipe.data
            # Else the images did not open, which was told.
            is_open = (there.source, there.folder) == (recipe.data.source, recipe.data.folder)
            if is_open and model is not None and data is not None:
                then(model, data)

        path = folder / "recipe.toml"
        try:
            recipe = recipe_file.load(path)
        except StudioError as error:
            self.failed.emit(error)
        else:
            self._take_recipe(recipe, path, go_on)

    def start_comparison(self, settings: ComparisonSettings) -> None:
        """Compare methods, everything but the method as the draft says."""
        if not self.start_obstacle and self.workspace.data is not None:
            self.comparison.start(settings)

    def stop(self) -> None:
        """End what goes on, the run or the comparison; what was trained so far is kept."""
        if self.comparison.is_going:
            self.comparison.stop()
        else:
            self.run.stop()

    def pause_or_resume(self) -> None:
        """Hold what goes on, the run or the comparison, or let it go on."""
        control = self.comparison if self.comparison.is_going else self.run
        if control.state is RunState.PAUSED:
            control.resume()
        else:
            control.pause()

    def _run_finished(self, result: RunResult) -> None:
        """Keep its adapter; put it on where the user waited for it and has opened nothing else."""
        is_awaited = self.queue.going is None
        if is_awaited and not result.stopped:
            self.queue.note_time(self._run_recipe, result.seconds)
        if is_awaited and self.workspace.model is self._run_model:
            self.show_result(result)
        else:
            self.message.emit(headline(result))
            self.adapters.keep_trained(result)
            if is_awaited:
                self.workspace.set_result(result)
            else:
                self.queue.note_result(result)
        self._run_model = None
        if self.run.folder and result.folder != self.run.folder:
            self.failed.emit(StudioError(moved(self.run.folder, result.folder)))

    def show_result(self, result: RunResult) -> None:
        """Have the result of a run that has ended be the one that is shown, its adapter on."""
        self.workspace.set_result(result)
        self.message.emit(headline(result))
        self.adapters.take_trained(result)

    def _run_failed(self, error: Exception) -> None:
        if self.queue.going is not None and isinstance(error, StudioError):
            self.queue.note_failure(error)  # nobody may be there to close a message
            return
        if self.queue.going is not None:
            self.queue.note_failure(error)
        self.failed.emit(error)

    def _try(self, action: Callable[[], None]) -> bool:
        try:
            action()
            return True
        except StudioError as error:
            self.failed.emit(error)
            return False

    def _tell(self, text: str, kind: Kind, path: str) -> None:
        _log.info("%s", text)
        self.message.emit(text)
        if path:
            self.path_opened.emit(kind, Path(path))


def _is_named(model: Any, settings: ModelSettings) -> bool:
    """Whether it is known what the outputs of `model`, opened by `settings`, stand for."""
    if model.has_own_classes or settings.class_names:
        return True
    return len(model.class_names) == len(model.kind.class_names)
