"""Which epoch of a run is the best, and the adapter files that are kept of it."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.errors import StudioError
from vera_studio.models.model import Model
from vera_studio.recipe import Recipe
from vera_studio.runs.events import Evaluation
from vera_studio.runs.run_folder import RunFolder
from vera_studio.training.progress import Best
from vera_studio.wording import sentence


class Keeper:
    """Keeps the best and the last adapter of a run, in memory and in its folder.

    Attributes:
        best_epoch: from 1; 0 while none beats the network before training. With classes of one's
            own the last of those that the validation images cannot tell from the best: few
            images take an early epoch for the best by chance, and later ones have learnt more.
        best_parameters: of the best adapter, untrained while there is none.
        has_best: whether there is a best adapter in the folder.
        epochs_since_best: measured since one beat all before it.
    """

    def __init__(
        self,
        folder: RunFolder,
        recipe: Recipe,
        model: Model,
        record: TrainingRecord,
        before: Evaluation,
        by_classes: bool = False,
    ) -> None:
        """Begin before the first step, with the network as it is the best so far.

        Args:
            folder: where the adapters go.
            recipe: tells the adapter's settings, the target classes and the share of others.
            model: whose network has the adapter on.
            record: what each file tells of its training, beside what comes with an epoch.
            before: on the validation images, before training.
            by_classes: whether the best goes by the mean over classes, not over images.
        """
        self.best_epoch = self.epochs_since_best = 0
        self.has_best = False
        self._by_classes = by_classes
        self.best_parameters = adapter_file.parameters(model.network)
        self._record = self._best_record = record
        self._folder = folder
        self._recipe = recipe
        self._model = model
        self._best_score = self._score(before) or (-math.inf, -math.inf)

    def best(self) -> Best:
        """What `go_on` takes."""
        return Best(
            self.best_epoch,
            self._best_score,
            self.epochs_since_best,
            self.best_parameters,
            self._best_record.to_json(),
        )

    def go_on(self, best: Best) -> None:
        """Take up where a run was broken off; the network is left with the best adapter on.

        Raises:
            AdapterError: what was kept does not fit the network.
        """
        self._best_score, self.epochs_since_best = best.score, best.since
        self.best_parameters = best.parameters
        self.put_best_on()
        if not best.epoch and not self.has_best:  # one of a part of an epoch may be there
            (self._folder.path / "best.safetensors").unlink(missing_ok=True)
        if best.epoch:
            self.best_epoch, self.has_best = best.epoch, True
            self._best_record = TrainingRecord.from_json(best.record)
            self._save("best", self._best_record)  # that of a later epoch may be there

    def keep_start(self) -> None:
        """Keep the adapter as it is before training, as the best so far: it is of use already."""
        self._best_record = replace(self._record, epoch=0)
        self._save("best", self._best_record)
        self.has_best = True

    def add_epoch(
        self,
        epoch: int,
        parameters: dict[str, torch.Tensor],
        validation: Evaluation,
        diverged: bool = False,
    ) -> bool:
        """Keep the adapter as it is now; returns whether it is the best so far.

        Args:
            epoch: from 1.
            parameters: of the adapter, as the network has it on.
            validation: how it does.
            diverged: whether its loss is so huge that its accuracy is luck.
        """
        score = self._score(validation)
        # Without validation images the last epoch counts as the best.
        is_better = not diverged and (score is None or score > self._best_score)
        is_best = is_better or (not diverged and self._is_as_good(score, validation))
        accuracy = None if math.isnan(validation.accuracy) else validation.accuracy
        record = replace(self._record, epoch=epoch, validation_accuracy=accuracy)
        self.epochs_since_best = 0 if is_better else self.epochs_since_best + 1
        if is_best:
            self._save("best", record)  # first: what cannot be written is not the best
            if score is not None and is_better:
                self._best_score = score
            self.best_epoch, self.best_parameters, self.has_best = epoch, parameters, True
            self._best_record = record
        self._save("last", record)
        return is_best

    def keep_last(self, epoch: int) -> None:
        """Keep the adapter as it is now, of an epoch that was not measured; 0 for untrained."""
        self._save("last", replace(self._record, epoch=epoch))

    @contextmanager
    def told_if_it_fails(self) -> Iterator[None]:
        """Add to a failure where the best adapter so far is.

        Raises:
            StudioError: as it was, with one more sentence.
        """
        try:
            yield
        except StudioError as error:
            if not self.has_best:
                raise
            best = self._folder.path / "best.safetensors"
            kept = f"The adapter of epoch {self.best_epoch}, the best so far, is in {best}."
            raise type(error)(f"{sentence(str(error))}\n{kept}") from error

    def put_best_on(self) -> None:
        """Give the network the best epoch's adapter."""
        adapter_file.load_parameters(self._model.network, self.best_parameters)

    def finish(self, after: Evaluation) -> None:
        """Keep the best adapter, which the network has on, with its accuracies on test images."""
        targets = self._recipe.training.targets_among(self._model.class_names)
        figures = Accuracies.of(after.per_class, targets)
        self._save("best", replace(self._best_record, after=figures))

    def _is_as_good(self, score: tuple[float, float] | None, validation: Evaluation) -> bool:
        """Whether an epoch is within one standard error of the best, with classes of one's own.

        The means of the classes, which training begins with, give way to what beats them alone.
        """
        if score is None or not self._model.has_own_classes or not self.best_epoch:
            return False
        best, _ = self._best_score
        return score[0] >= best - standard_error(best, validation.images)

    def _score(self, validation: Evaluation) -> tuple[float, float] | None:
        """To compare epochs by: the accuracy, and of equals the lower loss."""
        names = self._model.class_names
        score = score_of(validation, self._recipe, names, self._by_classes)
        loss = loss_of(validation, self._recipe, names, self._by_classes)
        return None if score is None or loss is None else (score, -loss)

    def _save(self, name: str, record: TrainingRecord) -> None:
        adapter_file.save(
            self._folder.path / f"{name}.safetensors",
            self._model.network,
            self._model.class_names,
            record,
            self._model.digest,
            self._model.kind.name,
            self._model.preprocessing.described(),
        )


def standard_error(share: float, images: int) -> float:
    """By how much a share of so many images, 0 to 1, typically differs from that of all images.

    Of the binomial share with one right and one wrong image added, so that it is not zero where
    all are right: Agresti and Coull, The American Statistician 52 (1998).
    """
    added = (share * images + 1) / (images + 2)
    return math.sqrt(added * (1 - added) / (images + 2))


def score_of(
    validation: Evaluation, recipe: Recipe, class_names: Sequence[str], by_classes: bool = False
) -> float | None:
    """Validation accuracy over the mix that is trained on; None without images.

    Targets count fully, the other classes by the share of them that is kept: with a share of
    0 what becomes of them is not asked. With `by_classes` a class with few images counts as
    much as one with many.
    """
    return _mean_over_mix(validation.per_class, validation, recipe, class_names, by_classes)


def loss_of(
    validation: Evaluation, recipe: Recipe, class_names: Sequence[str], by_classes: bool = False
) -> float | None:
    """Validation loss over the same mix; None without images."""
    losses = validation.class_losses or (0.0,) * len(class_names)
    return _mean_over_mix(losses, validation, recipe, class_names, by_classes)


def _mean_over_mix(
    values: Sequence[float],
    validation: Evaluation,
    recipe: Recipe,
    class_names: Sequence[str],
    by_classes: bool,
) -> float | None:
    targets = set(recipe.training.targets_among(class_names))
    total = weights = 0.0
    for index, (value, number) in enumerate(zip(values, validation.counts, strict=True)):
        weight = 1.0 if index in targets else recipe.training.keep_others
        weight *= bool(number) if by_classes else number
        if weight:
            total += weight * value
            weights += weight
    return total / weights if weights else None
