"""Optimizers and learning-rate schedules by the names that a recipe gives them."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LRScheduler,
    OneCycleLR,
)

from vera_studio.recipe import Optimizer, Schedule

_MOMENTUM = 0.9


def make_optimizer(
    name: Optimizer,
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    weight_decay: float = 0.0,
) -> torch.optim.Optimizer:
    """The optimizer `name` over `parameters`; SGD has Nesterov momentum 0.9."""
    if name == "sgd":
        return torch.optim.SGD(
            parameters, learning_rate, _MOMENTUM, weight_decay=weight_decay, nesterov=True
        )
    return torch.optim.AdamW(parameters, learning_rate, weight_decay=weight_decay)


def make_schedule(name: Schedule, optimizer: torch.optim.Optimizer, steps: int) -> LRScheduler:
    """How the learning rate goes over `steps` steps, from the rate the optimizer has.

    "one-cycle" (Smith and Topin, arXiv 1708.07120) rises to that rate over the first
    30 % of the steps and falls to almost nothing; "cosine" (Loshchilov and Hutter,
    arXiv 1608.03983, without restarts) only falls.
    """
    if name == "constant":
        return ConstantLR(optimizer, factor=1.0)
    if name == "cosine":
        return CosineAnnealingLR(optimizer, T_max=steps)
    return OneCycleLR(optimizer, max_lr=optimizer.param_groups[0]["lr"], total_steps=steps)
