"""The progress of a run before its first step, or where it was broken off."""

import math
from dataclasses import replace

from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import adapter_parameters
from vera_studio.errors import AdapterError
from vera_studio.runs.events import Evaluation
from vera_studio.training import checkpoints, run_description
from vera_studio.training.opening import Plan
from vera_studio.training.optimisation import make_optimizer, make_schedule
from vera_studio.training.progress import Best, Progress, Saved, damaged
from vera_studio.training.stopwatch import Stopwatch


def begin(
    plan: Plan,
    before: Evaluation,
    validation_before: Evaluation,
    clock: Stopwatch,
    saved: Saved | None = None,
    capturable: bool = False,
) -> Progress:
    """The progress of a run before its first step, or as far as it is `saved`.

    Args:
        plan: its network has the adapter on, on the device that computes.
        before, validation_before: how that does on the test and on the validation images.
        clock: of the run's work.
        saved: of a run that goes on.
        capturable: whether a CUDA graph may be made of a step.

    Raises:
        StudioError: what was saved cannot be of this run.
    """
    settings, course = plan.recipe.training, plan.course
    trained = list(adapter_parameters(plan.model.network))
    of_head = {name for name, _ in trained if name.rpartition(".")[0] == plan.head}
    optimizer = make_optimizer(
        settings.optimizer,
        [parameter for name, parameter in trained if name not in of_head],
        course.learning_rate,
        capturable=capturable,
        head=[parameter for name, parameter in trained if name in of_head],
        head_learning_rate=course.head_learning_rate,
    )
    progress = Progress(
        course=course,
        batch_size=plan.batch_size,
        order=plan.opened.order,
        best=_nothing_better(plan, before, validation_before),
        drawn_from=plan.generator.get_state(),
        network=plan.model.network,
        optimizer=optimizer,
        schedule=make_schedule(settings.schedule, optimizer, plan.steps),
        generator=plan.generator,
        clock=clock,
    )
    if saved:
        try:
            progress.go_on(saved, plan.steps_per_epoch)
        except (AdapterError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise damaged(plan.folder) from error
    return progress


def _nothing_better(plan: Plan, before: Evaluation, validation: Evaluation) -> Best:
    """The best so far: the network as it is before training."""
    model, record = plan.model, run_description.record(plan, before)
    score = checkpoints.score_of(validation, plan.recipe, model.class_names, plan.course.by_classes)
    return Best(
        epoch=0,
        score=score or (-math.inf, -math.inf),
        since=0,
        parameters=adapter_file.parameters(model.network),
        # A last layer of one's own is kept as it is.
        record=replace(record, epoch=0) if model.has_own_classes else record,
    )
