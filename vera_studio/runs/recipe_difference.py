"""A recipe as a list of its settings, in words, and in what two recipes differ."""

import dataclasses
from collections.abc import Iterator

from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import Recipe
from vera_studio.wording import first_of, plain

# What a setting that is None stands for, where that is not "automatic".
_OPEN = {
    "target_classes": "all",
    "class_names": "the network's",
    "layers": "the network's own",
    "alpha": "as the rank",
    "head": "none",
}
_EMPTY = {"weights": "pretrained"}
_METHOD_SETTINGS = {name for facts in METHOD_FACTS.values() for name in facts.settings}
_NOTHING = "none"
_MOST_NAMES = 8


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting in two recipes, in words."""

    name: str  # such as "Training: learning rate"
    first: str
    second: str


def differences(first: Recipe, second: Recipe) -> list[Setting]:
    """The settings that differ; one that has no meaning for a method is "none" there."""
    pairs = zip(_values(first), _values(second), strict=True)
    return [
        Setting(name, _text(key, one), _text(key, other))
        for (name, key, one), (_, _, other) in pairs
        if one != other
    ]


def settings_of(recipe: Recipe) -> list[tuple[str, str]]:
    """Every setting that has a meaning for the recipe's method: its name, and it in words."""
    return [(name, _text(key, v)) for name, key, v in _values(recipe) if v != _NOTHING]


def _values(recipe: Recipe) -> Iterator[tuple[str, str, object]]:
    """Name for a person, key and value of each setting."""
    for section in dataclasses.fields(recipe):
        settings = getattr(recipe, section.name)
        for field in dataclasses.fields(settings):
            value = getattr(settings, field.name)
            if section.name == "adapter" and not _has_meaning(recipe, field.name):
                value = _NOTHING
            yield (
                f"{section.name.capitalize()}: {field.name.replace('_', ' ')}",
                field.name,
                value,
            )


def _has_meaning(recipe: Recipe, key: str) -> bool:
    return key not in _METHOD_SETTINGS or key in METHOD_FACTS[recipe.adapter.method].settings


def _text(key: str, value: object) -> str:
    match value:
        case None:
            return _OPEN.get(key, "automatic")
        case "":
            return _EMPTY.get(key, _NOTHING)
        case bool():
            return "yes" if value else "no"
        case tuple():
            return first_of(value, _MOST_NAMES) or _NOTHING
        case int() | float():
            return plain(value)
    return str(value)
