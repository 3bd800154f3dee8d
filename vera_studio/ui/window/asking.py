"""What the window asks before it acts: which file, which folder, what becomes of a run."""

import re
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from vera_studio.errors import StudioError
from vera_studio.export_targets import EXPORT_TARGETS, Target
from vera_studio.recipe import DataSource, ModelSettings
from vera_studio.ui.jobs import adapters as adapter_jobs
from vera_studio.ui.jobs.opening import cifar10_is_downloaded
from vera_studio.ui.pages.class_names_dialog import ClassNamesDialog
from vera_studio.ui.pages.network_chooser import WEIGHTS_FILTER, NetworkChooser
from vera_studio.ui.state.adapter_names import MOST_IN_MENU, shortened
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.file_dialogs import ask_folder, ask_new_folder, ask_open, ask_save
from vera_studio.ui.window.image_cache_dialog import ImageCacheDialog

_ADAPTER_FILTER = EXPORT_TARGETS["file"].name_filter
_RECIPE_FILTER = "Recipes (*.toml)"

Fate = Literal["save", "discard", "keep"]


class Asking(QObject):
    """Asks for files and folders, and has the studio do what was asked for.

    Signals:
        download_offered(): CIFAR-10 is wanted, and has to be downloaded first.
    """

    download_offered = Signal()

    def __init__(self, studio: Studio, window: QWidget) -> None:
        super().__init__(window)
        self._studio = studio
        self._window = window
        self._chooser: NetworkChooser | None = None  # made when it is first asked for
        studio.classes_unnamed.connect(self._ask_class_names)
        studio.network_wanted.connect(lambda *wanted: self._network_chooser().offer(*wanted))

    def ask_network(self) -> None:
        """Let the user choose a network."""
        self._network_chooser().show_networks()

    def _network_chooser(self) -> NetworkChooser:
        if self._chooser is None:
            self._chooser = NetworkChooser(self._studio, self._window)
        return self._chooser

    def _ask_class_names(self) -> None:
        model = self._studio.workspace.model
        assert model is not None
        dialog = ClassNamesDialog(model.weights, model.class_names, self._window)
        dialog.named.connect(self._studio.name_classes)
        dialog.open()

    def ask_model(self) -> None:
        """Let the user choose a file of weights for the network that is open."""
        if path := ask_open(self._window, "Open Weights", WEIGHTS_FILTER):
            name = self._studio.workspace.recipe.model.name
            self._studio.open_model(ModelSettings(name=name, weights=str(path)))

    def use_pretrained(self) -> None:
        """Go back to the pretrained weights of the network that is open."""
        name = self._studio.workspace.recipe.model.name
        self._studio.open_model(ModelSettings(name=name))

    def ask_folder(self) -> None:
        """Let the user choose a folder of images."""
        if folder := ask_folder(self._window, "Open Image Folder"):
            self._studio.open_folder(folder)

    def use_source(self, source: DataSource) -> None:
        """Open the sample or CIFAR-10, which may have to be downloaded, or ask for a folder."""
        if source == "folder":
            self.ask_folder()
        elif source == "cifar10" and not cifar10_is_downloaded():
            self.download_offered.emit()
        else:
            self._studio.open_source(source)

    def show_image_cache(self) -> None:
        """Show what the images kept on the disk take, and let them be emptied."""
        dialog = ImageCacheDialog(self._studio.runner, self._window)
        dialog.failed.connect(self._studio.failed)
        dialog.open()

    def ask_recipe(self) -> None:
        """Let the user choose a recipe."""
        if path := ask_open(self._window, "Open Recipe", _RECIPE_FILTER):
            self._studio.open_recipe(path)

    def ask_save_recipe(self) -> None:
        """Let the user choose where the recipe goes."""
        if path := ask_save(self._window, "Save Recipe", "recipe.toml", _RECIPE_FILTER):
            self._studio.save_recipe(path)

    def ask_import(self) -> None:
        """Let the user choose an adapter's file."""
        if path := ask_open(self._window, "Import Adapter", _ADAPTER_FILTER):
            self._studio.adapters.import_adapter(path)

    def ask_import_peft(self) -> None:
        """Let the user choose a folder that PEFT wrote."""
        if folder := ask_folder(self._window, "Import PEFT Folder"):
            self._studio.adapters.import_adapter(folder)

    def ask_export_of_run(self) -> None:
        """Let the user choose where the adapter of the run that is shown goes."""
        if result := self._studio.workspace.result:
            self.ask_export("file", *self._studio.adapters.of_run(result))

    def ask_export(self, target: Target, path: Path | None = None, name: str = "") -> None:
        """Let the user choose where an adapter goes; say so where it cannot go there at all.

        Args:
            target: the form to write it in.
            path: its file; None for what the model has on.
            name: what it is called, where its file does not tell.
        """
        on = self._studio.workspace.adapter
        if path is None:
            content, title = (on.content, on.title) if on else (None, "")
        else:
            content, title = self._studio.shelf.content(path), name or path.stem
        if content is None:
            return
        title = content.info.name or title
        plan = adapter_jobs.plan_export(content.info.settings, target, self._studio.workspace.model)
        if not plan.is_possible:
            self._studio.failed.emit(StudioError(plan.sentence))
            return
        stem = re.sub(r"[^\w.-]+", "-", title).strip("-.") or "adapter"
        shown = shortened(title, MOST_IN_MENU)
        try:
            destination = self._ask_destination(target, stem, shown)
        except StudioError as error:
            self._studio.failed.emit(error)
            return
        if destination:
            self._studio.adapters.export(content, target, destination)

    def _ask_destination(self, target: Target, stem: str, shown: str) -> Path | None:
        form = EXPORT_TARGETS[target]
        title, proposed = form.dialog.format(shown), f"{stem}{form.ending}"
        if form.is_folder:
            return ask_new_folder(self._window, title, proposed)
        return ask_save(self._window, title, proposed, form.name_filter)


def ask_about_run(window: QWidget) -> Fate:
    """Ask what becomes of the run that goes on while the window is to be closed."""
    answers: tuple[Fate, ...] = ("save", "discard", "keep")
    chosen = _ask_on_closing(
        window,
        "A run is going. What should become of it?",
        "Stop and save keeps the adapter of the best epoch so far.",
        ("Stop and save", "End the run, keep the best epoch's adapter, then close"),
        ("Discard", "End the run, delete its folder, then close"),
        ("Keep running", "Let the run go on and stay open"),
    )
    return answers[chosen]


def ask_about_comparison(window: QWidget) -> bool:
    """Ask whether the comparison that goes on is to end, as the window is to be closed."""
    chosen = _ask_on_closing(
        window,
        "A comparison is going. Stop it and close?",
        "The runs that have finished, and their tables, are kept.",
        ("Stop and close", "End the comparison, then close"),
        ("Keep running", "Let the comparison go on and stay open"),
    )
    return chosen == 0


def _ask_on_closing(window: QWidget, text: str, more: str, *answers: tuple[str, str]) -> int:
    """Ask, with a button for each of `answers`, a text and a tip; returns which was pressed.

    The first is the default; the last, which lets things be, is the one for Escape.
    """
    title = text.partition(".")[0]
    box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=window)
    box.setObjectName("closing_question")
    box.setInformativeText(more)
    roles = QMessageBox.ButtonRole
    middle = [roles.DestructiveRole] * (len(answers) - 2)
    buttons: list[QPushButton] = []
    for (words, tip), role in zip(
        answers, (roles.AcceptRole, *middle, roles.RejectRole), strict=True
    ):
        button = box.addButton(words, role)
        button.setObjectName(f"closing_{words.split()[0].lower()}")
        button.setToolTip(tip)
        buttons.append(button)
    box.setDefaultButton(buttons[0])
    box.setEscapeButton(buttons[-1])
    box.exec()
    pressed = box.clickedButton()
    found = [number for number, button in enumerate(buttons) if button is pressed]
    return found[0] if found else len(buttons) - 1
