"""What the full names of layers tell of a network: its parts, and the last of its stages."""

from collections.abc import Sequence


def parts_of(name: str) -> list[str]:
    """Full names of what `name` is in, from the outside: "a", "a.b" for "a.b.c"."""
    pieces = name.split(".")
    return [".".join(pieces[:end]) for end in range(1, len(pieces))]


def last_stage(names: Sequence[str]) -> tuple[str, ...]:
    """The last part of a network that has several layers, and all that comes after it.

    A part that more than half of the layers are in is looked into: its own last part is meant.
    Empty where there are no parts.

    Args:
        names: full names of all layers, in the network's order.
    """
    within, start = list(names), 0
    prefix = ""
    while True:
        parts: dict[str, list[str]] = {}
        for name in within:
            parts.setdefault(_below(prefix, name), []).append(name)
        several = [part for part, some in parts.items() if len(some) > 1]
        if not several:
            break
        last = several[-1]
        start = names.index(parts[last][0])
        if 2 * len(parts[last]) <= len(within):
            break
        prefix, within = last + ".", parts[last]
    return tuple(names[start:]) if start else ()


def _below(prefix: str, name: str) -> str:
    """The part right below `prefix` that `name` is in, or `name` itself."""
    piece = name.removeprefix(prefix).partition(".")[0]
    return prefix + piece
