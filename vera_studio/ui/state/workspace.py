"""The one mutable state of the window: the draft recipe and what is open.

Whoever changes something goes through here; whoever shows something listens here.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from vera_studio.errors import AdapterError
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    ModelSettings,
    Recipe,
    TrainingSettings,
    problems,
    unknown_names,
)
from vera_studio.runs.events import Evaluation, RunResult
from vera_studio.wording import first_of

if TYPE_CHECKING:  # these modules import torch, which comes after the window
    from vera_studio.adapters.adapter_file import AdapterFile
    from vera_studio.adapters.adapter_metadata import AdapterInfo
    from vera_studio.data.preprocessing import Preprocessing
    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model


@dataclass(frozen=True, eq=False)
class LoadedAdapter:
    """The adapter that the model has on: one of the library, or two combined."""

    path: Path | None  # its file; None for a combination that is not kept
    content: "AdapterFile"
    title: str  # for a person
    parts: tuple[Path, ...] = ()  # files of the adapters that it combines


Part = Literal["validation", "test"]


@dataclass(frozen=True)
class Measurement:
    """How the model does with what it has on, on a part of the images that are open."""

    part: Part
    evaluation: Evaluation


def shown_part(data: "ImageData") -> Part:
    """What the accuracies shown all along are measured on: the test images are not chosen by.

    Where a folder has no training part, and so no validation images, its test images are all
    that there is to show.
    """
    return "validation" if len(data.validation) else "test"


@dataclass(frozen=True)
class Devices:
    """What this machine can compute on."""

    available: tuple[str, ...]  # the fastest first
    auto_reason: str  # which of them is chosen by itself, and why


class Workspace(QObject):
    """What the user works on; each part has a signal that carries its new value.

    Signals:
        recipe_changed(Recipe): the draft was edited.
        problems_changed(): what keeps the draft from being run did, though the draft did not.
        model_changed(Model): another base network is open.
        data_changed(ImageData | None): other images are open; None where those that were do not
            fit another network.
        adapter_changed(LoadedAdapter | None): another adapter is on, or none.
        accuracy_changed(Measurement | None): on the part of the images that `shown_part` says,
            model and adapter as they are now; None while it is not known.
        test_accuracy_changed(Measurement | None): the same on the test images, once asked for.
        result_changed(RunResult | None): another run is shown.
        devices_changed(Devices): it became known what this machine can compute on.
    """

    recipe_changed = Signal(object)
    problems_changed = Signal()
    model_changed = Signal(object)
    data_changed = Signal(object)
    adapter_changed = Signal(object)
    accuracy_changed = Signal(object)
    test_accuracy_changed = Signal(object)
    result_changed = Signal(object)
    devices_changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.recipe = Recipe()
        self._refusals: dict[str, str] = {}  # by the field whose text is not taken
        self.model: Model | None = None
        self.layer_names: tuple[str, ...] = ()  # of the layers that an adapter can go on
        self.data: ImageData | None = None
        self._data_form: Preprocessing | None = None  # what they were cut for
        self.adapter: LoadedAdapter | None = None
        self.accuracy: Measurement | None = None
        self.test_accuracy: Measurement | None = None
        self.result: RunResult | None = None
        self.devices: Devices | None = None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The network's classes; none before it is open."""
        return self.model.class_names if self.model else ()

    @property
    def own_classes(self) -> tuple[str, ...]:
        """The classes that the network has a last layer of its own for; else none."""
        model = self.model
        return model.class_names if model is not None and model.has_own_classes else ()

    @property
    def is_untrained(self) -> bool:
        """Whether the last layer is new and nothing is on that has trained it."""
        return bool(self.own_classes) and self.adapter is None

    @property
    def foreign_images(self) -> str:
        """Says so where the adapter was trained on other images than those that are open."""
        return self.images_foreign_to(self.adapter.content.info) if self.adapter else ""

    def images_foreign_to(self, info: "AdapterInfo") -> str:
        """Says so where an adapter was trained on other images than those that are open."""
        from vera_studio.adapters.library_names import clean_name

        trained_on, digest = info.training.data, info.training.images_digest
        if self.data is None or not trained_on or digest == self.data.digest:
            return ""
        if trained_on == self.data.title:
            same = "Trained on other images of that name, or on another part of them."
            return same if digest else ""
        return f"Trained on other images: {clean_name(trained_on)}; open is {self.data.title}."

    def problems(self) -> list[str]:
        """Every reason why the draft cannot be run on what is open, a sentence each."""
        if self.model is None:
            return ["The network and the images are not open yet."]
        if self.data is None:
            return ["No images are open."]
        found = [f"{field} {refusal}" for field, refusal in self._refusals.items()]
        of_recipe = problems(self.recipe, self.class_names, self.layer_names)
        found += of_recipe or self.layer_problems()
        if not len(self.data.train):
            return [*found, f"{self.data.title} has test images only, none to train on."]
        counts = self.data.train.counts(len(self.class_names))
        targets = self.recipe.training.target_classes
        empty = [
            name
            for name, count in zip(self.class_names, counts, strict=True)
            if not count and name in set(targets or ())
        ]
        if empty:
            found.append(
                f"{self.data.title} has no images of {first_of(empty)}: untick what it lacks."
            )
        return found

    def layer_problems(self) -> list[str]:
        """Why the method cannot go on the layers that are chosen."""
        if self.model is None:
            return []
        try:
            self.model.layers_for(self.recipe.adapter)
        except AdapterError as error:
            return [str(error)]
        return []

    def set_recipe(self, recipe: Recipe) -> None:
        """Replace the draft, if it differs."""
        if recipe != self.recipe:
            self.recipe = recipe
            self.recipe_changed.emit(recipe)

    def edit_data(self, settings: DataSettings) -> None:
        """Replace the draft's section on data."""
        self.set_recipe(dataclasses.replace(self.recipe, data=settings))

    def edit(self, section: str, **changes: Any) -> None:
        """Change settings in a section of the draft, "adapter" or "training"."""
        settings = dataclasses.replace(getattr(self.recipe, section), **changes)
        self.set_recipe(dataclasses.replace(self.recipe, **{section: settings}))

    def edit_adapter(self, **changes: Any) -> None:
        """Change fields of the draft's `AdapterSettings`."""
        self.edit("adapter", **changes)

    def edit_training(self, **changes: Any) -> None:
        """Change fields of the draft's `TrainingSettings`."""
        self.edit("training", **changes)

    def edit_all(self, adapter: AdapterSettings, training: TrainingSettings) -> None:
        """Replace both sections of the draft that do not name files."""
        self.set_recipe(dataclasses.replace(self.recipe, adapter=adapter, training=training))

    def refuse(self, field: str, refusal: str) -> None:
        """Keep the draft from being run while `field` holds a text that it does not take.

        Args:
            field: its name, for a person.
            refusal: what it must be, a sentence after the name; empty once it is.
        """
        self._refusals = {name: why for name, why in self._refusals.items() if name != field}
        if refusal:
            self._refusals[field] = refusal
        self.problems_changed.emit()

    def set_model(self, model: "Model", settings: ModelSettings) -> None:
        """Put another base network in place, and let go of what was made for the old one.

        The adapter goes; so do images that do not fit, which are to be opened anew then; layers
        and target classes that the network does not have go back to the default.

        Args:
            model: the opened network.
            settings: what it was opened by.
        """
        self.layer_names = tuple(model.sites)
        # All before anyone is told: what is old must never be seen with the new model.
        self.model, self.adapter = model, None
        had_images = self.data is not None
        if not self._images_fit(model):
            self.data = None
        adapter, training = self.recipe.adapter, self.recipe.training
        if unknown_names(adapter.layers, self.layer_names):
            adapter = dataclasses.replace(adapter, layers=None)
        if unknown_names(training.target_classes, model.class_names):
            training = dataclasses.replace(training, target_classes=None)
        self.set_recipe(
            dataclasses.replace(self.recipe, model=settings, adapter=adapter, training=training)
        )
        self.model_changed.emit(model)
        self.adapter_changed.emit(None)
        if had_images and self.data is None:
            self.data_changed.emit(None)

    def _images_fit(self, model: "Model") -> bool:
        """Whether the images that are open are what `model` takes.

        They belong to its classes; those of a folder are cut to its size as well, others are
        resized where they are computed on.
        """
        if self.data is None:
            return False
        is_cut = self.data.source == "folder"
        same_form = not is_cut or self._data_form == model.preprocessing
        return same_form and self.data.class_names == model.class_names

    def set_data(self, data: "ImageData", settings: DataSettings) -> None:
        """Put other images, opened for the present network, in place."""
        self.data = data
        self._data_form = self.model.preprocessing if self.model else None
        self.edit_data(settings)
        self.data_changed.emit(data)

    def set_adapter(self, adapter: LoadedAdapter | None) -> None:
        """Put an adapter on the model, or take it off."""
        self.adapter = adapter
        self.adapter_changed.emit(adapter)

    def set_accuracy(self, accuracy: Measurement | None) -> None:
        """Tell how model and adapter do on the part that is shown."""
        self.accuracy = accuracy
        self.accuracy_changed.emit(accuracy)

    def set_test_accuracy(self, accuracy: Measurement | None) -> None:
        """Tell how model and adapter do on the test images."""
        self.test_accuracy = accuracy
        self.test_accuracy_changed.emit(accuracy)

    def set_result(self, result: RunResult | None) -> None:
        """Show another run, or none."""
        self.result = result
        self.result_changed.emit(result)

    def set_devices(self, devices: Devices) -> None:
        """Tell what this machine can compute on."""
        self.devices = devices
        self.devices_changed.emit(devices)
