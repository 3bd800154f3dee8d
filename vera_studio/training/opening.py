"""What a run needs opened before it can begin: its network and its images, and whether they fit."""

import dataclasses
from collections.abc import Callable, Sequence

import torch
from torch import nn

from vera_studio.data.open_data import open_data
from vera_studio.data.store import ImageData
from vera_studio.errors import DataError
from vera_studio.errors import ShouldStop as ShouldStop
from vera_studio.models.model import Model, open_model
from vera_studio.recipe import Recipe
from vera_studio.runs.events import Event, Notice, Stage
from vera_studio.wording import first_of

OnEvent = Callable[[Event], None]
_ASLEEP = {"Dropout": "dropout", "StochasticDepth": "stochastic depth"}


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


def sleeping_layers(network: nn.Module) -> str:
    """A sentence on what stays off while an adapter is trained; empty where there is nothing."""
    names = {type(module).__name__ for module in network.modules()}
    found = [text for name, text in _ASLEEP.items() if name in names]
    if not found:
        return ""
    return (
        f"The network computes as in use while its adapter is trained: no {' and no '.join(found)}."
    )
