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
    """What a weight is that PEFT does not adapt as the studio does; empty where it does."""
    module = site.places[0].module
    if len(site.places) > 1:
        return "weights that several modules share"
    if not site.places[0].is_called:
        return "weights that attention reads without calling their layers"
    if site.kind == "norm":
        return "normalisations"
    if not isinstance(module, nn.Conv2d):
        return ""
    if method == "vera":
        return "convolutions"
    if module.groups > 1:
        return "convolutions in groups"
    if set(module.dilation) != {1} or module.padding_mode != "zeros":
        return "convolutions with dilation or padding by other numbers than zeros"
    return ""


def obstacles(sites: Sites, method: Literal["vera", "lora"]) -> list[str]:
    """What of `sites` PEFT does not adapt as the studio does, each kind with its names."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, site in sites.items():
        if reason := obstacle(site, method):
            names[reason].append(name)
    return [f"{reason} ({listed(found)})" for reason, found in names.items()]


def lora_shapes(site: Site, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes of PEFT's `lora_A` and `lora_B` for a weight: those of layers that follow it."""
    if site.kind != "convolution":
        return (rank, site.fan_in), (site.out, rank)
    return (rank, *site.weight.shape[1:]), (site.out, rank, 1, 1)
