"""Matching the classes that a data set names to those that the network knows."""

import re
from collections.abc import Iterable, Sequence

from vera_studio.errors import DataError

_ALIASES = {
    "airplane": ("plane", "aeroplane", "aircraft", "jet"),
    "automobile": ("car", "auto"),
    "deer": ("stag", "doe"),
    "dog": ("puppy", "puppies"),
    "cat": ("kitten", "kitty"),
    "frog": ("toad",),
    "horse": ("pony", "ponies"),
    "ship": ("boat", "vessel"),
    "truck": ("lorry", "lorries"),
}


def match_classes(found: Iterable[str], known: Sequence[str]) -> dict[str, int]:
    """Which of the network's classes each found name means.

    Capitals, spaces, `_`, `-` and a plural `s` make no difference; common other names
    (plane, car, ...) are understood.

    Args:
        found: the names in the data set, such as those of its folders.
        known: the network's class names, in its order.

    Returns:
        For every found name an index into `known`.

    Raises:
        DataError: names every found name that fits no class, or two that fit the same.
    """
    found = list(found)
    index_of = _spellings(known)
    matched = {name: index_of[key] for name in found if (key := _key(name)) in index_of}
    unknown = [name for name in found if name not in matched]
    if unknown:
        raise DataError(_unknown_text(unknown, found, known))
    for index, class_name in enumerate(known):
        same = [name for name, its_index in matched.items() if its_index == index]
        if len(same) > 1:
            raise DataError(
                f"Each class must have one folder, but {' and '.join(same)} "
                f"are the same class: {class_name}."
            )
    return matched


def _spellings(known: Sequence[str]) -> dict[str, int]:
    """The keys that each known class is found under; a class's own name beats an alias."""
    aliases = {
        _key(alias): index
        for index, name in enumerate(known)
        for alias in _ALIASES.get(_key(name), ())
    }
    return aliases | {_key(name): index for index, name in enumerate(known)}


def _key(name: str) -> str:
    """`name` without what makes no difference; the ending of "bus" or "glass" stays."""
    plain = re.sub(r"[\s_-]+", "", name.casefold())
    return re.sub(r"(?<=[^su])s$", "", plain)


def _unknown_text(unknown: Sequence[str], found: Sequence[str], known: Sequence[str]) -> str:
    aliases = [
        f"{' or '.join(_ALIASES[_key(name)])} for {name}"
        for name in known
        if _key(name) in _ALIASES
    ]
    lines = [
        f"The network does not know the class{'es' if len(unknown) > 1 else ''} "
        f"{', '.join(unknown)}.",
        f"Classes found: {', '.join(found)}.",
        f"Classes the network knows: {', '.join(known)}.",
    ]
    if aliases:
        lines.append(f"Other names understood: {', '.join(aliases)}.")
    return "\n".join(lines)
