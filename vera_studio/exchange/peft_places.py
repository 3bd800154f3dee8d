"""Which weights PEFT adapts as the studio does, and why it does not adapt the others.

As PEFT 0.21 has it, tuners/lora/layer.py and tuners/vera: https://github.com/huggingface/peft.
"""

from collections import defaultdict
from typing import Literal

from torch import nn

from vera_studio.adapters.methods import Sites
from vera_studio.adapters.sites import Site
from vera_studio.wording import listed

INSTEAD = "Export the merged weights instead: plain PyTorch loads them."


def obstacle(site: Site, method: Literal["vera", "lora"]) -> str:
    """What keeps PEFT from adapting a weight, in words after "which"; empty if nothing does."""
    module = site.places[0].module
    if len(site.places) > 1:
        return "several modules share, and PEFT would adapt one of them alone"
    if not site.places[0].is_called:
        return "attention reads without a call, and PEFT adapts layers that are called"
    if site.kind == "norm":
        return "are normalisations, whose scales are no matrices"
    if not isinstance(module, nn.Conv2d):
        return ""
    if method == "vera":
        return "are convolutions, and PEFT's VeRA goes on linear layers alone"
    if module.groups > 1:
        return "are convolutions in groups, whose LoRA is another one in PEFT"
    if set(module.dilation) != {1} or module.padding_mode != "zeros":
        return "are convolutions with dilation or padding that PEFT leaves out"
    return ""


def obstacles(sites: Sites, method: Literal["vera", "lora"]) -> list[str]:
    """Every reason why PEFT cannot adapt all of `sites`, with the names; empty if it can."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, site in sites.items():
        if reason := obstacle(site, method):
            names[reason].append(name)
    return [f"{listed(found)}, which {reason}" for reason, found in names.items()]


def lora_shapes(site: Site, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes of PEFT's `lora_A` and `lora_B` for a weight: those of layers that follow it."""
    if site.kind != "convolution":
        return (rank, site.fan_in), (site.out, rank)
    return (rank, *site.weight.shape[1:]), (site.out, rank, 1, 1)
