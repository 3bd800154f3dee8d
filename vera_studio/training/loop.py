"""One run from a recipe to a trained adapter: the same for the window and the command line."""

import dataclasses
import math
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

import torch

from vera_studio import recipe as recipes
from vera_studio import recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import adapter_parameters, attach, count
from vera_studio.data.batches import EpochSampler
from vera_studio.data.store import ImageData
from vera_studio.errors import AdapterError, DataError, StudioError
from vera_studio.files import is_regular
from vera_studio.models.model import Model, example
from vera_studio.models.own_classes import suited
from vera_studio.recipe import Recipe
from vera_studio.runs.events import (
    EpochDone,
    Evaluation,
    Notice,
    Part,
    RunResult,
    RunStarted,
    Stage,
    StepsDone,
    told_classes,
)
from vera_studio.runs.run_folder import RunFolder, check_unused
from vera_studio.runs.run_state import going_on
from vera_studio.training import automatic, progress
from vera_studio.training.devices import DeviceChoice, choose_device
from vera_studio.training.divergence import LossWatch
from vera_studio.training.evaluation import evaluate_inputs
from vera_studio.training.feeding import Feed, open_feed
from vera_studio.training.head_start import start_head
from vera_studio.training.inputs import Inputs
from vera_studio.training.keeping import Keeper
from vera_studio.training.memory import out_of_memory_told
from vera_studio.training.opening import (
    OnEvent,
    ShouldStop,
    images_to_train_on,
    open_images,
    open_network,
    sleeping_layers,
    with_targets,
)
from vera_studio.training.optimisation import (
    automatic_batch_size,
    make_optimizer,
    make_schedule,
    restore_optimizer,
)
from vera_studio.training.own_account import record_of, subject_of
from vera_studio.training.progress import Place, Progress, Saver
from vera_studio.training.reporting import LossNotFiniteError, StepReporter
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
) -> RunResult:
    """Go on with a run that was broken off, was stopped, or is to have more epochs.

    On a CPU it ends with the same adapter and the same figures as if it had never been broken off.

    Args:
        run_folder: of the run, which is not going on anywhere else.
        on_event, should_stop, data, model: as for `train`.
        epochs: that it is to have in all; None for those that it was to have. With others its
            learning rate goes on as it would if it had been begun with so many.

    Raises:
        StudioError: the folder holds no run that can go on, its images are others now, or it has
            had so many epochs already; else as `train`.
    """
    if not is_regular(run_folder / progress.FILE):
        raise StudioError(f"{run_folder} holds no run that can go on.")
    with going_on(run_folder):
        recipe, start = recipe_file.load(run_folder / "recipe.toml"), progress.load(run_folder)
        if epochs is not None:
            recipe, start = _with_more_epochs(recipe, start, epochs, run_folder)
        return _go(recipe, run_folder, on_event, should_stop, data, model, start)


def _with_more_epochs(
    recipe: Recipe, start: Progress, epochs: int, run_folder: Path
) -> tuple[Recipe, Progress]:
    """Both for a run that is to have `epochs` in all, and patience again."""
    if epochs < start.place.epoch:
        raise StudioError(
            f"The run in {run_folder} has had {start.place.epoch - 1} epochs already: it can "
            "go on with more, not with as many or fewer."
        )
    best = dataclasses.replace(start.best, since=0)
    course = dataclasses.replace(start.course, epochs=epochs)
    training = dataclasses.replace(recipe.training, epochs=epochs)
    more = dataclasses.replace(start, best=best, course=course)
    return dataclasses.replace(recipe, training=training), more


def train(
    recipe: Recipe,
    run_folder: Path,
    on_event: OnEvent = lambda event: None,
    should_stop: ShouldStop = lambda: False,
    data: ImageData | None = None,
    model: Model | None = None,
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

    Raises:
        RecipeError: the recipe cannot be run; names every problem.
        ModelError, DataError: the network or the images cannot be opened.
        AdapterError: the adapter would be too large for a file.
        TrainingError: the device is missing, or the loss is no longer finite.
        NotEnoughMemoryError: not even one image can be computed.
        StudioError: the run folder holds a run already, or cannot be written to.
        Cancelled: stopped before training began, or given up by `should_stop`.
    """
    check_unused(run_folder)  # now, not when images have been opened and measured
    return _go(recipe, run_folder, on_event, should_stop, data, model, None)


def _go(
    recipe: Recipe,
    run_folder: Path,
    on_event: OnEvent,
    should_stop: ShouldStop,
    data: ImageData | None,
    model: Model | None,
    start: Progress | None,
) -> RunResult:
    recipes.validate(recipe)
    device = choose_device(recipe.training.device)
    with out_of_memory_told(device.device):
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
        return _Run(recipe, run_folder, model, data, device, on_event, should_stop, start).go()


@dataclass(frozen=True, eq=False)
class _Tools:
    """What a run opens before it trains."""

    feed: Feed
    folder: RunFolder
    keeper: Keeper
    reporter: StepReporter
    watch: LossWatch
    saver: Saver


class _Run:
    """What the phases of one run share."""

    def __init__(
        self,
        recipe: Recipe,
        run_folder: Path,
        model: Model,
        data: ImageData,
        device: DeviceChoice,
        on_event: OnEvent,
        should_stop: ShouldStop,
        start: Progress | None,
    ) -> None:
        self.recipe = recipe
        self.start = start
        self.settings = recipe.training
        self.folder_path = run_folder
        self.model = model
        self.network = model.network
        self.head = recipe.adapter.head or ""
        self.device = device
        self.on_event = on_event
        self.clock = Stopwatch(start.seconds if start else 0.0)
        self.should_stop: ShouldStop = lambda: self.clock.outside(should_stop)
        self.stopping = Stopping(self.should_stop)
        self.targets = recipe.training.targets_among(model.class_names)
        self.opened = data  # with images that no epoch draws
        if start and start.images != data.order:
            raise DataError(
                f"{data.title} holds other images than when the run in {run_folder} was begun, or "
                "the same in another order, so that cannot go on. Bring them back as they were, or "
                "begin a new run."
            )
        names, keep_others = model.class_names, self.settings.keep_others
        self.data = images_to_train_on(data, names, self.targets, keep_others)
        counts = self.data.train.counts(len(names))
        self.counts = tuple(counts[index] for index in self.targets)
        # A run that goes on goes as it was begun, whatever would be decided now.
        self.course = (
            start.course
            if start
            else automatic.decide(
                self.settings, recipe.adapter.method, model.has_own_classes, self.counts
            )
        )
        self.generator = torch.Generator().manual_seed(recipe.training.seed)
        self.sampler = EpochSampler(
            self.data.train.labels,
            self.targets,
            keep_others,
            self.generator,
            self.course.balance,
        )
        usual = automatic_batch_size(len(self.sampler), device.device)
        self.batch_size = start.batch_size if start else self.settings.batch_size or usual
        self.steps_per_epoch = math.ceil(len(self.sampler) / self.batch_size)
        self.steps = self.steps_per_epoch * self.course.epochs
        self.stopped = self.gave_up = False
        self.epochs_measured = start.epochs_measured if start else 0
        self.history: list[EpochDone] = [*start.history] if start else []
        self.subject = subject_of(recipe, run_folder, model, data)

    def go(self) -> RunResult:
        attach(self.network, self.recipe.adapter, images=example(self.model.kind, 2))
        for text in (sleeping_layers(self.network), automatic.told(self.course, self.counts)):
            if text:
                self.on_event(Notice(text))
        self.network.to(self.device.device)
        with ExitStack() as resources:
            feed = open_feed(
                self.model,
                self.data,
                self.settings,
                self.course,
                len(self.sampler),
                self.on_event,
                self.should_stop,
                resources,
            )
            return self._run(feed)

    def _run(self, feed: Feed) -> RunResult:
        if self.model.has_own_classes:
            self.on_event(Stage("Beginning with the means of the classes"))
            start_head(self.network, self.head, feed.train, self.should_stop)
        self.on_event(Stage("Measuring before training"))
        before = self._measure(feed.test, "test")
        validation_before = self._measure(feed.validation, "validation")
        told = told_classes(validation_before)
        folder = RunFolder(
            self.folder_path,
            self.recipe,
            self.model.class_names,
            told,
            (self.start.told.step, self.start.place.epoch - 1) if self.start else None,
        )
        record = record_of(
            self.recipe, self.model, self.opened, self.targets, self.course.epochs, before
        )
        keeper = Keeper(
            folder, self.recipe, self.model, record, validation_before, self.course.by_classes
        )
        if self.model.has_own_classes:
            keeper.keep_start()
        self._announce(before, validation_before)
        if self.start:
            self._tell_again(folder)
        reporter = StepReporter(self.steps, self.clock, lambda steps: self._tell(steps, folder))
        advice = lower_rate(self.course.learning_rate, self.course.usual_learning_rate)
        watch = LossWatch(validation_before, advice, self._notice)
        tools = _Tools(feed, folder, keeper, reporter, watch, Saver(folder.path, self._notice))
        held = nullcontext() if self.start else going_on(folder.path)  # `resume` holds it
        with held, keeper.told_if_it_fails(), out_of_memory_told(self.device.device):
            epochs_done = self._train(tools)
            after = self._measure_best(tools) if keeper.has_best else before
            result = self._result(epochs_done, before, after, tools)
            folder.add_result(result)
        return result

    def _measure_best(self, tools: _Tools) -> Evaluation:
        """Put the best epoch's adapter on; returns how it does on the test images."""
        self.on_event(Stage("Measuring the best epoch on the test images"))
        tools.keeper.put_best_on()
        classes = len(self.model.class_names)
        after = self.stopping.measure(tools.feed.test, classes, "test")
        if after is None:
            self.stopped = True
            return Evaluation.nothing(classes, "test")
        tools.keeper.finish(after)
        return after

    def _measure(self, inputs: Inputs, part: Part) -> Evaluation:
        return evaluate_inputs(inputs, len(self.model.class_names), self.should_stop, part)

    def _announce(self, test: Evaluation, validation: Evaluation) -> None:
        counts = count(self.network)
        self.on_event(
            RunStarted(
                device=self.device.device.type,
                device_reason=self.device.reason,
                class_names=self.model.class_names,
                target_classes=self.targets,
                epochs=self.course.epochs,
                steps_per_epoch=self.steps_per_epoch,
                batch_size=self.batch_size,
                train_images=len(self.sampler),
                validation_images=len(self.data.validation),
                test_images=len(self.data.test),
                trainable=counts.trainable,
                total=counts.total,
                validation=validation,
                test=test,
                learning_rate=self.course.learning_rate,
                keep_others=self.settings.keep_others,
                by_classes=self.course.by_classes,
                has_own_classes=self.model.has_own_classes,
                subject=self.subject,
            )
        )

    def _notice(self, text: str) -> None:
        self.on_event(Notice(text))

    def _tell_again(self, folder: RunFolder) -> None:
        """Tell what came before the run was broken off, as far as it is written."""
        assert self.start is not None
        told = self.start.told
        seconds = max(told.seconds + told.epoch_seconds, 1e-9)
        losses, first = folder.losses(), 0
        for epoch in [*self.history, None]:
            last = epoch.step if epoch else len(losses)
            if some := losses[first:last]:
                values = tuple(loss for _, loss in some)
                share, speed = last / self.steps, told.images / seconds
                left = seconds * (self.steps - last) / told.step
                self.on_event(StepsDone(some[0][0], first + 1, values, speed, share, left))
            if epoch:
                self.on_event(epoch)
            first = last

    def _tell(self, steps: StepsDone, folder: RunFolder) -> None:
        folder.add_losses(steps)
        self.on_event(steps)

    def _train(self, tools: _Tools) -> int:
        """Train, epoch by epoch; returns how many epochs were trained, whole or in part."""
        trained = list(adapter_parameters(self.network))
        of_head = {f"{self.head}.{name}" for name in ("weight_change", "bias_change")}
        optimizer = make_optimizer(
            self.settings.optimizer,
            [parameter for name, parameter in trained if name not in of_head],
            self.course.learning_rate,
            capturable=tools.feed.train.index_device.type == "cuda",
            head=[parameter for name, parameter in trained if name in of_head],
            head_learning_rate=self.course.head_learning_rate,
        )
        schedule = make_schedule(self.settings.schedule, optimizer, self.steps)
        plain = TrainingStep(tools.feed.train, optimizer, self._notice)
        step: Step = plain
        several_pay = tools.feed.train.threads_pay(self.batch_size)
        epoch = done = 0
        if self.start:
            epoch, done = self.start.place.epoch - 1, self.start.place.batches
            self._go_on(self.start, optimizer, schedule, tools)
        place = Place(epoch + 1, done, self.generator.get_state())
        while epoch < self.course.epochs and not self._is_over(epoch, tools.keeper):
            epoch += 1
            place = Place(epoch, done, self.generator.get_state())
            views, labels = self._draw(tools.feed)
            if step is plain:
                first = slice(self.batch_size)
                step = fastest_step(plain, optimizer, views[first], labels[first])

            def save(batches: int, place: Place = place) -> None:
                self._save(replace(place, batches=batches), optimizer, schedule, tools)

            try:
                with one_thread_unless(several_pay):
                    loss, seconds = self._train_epoch(
                        epoch, done, views, labels, step, schedule, tools, save
                    )
            except LossNotFiniteError as error:
                raise tools.watch.not_finite(epoch) from error
            rate = float(schedule.get_last_lr()[0])
            self._end_epoch(epoch, loss, rate, seconds, tools)
            if self.stopped:
                return epoch
            done, place = 0, Place(epoch + 1, 0, self.generator.get_state())
            if tools.saver.is_cheap or tools.saver.is_overdue:
                self._save(place, optimizer, schedule, tools)
        self._save(place, optimizer, schedule, tools)
        if epoch == 0:
            tools.keeper.keep_last(0)
        return epoch

    def _is_over(self, epoch: int, keeper: Keeper) -> bool:
        """Whether no further epoch is to be trained, though there may be more to come."""
        if self.stopping.asked():
            self.stopped = True
        return self.stopped or self._out_of_patience(epoch, keeper)

    def _out_of_patience(self, epoch: int, keeper: Keeper) -> bool:
        """Whether to train no further, for as many epochs as were to be waited brought nothing."""
        patience = self.course.patience
        self.gave_up = 0 < patience <= keeper.epochs_since_best
        if self.gave_up:
            self.on_event(Notice(f"No better epoch in the last {patience}: training ends here."))
        return self.gave_up

    def _draw(self, feed: Feed) -> tuple[torch.Tensor, torch.Tensor]:
        """An epoch's views and their labels, each (images,), in the order to train in."""
        images = self.sampler.draw()
        variants = feed.augmentation.draw(len(images), self.generator)
        views = images + len(self.data.train) * variants
        labels = feed.train.labels
        return views.to(feed.train.index_device), labels[images.to(labels.device)]

    def _train_epoch(
        self,
        epoch: int,
        done: int,
        views: torch.Tensor,
        labels: torch.Tensor,
        step: Step,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        tools: _Tools,
        save: Callable[[int], None],
    ) -> tuple[float, float]:
        """Train one epoch from batch `done` on, or what of it came before a stop.

        Returns:
            The mean loss and the seconds that it took.
        """
        reporter = tools.reporter
        reporter.begin_epoch(epoch)
        batches = list(
            zip(
                torch.split(views, self.batch_size),
                torch.split(labels, self.batch_size),
                strict=True,
            )
        )
        for number, (some, truth) in enumerate(batches[done:], start=done + 1):
            loss = step(some, truth)
            schedule.step()
            reporter.add(loss, len(some))
            if number < len(batches) and self.stopping.asked():
                self.stopped = True
            is_first = number == len(batches) and not tools.saver.has_saved
            if self.stopped or tools.saver.is_overdue or is_first:
                save(number)
            if self.stopped:
                break
        return reporter.end_epoch()

    def _go_on(
        self,
        start: Progress,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        tools: _Tools,
    ) -> None:
        """Put everything in the place where it was when the run was broken off.

        Raises:
            StudioError: what was written down cannot be of this run.
        """
        place, step = start.place, start.told.step
        is_here = step == (place.epoch - 1) * self.steps_per_epoch + place.batches
        if place.batches > self.steps_per_epoch or not is_here:
            raise progress.damaged(self.folder_path)
        try:
            tools.keeper.go_on(start.best)
            tools.reporter.go_on(start.told)
            tools.watch.has_told = start.has_told_huge
            restore_optimizer(optimizer, schedule, start.optimizer, start.schedule, step)
            self.generator.set_state(place.drawn_from)
            adapter_file.load_parameters(self.network, start.parameters)
        except (AdapterError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise progress.damaged(self.folder_path) from error

    def _save(
        self,
        place: Place,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        tools: _Tools,
    ) -> None:
        """Write down how far the run is."""
        tools.saver.save(
            Progress(
                place=place,
                course=self.course,
                batch_size=self.batch_size,
                parameters=adapter_file.parameters(self.network),
                optimizer=optimizer.state_dict(),
                schedule=schedule.state_dict(),
                told=tools.reporter.told(),
                best=tools.keeper.best(),
                epochs_measured=self.epochs_measured,
                has_told_huge=tools.watch.has_told,
                seconds=self.clock.seconds(),
                images=self.opened.order,
                history=self.history,
            )
        )

    def _end_epoch(
        self,
        epoch: int,
        train_loss: float,
        learning_rate: float,
        seconds: float,
        tools: _Tools,
    ) -> None:
        """Evaluate an epoch, keep it if it is the best so far, and write it down."""
        classes = len(self.model.class_names)
        validation = self.stopping.measure(tools.feed.validation, classes, "validation")
        parameters = adapter_file.parameters(self.network)
        # A loss is from before its step: what the epoch's last step did shows only here.
        is_finite = all(bool(value.isfinite().all()) for value in parameters.values())
        if not is_finite or (validation and validation.images and not isfinite(validation.loss)):
            raise tools.watch.not_finite(epoch)
        if validation is None:
            self.stopped = True
            tools.keeper.keep_last(epoch)
            return
        self.epochs_measured += bool(validation.images)
        diverged = tools.watch.look(epoch, train_loss, validation.loss_over(self.targets))
        is_best = tools.keeper.add_epoch(epoch, parameters, validation, diverged)
        step = tools.reporter.step
        event = EpochDone(epoch, step, train_loss, validation, learning_rate, is_best, seconds)
        tools.folder.add_epoch(event)
        self.history.append(event)
        self.on_event(event)

    def _result(
        self,
        epochs_done: int,
        before: Evaluation,
        after: Evaluation,
        tools: _Tools,
    ) -> RunResult:
        return RunResult(
            folder=self.folder_path,
            stopped=self.stopped,
            epochs_done=epochs_done,
            best_epoch=tools.keeper.best_epoch,
            class_names=self.model.class_names,
            target_classes=self.targets,
            before=before,
            after=after,
            images_per_second=tools.reporter.images / max(tools.reporter.seconds, 1e-9),
            seconds=self.clock.seconds(),
            device=self.device.device.type,
            learning_rate=self.course.learning_rate,
            epochs_measured=self.epochs_measured,
            gave_up=self.gave_up,
            has_own_classes=self.model.has_own_classes,
            images_digest=self.opened.digest,
            subject=self.subject,
        )
