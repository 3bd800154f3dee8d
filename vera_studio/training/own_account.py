"""What a run says of itself: to those who watch it, and in the adapter files that it leaves."""

from collections.abc import Sequence
from pathlib import Path

from vera_studio.adapters.classes import MOST_NAMED
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.data.store import ImageData, skipped_reasons
from vera_studio.models.model import Model
from vera_studio.recipe import Recipe
from vera_studio.runs.candidates import title
from vera_studio.runs.events import Evaluation, RunSubject


def subject_of(recipe: Recipe, run_folder: Path, model: Model, data: ImageData) -> RunSubject:
    """Which network, images and adapter the run in `run_folder` is about."""
    settings = recipe.adapter
    return RunSubject(
        run=run_folder.name,
        network=model.kind.title,
        weights=model.weights,
        data=data.title,
        method=settings.method,
        rank=settings.rank if settings.has_rank else None,
        adapter=title(settings),
        skipped=skipped_reasons(data.skipped),
    )


def record_of(
    recipe: Recipe,
    model: Model,
    data: ImageData,
    targets: Sequence[int],
    epochs: int,
    before: Evaluation,
) -> TrainingRecord:
    """What each adapter file tells of the run, beside what comes with an epoch.

    Args:
        recipe: what is run.
        model: its network.
        data: its images.
        targets: the target classes, as indices.
        epochs: that are to be trained.
        before: on the test images, before training.
    """
    names = model.class_names
    names_all = len(targets) == len(names) > MOST_NAMED
    return TrainingRecord(
        data=data.title,
        network=model.title,
        targets=() if names_all else tuple(names[index] for index in targets),
        are_all_targets=names_all,
        keep_others=recipe.training.keep_others,
        epochs=epochs,
        before=Accuracies.of(before.per_class, targets),
        images_digest=data.digest,
    )
