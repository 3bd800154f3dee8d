"""Which epoch of a run is the best, and the adapter files that are kept of it."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.recipe import Recipe
from vera_studio.runs.events import Evaluation
from vera_studio.runs.run_folder import RunFolder


class Keeper:
    """Keeps the best and the last adapter of a run, in memory and in its folder.

    Attributes:
        best_epoch: from 1; 0 while there is none.
        best_parameters: of the best adapter, untrained while there is none.
    """

    def __init__(
        self,
        folder: RunFolder,
        recipe: Recipe,
        network: nn.Module,
        class_names: Sequence[str],
        facts: dict[str, Any],
    ) -> None:
        """Begin before the first step.

        Args:
            folder: where the adapters go.
            recipe: tells the adapter's settings, the target classes and the share of others.
            network: with the adapter on.
            class_names: the network's classes.
            facts: what each file tells of its training, beside what comes with an epoch.
        """
        self.best_epoch = 0
        self.best_parameters = adapter_file.parameters(network)
        self._best_score = -math.inf
        self._folder = folder
        self._recipe = recipe
        self._network = network
        self._class_names = tuple(class_names)
        self._facts = facts

    def add_epoch(
        self, epoch: int, parameters: dict[str, torch.Tensor], validation: Evaluation
    ) -> bool:
        """Keep the adapter as it is now; returns whether it is the best so far."""
        score = score_of(validation, self._recipe, self._class_names)
        # Without validation images the last epoch counts as the best.
        is_best = score is None or score > self._best_score
        figures = {"epoch": epoch, "validation_accuracy": validation.accuracy}
        if is_best:
            self._best_score = self._best_score if score is None else score
            self.best_epoch, self.best_parameters = epoch, parameters
            self._save("best", figures)
        self._save("last", figures)
        return is_best

    def keep_untrained(self) -> None:
        """Keep the adapter of a run that was stopped before its first step."""
        self._save("last", {"epoch": 0})

    def put_best_on(self) -> None:
        """Give the network the best epoch's adapter."""
        adapter_file.load_parameters(self._network, self.best_parameters)

    def finish(self, after: Evaluation) -> None:
        """Keep the best adapter, which the network has on, with its accuracies on test images."""
        self._save("best", {"epoch": self.best_epoch, "after": list(after.per_class)})

    def _save(self, name: str, figures: dict[str, Any]) -> None:
        adapter_file.save(
            self._folder.path / f"{name}.safetensors",
            self._network,
            self._recipe.adapter,
            self._class_names,
            self._facts | figures,
        )


def score_of(validation: Evaluation, recipe: Recipe, class_names: Sequence[str]) -> float | None:
    """Validation accuracy over the mix that is trained on; None without images.

    Targets count fully, the other classes by the share of them that is kept: with a share of
    0 what becomes of them is not asked.
    """
    targets = recipe.training.targets_among(class_names)
    correct = images = 0.0
    for index, (share, number) in enumerate(
        zip(validation.per_class, validation.counts, strict=True)
    ):
        weight = 1.0 if index in targets else recipe.training.keep_others
        if number:
            correct += weight * share * number
            images += weight * number
    return correct / images if images else None
