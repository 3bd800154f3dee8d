"""Choosing layers: by kind, by stage, as patterns, and in words; plain values, free of torch."""

from collections.abc import Collection, Sequence

from vera_studio.layer_names import last_stage as last_stage
from vera_studio.layer_names import parts_of
from vera_studio.ui.widgets.layer_model import LayerRow
from vera_studio.wording import first_of

KIND_TITLES = {
    "linear": "Linear",
    "convolution": "Convolutions",
    "attention": "Attention",
    "normalisation": "Normalisation",
}
LAST_STAGE = "Last stage"
_MOST_NAMED = 4  # parts of a network in a line of words


def groups(rows: Sequence[LayerRow]) -> dict[str, tuple[LayerRow, ...]]:
    """The layers by kind, and those of the last stage; only what the network has."""
    used = [row for row in rows if row.is_used]
    found = {
        title: tuple(row for row in used if row.kind == kind) for kind, title in KIND_TITLES.items()
    }
    stage = set(last_stage([row.name for row in used]))
    found[LAST_STAGE] = tuple(row for row in used if row.name in stage)
    return {title: some for title, some in found.items() if some}


def as_patterns(chosen: Collection[str], rows: Sequence[LayerRow]) -> tuple[str, ...]:
    """`chosen` with "blocks.6.*" for a part of the network that is in it as far as it can be.

    Of the layers that cannot be adapted a pattern takes none.
    """
    names = [row.name for row in rows if not row.reason]
    parts: dict[str, list[str]] = {}
    for name in names:
        for part in parts_of(name):
            parts.setdefault(part, []).append(name)
    wanted = set(chosen)
    whole = {p for p, some in parts.items() if len(some) > 1 and wanted.issuperset(some)}
    found: dict[str, None] = {}
    for name in names:
        if name in wanted:
            part = next((part for part in parts_of(name) if part in whole), "")
            found[f"{part}.*" if part else name] = None
    return tuple(found)


def in_words(chosen: Collection[str], rows: Sequence[LayerRow]) -> str:
    """Such as "49 layers: blocks.5, blocks.6, conv_head"."""
    if not chosen:
        return "No layers"
    if len(chosen) == sum(not row.reason for row in rows):
        return f"All {len(chosen):,} layers"
    parts = [pattern.removesuffix(".*") for pattern in as_patterns(chosen, rows)]
    count = "1 layer" if len(chosen) == 1 else f"{len(chosen):,} layers"
    return f"{count}: {first_of(parts, _MOST_NAMED)}"
