"""A PEFT folder as an adapter of the studio.

PEFT does not say which network an adapter was trained on: it is taken to be the one that it is
put on, as PEFT itself does. VeRA stays VeRA, with one pair of projections for all layers, and
LoRA stays LoRA.
"""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.attach import planned_shapes
from vera_studio.adapters.base_digest import base_digest
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.conversion import check_finite
from vera_studio.adapters.methods import Sites
from vera_studio.adapters.projections import ProjectionPair, digest, largest, make_pairs
from vera_studio.adapters.sites import find_sites
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.exchange.peft_config import PeftConfig, read_config
from vera_studio.exchange.peft_head import SavedHead, take_head
from vera_studio.exchange.peft_names import (
    LAYER_PREFIX,
    SHARED,
    TENSOR_NAMES,
)
from vera_studio.exchange.peft_places import lora_shapes, obstacle, obstacles
from vera_studio.exchange.peft_tensors import read_tensors
from vera_studio.recipe import MAX_SEED, AdapterSettings, Recipe, problems
from vera_studio.wording import listed

_Tensors = dict[str, torch.Tensor]


def import_peft(
    folder: Path,
    network: nn.Module,
    class_names: Sequence[str],
    network_name: str = "",
    base: str = "",
) -> AdapterFile:
    """Read a VeRA or LoRA folder that PEFT wrote.

    A last layer that was trained whole makes it an adapter with classes of its own, however many
    there are; other layers cannot be had so.

    Values are taken over in the dtype of the layer that they are for. The projections of a VeRA
    folder that has none are made from its key as PEFT makes them, and then kept in the adapter.

    Args:
        folder: holds adapter_config.json and adapter_model.safetensors.
        network: the one that the adapter is for; it is not changed.
        class_names: its classes, in its order.
        network_name: what the command line calls it, where it is one that the studio has.
        base: digest of the network's weights, where it is known.

    Raises:
        AdapterError: the folder is none of PEFT's, is damaged, does not fit the network, or
            holds something that the studio does not have; names every reason.
    """
    config = read_config(folder)
    tensors, told = read_tensors(folder)
    head = None
    if config.saved:
        try:
            head = take_head(tensors, config.saved, network, class_names, told)
        except AdapterError as error:
            raise AdapterError(f"The PEFT adapter {folder.name} cannot be used: {error}") from error
    sites = find_sites(network)
    if head is not None:
        sites.pop(head.name)
    layers = {name: one for name, one in sites.items() if not obstacle(one, config.method)}
    chosen = _chosen(tensors, config, layers)
    found = _refused(tensors, config, sites) + _problems(tensors, config, sites, chosen)
    if found:
        raise AdapterError(
            f"The PEFT adapter {folder.name} cannot be used:\n- " + "\n- ".join(found)
        )
    info = AdapterInfo(
        AdapterSettings(),
        Classes.of(class_names),
        base or base_digest(network),
        "",
        TrainingRecord(),
        network=network_name,
    )
    take_over = _vera if config.method == "vera" else _lora
    adapter = take_over(tensors, config, chosen, info)
    return adapter if head is None else _with_head(adapter, head)


def _with_head(adapter: AdapterFile, head: SavedHead) -> AdapterFile:
    """The adapter with a last layer of its own, for classes of its own."""
    info = dataclasses.replace(
        adapter.info,
        settings=dataclasses.replace(adapter.info.settings, head=head.name),
        classes=head.classes,
        has_own_classes=True,
    )
    return dataclasses.replace(adapter, info=info, parameters=adapter.parameters | head.parameters)


def _chosen(tensors: _Tensors, config: PeftConfig, layers: Sites) -> Sites:
    """The layers that there are tensors for, or that the configuration lists."""
    endings = TENSOR_NAMES[config.method].values()

    def is_chosen(layer: str) -> bool:
        listed_there = any(layer == t or layer.endswith(f".{t}") for t in config.targets)
        return listed_there or any(f"{LAYER_PREFIX}{layer}.{e}" in tensors for e in endings)

    return {name: base for name, base in layers.items() if is_chosen(name)}


def _refused(tensors: _Tensors, config: PeftConfig, sites: Sites) -> list[str]:
    """Why weights of the network that there are tensors for cannot be adapted as they say."""
    on = {_layer_of(name, config) for name in tensors}
    # PEFT names attention's own weights by the module that reads them.
    chosen = {
        name: site
        for name, site in sites.items()
        if name in on or (not site.places[0].is_called and site.places[0].name in on)
    }
    return [
        f"it is on {reason}, which PEFT adapts otherwise than the studio"
        for reason in obstacles(chosen, config.method)
    ]


def _problems(tensors: _Tensors, config: PeftConfig, sites: Sites, chosen: Sites) -> list[str]:
    """Every reason why the tensors are not those of an adapter on `chosen`."""
    expected = _expected_shapes(config, chosen)
    extra = tensors.keys() - expected.keys()
    places = {name: layer for name in extra if (layer := _layer_of(name, config)) is not None}
    elsewhere = {layer for layer in places.values() if layer not in sites}
    shapes = [
        f"{name} has shape {tuple(tensors[name].shape)}, expected {shape}"
        for name, shape in expected.items()
        if name in tensors and tuple(tensors[name].shape) != shape
    ]
    # As they will be: a dtype with a smaller range can turn a number into infinity.
    dtypes = {name: base.weight.dtype for name, base in chosen.items()}
    first = next(iter(dtypes.values()), torch.float32)
    infinite = [
        name
        for name in tensors
        if not bool(
            tensors[name].to(dtypes.get(_layer_of(name, config) or "", first)).isfinite().all()
        )
    ]
    lines = [
        ("it is on what is no linear layer or convolution of the network: ", elsewhere),
        ("there are no tensors ", expected.keys() - tensors.keys()),
        ("there are tensors that do not belong there: ", extra - places.keys()),
        ("there are numbers that are not finite in the layer's dtype in ", infinite),
    ]
    found = [text + listed(names) for text, names in lines if names]
    if not (chosen or found):
        found.append("there are no tensors in it")
    return found + shapes


def _layer_of(name: str, config: PeftConfig) -> str | None:
    """The layer that a tensor of the method is for; None for any other tensor."""
    for ending in TENSOR_NAMES[config.method].values():
        if name.startswith(LAYER_PREFIX) and name.endswith(f".{ending}"):
            return name[len(LAYER_PREFIX) : -len(ending) - 1]
    return None


def _expected_shapes(config: PeftConfig, bases: Sites) -> dict[str, tuple[int, ...]]:
    """Name, as PEFT has it, and shape of each tensor of an adapter on `bases`."""
    endings = TENSOR_NAMES[config.method]
    settings = AdapterSettings(method=config.method, rank=config.rank)
    expected = {}
    for full_name, shape in planned_shapes(bases, settings).items():
        layer, _, name = full_name.rpartition(".")
        if config.method == "lora":
            shape = dict(zip(("A", "B"), lora_shapes(bases[layer], config.rank), strict=True))[name]
        expected[f"{LAYER_PREFIX}{layer}.{endings[name]}"] = shape
    if config.method == "vera" and config.stores_projections and bases:
        expected |= dict(zip(SHARED, _pair_shapes(config.rank, bases), strict=True))
    return expected


def _pair_shapes(rank: int, bases: Sites) -> tuple[tuple[int, int], tuple[int, int]]:
    """Of the A and B that are large enough for all of `bases`."""
    most_in, most_out = largest(bases.values())
    return (rank, most_in), (most_out, rank)


def _parameters(tensors: _Tensors, config: PeftConfig, bases: Sites) -> _Tensors:
    """The tensors of the layers under our names and in our shapes, in their layers' dtype."""
    settings = AdapterSettings(method=config.method, rank=config.rank)
    parameters = {}
    for full_name, shape in planned_shapes(bases, settings).items():
        layer, _, name = full_name.rpartition(".")
        value = tensors[f"{LAYER_PREFIX}{layer}.{TENSOR_NAMES[config.method][name]}"]
        parameters[full_name] = value.view(shape).to(bases[layer].weight.dtype)
    return parameters


def _vera(tensors: _Tensors, config: PeftConfig, bases: Sites, info: AdapterInfo) -> AdapterFile:
    settings = AdapterSettings(
        method="vera",
        rank=config.rank,
        sharing="all",
        # What neither our generator nor our forms could take plays no part: d is in the file.
        seed=config.projection_key if 0 <= config.projection_key <= MAX_SEED else 0,
        d_initial=config.d_initial if 0 < abs(config.d_initial) <= 10 else 0.1,
        layers=tuple(bases),
    )
    if config.stores_projections:
        pair = ProjectionPair(*(tensors[name] for name in SHARED))
    else:
        pair = _pair_of_peft(config, bases)
    weight = next(iter(bases.values())).weight
    pair = ProjectionPair(*(one.to(weight.dtype) for one in pair.buffers()))
    own = make_pairs(bases, settings).values()
    fingerprint = digest([pair])
    made_from_seed = digest(own) == fingerprint
    info = dataclasses.replace(
        info,
        settings=settings,
        projections_digest=fingerprint,
        stores_projections=not made_from_seed,
    )
    parameters = _parameters(tensors, config, bases)
    return AdapterFile(info, parameters, None if made_from_seed else pair)


def _pair_of_peft(config: PeftConfig, bases: Sites) -> ProjectionPair:
    """The pair that PEFT makes from its key.

    Kaiming-uniform with gain sqrt(2), so within sqrt(6 / columns), from torch's generator for
    the CPU, A first: https://github.com/huggingface/peft, tuners/vera/model.py.
    """
    try:
        generator = torch.Generator("cpu").manual_seed(config.projection_key)
    except (RuntimeError, OverflowError, ValueError) as error:
        raise AdapterError(
            f"The key of the projections, {config.projection_key}, is none that PyTorch takes."
        ) from error
    A, B = (  # noqa: N806 - the paper's
        torch.empty(shape).uniform_(-bound, bound, generator=generator)
        for shape in _pair_shapes(config.rank, bases)
        for bound in (math.sqrt(3.0) * (math.sqrt(2.0) / math.sqrt(shape[1])),)
    )
    return ProjectionPair(A, B)


def _lora(tensors: _Tensors, config: PeftConfig, bases: Sites, info: AdapterInfo) -> AdapterFile:
    parameters = _parameters(tensors, config, bases)
    settings = AdapterSettings(
        method="lora",
        rank=config.rank,
        alpha=None if config.alpha == config.rank else config.alpha,
        layers=tuple(bases),
    )
    if problems(Recipe(adapter=settings)):
        # No alpha of ours, such as a negative one: B is multiplied, in float64, rounded once.
        settings = dataclasses.replace(settings, alpha=None)
        for name in (name for name in parameters if name.endswith(".B")):
            scaled = parameters[name].double() * (config.alpha / config.rank)
            parameters[name] = scaled.to(parameters[name].dtype)
        check_finite(parameters)
    return AdapterFile(dataclasses.replace(info, settings=settings), parameters)
