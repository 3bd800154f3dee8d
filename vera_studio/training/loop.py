"""One run from a recipe to a trained adapter: the same for the window and the command line."""

import dataclasses
from contextlib import ExitStack, nullcontext
from pathlib import Path

from vera_studio import recipe as recipes
from vera_studio import recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attach
from vera_studio.data.store import ImageData, ImageSet
from vera_studio.errors import StudioError
from vera_studio.files import is_regular
from vera_studio.models.model import Model, example
from vera_studio.recipe import Recipe
from vera_studio.runs.events import (
    EpochDone,
    Evaluation,
    Event,
    Notice,
    RunResult,
    Stage,
    told_classes,
)
from vera_studio.runs.predictions import predictions_file, to_table
from vera_studio.runs.run_files import NoFiles, RunFiles
from vera_studio.runs.run_folder import RunFolder, check_unused
from vera_studio.runs.run_state import going_on
from vera_studio.training import progress as progress_file
from vera_studio.training import run_description
from vera_studio.training.answers import Answers, side_by_side
from vera_studio.training.beginning import begin
from vera_studio.training.checkpoints import Checkpoints
from vera_studio.training.devices import choose_device
from vera_studio.training.evaluation import predict_inputs
from vera_studio.training.head_start import start_head
from vera_studio.training.losses import Losses, told_again
from vera_studio.training.memory import device_failures_told
from vera_studio.training.open_inputs import draw_epoch, open_inputs
from vera_studio.training.opening import OnEvent, Plan, ShouldStop, open_plan
from vera_studio.training.processes import ALONE, Processes
from vera_studio.training.progress import Saved, Saver
from vera_studio.training.step import Step, TrainingStep, fastest_step
from vera_studio.training.stopping import Stopping
from vera_studio.training.stopwatch import Stopwatch
from vera_studio.training.threads import one_thread_unless
from vera_studio.wording import lower_rate


def resume(
    run_folder: Path,
    on_event: OnEvent = lambda event: None,
    should_stop: ShouldStop = lambda: False,
    data: ImageData | None = None,
    model: Model | None = None,
    epochs: int | None = None,
    processes: Processes = ALONE,
) -> RunResult:
    """Go on with a run that was broken off, was stopped, or is to have more epochs.

    On a CPU it ends with the same adapter and the same figures as if it had never been broken off.

    Args:
        run_folder: of the run, which is not going on anywhere else.
        on_event, should_stop, data, model, processes: as for `train`. The run may have been begun
            by another number of processes.
        epochs: that it is to have in all; None for those that it was to have. With others its
            learning rate goes on as it would if it had been begun with so many.

    Raises:
        StudioError: the folder holds no run that can go on, its images are others now, or it has
            had so many epochs already; else as `train`.
    """
    if processes.is_first and not is_regular(run_folder / progress_file.FILE):
        raise StudioError(f"{run_folder} holds no run that can go on.")
    with going_on(run_folder) if processes.is_first else nullcontext():
        recipe, saved = processes.from_first(lambda: _read(run_folder, epochs))
        return _run(recipe, run_folder, on_event, should_stop, data, model, saved, processes)


def train(
    recipe: Recipe,
    run_folder: Path,
    on_event: OnEvent = lambda event: None,
    should_stop: ShouldStop = lambda: False,
    data: ImageData | None = None,
    model: Model | None = None,
    processes: Processes = ALONE,
) -> RunResult:
    """Fine-tune an adapter as `recipe` says and leave a run folder.

    Args:
        recipe: what to run.
        run_folder: where the run's files go (see run_folder.py); made if need be.
        on_event: told of everything worth showing, some 10 times a second.
        should_stop: asked before every step and every batch of an evaluation; the run so far
            is kept when it says so, and measured unless it says so during that. It may wait
            before it answers: that is a pause. It may raise `Cancelled`, which gives the run
            up where it is.
        data: the recipe's images, where they are open already.
        model: the recipe's network, where it is open already; the adapter stays on it.
        processes: that have all called this with the same recipe, and share the images. The first
            of them writes and tells.

    Raises:
        RecipeError: the recipe cannot be run; names every problem.
        ModelError, DataError: the network or the images cannot be opened.
        AdapterError: the adapter would be too large for a file.
        TrainingError: the device is missing, or the loss is no longer finite.
        NotEnoughMemoryError: not even one image can be computed.
        StudioError: the run folder holds a run already, or cannot be written to. Once it trains,
            a run goes on without, and ends with the folder of its result being another one.
        NotSavedError: what the run came to can be written nowhere.
        Cancelled: stopped before training began, or given up by `should_stop`.
    """
    if processes.is_first:
        check_unused(run_folder)  # now, not when images have been opened and measured
    return _run(recipe, run_folder, on_event, should_stop, data, model, None, processes)


def _run(
    recipe: Recipe,
    run_folder: Path,
    on_event: OnEvent,
    should_stop: ShouldStop,
    data: ImageData | None,
    model: Model | None,
    saved: Saved | None,
    processes: Processes,
) -> RunResult:
    """The whole run; from where it was broken off if that is `saved`."""
    folder: RunFolder | None = None  # of the process that writes, once there is something

    def tell(event: Event) -> None:
        if folder:
            folder.add(event)
        if processes.is_first:
            on_event(event)

    def notice(text: str) -> None:
        tell(Notice(text))

    recipes.validate(recipe)
    device = choose_device(recipe.training.device)
    with device_failures_told(device.device), ExitStack() as resources:
        # Open the network and the images, and decide what the recipe leaves open.
        plan = processes.after_first(
            lambda: open_plan(recipe, run_folder, device, tell, should_stop, data, model, saved)
        )
        processes.check_images(len(plan.data.train), plan.opened.order)
        model, course, classes = plan.model, plan.course, len(plan.model.class_names)
        clock = Stopwatch(saved.seconds if saved else 0.0)
        stopping = Stopping(lambda: clock.outside(should_stop), processes)
        ask = stopping.should_stop

        # Attach the adapter, and compute what the frozen layers make of the images.
        attach(model.network, plan.recipe.adapter, images=example(model.kind, 2))
        for text in run_description.notices(plan):
            notice(text)
        model.network.to(device.device)
        inputs = open_inputs(plan, tell, ask, resources, processes)
        if processes.size > 1:
            plan = plan.without_pixels()  # each keeps its own
        if model.has_own_classes:
            tell(Stage("Beginning with the means of the classes"))
            labels = plan.data.train.labels
            start_head(model.network, plan.head, inputs.train, labels, ask, processes)

        # Measure what there is before training.
        tell(Stage("Measuring before training"))
        base_test = processes.joined(predict_inputs(inputs.test, classes, ask, "test"))
        base_validation = processes.joined(
            predict_inputs(inputs.validation, classes, ask, "validation")
        )
        before, validation_before = base_test.evaluation(), base_validation.evaluation()

        # Begin, or go on: all that the run becomes is `progress`; files of it go into a folder.
        capturable = inputs.train.index_device.type == "cuda"
        progress = begin(plan, before, validation_before, clock, saved, capturable)
        if processes.is_first:
            told = told_classes(validation_before)
            done = (progress.step, progress.epoch - 1) if saved else None
            folder = RunFolder(run_folder, plan.recipe, model.class_names, told, done, notice)
        files = folder.files if folder else NoFiles(run_folder)
        checkpoints = Checkpoints(files, plan.recipe, model, progress)
        saver = Saver(files)
        advice = lower_rate(course.learning_rate, course.usual_learning_rate)
        losses = Losses(progress, plan.steps, validation_before, advice, tell, processes)
        tell(run_description.started(plan, before, validation_before))
        if saved and folder:
            for event in told_again(progress, folder.losses(), plan.steps):
                on_event(event)

        # `resume` holds the folder already.
        held = going_on(run_folder) if folder and not saved else nullcontext()
        with held, checkpoints.told_if_it_fails(), device_failures_told(device.device):
            step: Step | None = None
            # What the best so far says; of a run that goes on, and has one, it is not known.
            best_validation = None if saved and checkpoints.has_best else base_validation
            epochs_done, gave_up = progress.epoch - 1, False
            while (
                progress.epoch <= course.epochs
                and not stopping.stops()
                and not progress.is_out_of_patience
            ):
                # Draw the epoch's images, in their order.
                batches = draw_epoch(plan, inputs, processes)
                if step is None:
                    plain = TrainingStep(
                        inputs.train, progress.optimizer, notice, processes, stopping.should_stop
                    )
                    step = fastest_step(plain, progress.optimizer, *batches[0][:2])

                # Train, batch after batch.
                losses.begin_epoch()
                with one_thread_unless(inputs.train.threads_pay(plan.batch_size)):
                    for views, labels, images in batches[progress.batches :]:
                        loss = step(views, labels, images)
                        if loss is not None:  # else it was stopped in the midst of it
                            progress.schedule.step()
                            losses.add(loss, images)
                        is_last = progress.batches == len(batches)
                        stops = not is_last and stopping.stops()
                        if stops or saver.is_overdue or (is_last and not saver.has_saved):
                            losses.report()
                            saver.save(progress)
                        if stops:
                            break
                    if not progress.batches:  # stopped within the epoch's first step
                        break
                    train_loss, seconds = losses.end_epoch()
                epochs_done = progress.epoch

                # Evaluate what was trained, the whole epoch or what there is of it.
                answers = stopping.measure(inputs.validation, classes, "validation")
                validation = None if answers is None else answers.evaluation()
                parameters = adapter_file.parameters(model.network)
                losses.check(parameters, validation)
                if validation is None:
                    checkpoints.keep_last(epochs_done)
                    break

                # Keep it, perhaps as the best so far.
                are_huge = losses.are_huge(train_loss, validation.loss_over(plan.targets))
                is_best = checkpoints.keep_epoch(parameters, validation, are_huge)
                if is_best:
                    best_validation = answers
                rate = float(progress.schedule.get_last_lr()[0])
                event = EpochDone(
                    progress.epoch, progress.step, train_loss, validation, rate, is_best, seconds
                )
                progress.note_epoch(event)
                tell(event)
                if stopping.has_stopped:
                    break

                # Save how far the run is.
                progress.end_epoch()
                if saver.is_cheap or saver.is_overdue:
                    saver.save(progress)
            else:  # between two epochs; within one it is saved where it was broken off
                saver.save(progress)
                gave_up = progress.epoch <= course.epochs and not stopping.has_stopped
            if gave_up:
                notice(f"No better epoch in the last {course.patience}: training ends here.")
            if epochs_done == 0:
                checkpoints.keep_last(epochs_done)

            # Measure the best epoch on the test images.
            best_test: Answers | None = base_test
            after = before
            if checkpoints.has_best:
                tell(Stage("Measuring the best epoch on the test images"))
                checkpoints.put_best_on()
                best_test = stopping.measure(inputs.test, classes, "test")
                after = best_test.evaluation() if best_test else Evaluation.nothing(classes, "test")
                if best_test:
                    checkpoints.finish(after)
                if best_validation is None:
                    best_validation = stopping.measure(inputs.validation, classes, "validation")

            # End: write down how, what was said of each image, and all that could not be before.
            stopped, size = stopping.has_stopped, processes.size
            result = run_description.result(
                plan, progress, before, after, epochs_done, stopped, gave_up, size
            )
            for part, best, base in (
                (plan.data.validation, best_validation, base_validation),
                (plan.data.test, best_test, base_test),
            ):
                _keep_predictions(plan, part, best, base, files)
            return folder.add_result(result) if folder else result


def _read(run_folder: Path, epochs: int | None) -> tuple[Recipe, Saved]:
    """What a run goes on with, to have `epochs` in all if that is given."""
    recipe, saved = recipe_file.load(run_folder / "recipe.toml"), progress_file.load(run_folder)
    if epochs is not None:
        recipe = _give_epochs(recipe, saved, epochs, run_folder)
    return recipe, saved


def _give_epochs(recipe: Recipe, saved: Saved, epochs: int, run_folder: Path) -> Recipe:
    """Have the run in `run_folder` go on until it has had `epochs` in all, with patience again."""
    if epochs < saved.epoch:
        raise StudioError(
            f"The run in {run_folder} has had {saved.epoch - 1} epochs already: it can go on with "
            "more, not with as many or fewer."
        )
    saved.best.since = 0
    saved.best.record = dataclasses.replace(saved.best.record, epochs=epochs)
    saved.course = dataclasses.replace(saved.course, epochs=epochs)
    training = dataclasses.replace(recipe.training, epochs=epochs)
    return dataclasses.replace(recipe, training=training)


def _keep_predictions(
    plan: Plan, images: ImageSet, best: Answers | None, base: Answers, files: RunFiles
) -> None:
    """Write what the best adapter and the base said of each of `images`, where both are known."""
    name = predictions_file(plan.folder, base.part).name
    if best is None:  # what a former end of the run has left is of another epoch
        files.remove(name)
        return
    said = side_by_side(best, base, plan.model.class_names, images.names)
    files.put(name, lambda: to_table(said))
