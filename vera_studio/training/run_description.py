"""What a run says of itself: as it begins, in its result, and in the adapter files it leaves."""

import torch
from torch import nn

from vera_studio.adapters.attach import count
from vera_studio.adapters.classes import MOST_NAMED
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.data.store import skipped_reasons
from vera_studio.runs.candidates import title
from vera_studio.runs.events import Evaluation, RunResult, RunStarted, RunSubject
from vera_studio.training import automatic
from vera_studio.training.opening import Plan
from vera_studio.training.progress import Progress

_ASLEEP = {"Dropout": "dropout", "StochasticDepth": "stochastic depth"}


def notices(plan: Plan) -> list[str]:
    """What the user should know before the run begins, a sentence or two each."""
    texts = (_sleeping_layers(plan.model.network), automatic.told(plan.course, plan.counts))
    return [text for text in texts if text]


def subject(plan: Plan) -> RunSubject:
    """Which network, images and adapter the run is about."""
    settings = plan.recipe.adapter
    return RunSubject(
        run=plan.folder.name,
        network=plan.model.kind.title,
        weights=plan.model.weights,
        data=plan.opened.title,
        method=settings.method,
        rank=settings.rank if settings.has_rank else None,
        adapter=title(settings),
        skipped=skipped_reasons(plan.opened.skipped),
    )


def record(plan: Plan, before: Evaluation) -> TrainingRecord:
    """What each adapter file tells of the run, beside what comes with an epoch.

    Args:
        plan: of the run.
        before: on the test images, before training.
    """
    names, targets = plan.model.class_names, plan.targets
    names_all = len(targets) == len(names) > MOST_NAMED
    return TrainingRecord(
        data=plan.opened.title,
        network=plan.model.title,
        targets=() if names_all else tuple(names[index] for index in targets),
        are_all_targets=names_all,
        keep_others=plan.recipe.training.keep_others,
        epochs=plan.course.epochs,
        before=Accuracies.of(before.per_class, targets),
        images_digest=plan.opened.digest,
    )


def started(plan: Plan, test: Evaluation, validation: Evaluation) -> RunStarted:
    """What is told before the first step; `test` and `validation` are from before training."""
    counts = count(plan.model.network)
    return RunStarted(
        device=plan.device.device.type,
        device_reason=plan.device.reason,
        class_names=plan.model.class_names,
        target_classes=plan.targets,
        epochs=plan.course.epochs,
        steps_per_epoch=plan.steps_per_epoch,
        batch_size=plan.batch_size,
        train_images=len(plan.sampler),
        validation_images=len(plan.data.validation),
        test_images=len(plan.data.test),
        trainable=counts.trainable,
        total=counts.total,
        validation=validation,
        test=test,
        learning_rate=plan.course.learning_rate,
        keep_others=plan.recipe.training.keep_others,
        by_classes=plan.course.by_classes,
        has_own_classes=plan.model.has_own_classes,
        subject=subject(plan),
    )


def result(
    plan: Plan,
    progress: Progress,
    before: Evaluation,
    after: Evaluation,
    epochs_done: int,
    has_stopped: bool,
    gave_up: bool,
    processes: int = 1,
) -> RunResult:
    """How the run ended.

    Args:
        plan: of the run.
        progress: at its end.
        before, after: on the test images.
        epochs_done: the last perhaps in part.
        has_stopped: whether the user ended it.
        gave_up: whether it ended early for nothing better came.
        processes: that shared the images.
    """
    return RunResult(
        folder=plan.folder,
        stopped=has_stopped,
        epochs_done=epochs_done,
        best_epoch=progress.best.epoch,
        class_names=plan.model.class_names,
        target_classes=plan.targets,
        before=before,
        after=after,
        images_per_second=progress.images / max(progress.training_seconds, 1e-9),
        seconds=progress.clock.seconds(),
        device=plan.device.device.type,
        learning_rate=plan.course.learning_rate,
        epochs_measured=progress.epochs_measured,
        gave_up=gave_up,
        has_own_classes=plan.model.has_own_classes,
        images_digest=plan.opened.digest,
        subject=subject(plan),
        threads=torch.get_num_threads() if plan.device.device.type == "cpu" else None,
        processes=processes,
    )


def _sleeping_layers(network: nn.Module) -> str:
    """A sentence on what stays off while an adapter is trained; empty where there is nothing."""
    names = {type(module).__name__ for module in network.modules()}
    found = [text for name, text in _ASLEEP.items() if name in names]
    if not found:
        return ""
    return (
        f"The network computes as in use while its adapter is trained: no {' and no '.join(found)}."
    )
