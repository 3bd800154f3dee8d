"""Recipes as TOML, written and read; what is read may be anybody's."""

import dataclasses
import re
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, Literal

import tomli_w

from vera_studio.errors import RecipeError
from vera_studio.files import read_text, reason, write_atomically
from vera_studio.recipe import Recipe

MAX_BYTES = 128 * 1024  # of a recipe: 1,000 classes and as many layers take half of it
_MOST_TOLD = 10  # problems, of a file that has no end of them
_MOST_SHOWN = 60  # characters of a key or a value
_MAX_WHOLE = 2**63  # what TOML's whole numbers are within
# Reading a key of n parts takes n * n steps; the studio's own have two.
_MAX_DOTS = 1000
# Texts and comments; the end is left open, so that no text is gone through twice.
_TEXTS = re.compile(
    r'''"""(?:[^\\"]++|\\.|"(?!""))*+(?:""")?|"(?:[^"\\\n]++|\\.)*+"?|#[^\n]*+'''
    r"""|'''(?:[^']++|'(?!''))*+(?:''')?|'[^'\n]*+'?""",
    re.DOTALL,
)


def to_toml(recipe: Recipe) -> str:
    """`recipe` as TOML; a value that is None (meaning "all" or "automatic") is left out."""
    return tomli_w.dumps(_without_none(dataclasses.asdict(recipe)))


def from_toml(text: str) -> Recipe:
    """Read what `to_toml` wrote; whatever a section leaves out has its default.

    Raises:
        RecipeError: not TOML, or names every unknown key and every value of a wrong type.
    """
    tables = _parsed(text)
    found: list[str] = []
    sections: dict[str, Any] = {}
    for name, settings in typing.get_type_hints(Recipe).items():
        table = tables.pop(name, {})
        if isinstance(table, dict):
            sections[name] = _read_table(settings, name, table, found)
        else:
            found.append(f"[{name}] must be a table.")
    found += [f"[{_cut(name)}] is not a section of a recipe." for name in tables]
    if found:
        more = [f"and {len(found) - _MOST_TOLD:,} more"] if len(found) > _MOST_TOLD else []
        lines = "\n".join(f"- {problem}" for problem in found[:_MOST_TOLD] + more)
        raise RecipeError(f"This recipe cannot be read:\n{lines}")
    return Recipe(**sections)


def load(path: Path) -> Recipe:
    """Read a recipe from a file; folders and files that it names are looked for beside it.

    Raises:
        RecipeError: the file cannot be read, or as `from_toml`.
    """
    try:
        text = read_text(path, MAX_BYTES)
    except OSError as error:
        raise RecipeError(f"Cannot read the recipe {path}: {reason(error)}.") from error
    try:
        recipe = from_toml(text)
    except RecipeError as error:
        raise RecipeError(f"{path.name}: {error}") from error.__cause__
    folder = path.parent.absolute()
    data, model = recipe.data, recipe.model
    return dataclasses.replace(
        recipe,
        data=dataclasses.replace(data, folder=_beside(folder, data.folder)),
        model=dataclasses.replace(model, weights=_beside(folder, model.weights)),
    )


def save(recipe: Recipe, path: Path) -> None:
    """Write `recipe` to a file.

    Raises:
        RecipeError: as `to_bytes`.
        StudioError: the file cannot be written.
    """
    write_atomically(path, to_bytes(recipe))


def to_bytes(recipe: Recipe) -> bytes:
    """The content of a recipe's file.

    Raises:
        RecipeError: it names a folder or a file whose name is no UTF-8, or is too long to be read
            again.
    """
    try:
        content = to_toml(recipe).encode()
    except UnicodeEncodeError as error:  # names of files on Linux may be any bytes
        raise RecipeError(
            "The recipe cannot be written: it names a folder or a file whose name is no UTF-8. "
            "Give that another name."
        ) from error
    if len(content) > MAX_BYTES:
        raise RecipeError(
            f"The recipe cannot be written: with its lists of names it has {len(content):,} bytes, "
            f"and may have {MAX_BYTES:,}."
        )
    return content


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_BYTES:
        raise RecipeError(f"The recipe has more than {MAX_BYTES:,} characters.")
    if _TEXTS.sub("", text).count(".") > _MAX_DOTS:
        raise RecipeError("The recipe is not valid TOML that the studio reads: too many dots.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"The recipe is not valid TOML: {_cut(str(error), 200)}") from error
    except (ValueError, RecursionError, OverflowError) as error:
        # Of numbers too long to be read, and of values too deep in each other.
        raise RecipeError(
            "The recipe is not valid TOML that the studio reads: a number is too long, or lists "
            "lie too deep in each other."
        ) from error


def _beside(folder: Path, path: str) -> str:
    """`path`, where it is not a whole one, as seen from `folder`."""
    if not path or path.startswith("~") or Path(path).is_absolute():
        return path
    whole = folder / path
    return str(whole.resolve() if ".." in whole.parts else whole)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value


def _read_table(settings: Any, section: str, table: dict[str, Any], found: list[str]) -> Any:
    hints = typing.get_type_hints(settings)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in hints:
            found.append(f"{section}.{_cut(key)} is not known; known are {', '.join(hints)}.")
            continue
        try:
            values[key] = _read_value(hints[key], value)
        except TypeError as error:
            found.append(f"{section}.{key} must be {error}, not {_shown(value)}.")
    return settings(**values)


def _read_value(hint: Any, value: Any) -> Any:
    """`value` as the type `hint`; a TypeError's text says what it must be."""
    if isinstance(hint, types.UnionType):  # tuple[str, ...] | None: TOML has no None
        hint = hint.__args__[0]
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        if isinstance(value, str) and value in choices:
            return value
        raise TypeError("one of " + ", ".join(repr(choice) for choice in choices))
    if typing.get_origin(hint) is tuple:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise TypeError("a list of texts")
    return _read_scalar(hint, value)


def _read_scalar(hint: Any, value: Any) -> Any:
    names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    if hint in (int, float) and type(value) is int and abs(value) >= _MAX_WHOLE:
        raise TypeError(f"{names[hint]} of at most 18 digits")
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise TypeError(names[hint])
    return value


def _shown(value: object) -> str:
    try:
        return _cut(repr(value))
    except (ValueError, RecursionError):  # of a number with thousands of digits
        return "what is there"


def _cut(text: str, most: int = _MOST_SHOWN) -> str:
    return text if len(text) <= most else text[:most] + "…"
