"""Where in a picture a network looked for a class: gradient-weighted class-activation maps.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", ICCV 2017, https://arxiv.org/abs/1610.02391. Of the last feature maps A_k that still
have places, the map of class c is ReLU(sum over k of a_k A_k), where a_k is the mean over all
places of the gradient of the logit of c with respect to A_k.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from vera_studio.adapters.wrapper import bare_modules
from vera_studio.errors import ModelError

_Hook = Callable[[nn.Module, Any, Any], Any]
_ATTENTION = (
    "attention mixes all places of a picture after the last convolution, so that no map of that "
    "shows where the network looked"
)


def last_place(network: nn.Module, images: torch.Tensor) -> str:
    """Full name of the module that gives the last feature maps of a network.

    That is its last convolution, or what follows it at the same size and is a module: its norm,
    its activation, the block that adds or joins the branches. Convolutions on a single place, as
    squeeze-and-excitation has them, do not count.

    Args:
        network: in evaluation mode, without an adapter; nobody else computes with its modules.
        images: (batch, 3, h, w), to run it on.

    Raises:
        ModelError: it has no such convolution, or places are mixed by attention after it.
    """
    place, size, is_mixed = "", torch.Size(), False

    def look(name: str, module: nn.Module, output: object) -> None:
        nonlocal place, size, is_mixed
        is_mixed = is_mixed or "Attention" in type(module).__name__
        if not isinstance(output, torch.Tensor) or output.ndim != 4:
            return
        if isinstance(module, nn.Conv2d) and output.shape[2:].numel() > 1:
            place, size, is_mixed = name, output.shape[2:], False
        elif place and output.shape[2:] == size and name:
            place = name

    def hook_of(name: str) -> _Hook:
        return lambda module, args, output: look(name, module, output)

    hooks = [(module, hook_of(name)) for name, module in bare_modules(network)]
    with _hooked(hooks), torch.no_grad():
        network(images)
    if not place or is_mixed:
        reason = _ATTENTION if is_mixed else "it has no convolution"
        raise ModelError(f"There is no map of where this network looked: {reason}.")
    return place


def activation_maps(
    network: nn.Module, place: str, images: torch.Tensor, classes: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where `network` looked for a class in each image.

    Args:
        network: in evaluation mode; nobody else computes with its modules.
        place: as `last_place` has it of the network without an adapter; it may have one on.
        images: (batch, 3, h, w), as the network takes them.
        classes: (batch,) int64: the class of each.

    Returns:
        The maps (batch, h', w'), at least 0 and in no unit, and the logits (batch, classes).
    """
    maps: list[torch.Tensor] = []

    def cut_here(module: nn.Module, args: object, output: torch.Tensor) -> torch.Tensor:
        maps.append(output.detach().requires_grad_())
        return maps[-1].clone()  # for what comes next may change it in place

    with _hooked([(network.get_submodule(place), cut_here)]), torch.enable_grad():
        logits = network(images)
        chosen = logits.gather(1, classes[:, None]).sum()
        (gradient,) = torch.autograd.grad(chosen, maps[-1])
    features = maps[-1].detach()
    # Where nothing below zero matters a ReLU follows, which is no module and has no hooks.
    if not bool(gradient[features < 0].any()):
        features = features.relu()
    weights = gradient.mean(dim=(2, 3), keepdim=True)  # (batch, channels, 1, 1)
    found = (weights * features).sum(dim=1).relu()  # (batch, h', w')
    return found, logits.detach()


def scaled(maps: torch.Tensor) -> torch.Tensor:
    """Maps (batch, h, w) from 0 to 1, each divided by its largest value; zeros where that is 0."""
    largest = maps.amax(dim=(1, 2), keepdim=True)
    return maps / largest.clamp(min=torch.finfo(maps.dtype).tiny)


@contextmanager
def _hooked(hooks: list[tuple[nn.Module, _Hook]]) -> Iterator[None]:
    handles: list[RemovableHandle] = [module.register_forward_hook(hook) for module, hook in hooks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
