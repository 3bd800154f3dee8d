"""What comes before a run can begin: network and images are opened, and all the rest is decided."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from vera_studio import recipe as recipes
from vera_studio.adapters import adapter_file
from vera_studio.data.batches import EpochSampler
from vera_studio.data.open_data import open_data
from vera_studio.data.store import ImageData
from vera_studio.errors import DataError
from vera_studio.errors import ShouldStop as ShouldStop
from vera_studio.models.model import Model, open_model
from vera_studio.models.own_classes import suited
from vera_studio.recipe import Recipe
from vera_studio.runs.events import Event, Notice, Stage
from vera_studio.training import automatic
from vera_studio.training.automatic import Course
from vera_studio.training.devices import DeviceChoice
from vera_studio.training.optimisation import automatic_batch_size
from vera_studio.training.progress import Saved
from vera_studio.wording import first_of

OnEvent = Callable[[Event], None]


@dataclass(frozen=True, eq=False)
class Plan:
    """A run that can begin: what it is of, opened, and how it goes, decided."""

    folder: Path
    recipe: Recipe
    model: Model
    opened: ImageData  # all of them
    data: ImageData  # without training images that no epoch draws
    device: DeviceChoice
    targets: tuple[int, ...]  # classes, as indices
    counts: tuple[int, ...]  # training images of each of the targets
    course: Course
    batch_size: int  # images
    sampler: EpochSampler
    generator: torch.Generator  # of every draw

    def without_pixels(self) -> "Plan":
        """The same where the images are no longer needed, but what is known of them is."""
        return dataclasses.replace(
            self, opened=self.opened.without_pixels(), data=self.data.without_pixels()
        )

    @property
    def head(self) -> str:
        """Full name of the layer that is trained whole beside the adapter; empty for none."""
        return self.recipe.adapter.head or ""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch, the last of which may be smaller."""
        return math.ceil(len(self.sampler) / self.batch_size)

    @property
    def steps(self) -> int:
        """In the whole run."""
        return self.steps_per_epoch * self.course.epochs


def open_plan(
    recipe: Recipe,
    folder: Path,
    device: DeviceChoice,
    on_event: OnEvent,
    should_stop: ShouldStop,
    data: ImageData | None,
    model: Model | None,
    saved: Saved | None,
) -> Plan:
    """Open and decide all that comes before a run.

    Args:
        recipe: what to run; valid by itself.
        folder: of the run.
        device: to compute on.
        on_event, should_stop, data, model: as for `loop.train`.
        saved: of a run that goes on: it goes as it was begun, whatever would be decided now.

    Raises:
        StudioError: as `loop.train` says.
    """
    if model is None:
        model = open_network(recipe, on_event, should_stop)
        model = suited(model, recipe.data, should_stop)
    recipes.validate(recipe, model.class_names, list(model.sites))
    recipe = dataclasses.replace(recipe, adapter=model.settings_for(recipe.adapter))
    adapter_file.check_plan(model.network, recipe.adapter, model.sites, model.class_names)
    if data is None:
        data = open_images(recipe, model, on_event, should_stop)
    recipe = with_targets(recipe, model.class_names, data)
    for remark in data.remarks:
        on_event(Notice(remark))
    if saved and saved.order != data.order:
        raise DataError(
            f"{data.title} holds other images than when the run in {folder} was begun, or the "
            "same in another order, so that cannot go on. Bring them back as they were, or begin "
            "a new run."
        )
    return _decided(recipe, folder, device, data, model, saved)


def _decided(
    recipe: Recipe,
    folder: Path,
    device: DeviceChoice,
    opened: ImageData,
    model: Model,
    saved: Saved | None,
) -> Plan:
    names, settings = model.class_names, recipe.training
    targets = settings.targets_among(names)
    data = images_to_train_on(opened, names, targets, settings.keep_others)
    counts = data.train.counts(len(names))
    of_targets = tuple(counts[index] for index in targets)
    course = automatic.decide(settings, recipe.adapter.method, model.has_own_classes, of_targets)
    course = saved.course if saved else course
    generator = torch.Generator().manual_seed(settings.seed)
    sampler = EpochSampler(
        data.train.labels, targets, settings.keep_others, generator, course.balance
    )
    usual = automatic_batch_size(len(sampler), device.device)
    return Plan(
        folder=folder,
        recipe=recipe,
        model=model,
        opened=opened,
        data=data,
        device=device,
        targets=targets,
        counts=of_targets,
        course=course,
        batch_size=saved.batch_size if saved else settings.batch_size or usual,
        sampler=sampler,
        generator=generator,
    )


def open_network(recipe: Recipe, on_event: OnEvent, should_stop: ShouldStop) -> Model:
    """The network that `recipe` names; its weights may have to be downloaded."""

    def report(done: int, total: int) -> None:
        on_event(Stage("Downloading the weights", done / total if total else None))

    on_event(Stage("Opening the network"))
    model = open_model(recipe.model, report, should_stop)
    for note in model.notes:
        on_event(Notice(f"{model.weights}: {note}"))
    return model


def open_images(
    recipe: Recipe, model: Model, on_event: OnEvent, should_stop: ShouldStop
) -> ImageData:
    """The images that `recipe` names, in the form that `model` takes."""
    text = "Opening the images"

    def report(done: int, total: int) -> None:
        on_event(Stage(text, done / total if total else None))

    on_event(Stage(text))
    return open_data(recipe.data, model.class_names, model.preprocessing, report, should_stop)


def with_targets(recipe: Recipe, class_names: Sequence[str], data: ImageData) -> Recipe:
    """`recipe` with all classes as its targets, if it names none, that there are images of."""
    counts = data.train.counts(len(class_names))
    if recipe.training.target_classes is not None or all(counts) or not any(counts):
        return recipe
    there = tuple(name for name, count in zip(class_names, counts, strict=True) if count)
    training = dataclasses.replace(recipe.training, target_classes=there)
    return dataclasses.replace(recipe, training=training)


def images_to_train_on(
    data: ImageData, class_names: Sequence[str], targets: Sequence[int], keep_others: float
) -> ImageData:
    """`data` without training images that no epoch can draw.

    Raises:
        DataError: a target class has no training images; names those.
    """
    counts = data.train.counts(len(class_names))
    if empty := [class_names[index] for index in targets if not counts[index]]:
        raise DataError(
            f"{data.title} has no training images of {first_of(empty)}. "
            "Choose other target classes or other images."
        )
    is_target = torch.isin(data.train.labels, torch.tensor(targets))
    if keep_others > 0 or bool(is_target.all()):
        return data
    return dataclasses.replace(data, train=data.train.subset(is_target.nonzero().flatten()))
