"""What the window asks before it acts: which file, which folder, what becomes of a run."""

import dataclasses
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from vera_studio.recipe import DataSource
from vera_studio.ui.jobs import cifar10_is_downloaded
from vera_studio.ui.studio import Studio

_WEIGHTS_FILTER = "Weights (*.safetensors *.pt *.pth)"
_ADAPTER_FILTER = "Adapters (*.safetensors)"
_RECIPE_FILTER = "Recipes (*.toml)"

Fate = Literal["save", "discard", "keep"]


class Asking(QObject):
    """Asks for files and folders, and has the studio do what was asked for.

    Signals:
        download_offered(): CIFAR-10 is wanted, and has to be downloaded first.
    """

    download_offered = Signal()

    def __init__(self, studio: Studio, settings: QSettings, window: QWidget) -> None:
        super().__init__(window)
        self._studio = studio
        self._settings = settings
        self._window = window

    def ask_model(self) -> None:
        """Let the user choose a file of weights."""
        if path := self._ask_open("Open Model", _WEIGHTS_FILTER):
            self._studio.open_model(str(path))

    def ask_folder(self) -> None:
        """Let the user choose a folder of images."""
        if folder := self._ask_folder("Open Image Folder"):
            self._studio.open_folder(folder)

    def use_source(self, source: DataSource) -> None:
        """Open the sample or CIFAR-10, which may have to be downloaded, or ask for a folder."""
        if source == "folder":
            self.ask_folder()
        elif source == "cifar10" and not cifar10_is_downloaded():
            self.download_offered.emit()
        else:
            settings = self._studio.workspace.recipe.data
            self._studio.open_data(dataclasses.replace(settings, source=source, folder=""))

    def ask_recipe(self) -> None:
        """Let the user choose a recipe."""
        if path := self._ask_open("Open Recipe", _RECIPE_FILTER):
            self._studio.open_recipe(path)

    def ask_save_recipe(self) -> None:
        """Let the user choose where the recipe goes."""
        if path := self._ask_save("Save Recipe", "recipe.toml", _RECIPE_FILTER):
            self._studio.save_recipe(path)

    def ask_import(self) -> None:
        """Let the user choose an adapter."""
        if path := self._ask_open("Import Adapter", _ADAPTER_FILTER):
            self._studio.import_adapter(path)

    def ask_export(self) -> None:
        """Let the user choose where the adapter goes."""
        if path := self._ask_save("Export Adapter", "adapter.safetensors", _ADAPTER_FILTER):
            self._studio.export_adapter(path)

    def _ask_open(self, title: str, name_filter: str) -> Path | None:
        path, _ = QFileDialog.getOpenFileName(self._window, title, self._last_folder(), name_filter)
        return self._remember_folder(path)

    def _ask_save(self, title: str, name: str, name_filter: str) -> Path | None:
        start = str(Path(self._last_folder()) / name)
        path, _ = QFileDialog.getSaveFileName(self._window, title, start, name_filter)
        if path and not Path(path).suffix:
            path += Path(name).suffix
        return self._remember_folder(path)

    def _ask_folder(self, title: str) -> Path | None:
        path = QFileDialog.getExistingDirectory(self._window, title, self._last_folder())
        return self._remember_folder(path)

    def _last_folder(self) -> str:
        return str(self._settings.value("last_folder", str(Path.home())))

    def _remember_folder(self, path: str) -> Path | None:
        if not path:
            return None
        self._settings.setValue("last_folder", str(Path(path).parent))
        return Path(path)


def ask_about_run(window: QWidget) -> Fate:
    """Ask what becomes of the run that goes on while the window is to be closed."""
    box = QMessageBox(
        QMessageBox.Icon.Question,
        "A run is going",
        "A run is going. What should become of it?",
        parent=window,
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
    answers: dict[object, Fate] = {save: "save", discard: "discard"}
    return answers.get(box.clickedButton(), "keep")
