"""An adapter as the folder that PEFT reads.

`PeftModel.from_pretrained(network, folder)` puts it on the network as torch builds it, without
any code of the studio. PEFT's VeRA goes on linear layers and has one pair of projections for all
of them, of which each takes its part; where an adapter is on convolutions or has a pair for each
shape, its equal LoRA is written.

PEFT before 0.21 does not read the projections in a folder: it makes others from the key, and so
computes something else without a word. It reads a LoRA rightly.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.attach import attached_layers, pairs_of
from vera_studio.adapters.conversion import to_lora
from vera_studio.adapters.copies import with_adapter
from vera_studio.adapters.methods import Sites
from vera_studio.adapters.projections import largest
from vera_studio.adapters.sites import find_sites
from vera_studio.errors import AdapterError, ShouldStop, go_on_unless, never_stop
from vera_studio.exchange.own_folder import check_own
from vera_studio.exchange.peft_head import check_head, head_tensors, metadata
from vera_studio.exchange.peft_names import (
    CONFIG_FILE,
    LAYER_PREFIX,
    SHARED,
    TENSOR_NAMES,
    TENSORS_FILE,
)
from vera_studio.exchange.peft_places import INSTEAD, lora_shapes, obstacles
from vera_studio.files import write_together
from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import AdapterSettings
from vera_studio.wording import listed

_HEAD_TOO = " The last layer goes with it as it is (modules_to_save)."


@dataclass(frozen=True)
class PeftForm:
    """How an adapter is written for PEFT."""

    kind: Literal["VeRA", "LoRA"]
    sentence: str  # for a person: which kind, and why


def planned_form(
    settings: AdapterSettings, as_lora: bool = False, sites: Sites | None = None
) -> PeftForm:
    """How an adapter with `settings` would be written, and why.

    Args:
        settings: those of the adapter, with the names of its layers.
        as_lora: whether a LoRA is asked for, whatever the adapter is.
        sites: of the network that it is for; None where that is not known.

    Raises:
        AdapterError: PEFT has no form for it; says what to export instead.
    """
    if settings.method not in ("vera", "lora"):
        raise AdapterError(
            f"{METHOD_FACTS[settings.method].title} cannot be exported to PEFT, which has no "
            f"adapter of that kind. {INSTEAD}"
        )
    whole = "" if settings.head is None else _HEAD_TOO
    on = {name: sites[name] for name in settings.layers or () if sites and name in sites}
    if reasons := obstacles(on, "lora"):
        raise AdapterError(f"PEFT has no equal adapter for {', nor for '.join(reasons)}. {INSTEAD}")
    if settings.method == "lora":
        return PeftForm("LoRA", f"A PEFT LoRA, which the adapter is.{whole}")
    if as_lora:
        text = "A PEFT LoRA that computes exactly what the VeRA adapter does."
        return PeftForm("LoRA", text + whole)
    if settings.sharing == "all" and obstacles(on, "vera"):
        return PeftForm(
            "LoRA",
            "A PEFT LoRA that computes exactly the same: the adapter is on convolutions, and "
            f"PEFT's VeRA goes on linear layers alone.{whole}",
        )
    if settings.sharing == "all":
        return PeftForm(
            "VeRA",
            "A PEFT VeRA: the adapter has one pair of projections for all layers, as PEFT's. It "
            f"needs PEFT 0.21 or newer; for an older one, export the equal LoRA.{whole}",
        )
    return PeftForm(
        "LoRA",
        "A PEFT LoRA that computes exactly the same: the adapter has a pair of projections for "
        f"each shape of layer, and PEFT's VeRA has one for all.{whole}",
    )


def export_peft(
    adapter: AdapterFile,
    network: nn.Module,
    class_names: Sequence[str],
    folder: Path,
    as_lora: bool = False,
    base: str = "",
    should_stop: ShouldStop = never_stop,
) -> tuple[PeftForm, tuple[Path, ...]]:
    """Write a PEFT folder; one that cannot be written whole is left as it was.

    Args:
        adapter: of the method VeRA or LoRA.
        network: the one that it was made for; it is not changed.
        class_names: the network's classes, in its order.
        folder: is made; may be empty or hold a PEFT adapter, which is replaced.
        as_lora: whether to write a LoRA where VeRA would do.
        base: digest of the network's weights, where it is known.
        should_stop: asked before anything is written.

    Returns:
        The form, and the paths of the files.

    Raises:
        AdapterError: PEFT has no form for the adapter, or it was made for another network.
        StudioError: `folder` holds something else, or cannot be written.
        Cancelled: `should_stop` said so.
    """
    sites = find_sites(network)
    form = planned_form(adapter.info.settings, as_lora, sites)
    _check_places([name for name in adapter.info.layers if name in sites], network)
    if head := adapter.info.settings.head:
        check_head(network, head)
    adapted = with_adapter(adapter, network, class_names, base)
    if form.kind == "LoRA":
        adapter = to_lora(adapter, network, base)
        tensors = {}
    else:
        tensors = _shared_pair(adapted)
    tensors |= _renamed(adapter, sites) | head_tensors(adapted)
    check_own(folder, (CONFIG_FILE, TENSORS_FILE))
    config, values = folder / CONFIG_FILE, folder / TENSORS_FILE
    text = json.dumps(_config(adapter.info.settings, network), indent=2, sort_keys=True)
    about = {"format": "pt"} | (metadata(class_names) if head else {})
    go_on_unless(should_stop)
    write_together({values: safetensors.torch.save(tensors, about), config: text.encode()})
    return form, (config, values)


def _check_places(layers: Sequence[str], network: nn.Module) -> None:
    """Refuse layers that hang in two places: PEFT adapts them in the first one only.

    Raises:
        AdapterError: names them.
    """
    places = Counter(id(module) for _, module in network.named_modules(remove_duplicate=False))
    twice = [name for name in layers if places[id(network.get_submodule(name))] > 1]
    if twice:
        raise AdapterError(
            f"PEFT would adapt {listed(twice)} in one of the places where the network has it, not "
            "in all. Export the merged weights instead."
        )


def _shared_pair(adapted: nn.Module) -> dict[str, torch.Tensor]:
    """The one pair of projections, as large as the largest of the adapted layers."""
    pair = pairs_of(adapted)[0]
    layers = [layer for layer in attached_layers(adapted).values() if not layer.is_head]
    fan_in, out = largest([layer.site for layer in layers])
    A, B = pair.A[:, :fan_in], pair.B[:out]  # noqa: N806 - the paper's
    return dict(zip(SHARED, (A.contiguous(), B.contiguous()), strict=True))


def _renamed(adapter: AdapterFile, sites: Sites) -> dict[str, torch.Tensor]:
    """The adapter's parameters under PEFT's names, in PEFT's shapes."""
    settings = adapter.info.settings
    names, renamed = TENSOR_NAMES[settings.method], {}
    for full_name, value in adapter.parameters.items():
        layer, _, name = full_name.rpartition(".")
        if layer == settings.head:
            continue
        if settings.method == "lora":
            shapes = dict(zip(("A", "B"), lora_shapes(sites[layer], settings.rank), strict=True))
            value = value.view(shapes[name])
        renamed[f"{LAYER_PREFIX}{layer}.{names[name]}"] = value.contiguous()
    return renamed


def _config(settings: AdapterSettings, network: nn.Module) -> Mapping[str, Any]:
    common = {
        "peft_type": settings.method.upper(),
        "task_type": None,
        "base_model_name_or_path": None,
        "inference_mode": True,
        "r": settings.rank,
        "target_modules": _targets(settings.layers or (), network),
        "bias": "none",
        "fan_in_fan_out": False,
        "modules_to_save": None if settings.head is None else [settings.head],
    }
    if settings.method == "vera":
        return common | {
            "projection_prng_key": settings.seed,
            "save_projection": True,
            "d_initial": settings.d_initial,
            "vera_dropout": 0.0,
        }
    alpha = settings.rank if settings.alpha is None else settings.alpha
    return common | {
        "lora_alpha": int(alpha) if alpha == int(alpha) else alpha,
        "lora_dropout": 0.0,
        "use_rslora": False,
    }


def _targets(layers: Sequence[str], network: nn.Module) -> list[str] | str:
    """The layers' full names; where these would catch others too, an expression that does not.

    A list catches every layer whose name ends like one in it: "fc1" would catch "body.fc1".
    """
    endings = tuple(f".{name}" for name in layers)
    others = {name for name, _ in network.named_modules()} - set(layers)
    if any(name.endswith(endings) for name in others):
        return "|".join(re.escape(name) for name in layers)
    return list(layers)
