"""Matching the classes that a data set names to those that the network knows."""

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from vera_studio.errors import DataError
from vera_studio.wording import first_of

_FEW = 20  # classes of a network, which a message can list
_MOST_ALIKE = 3
_ALIKE = 0.75  # as difflib measures it
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

# For networks that know ImageNet's classes and none of CIFAR-10's: one of theirs for each of these.
_STAND_INS = {
    "airplane": "airliner",
    "automobile": "convertible",
    "bird": "robin",
    "cat": "tabby",
    "deer": "hartebeest",
    "dog": "Labrador retriever",
    "frog": "tree frog",
    "horse": "sorrel",
    "ship": "container ship",
    "truck": "trailer truck",
}


def match_cifar10(found: Iterable[str], known: Sequence[str]) -> dict[str, int]:
    """`match_classes` for CIFAR-10's ten names, which also knows one of ImageNet's for each.

    An ImageNet network has no class "bird" or "dog", but dozens of birds and dogs: it learns to
    call all of them by the one that stands in.

    Raises:
        DataError: as `match_classes`.
    """
    found, there = list(found), set(known)
    if not there & set(found) and there.issuperset(_STAND_INS[name] for name in found):
        return {name: known.index(_STAND_INS[name]) for name in found}
    return match_classes(found, known)


def match_classes(found: Iterable[str], known: Sequence[str]) -> dict[str, int]:
    """Which of the network's classes each found name means.

    A class's name as it is comes first. Else capitals, spaces, `_`, `-` and a plural `s` make
    no difference, and common other names (plane, car, ...) are understood.

    Args:
        found: the names in the data set, such as those of its folders.
        known: the network's class names, in its order.

    Returns:
        For every found name an index into `known`.

    Raises:
        DataError: names the found names that fit no class or several, or two that fit the same.
    """
    found = list(found)
    fitting = _fitting(found, known)
    if unknown := [name for name, indices in fitting.items() if not indices]:
        raise DataError(_unknown_text(unknown, found, known))
    if unclear := next((name for name, indices in fitting.items() if len(indices) > 1), None):
        classes = " or ".join(known[index] for index in fitting[unclear])
        raise DataError(
            f"{unclear} may be {classes}: the network knows all of these. "
            "Name the folder exactly as its class."
        )
    matched = {name: indices[0] for name, indices in fitting.items()}
    names_of = defaultdict(list)
    for name, index in matched.items():
        names_of[index].append(name)
    for index, names in names_of.items():
        if len(names) > 1:
            raise DataError(
                f"Each class must have one folder, but {' and '.join(names)} "
                f"are the same class: {known[index]}."
            )
    return matched


def known_classes(found: Iterable[str], known: Sequence[str]) -> dict[str, int]:
    """Which of the found names mean a class of the network, each one of its own.

    What `match_classes` refuses is left out: names that fit no class or several, and all that
    fit the same class.

    Returns:
        For each of these names an index into `known`.
    """
    single = {name: one[0] for name, one in _fitting(found, known).items() if len(one) == 1}
    often = Counter(single.values())
    return {name: index for name, index in single.items() if often[index] == 1}


def fits_some(found: Iterable[str], known: Sequence[str]) -> list[str]:
    """The found names that fit a class of the network, or several."""
    return [name for name, indices in _fitting(found, known).items() if indices]


def _fitting(found: Iterable[str], known: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The classes that each found name may mean."""
    exact = {name: index for index, name in enumerate(known)}
    similar = _spellings(known)
    return {
        name: (exact[name],) if name in exact else similar.get(_key(name), ()) for name in found
    }


def _spellings(known: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The classes that each key may mean; a class's own name beats an alias."""
    own: dict[str, tuple[int, ...]] = {}
    aliases: dict[str, tuple[int, ...]] = {}
    for index, name in enumerate(known):
        own[_key(name)] = (*own.get(_key(name), ()), index)
        for alias in _ALIASES.get(_key(name), ()):
            aliases[_key(alias)] = (*aliases.get(_key(alias), ()), index)
    return aliases | own


def _key(name: str) -> str:
    """`name` without what makes no difference; the ending of "bus" or "glass" stays."""
    # Systems write letters with accents in two ways.
    plain = re.sub(r"[\s_-]+", "", unicodedata.normalize("NFC", name).casefold())
    return re.sub(r"(?<=[^su])s$", "", plain)


def _unknown_text(unknown: Sequence[str], found: Sequence[str], known: Sequence[str]) -> str:
    aliases = [
        f"{' or '.join(_ALIASES[_key(name)])} for {name}"
        for name in known
        if _key(name) in _ALIASES
    ]
    of_these = f"the class{'es' if len(unknown) > 1 else ''} {first_of(unknown)}"
    lines = [
        f"The network does not know {of_these}.",
        f"Classes found: {first_of(found)}.",
        f"Classes the network knows: {first_of(known)}.",
    ]
    if len(known) > _FEW:
        lines = [
            f"The network does not know {of_these}, but {len(known):,} others, such as "
            f"{', '.join(known[:3])}.",
            *_alike(unknown, known),
            "Name each folder as a class of the network, or choose another network.",
        ]
    elif aliases:
        lines.append(f"Other names understood: {', '.join(aliases)}.")
    return "\n".join(lines)


def _alike(unknown: Sequence[str], known: Sequence[str]) -> list[str]:
    """For the first unknown names, classes that have the name for a part, or one almost like it."""
    lines = []
    for name in unknown[:_MOST_ALIKE]:
        word = name.casefold().replace("_", " ")
        similar = [one for one in known if word in one.casefold().split()]
        similar = similar or difflib.get_close_matches(word, known, _MOST_ALIKE, _ALIKE)
        if similar:
            lines.append(f"Instead of {name} it has {first_of(similar, _MOST_ALIKE)}.")
    return lines
