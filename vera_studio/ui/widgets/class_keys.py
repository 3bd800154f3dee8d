"""Which class is meant by a digit, or by the first letters of its name."""

from collections.abc import Sequence
from dataclasses import dataclass

DIGITS = "1234567890"


@dataclass(frozen=True)
class Typed:
    """What has been typed so far, and what that leads to."""

    text: str = ""
    matches: tuple[int, ...] = ()  # classes whose names begin so, the one that is called so first
    chosen: int | None = None  # a class, once there is no other


def type_key(names: Sequence[str], before: str, key: str) -> Typed:
    """What is meant once `key` is typed after `before`.

    A digit alone is one of the first ten classes, unless a name begins with it. Letters are the
    beginning of a name; capitals make no difference. A class is chosen once no other begins so;
    until then it is the first of `matches`. With a key that no name goes on with, all begins anew.

    Args:
        names: of the classes.
        before: what was typed since the last choice.
        key: a character.
    """
    folded = [name.casefold() for name in names]
    text = before + key.casefold()
    matches = _beginning(folded, text)
    if not matches and before:
        text = key.casefold()
        matches = _beginning(folded, text)
    if not matches and text in DIGITS and DIGITS.index(text) < len(names):
        return Typed("", (), DIGITS.index(text))
    if len(matches) == 1:
        return Typed("", matches, matches[0])
    return Typed(text if matches else "", matches)


def key_of(index: int, names: Sequence[str]) -> str:
    """The digit for a class; empty where it has none."""
    has_one = index < len(DIGITS) and not _beginning(list(names), DIGITS[index])
    return DIGITS[index] if has_one else ""


def _beginning(names: Sequence[str], text: str) -> tuple[int, ...]:
    found = (index for index, name in enumerate(names) if name.startswith(text))
    return tuple(sorted(found, key=lambda index: names[index] != text))
