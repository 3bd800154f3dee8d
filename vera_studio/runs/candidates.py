"""The methods that are compared, by short names such as "vera:32"; free of torch."""

import dataclasses

from vera_studio.errors import RecipeError
from vera_studio.methods import FAMILIES as FAMILIES
from vera_studio.methods import Family
from vera_studio.recipe import MAX_RANK, AdapterSettings

_BY_KEY = {family.key: family for family in FAMILIES}


def family_of(settings: AdapterSettings) -> Family:
    """The family that `settings` belong to."""
    sharing = settings.sharing if settings.method == "vera" else "shape"
    return next(f for f in FAMILIES if (f.method, f.sharing) == (settings.method, sharing))


def short_name(settings: AdapterSettings) -> str:
    """What `candidate` reads, such as "lora:4" or "full"."""
    family = family_of(settings)
    return f"{family.key}:{settings.rank}" if family.has_rank else family.key


def title(settings: AdapterSettings) -> str:
    """For a person, such as "LoRA, rank 4"."""
    family = family_of(settings)
    return f"{family.title}, rank {settings.rank}" if family.has_rank else family.title


def candidate(name: str, like: AdapterSettings) -> AdapterSettings:
    """The settings that the short name stands for.

    Args:
        name: the key of a family, and for one with a rank ":" and the rank.
        like: where everything else comes from: layers, alpha, the first value of d.

    Raises:
        RecipeError: there is no such family, or no such rank.
    """
    key, colon, digits = name.partition(":")
    if key not in _BY_KEY:
        raise RecipeError(f"{name!r} is no method; there are {', '.join(usages())}.")
    family = _BY_KEY[key]
    if family.has_rank != bool(colon):
        raise RecipeError(f"{name!r} must read {_usage(family)}.")
    rank = like.rank
    if family.has_rank:
        if not (digits.isascii() and digits.isdigit() and 1 <= int(digits) <= MAX_RANK):
            raise RecipeError(f"The rank in {name!r} must be from 1 to {MAX_RANK:,}.")
        rank = int(digits)
    return dataclasses.replace(like, method=family.method, sharing=family.sharing, rank=rank)


def usages() -> list[str]:
    """How each family is named, such as "vera:RANK" or "full"."""
    return [_usage(family) for family in FAMILIES]


def _usage(family: Family) -> str:
    return f"{family.key}:RANK" if family.has_rank else family.key
