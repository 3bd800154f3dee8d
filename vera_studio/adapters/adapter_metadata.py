"""What an adapter file says of itself, to and from the text that safetensors keeps.

The format is written down in resources/adapter-format.md.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vera_studio.adapters.classes import Classes
from vera_studio.adapters.training_record import JSON, TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import AdapterSettings, Recipe, class_names_problem, problems

FORMAT = "vera-studio-adapter"
# 1 had VeRA only, with a pair for each shape; 2 linear layers only, and the names of all classes;
# 3 no layer that is trained whole beside the others.
FORMAT_VERSION = 4
_READABLE_VERSIONS = ("1", "2", "3", "4")
_BEFORE_4 = ("vera", "lora", "full", "bias")
_METHODS = {"1": ("vera",), "2": _BEFORE_4, "3": _BEFORE_4}  # what older versions had
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
_DECIMALS = 4  # of training figures: accuracies to a hundredth of a percent
_MOST_NESTED = 8  # lists and objects in the training figures; the studio's own have 3


@dataclass(frozen=True)
class AdapterInfo:
    """All of an adapter file but its tensors."""

    settings: AdapterSettings  # what attaches the same adapter, untrained; layers are named
    classes: Classes  # of the network, or of the user's
    base_digest: str  # of the network that it was trained on
    projections_digest: str  # of VeRA's; empty for other methods
    training: TrainingRecord
    stores_projections: bool = False  # whether they are in the file, not made from the seed
    name: str = ""  # given by the user
    notes: str = ""  # of the user
    added: str = ""  # to the library: date and time, as ISO 8601 has them
    network: str = ""  # that it is for, as the command line calls it; empty where nobody told
    # Whether the last layer was new when training began, all zeros, for classes of the user's.
    has_own_classes: bool = False
    # What pictures must become, in plain words and numbers, for readers without the studio.
    images: Mapping[str, JSON] = field(default_factory=dict)
    # By which logits are divided before softmax, so that shares mean what they say.
    temperature: float = 1.0
    format_version: int = FORMAT_VERSION

    @property
    def layers(self) -> tuple[str, ...]:
        """Full names of the adapted layers, in the network's order."""
        return self.settings.layers or ()

    @property
    def all_layers(self) -> tuple[str, ...]:
        """Those, and the one that is trained whole beside them, if there is one."""
        head = self.settings.head
        return self.layers if head is None else (*self.layers, head)


def to_metadata(info: AdapterInfo) -> dict[str, str]:
    """`info` as text; figures of training are rounded, and those that are not finite become null.

    Names and figures are JSON in ASCII, so any name comes back as it was, even one that UTF-8
    cannot hold, as folders on Linux may have. What is empty is left out.
    """
    settings = info.settings
    own = {name: getattr(settings, name) for name in METHOD_FACTS[settings.method].settings}
    written = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "method": settings.method,
        **{name: _setting_text(value) for name, value in own.items() if value is not None},
        "layers": _compact(info.layers),
        "head": _compact(settings.head) if settings.head else "",
        "own_classes": "yes" if info.has_own_classes else "",
        **_class_texts(info.classes),
        "images": _compact(info.images) if info.images else "",
        "temperature": repr(info.temperature) if info.temperature != 1 else "",
        "base_digest": info.base_digest,
        "projections_digest": info.projections_digest,
        "projections": "stored" if info.stores_projections else "",
        "training": _compact(_rounded(info.training.to_json())),
        "name": _compact(info.name) if info.name else "",
        "notes": _compact(info.notes) if info.notes else "",
        "added": info.added,
        "network": _compact(info.network) if info.network else "",
    }
    return {key: text for key, text in written.items() if text}


def from_metadata(metadata: Mapping[str, str]) -> AdapterInfo:
    """Read what `to_metadata` wrote, or an older version of it, believing nothing.

    Raises:
        AdapterError: it is not the metadata of an adapter of this format version, or names
            every value that cannot be right.
    """
    _check_kind(metadata)
    found: list[str] = []

    def read(key: str, reader: Callable[[str], Any], expected: str, default: Any = None) -> Any:
        text = metadata.get(key)
        if text is None and default is not None:
            return default
        try:
            if text is not None:
                return reader(text)
        except (ValueError, RecursionError):
            pass
        found.append(f"{key}: expected {expected}, found {_shown(text)}")
        return None

    method = metadata["method"]
    own: dict[str, Any] = {"method": method}
    readers: dict[str, tuple[Any, ...]] = {
        "rank": (_whole_number, "a whole number"),
        "seed": (_whole_number, "a whole number"),
        "d_initial": (_number, "a number"),
        "sharing": (_one_of("shape", "all"), "'shape' or 'all'", "shape"),
    }
    for name in METHOD_FACTS[method].settings:  # type: ignore[index] # checked to be a key
        if name in readers:
            own[name] = read(name, *readers[name])
        elif name in metadata:  # alpha, which is left out where it is the rank
            own[name] = read(name, _number, "a number")
    own["layers"] = read("layers", _names, "a JSON list of names")
    own["head"] = read("head", _text, "a text in JSON", default="") or None
    is_own = read("own_classes", _one_of("yes"), "'yes'", default=False) == "yes"
    is_vera = method == "vera"
    stored = read("projections", _one_of("stored"), "'stored'", default=False) == "stored"
    digits = "64 hexadecimal digits"
    info = AdapterInfo(
        settings=AdapterSettings(**own),
        classes=_read_classes(read, metadata, are_all_told=own["head"] is not None),
        base_digest=read("base_digest", _digest, digits),
        projections_digest=read("projections_digest", _digest, digits) if is_vera else "",
        training=TrainingRecord.from_json(read("training", _table, "a JSON object") or {}),
        stores_projections=stored,
        name=read("name", _text, "a text in JSON", default=""),
        notes=read("notes", _text, "a text in JSON", default=""),
        added=metadata.get("added", ""),
        network=read("network", _text, "a text in JSON", default=""),
        has_own_classes=is_own,
        images=read("images", _table, "a JSON object", default={}) or {},
        temperature=read("temperature", _temperature, "a number, 0.01 to 100", default=1.0),
        format_version=int(metadata["format_version"]),
    )
    if not found:
        found = problems(Recipe(adapter=info.settings))
        if stored and info.settings.sharing != "all":
            found.append("Stored projections must be one pair for all layers.")
        found += _head_problems(info)
    if found:
        raise AdapterError("its metadata cannot be right:\n- " + "\n- ".join(found))
    return info


def _head_problems(info: AdapterInfo) -> list[str]:
    """What cannot be right about the layer that is trained whole."""
    head, found = info.settings.head, []
    if head is None and (info.settings.method == "head" or info.has_own_classes):
        found.append("The layer that gives the classes must be named as the head.")
    if head is not None and head in info.layers:
        found.append("The head must not be one of the other layers.")
    if head is not None and not info.classes.names:
        found.append("The classes must be named where there is a head.")
    if info.has_own_classes and (problem := class_names_problem(info.classes.names)):
        found.append(problem)
    return found


def _class_texts(classes: Classes) -> dict[str, str]:
    """Names where there are few, and else how many there are and their digest."""
    if classes.names or not classes.count:
        return {"class_names": _compact(classes.names)}
    return {"class_count": str(classes.count), "class_names_digest": classes.digest}


def _read_classes(
    read: Callable[..., Any], metadata: Mapping[str, str], are_all_told: bool
) -> Classes:
    if "class_names_digest" not in metadata:
        names = read("class_names", _names, "a JSON list of names") or ()
        return Classes.of(names, are_all_told)
    digest = read("class_names_digest", _digest, "64 hexadecimal digits")
    return Classes(read("class_count", _whole_number, "a whole number") or 0, digest, ())


def _check_kind(metadata: Mapping[str, str]) -> None:
    """Raise an AdapterError unless this is an adapter that this version can read."""
    if metadata.get("format") != FORMAT:
        raise AdapterError(
            f"it is a safetensors file, but not an adapter: expected the format {FORMAT!r} in "
            f"its metadata, found {_shown(metadata.get('format'))}."
        )
    methods = _METHODS.get(metadata.get("format_version", ""), tuple(METHOD_FACTS))
    for key, known in (("format_version", _READABLE_VERSIONS), ("method", methods)):
        if metadata.get(key) not in known:
            raise AdapterError(
                f"it is an adapter of another {key.replace('_', ' ')}: expected "
                f"{' or '.join(map(repr, known))}, found {_shown(metadata.get(key))}."
            )


def _shown(text: str | None) -> str:
    return "nothing" if text is None else repr(text if len(text) <= 60 else text[:60] + "…")


def _setting_text(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


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


def _number(text: str) -> float:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", text):
        raise ValueError
    return float(text)


def _temperature(text: str) -> float:
    value = _number(text)
    if not MIN_TEMPERATURE <= value <= MAX_TEMPERATURE:
        raise ValueError
    return value


def _digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError
    return text


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return read


def _text(text: str) -> str:
    value = json.loads(text)
    if not isinstance(value, str):
        raise ValueError
    return value


def _names(text: str) -> tuple[str, ...]:
    value = json.loads(text)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError
    return tuple(value)


def _table(text: str) -> dict[str, JSON]:
    value = json.loads(text)
    if not isinstance(value, dict) or _depth(value) > _MOST_NESTED:
        raise ValueError
    return value


def _depth(value: Any) -> int:
    """How many lists and objects lie in each other; stops counting where that is too many."""
    levels, within = 0, [value]
    while within and levels <= _MOST_NESTED:
        inner = [one.values() if isinstance(one, dict) else one for one in within]
        within = [one for some in inner for one in some if isinstance(one, dict | list)]
        levels += 1
    return levels
