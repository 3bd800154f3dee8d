"""Starting up: the engine is imported, then network and images are opened as they were left."""

import dataclasses
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from vera_studio.errors import StudioError
from vera_studio.recipe import DataSettings, ModelSettings, Recipe
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.jobs.loading import load_engine
from vera_studio.ui.state.busy import SHORT

if TYPE_CHECKING:
    from vera_studio.ui.state.studio import Studio

_log = logging.getLogger(__name__)


class Starting(QObject):
    """Loads the studio, once; what of the last time is no longer there is told and passed over."""

    def __init__(self, studio: "Studio") -> None:
        super().__init__(studio)
        self._studio = studio
        self._last: Recipe | None = None
        self._passed_over: list[str] = []  # a sentence each
        self._has_begun = False
        self._waiting: list[Path] = []  # what came first is opened first
        studio.busy.changed.connect(self._open_waiting)

    def bring_back(self, recipe: Recipe) -> None:
        """Take the draft as it was left; `load` opens the network and the images that it names."""
        self._last = recipe
        self._studio.workspace.set_recipe(recipe)

    @property
    def is_ahead(self) -> bool:
        """Whether network and images are still to be opened, be it that loading has not begun."""
        studio = self._studio
        return not studio.is_ready and (studio.busy.is_busy or not self._has_begun)

    def load(self) -> None:
        """Import the engine, then open the network and the images."""
        self._has_begun = True
        self._studio.busy.start("Loading PyTorch", load_engine, self._engine_loaded, handling=SHORT)

    def open_afterwards(self, path: Path) -> None:
        """Open a file or folder as soon as all is loaded."""
        self._waiting.append(path)
        self._studio.message.emit(f"{path.name} is opened as soon as all is loaded.")

    def _engine_loaded(self, _: object) -> None:
        studio = self._studio
        studio.shelf.load()
        studio.busy.start(
            "Looking for devices",
            opening_jobs.find_devices,
            studio.workspace.set_devices,
            handling=SHORT,
        )
        usual = ModelSettings()
        settings = self._last.model if self._last else usual

        def open_usual() -> None:
            studio.open_model(usual, then=self._open_images)

        def open_usual_after(error: Exception) -> None:
            self._pass_over(error)
            open_usual()

        failed = open_usual_after if settings != usual else None
        studio.open_model(settings, self._open_images, failed, open_usual, may_download=False)

    def _open_images(self) -> None:
        draft = self._studio.workspace.recipe.data
        settings = self._first_images(draft)
        sample = dataclasses.replace(draft, source="sample", folder="", classes="auto")

        def open_sample() -> None:
            if settings != sample:
                self._studio.open_data(sample, then=self._become_ready)

        failed = self._pass_over if settings.source == "folder" else None
        self._studio.open_data(settings, self._become_ready, open_sample, failed)

    def _first_images(self, draft: DataSettings) -> DataSettings:
        is_left = self._last is not None
        if is_left and (draft.source != "cifar10" or opening_jobs.cifar10_is_downloaded()):
            return draft
        return opening_jobs.first_data_settings(draft)

    def _pass_over(self, error: Exception) -> None:
        if isinstance(error, StudioError):
            _log.warning("Not opened again: %s", error)
            self._passed_over.append(str(error).partition("\n")[0])
        else:
            self._studio.failed.emit(error)

    def _become_ready(self) -> None:
        self._studio.become_ready()
        if self._passed_over:
            self._studio.message.emit(f"Not opened again: {' '.join(self._passed_over)}")

    def _open_waiting(self, _: object) -> None:
        while self._waiting and self._studio.is_free:
            self._studio.open_path(self._waiting.pop(0))
