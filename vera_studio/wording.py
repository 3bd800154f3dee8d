"""Phrases that several refusals share."""

from collections.abc import Collection, Mapping, Sequence


def difference(expected: Mapping[str, object], found: Mapping[str, object]) -> str:
    """The first difference, in words."""
    name = next(name for name in (*expected, *found) if expected.get(name) != found.get(name))
    return f"{name}: expected {expected.get(name, 'none')}, found {found.get(name, 'none')}."


def listed(names: Collection[str], most: int = 5) -> str:
    """The first `most` of the names by the alphabet, and how many more there are."""
    return first_of(sorted(names), most)


def first_of(names: Sequence[str], most: int = 20) -> str:
    """The first `most` of the names as they come, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
