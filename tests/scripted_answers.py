"""Answers of a network that measure as a test wants it."""

from dataclasses import dataclass

import torch

from vera_studio.runs.events import Evaluation
from vera_studio.training.answers import Answers


@dataclass(frozen=True, eq=False)
class _Scripted(Answers):
    figures: Evaluation | None = None

    def evaluation(self) -> Evaluation:
        assert self.figures is not None
        return self.figures


def told(figures: Evaluation) -> Answers:
    """Answers to no image, of which `figures` are told."""
    classes = len(figures.per_class)
    none = Answers.of([], torch.empty(0).long(), classes, figures.part)
    return _Scripted(
        classes, none.truth, none.told, none.shares, none.losses, figures.part, figures
    )
