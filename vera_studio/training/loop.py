"""One run from a recipe to a trained adapter: the same for the window and the command line."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from vera_studio import recipe as recipes
from vera_studio.adapters import adapter_file
from vera_studio.adapters.attach import attach, count, linear_layers
from vera_studio.data.batches import EpochSampler, flip_at_random, normalise
from vera_studio.data.open_data import open_data
from vera_studio.data.store import ImageData
from vera_studio.errors import DataError, TrainingError
from vera_studio.models.registry import OpenedModel, open_model
from vera_studio.recipe import Recipe
from vera_studio.training.devices import DeviceChoice, choose_device
from vera_studio.training.evaluation import evaluate
from vera_studio.training.optimisation import make_optimizer, make_schedule
from vera_studio.training.results import (
    EpochDone,
    Evaluation,
    Event,
    RunResult,
    RunStarted,
    Stage,
    StepsDone,
)
from vera_studio.training.run_folder import RunFolder, check_unused
from vera_studio.training.stopwatch import Stopwatch

_REPORT_SECONDS = 0.05  # between reports of steps: 20 a second, however fast the steps are
OnEvent = Callable[[Event], None]
ShouldStop = Callable[[], bool]


def train(
    recipe: Recipe,
    run_folder: Path,
    on_event: OnEvent = lambda event: None,
    should_stop: ShouldStop = lambda: False,
    data: ImageData | None = None,
    model: OpenedModel | None = None,
) -> RunResult:
    """Fine-tune an adapter as `recipe` says and leave a run folder.

    Args:
        recipe: what to run.
        run_folder: where the run's files go (see run_folder.py); made if need be.
        on_event: told of everything worth showing, some 20 times a second.
        should_stop: asked before every step; the run so far is kept when it says so. It
            may wait before it answers: that is a pause.
        data: the recipe's images, where they are open already.
        model: the recipe's network, where it is open already; the adapter stays on it.

    Raises:
        RecipeError: the recipe cannot be run; names every problem.
        ModelError, DataError: the network or the images cannot be opened.
        TrainingError: the device is missing, or the loss is no longer finite.
        StudioError: the run folder holds a run already, or cannot be written to.
        Cancelled: stopped before training began.
    """
    recipes.validate(recipe)
    check_unused(run_folder)  # now, not when images have been opened and measured
    device = choose_device(recipe.training.device)
    if model is None:
        on_event(Stage("Opening the network"))
        model = open_model(recipe.model)
    recipes.validate(recipe, model.kind.class_names, list(linear_layers(model.network)))
    if data is None:
        on_event(Stage("Opening the images"))
        data = open_images(recipe, model, should_stop)
    return _Run(recipe, run_folder, model, data, device, on_event, should_stop).go()


def open_images(
    recipe: Recipe, model: OpenedModel, should_stop: ShouldStop = lambda: False
) -> ImageData:
    """The images that `recipe` names, in the form that `model` takes."""
    return open_data(
        recipe.data, model.kind.class_names, model.kind.image_size, should_stop=should_stop
    )


class _Run:
    """What the phases of one run share."""

    def __init__(
        self,
        recipe: Recipe,
        run_folder: Path,
        model: OpenedModel,
        data: ImageData,
        device: DeviceChoice,
        on_event: OnEvent,
        should_stop: ShouldStop,
    ) -> None:
        self.recipe = recipe
        self.settings = recipe.training
        self.folder_path = run_folder
        self.kind = model.kind
        self.network = model.network
        self.data = data
        self.device = device
        self.on_event = on_event
        self.clock = Stopwatch()
        self.should_stop: ShouldStop = lambda: self.clock.outside(should_stop)
        self.targets = _target_indices(recipe, model)
        self.generator = torch.Generator().manual_seed(recipe.training.seed)
        self.sampler = EpochSampler(
            data.train.labels, self.targets, self.settings.keep_others, self.generator
        )
        self.steps_per_epoch = math.ceil(len(self.sampler) / self.settings.batch_size)
        self.steps = self.steps_per_epoch * self.settings.epochs
        self.step = 0
        self.images_done = 0
        self.train_seconds = 0.0
        self.best_epoch = 0
        self.best_score = -math.inf
        self.best_vectors: dict[str, torch.Tensor] = {}
        self.stopped = False

    def go(self) -> RunResult:
        self._check_data()
        attach(self.network, self.recipe.adapter)
        self.network.to(self.device.device)
        self.on_event(Stage("Measuring before training"))
        before = self._measure(self.data.test)
        validation_before = self._measure(self.data.validation)
        folder = RunFolder(self.folder_path, self.recipe, self.kind.class_names)
        self._announce(before, validation_before)
        epochs_done = self._train(folder, before)
        self.on_event(Stage("Measuring the best epoch on the test images"))
        adapter_file.load_vectors(self.network, self.best_vectors)
        after = evaluate(self.network, self.kind, self.data.test)
        figures = self._figures(self.best_epoch, before) | {"after": list(after.per_class)}
        self._save(folder, "best", figures)
        result = self._result(epochs_done, before, after)
        folder.add_result(result)
        return result

    def _check_data(self) -> None:
        """Refuse data that cannot train the chosen classes.

        Raises:
            DataError: names the classes without images.
        """
        counts = self.data.train.counts(len(self.kind.class_names))
        empty = [self.kind.class_names[i] for i in self.targets if not counts[i]]
        if empty:
            raise DataError(
                f"{self.data.title} has no training images of {', '.join(empty)}. "
                "Untick these classes or choose other images."
            )

    def _measure(self, images: Any) -> Evaluation:
        return evaluate(self.network, self.kind, images, self.should_stop)

    def _announce(self, test: Evaluation, validation: Evaluation) -> None:
        counts = count(self.network)
        self.on_event(
            RunStarted(
                device=self.device.device.type,
                device_reason=self.device.reason,
                class_names=self.kind.class_names,
                target_classes=self.targets,
                epochs=self.settings.epochs,
                steps_per_epoch=self.steps_per_epoch,
                train_images=len(self.sampler),
                validation_images=len(self.data.validation),
                test_images=len(self.data.test),
                trainable=counts.trainable,
                total=counts.total,
                validation=validation,
                test=test,
            )
        )

    def _train(self, folder: RunFolder, before: Evaluation) -> int:
        """Train, epoch by epoch; returns how many epochs were trained, whole or in part."""
        self.best_vectors = adapter_file.vectors(self.network)
        parameters = [p for p in self.network.parameters() if p.requires_grad]
        optimizer = make_optimizer(self.settings.optimizer, parameters, self.settings.learning_rate)
        schedule = make_schedule(self.settings.schedule, optimizer, self.steps)
        # On the device once: 3 KB an image, so CIFAR-10's 50,000 are 154 MB.
        images = self.data.train.images.to(self.device.device)
        labels = self.data.train.labels.to(self.device.device)
        epoch = 0
        while epoch < self.settings.epochs and not self.should_stop():
            epoch += 1
            start = self.clock.seconds()
            loss = self._train_epoch(epoch, images, labels, optimizer, schedule, folder)
            seconds = self.clock.seconds() - start
            self.train_seconds += seconds
            rate = float(schedule.get_last_lr()[0])
            self._end_epoch(epoch, loss, rate, seconds, folder, before)
            if self.stopped:
                break
        self.stopped = self.stopped or epoch < self.settings.epochs
        if epoch == 0:
            self._save(folder, "last", self._figures(0, before))
        return epoch

    def _train_epoch(
        self,
        epoch: int,
        images: torch.Tensor,
        labels: torch.Tensor,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        folder: RunFolder,
    ) -> float:
        """Train one epoch, or what of it came before a stop; returns the mean loss."""
        epoch_start = self.clock.seconds()
        pending: list[torch.Tensor] = []  # losses not yet reported, left on the device
        total_loss = 0.0
        steps_before = self.step
        reported = time.perf_counter()
        order = self.sampler.draw().to(images.device)
        batches = torch.split(order, self.settings.batch_size)
        for number, indices in enumerate(batches, start=1):
            # batch: gathered from memory as uint8 (batch, 3, h, w)
            batch = images[indices]
            if self.settings.flips:
                batch = flip_at_random(batch, self.generator)
            # forward and backward
            logits = self.network(normalise(batch, self.kind.mean, self.kind.std))
            loss = F.cross_entropy(logits, labels[indices])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            # update
            optimizer.step()
            schedule.step()
            # bookkeeping: reading a loss waits for the device, so it is done now and then
            pending.append(loss.detach())
            self.step += 1
            self.images_done += len(indices)
            is_last = number == len(batches)
            if is_last or time.perf_counter() - reported >= _REPORT_SECONDS:
                total_loss += self._report(epoch, pending, epoch_start, folder)
                pending, reported = [], time.perf_counter()
            if not is_last and self.should_stop():
                self.stopped = True
                if pending:
                    total_loss += self._report(epoch, pending, epoch_start, folder)
                break
        return total_loss / (self.step - steps_before)

    def _report(
        self, epoch: int, pending: Sequence[torch.Tensor], epoch_start: float, folder: RunFolder
    ) -> float:
        """Tell of the steps whose losses are `pending`; returns the sum of these.

        Raises:
            TrainingError: a loss is not finite.
        """
        losses: tuple[float, ...] = tuple(torch.stack(list(pending)).tolist())
        if not all(math.isfinite(loss) for loss in losses):
            raise self._no_longer_finite(epoch)
        seconds = self.train_seconds + self.clock.seconds() - epoch_start
        progress = self.step / self.steps
        event = StepsDone(
            epoch=epoch,
            first_step=self.step - len(losses) + 1,
            losses=losses,
            images_per_second=self.images_done / max(seconds, 1e-9),
            progress=progress,
            seconds_left=seconds * (1 - progress) / progress,
        )
        folder.add_losses(event)
        self.on_event(event)
        return math.fsum(losses)

    def _no_longer_finite(self, epoch: int) -> TrainingError:
        text = (
            f"The loss is no longer finite in epoch {epoch}. "
            f"Try a lower learning rate, such as {self.settings.learning_rate / 10:.1g}."
        )
        if self.best_epoch:
            best = self.folder_path / "best.safetensors"
            text += f"\nThe adapter of epoch {self.best_epoch}, the best so far, is in {best}."
        return TrainingError(text)

    def _end_epoch(
        self,
        epoch: int,
        train_loss: float,
        learning_rate: float,
        seconds: float,
        folder: RunFolder,
        before: Evaluation,
    ) -> None:
        """Evaluate an epoch, keep it if it is the best so far, and write it down."""
        validation = evaluate(self.network, self.kind, self.data.validation)
        vectors = adapter_file.vectors(self.network)
        # A loss is from before its step: what the epoch's last step did shows only here.
        is_finite = all(bool(vector.isfinite().all()) for vector in vectors.values())
        if not is_finite or (len(self.data.validation) and not math.isfinite(validation.loss)):
            raise self._no_longer_finite(epoch)
        score = self._score(validation)
        is_best = score > self.best_score
        figures = self._figures(epoch, before) | {"validation_accuracy": validation.accuracy}
        if is_best:
            self.best_score, self.best_epoch = score, epoch
            self.best_vectors = vectors
            self._save(folder, "best", figures)
        self._save(folder, "last", figures)
        event = EpochDone(epoch, self.step, train_loss, validation, learning_rate, is_best, seconds)
        folder.add_epoch(event)
        self.on_event(event)

    def _score(self, validation: Evaluation) -> float:
        """Validation accuracy over the mix that is trained on; the higher, the better.

        Targets count fully, the other classes by the share of them that is kept: with a
        share of 0 what becomes of them is not asked. Without validation images the last
        epoch counts as the best.
        """
        correct = images = 0.0
        for index, (share, number) in enumerate(
            zip(validation.per_class, validation.counts, strict=True)
        ):
            weight = 1.0 if index in self.targets else self.settings.keep_others
            if number:
                correct += weight * share * number
                images += weight * number
        return correct / images if images else float(self.step)

    def _figures(self, epoch: int, before: Evaluation) -> dict[str, Any]:
        """What an adapter file tells of its training."""
        return {
            "data": self.data.title,
            "targets": [self.kind.class_names[index] for index in self.targets],
            "keep_others": self.settings.keep_others,
            "epochs": self.settings.epochs,
            "epoch": epoch,
            "before": list(before.per_class),
        }

    def _save(self, folder: RunFolder, name: str, figures: dict[str, Any]) -> None:
        adapter_file.save(
            folder.path / f"{name}.safetensors",
            self.network,
            self.recipe.adapter,
            self.kind.class_names,
            figures,
        )

    def _result(self, epochs_done: int, before: Evaluation, after: Evaluation) -> RunResult:
        return RunResult(
            folder=self.folder_path,
            stopped=self.stopped,
            epochs_done=epochs_done,
            best_epoch=self.best_epoch,
            class_names=self.kind.class_names,
            target_classes=self.targets,
            before=before,
            after=after,
            images_per_second=self.images_done / max(self.train_seconds, 1e-9),
            seconds=self.clock.seconds(),
            device=self.device.device.type,
        )


def _target_indices(recipe: Recipe, model: OpenedModel) -> tuple[int, ...]:
    """The target classes as indices, in the network's order."""
    wanted = recipe.training.target_classes
    names = model.kind.class_names
    return tuple(i for i, name in enumerate(names) if wanted is None or name in wanted)
