"""How a run's images reach the network: from a cache of features where that can be and pays."""

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import nn

from vera_studio.data.augmentation import Augmentation
from vera_studio.data.store import ImageSet
from vera_studio.data.views import DrawnViews
from vera_studio.recipe import TrainingSettings
from vera_studio.runs.events import Event, Notice, Stage
from vera_studio.training.feature_cache import FeatureCache, NoRoomError, budget_of
from vera_studio.training.frozen_part import WIDEST, CannotSplitError, Split, in_bfloat16, split
from vera_studio.training.inputs import ImageInputs, Inputs, device_of
from vera_studio.training.memory import is_out_of_memory
from vera_studio.training.opening import Plan
from vera_studio.training.processes import ALONE, Processes

_MOST_VARIANTS = 2  # of an image: as it is, and mirrored
_PROOF_IMAGES = 6
_BYTES_OF_A_NUMBER = 4
_BFLOAT16_IMAGES = 4096  # to measure on whether accuracy is kept
_PROGRESS_SECONDS = 0.1
_Cut = TypeVar("_Cut")
_COMPUTING = "Computing what the frozen layers make of the images"


@dataclass(frozen=True, eq=False)
class RunInputs:
    """What a run trains on, chooses by and ends with: this process's share of it."""

    augmentation: Augmentation | DrawnViews
    train: Inputs
    validation: Inputs
    test: Inputs


def open_inputs(
    plan: Plan,
    on_event: Callable[[Event], None],
    should_stop: Callable[[], bool],
    resources: ExitStack,
    processes: Processes = ALONE,
) -> RunInputs:
    """Prepare the images of a run, and say with a `Notice` how they reach the network.

    Args:
        plan: its network has the adapter on and is on the device that computes.
        on_event: told how far the features are, and of the notice.
        should_stop: asked now and then.
        resources: closes the cache when it is closed.
        processes: that share the images.

    Raises:
        Cancelled: `should_stop` said so.
    """
    data, settings, course = plan.data, plan.recipe.training, plan.course
    augmentation: Augmentation | DrawnViews = Augmentation(settings.flips, settings.shift)
    if course.views:
        seed = settings.seed
        augmentation = DrawnViews(len(data.train), course.views, settings.flips, seed)
        augmentation = augmentation.of(processes.own(len(data.train)))
    network, preprocessing = plan.model.network, plan.model.preprocessing
    device = device_of(network)
    train, validation, test = (
        processes.share(part) for part in (data.train, data.validation, data.test)
    )
    plain = (
        ImageInputs(network, preprocessing, _on_device(train, device), augmentation),
        ImageInputs(network, preprocessing, validation),
        ImageInputs(network, preprocessing, test),
    )
    reason = _reason_against(plan, augmentation)
    if reason is None:
        try:
            megabytes, sharing = settings.cache_megabytes, processes.on_this_machine
            parts = _split(network, plain, settings, sharing)
            cache = FeatureCache(
                parts,
                plain,
                None if megabytes is None else megabytes * 10**6 // sharing,
                _Progress(on_event),
                should_stop,
                sharing,
            )
        except CannotSplitError as error:
            reason = f"this network cannot be split: {error}"
        except NoRoomError as error:
            reason = str(error)
        else:
            on_event(Notice(_cache_text(resources.enter_context(cache), parts)))
            return RunInputs(augmentation, *cache.inputs)
    on_event(Notice(f"Feature cache off: {reason}."))
    return RunInputs(augmentation, *plain)


def draw_epoch(
    plan: Plan, inputs: RunInputs, processes: Processes
) -> list[tuple[torch.Tensor, torch.Tensor, int]]:
    """An epoch's batches, in the order to train in.

    Returns:
        Of each batch the views that are this process's and their labels, each (own,) int64, and
        how many images the whole of it has.
    """
    images = plan.sampler.draw()
    variants = inputs.augmentation.draw(len(images), plan.generator)
    size, count = plan.batch_size, len(images)
    places = processes.places_of_own(images)
    own = processes.own_numbers(images[places])
    labels = inputs.train.labels
    views = (own + len(labels) * variants[places]).to(inputs.train.index_device)
    sizes = [min(size, count - start) for start in range(0, count, size)]
    own_sizes = torch.bincount(places // size, minlength=len(sizes)).tolist()
    own_labels = torch.split(labels[own.to(labels.device)], own_sizes)
    return list(zip(torch.split(views, own_sizes), own_labels, sizes, strict=True))


class _Progress:
    """Tells how far the features are, some ten times a second."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._told = -math.inf

    def __call__(self, done: int, total: int) -> None:
        now = time.perf_counter()
        if now - self._told >= _PROGRESS_SECONDS or done == total:
            self._told = now
            self._on_event(Stage(_COMPUTING, done / total))


def _reason_against(plan: Plan, augmentation: Augmentation | DrawnViews) -> str | None:
    """A clause that says why there should be no cache; None if there should be one."""
    course = plan.course
    if not plan.recipe.training.feature_cache:
        return "it is switched off in the set-up"
    if not course.views and augmentation.variants > _MOST_VARIANTS:
        return f"shifted images come in {augmentation.variants} variants each, too many to keep"
    validation, test = len(plan.data.validation), len(plan.data.test)
    kept = len(plan.data.train) * augmentation.variants + validation + test
    epochs = course.epochs
    seen = epochs * len(plan.sampler) + (epochs + 1) * validation + 2 * test
    if seen < kept:
        return (
            f"not worth it for so short a run, which computes {seen:,} images in all; "
            f"the cache would need {kept:,}"
        )
    return None


def widest(
    views: int, megabytes: int | None, device: torch.device, image_numbers: int, sharing: int = 1
) -> int:
    """How many numbers an image's features may have so that all are in memory, and pay.

    Args:
        views: of all images, that are kept.
        megabytes: that they may take; None for a quarter of what is free.
        device: that computes.
        image_numbers: of an image as the network takes it.
        sharing: processes that keep as many in this machine's memory.
    """
    in_memory = budget_of(megabytes, device, sharing) // (_BYTES_OF_A_NUMBER * max(views, 1))
    return min(WIDEST * image_numbers, in_memory)


def cut_within(cut: Callable[[int], _Cut], most_width: int, image_numbers: int) -> _Cut:
    """`cut` at features of at most `most_width` numbers, or of as many as pay, in a file."""
    try:
        return cut(most_width)
    except CannotSplitError:
        return cut(WIDEST * image_numbers)


def _split(
    network: nn.Module, plain: tuple[ImageInputs, ...], settings: TrainingSettings, sharing: int
) -> Split:
    """The network cut where its features pay, and are in memory, if they can be, not in a file."""
    inputs = plain[0]
    kept, device = sum(one.views for one in plain), inputs.labels.device
    most_width = widest(kept, settings.cache_megabytes, device, inputs.image_numbers, sharing)

    def some(most: int) -> torch.Tensor:
        # From all over the data: folders are sorted by class.
        count = len(inputs.labels)
        return torch.linspace(0, count - 1, min(most, count)).long().to(inputs.index_device)

    proof = inputs.gather(some(_PROOF_IMAGES))
    parts = cut_within(partial(split, network, proof), most_width, inputs.image_numbers)
    if inputs.labels.device.type == "cuda":
        views = some(_BFLOAT16_IMAGES)
        labels = inputs.labels[views.to(inputs.labels.device)]
        parts = in_bfloat16(parts, inputs.gather(views), labels)
    return parts


def _on_device(images: ImageSet, device: torch.device) -> ImageSet:
    """The images where they are computed on, if they fit there: 3 KB each, for CIFAR-10."""
    try:
        return images.on(device)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return images


def _cache_text(cache: FeatureCache, parts: Split) -> str:
    place = {
        "device": "in the device's memory",
        "memory": "in memory",
        "file": "in a temporary file, beyond the memory that it may take",
    }[cache.place]
    size = f"{cache.bytes / 10**6:,.0f}" if cache.bytes >= 10**6 else "less than 1"
    lowered = ", computed in bfloat16 (experimental)" if parts.in_bfloat16 else ""
    where = f", computed up to {parts.place}" if parts.place else ""
    return f"Feature cache on: {size} MB {place}, {parts.width:,} numbers an image{where}{lowered}."
