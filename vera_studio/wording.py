"""Phrases that several refusals share."""

from collections.abc import Collection, Mapping


def difference(expected: Mapping[str, object], found: Mapping[str, object]) -> str:
    """The first difference, in words."""
    name = next(name for name in (*expected, *found) if expected.get(name) != found.get(name))
    return f"{name}: expected {expected.get(name, 'none')}, found {found.get(name, 'none')}."


def listed(names: Collection[str], most: int = 5) -> str:
    ordered = sorted(names)
    more = len(ordered) - most
    return ", ".join(ordered[:most]) + (f" and {more} more" if more > 0 else "")


def already_there(name: str) -> str:
    """Of an adapter that was to be kept, and that the library holds already as `name`."""
    return f"The library has this adapter already, as {name}; no second copy was made."
