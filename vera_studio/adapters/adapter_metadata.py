"""What an adapter file says of itself, to and from the text that safetensors keeps."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings, Recipe, problems

FORMAT = "vera-studio-adapter"
FORMAT_VERSION = 1
METHOD = "vera"
_DECIMALS = 4  # of training figures: accuracies to a hundredth of a percent

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


@dataclass(frozen=True)
class AdapterInfo:
    """All of an adapter file but its vectors."""

    format_version: int
    rank: int
    seed: int  # of the projections
    d_initial: float
    layers: tuple[str, ...]  # full names, in the network's order
    class_names: tuple[str, ...]  # in the network's order
    base_digest: str  # of the network that it was trained on
    projections_digest: str
    training: dict[str, JSON]  # figures for a person to read; nothing depends on them

    @property
    def settings(self) -> AdapterSettings:
        """What attaches the same adapter, untrained."""
        return AdapterSettings(self.rank, self.d_initial, self.seed, self.layers)


def to_metadata(info: AdapterInfo) -> dict[str, str]:
    """`info` as text; figures of training are rounded, and those that are not finite become null.

    Every value but the numbers and the digests is JSON in ASCII, so any name comes back as it
    was, even one that UTF-8 cannot hold, as folders on Linux may have.
    """
    return {
        "format": FORMAT,
        "format_version": str(info.format_version),
        "method": METHOD,
        "rank": str(info.rank),
        "seed": str(info.seed),
        "d_initial": repr(float(info.d_initial)),
        "layers": _compact(info.layers),
        "class_names": _compact(info.class_names),
        "base_digest": info.base_digest,
        "projections_digest": info.projections_digest,
        "training": _compact(_rounded(info.training)),
    }


def from_metadata(metadata: Mapping[str, str]) -> AdapterInfo:
    """Read what `to_metadata` wrote, believing nothing.

    Raises:
        AdapterError: it is not the metadata of an adapter of this format version, or names
            every value that cannot be right.
    """
    _check_kind(metadata)
    found: list[str] = []

    def read(key: str, reader: Callable[[str], Any], expected: str) -> Any:
        text = metadata.get(key)
        try:
            if text is not None:
                return reader(text)
        except (ValueError, RecursionError):
            pass
        found.append(f"{key}: expected {expected}, found {_shown(text)}")
        return None

    info = AdapterInfo(
        format_version=FORMAT_VERSION,
        rank=read("rank", _whole_number, "a whole number"),
        seed=read("seed", _whole_number, "a whole number"),
        d_initial=read("d_initial", float, "a number"),
        layers=read("layers", _names, "a JSON list of names"),
        class_names=read("class_names", _names, "a JSON list of names"),
        base_digest=read("base_digest", _digest, "64 hexadecimal digits"),
        projections_digest=read("projections_digest", _digest, "64 hexadecimal digits"),
        training=read("training", _table, "a JSON object"),
    )
    found = found or problems(Recipe(adapter=info.settings))
    if found:
        raise AdapterError("its metadata cannot be right:\n- " + "\n- ".join(found))
    return info


def _check_kind(metadata: Mapping[str, str]) -> None:
    """Raise an AdapterError unless this is an adapter that this version can read."""
    if metadata.get("format") != FORMAT:
        raise AdapterError(
            f"it is a safetensors file, but not an adapter: expected the format {FORMAT!r} in "
            f"its metadata, found {_shown(metadata.get('format'))}."
        )
    for key, expected in (("format_version", str(FORMAT_VERSION)), ("method", METHOD)):
        if metadata.get(key) != expected:
            words = key.replace("_", " ")
            raise AdapterError(
                f"it is an adapter of another {words}: expected {expected!r}, "
                f"found {_shown(metadata.get(key))}."
            )


def _shown(text: str | None) -> str:
    return "nothing" if text is None else repr(text if len(text) <= 60 else text[:60] + "…")


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return round(value, _DECIMALS) if math.isfinite(value) else None
    return value


def _whole_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError
    return int(text)


def _digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError
    return text


def _names(text: str) -> tuple[str, ...]:
    value = json.loads(text)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError
    return tuple(value)


def _table(text: str) -> dict[str, JSON]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError
    return value
