"""How adapters are named for a person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vera_studio.recipe import AdapterSettings, Method

if TYPE_CHECKING:  # which imports torch
    from vera_studio.adapters.adapter_metadata import AdapterInfo

METHOD_NAMES: dict[Method, str] = {"vera": "VeRA", "lora": "LoRA", "full": "Full", "bias": "Biases"}
_MOST_NAMED = 3  # classes; of more the first ones stand for all


def rank_of(settings: AdapterSettings) -> int | None:
    """The rank, where the method has one."""
    return settings.rank if settings.method in ("vera", "lora") else None


def classes_text(classes: Sequence[str], of: int) -> str:
    """A few words for `classes`, of a network with `of` of them; a dash for none."""
    if not classes:
        return "\N{EN DASH}"
    if len(classes) == of:
        return f"all {of} classes"
    more = len(classes) - _MOST_NAMED
    text = ", ".join(classes[:_MOST_NAMED])
    return f"{text} +{more}" if more > 0 else text


def trained_name(info: "AdapterInfo") -> str:
    """What an adapter is called that was just trained, such as "bird, cat, dog · VeRA 32"."""
    from vera_studio.adapters.gains import target_classes

    classes = classes_text(target_classes(info), len(info.class_names))
    rank = rank_of(info.settings)
    method = METHOD_NAMES[info.settings.method]
    return f"{classes} · {method}" + (f" {rank}" if rank else "")
