"""Frozen dataclasses as what JSON holds, and back; what is read may be anything."""

import dataclasses
import functools
import math
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

_Value = TypeVar("_Value")


def to_plain(value: Any) -> Any:
    """`value` for `json.dumps`: None for NaN, which JSON does not have, a text for a path."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def from_plain(kind: type[_Value], plain: object) -> _Value:
    """Read what `to_plain` made of a value of the dataclass `kind`.

    What an older version did not write has its default, and what a newer one added is left out.

    Raises:
        ValueError: it is none; says what is wrong in a few words.
    """
    found: _Value = _read(kind, plain, kind.__name__)
    return found


def _read(hint: Any, plain: object, name: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _read_fields(hint, plain, name)
    match typing.get_origin(hint):
        case types.UnionType:  # such as int | None
            return None if plain is None else _read(hint.__args__[0], plain, name)
        case typing.Literal:
            if isinstance(plain, str) and plain in typing.get_args(hint):
                return plain
        case kind if kind is tuple and isinstance(plain, list):
            item = typing.get_args(hint)[0]
            return tuple(_read(item, one, name) for one in plain)
        case kind if kind is dict and isinstance(plain, dict):
            item = typing.get_args(hint)[1]
            return {str(key): _read(item, one, name) for key, one in plain.items()}
        case None:
            return _read_scalar(hint, plain, name)
    raise ValueError(f"{name} is not what it must be")


def _read_fields(kind: Any, plain: object, name: str) -> Any:
    if not isinstance(plain, dict):
        raise ValueError(f"{name} is missing")
    hints = _hints(kind)
    known = {key: _read(hints[key], value, key) for key, value in plain.items() if key in hints}
    if missing := [key for key in _needed(kind) if key not in known]:
        raise ValueError(f"{', '.join(missing)} is missing")
    return kind(**known)


@functools.cache
def _needed(kind: Any) -> list[str]:
    """The fields that have no default."""
    nothing = dataclasses.MISSING
    fields = dataclasses.fields(kind)
    return [f.name for f in fields if f.default is nothing and f.default_factory is nothing]


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read_scalar(kind: Any, plain: object, name: str) -> Any:
    if kind is float and (plain is None or type(plain) in (int, float)):
        return math.nan if plain is None else _as_float(plain, name)
    if kind is Path and isinstance(plain, str):
        return Path(plain)
    if type(plain) is kind:
        return plain
    raise ValueError(f"{name} is not what it must be")


def _as_float(number: Any, name: str) -> float:
    try:
        return float(number)
    except OverflowError as error:  # a whole number of hundreds of digits
        raise ValueError(f"{name} is too large") from error
