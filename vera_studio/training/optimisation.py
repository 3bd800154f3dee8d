"""Optimizers and learning-rate schedules by the names that a recipe gives them."""

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

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
# Chosen by trying: 16 images do best with the sample's 1,800, and 15,000 photographs are trained
# as well with 512, the fastest on a CPU, as with fewer.
_IMAGES_PER_BATCH = 15_000**1.5 / 512
# A CPU gains little from larger batches; a GPU's step takes as long for 2048 images as for 64.
_LARGEST_BATCH = {"cpu": 512, "mps": 1024, "cuda": 2048}
_SMALLEST_BATCH = 8


def _uncompiled(method: Callable[..., Any]) -> Callable[..., Any]:
    """`method` without what torch.optim puts around it for its compiler."""
    return getattr(method, "__wrapped__", method)


# The first call of an optimizer has torch import its compiler, only to be told that there is
# nothing to compile: 165 MB and a second (torch 2.14, torch/_compile.py and optim/optimizer.py).
class _AdamW(torch.optim.AdamW):
    add_param_group = _uncompiled(torch.optim.AdamW.add_param_group)
    zero_grad = _uncompiled(torch.optim.AdamW.zero_grad)
    state_dict = _uncompiled(torch.optim.AdamW.state_dict)
    load_state_dict = _uncompiled(torch.optim.AdamW.load_state_dict)
    step = torch.no_grad()(_uncompiled(torch.optim.AdamW.step))


class _SGD(torch.optim.SGD):
    add_param_group = _uncompiled(torch.optim.SGD.add_param_group)
    zero_grad = _uncompiled(torch.optim.SGD.zero_grad)
    state_dict = _uncompiled(torch.optim.SGD.state_dict)
    load_state_dict = _uncompiled(torch.optim.SGD.load_state_dict)
    step = torch.no_grad()(_uncompiled(torch.optim.SGD.step))


def automatic_batch_size(images_per_epoch: int, device: torch.device) -> int:
    """A power of two, in images, that suits the number of images and the device.

    It grows faster than the data: few images need many steps to be learned, and many images
    are to be trained on at the device's full speed.
    """
    wanted = images_per_epoch**1.5 / _IMAGES_PER_BATCH
    power = 1 << max(0, round(math.log2(wanted)))
    return min(max(power, _SMALLEST_BATCH), _LARGEST_BATCH[device.type])


def make_optimizer(
    name: Optimizer,
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    weight_decay: float = 0.0,
    capturable: bool = False,
    head: Sequence[nn.Parameter] = (),
    head_learning_rate: float = math.nan,
) -> torch.optim.Optimizer:
    """The optimizer `name` over `parameters`; SGD has Nesterov momentum 0.9.

    Those of a last layer, `head`, come after them and have a rate of their own.

    Fused: one operation updates all parameters. With `capturable`, for CUDA, its step can be
    captured in a graph.
    """

    def rate_of(some: list[nn.Parameter], rate: float) -> torch.Tensor | float:
        # A graph reads the rate where it lies, so there it has to be a tensor.
        return torch.tensor(rate, device=some[0].device) if capturable else rate

    groups: list[dict[str, Any]] = [
        {"params": some, "lr": rate_of(some, rate)}
        for some, rate in ((list(parameters), learning_rate), (list(head), head_learning_rate))
        if some
    ]
    if name == "sgd":
        return _SGD(
            groups, momentum=_MOMENTUM, weight_decay=weight_decay, nesterov=True, fused=True
        )
    return _AdamW(groups, weight_decay=weight_decay, fused=True, capturable=capturable)


def make_schedule(name: Schedule, optimizer: torch.optim.Optimizer, steps: int) -> LRScheduler:
    """How the learning rate goes over `steps` steps, from what each group of parameters has.

    "one-cycle" (Smith and Topin, arXiv 1708.07120) rises to that rate over the first
    30 % of the steps and falls to almost nothing; "cosine" (Loshchilov and Hutter,
    arXiv 1608.03983, without restarts) only falls.
    """
    if name == "constant":
        return ConstantLR(optimizer, factor=1.0)
    if name == "cosine":
        return CosineAnnealingLR(optimizer, T_max=steps)
    # Without a cycle of momentum, which a captured step would not follow.
    peaks = [float(group["lr"]) for group in optimizer.param_groups]
    return OneCycleLR(optimizer, max_lr=peaks, total_steps=steps, cycle_momentum=False)


def restore_optimizer(
    optimizer: torch.optim.Optimizer,
    schedule: LRScheduler,
    optimizer_state: dict[str, Any],
    schedule_state: dict[str, Any],
    steps: int,
) -> None:
    """Put both where they were after `steps` steps, as their `state_dict`s told.

    A schedule over another number of steps than it was is put where it would be after so many.

    Args:
        optimizer, schedule: as they were made, for the same parameters.
        optimizer_state, schedule_state: to take over.
        steps: that were taken.

    Raises:
        ValueError, KeyError, TypeError: the states are not of such an optimizer or schedule.
    """
    rates = [group["lr"] for group in optimizer_state["param_groups"]]
    if schedule_state["last_epoch"] != steps or not all(math.isfinite(rate) for rate in rates):
        raise ValueError("another place")
    if steps:
        _check_state(optimizer, optimizer_state["state"])
    if _length(schedule.state_dict()) == _length(schedule_state):
        optimizer.load_state_dict(optimizer_state)
        schedule.load_state_dict(schedule_state)
        return
    with warnings.catch_warnings():  # that no step of the optimizer came between
        warnings.simplefilter("ignore", UserWarning)
        for _ in range(steps):
            schedule.step()
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict(optimizer_state | {"param_groups": groups})


def _check_state(optimizer: torch.optim.Optimizer, state: dict[int, Any]) -> None:
    """Raise a ValueError unless `state` has something for each parameter, of its shape."""
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    if sorted(state) != list(range(len(parameters))):
        raise ValueError("other parameters")
    for number, parameter in enumerate(parameters):
        shapes = {tuple(one.shape) for one in state[number].values() if one is not None}
        if not shapes <= {(), tuple(parameter.shape)}:
            raise ValueError("other shapes")


def _length(schedule_state: dict[str, Any]) -> object:
    """The steps that a schedule is made for; None where that makes no difference."""
    return schedule_state.get("T_max", schedule_state.get("total_steps"))
