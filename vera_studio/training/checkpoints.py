"""Which epoch of a run is the best, and the adapter files that are kept of it."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.errors import StudioError, TrainingError
from vera_studio.files import is_regular
from vera_studio.models.model import Model
from vera_studio.recipe import Recipe
from vera_studio.runs.events import Evaluation
from vera_studio.runs.run_files import NotSavedError, RunFiles
from vera_studio.runs.run_state import PROGRESS_FILE
from vera_studio.training.progress import Progress
from vera_studio.wording import sentence

BEST, LAST = "best.safetensors", "last.safetensors"
Score = tuple[float, float]  # accuracy, and the loss with its sign turned


class Checkpoints:
    """Keeps the best and the last adapter of a run, in its progress and in its folder.

    The best epoch with classes of one's own is the last of those that the validation images
    cannot tell from the best: few images take an early epoch for the best by chance, and later
    ones have learnt more.
    """

    def __init__(self, files: RunFiles, recipe: Recipe, model: Model, progress: Progress) -> None:
        """Begin with what `progress` takes for the best.

        Args:
            files: of the run, the adapters among them.
            recipe: tells the target classes and the share of others.
            model: whose network has the adapter on.
            progress: of the run; `best` in it is kept up to date.
        """
        self._files = files
        self._recipe = recipe
        self._model = model
        self._progress = progress
        self._write_best()

    @property
    def has_best(self) -> bool:
        """Whether there is a best adapter."""
        # A last layer of one's own is of use before training.
        return self._progress.best.epoch > 0 or self._model.has_own_classes

    def keep_epoch(
        self, parameters: dict[str, torch.Tensor], validation: Evaluation, diverged: bool = False
    ) -> bool:
        """Keep the adapter as the epoch under way left it; returns whether it is the best so far.

        Args:
            parameters: of the adapter, as the network has it on.
            validation: how it does.
            diverged: whether its loss is so huge that its accuracy is luck.
        """
        best, epoch = self._progress.best, self._progress.epoch
        score = self._score(validation)
        # Without validation images the last epoch counts as the best.
        is_better = not diverged and (score is None or score > best.score)
        is_best = is_better or (not diverged and self._is_as_good(score, validation))
        accuracy = None if math.isnan(validation.accuracy) else validation.accuracy
        record = replace(best.record, epoch=epoch, validation_accuracy=accuracy)
        best.since = 0 if is_better else best.since + 1
        adapter = self._described(record, parameters)
        if is_best:
            if score is not None and is_better:
                best.score = score
            best.epoch, best.parameters, best.record = epoch, parameters, record
            self._put(BEST, adapter)
        self._put(LAST, adapter)
        return is_best

    def keep_last(self, epoch: int) -> None:
        """Keep the adapter as it is now, of an epoch that was not measured; 0 for untrained."""
        record = replace(self._progress.best.record, epoch=epoch, validation_accuracy=None)
        self._put(LAST, self._described(record))

    @contextmanager
    def told_if_it_fails(self) -> Iterator[None]:
        """Add to a failure what is safe, having written what was not, and what to do.

        Raises:
            StudioError: as it was, with more sentences.
        """
        try:
            yield
        except NotSavedError:
            raise
        except StudioError as error:
            text = sentence(str(error))
            try:
                self._files.finish("failed" if isinstance(error, TrainingError) else "going on")
            except NotSavedError as unsaved:
                raise NotSavedError(f"{text}\n{unsaved}", unsaved.save, unsaved.name) from error
            told = filter(None, (text, self._where_best_is(), self._how_to_go_on(error)))
            raise type(error)("\n".join(told)) from error

    def _where_best_is(self) -> str:
        if not self.has_best:
            return ""
        epoch = self._progress.best.epoch
        which = f"The adapter of epoch {epoch}" if epoch else "What training began with"
        return f"{which}, the best so far, is in {self._files.folder / BEST}."

    def _how_to_go_on(self, error: StudioError) -> str:
        """How to continue from what was saved last; empty where the run would only fail again."""
        if isinstance(error, TrainingError) or not is_regular(self._files.folder / PROGRESS_FILE):
            return ""
        return (
            "How far the run was is saved: once that is mended, go on by Run > Continue a Run, or "
            f"with vera-studio train --resume {self._files.folder}."
        )

    def put_best_on(self) -> None:
        """Give the network the best epoch's adapter."""
        adapter_file.load_parameters(self._model.network, self._progress.best.parameters)

    def finish(self, after: Evaluation) -> None:
        """Keep the best adapter, which the network has on, with its accuracies on test images."""
        targets = self._recipe.training.targets_among(self._model.class_names)
        figures = Accuracies.of(after.per_class, targets)
        self._put(BEST, self._described(replace(self._progress.best.record, after=figures)))

    def _write_best(self) -> None:
        """Have the best adapter's file say what the progress does."""
        now = adapter_file.parameters(self._model.network)
        self.put_best_on()
        if self.has_best:
            # That of a later epoch may be there.
            self._put(BEST, self._described(self._progress.best.record))
        elif self._progress.step:  # one of a part of an epoch may be there
            self._files.remove(BEST)
        adapter_file.load_parameters(self._model.network, now)

    def _is_as_good(self, score: Score | None, validation: Evaluation) -> bool:
        """Whether an epoch is within one standard error of the best, with classes of one's own.

        The means of the classes, which training begins with, give way to what beats them alone.
        """
        best = self._progress.best
        if score is None or not self._model.has_own_classes or not best.epoch:
            return False
        return score[0] >= best.score[0] - standard_error(best.score[0], validation.images)

    def _score(self, validation: Evaluation) -> Score | None:
        by_classes = self._progress.course.by_classes
        return score_of(validation, self._recipe, self._model.class_names, by_classes)

    def _described(
        self, record: TrainingRecord, values: dict[str, torch.Tensor] | None = None
    ) -> adapter_file.AdapterFile:
        """The adapter that the network has on, with these values, which are copied without."""
        return adapter_file.of_network(
            self._model.network,
            self._model.class_names,
            record,
            self._model.digest,
            self._model.kind.name,
            self._model.preprocessing.described(),
            values,
        )

    def _put(self, name: str, adapter: adapter_file.AdapterFile) -> None:
        self._files.put(name, lambda: adapter_file.checked_bytes(adapter))


def standard_error(share: float, images: int) -> float:
    """By how much a share of so many images, 0 to 1, typically differs from that of all images.

    Of the binomial share with one right and one wrong image added, so that it is not zero where
    all are right: Agresti and Coull, The American Statistician 52 (1998).
    """
    added = (share * images + 1) / (images + 2)
    return math.sqrt(added * (1 - added) / (images + 2))


def score_of(
    validation: Evaluation, recipe: Recipe, class_names: Sequence[str], by_classes: bool = False
) -> Score | None:
    """To compare epochs by: the accuracy, and of equals the lower loss; None without images.

    Both over the mix that is trained on. Targets count fully, the other classes by the share of
    them that is kept: with a share of 0 what becomes of them is not asked. With `by_classes` a
    class with few images counts as much as one with many.
    """
    losses = validation.class_losses or (0.0,) * len(class_names)
    accuracy, loss = (
        _mean_over_mix(values, validation, recipe, class_names, by_classes)
        for values in (validation.per_class, losses)
    )
    return None if accuracy is None or loss is None else (accuracy, -loss)


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
