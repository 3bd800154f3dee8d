"""Which columns of a table give way where there is no room for all."""

from collections.abc import Collection, Mapping, Sequence


def giving_way(room: int, widths: Mapping[int, int], order: Sequence[int]) -> Collection[int]:
    """The columns to hide, so that the others have the width that they need.

    Args:
        room: pixels that there are.
        widths: pixels that each column needs.
        order: columns that may be hidden, the one that is missed least in front.
    """
    hidden: set[int] = set()
    needed = sum(widths.values())
    for column in order:
        if needed <= room:
            break
        hidden.add(column)
        needed -= widths[column]
    return hidden
