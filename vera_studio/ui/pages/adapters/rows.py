"""Entries of the library as rows of the table, and as lines of facts."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import AdapterSettings
from vera_studio.ui.jobs.adapters import plan_export
from vera_studio.ui.state.adapter_names import targets_text
from vera_studio.ui.widgets.adapter_model import AdapterRow, points_text
from vera_studio.wording import first_of, size_text

if TYPE_CHECKING:  # these modules import torch, which comes after the window
    from vera_studio.adapters.gains import Gains
    from vera_studio.adapters.library import Entry
    from vera_studio.models.model import Model

_MOST_LAYERS = 20  # that are named
_MOST_CLASSES = 10


def row_of(entry: "Entry", is_on: bool, obstacle: str) -> AdapterRow:
    """The row of an adapter in the table."""
    from vera_studio.adapters.gains import gains, target_classes

    classes, found, settings = target_classes(entry.info), gains(entry.info), entry.info.settings
    targets, others = _points(found) if found else (math.nan, math.nan)
    return AdapterRow(
        key=str(entry.path),
        is_on=is_on,
        name=entry.name,
        method=METHOD_FACTS[settings.method].title,
        rank=settings.rank if settings.has_rank else None,
        classes=targets_text(entry.info),
        all_classes=first_of(classes, 50),
        targets_gain=targets,
        others_gain=others,
        bytes=entry.bytes,
        added=entry.added,
        obstacle=obstacle,
    )


def facts(entry: "Entry", model: "Model | None" = None) -> list[tuple[str, str]]:
    """What is to be told of an adapter, as pairs of a heading and a text.

    Args:
        entry: what the library says of it.
        model: the network that it is for, where that is open.
    """
    lines = [("Method", _method_text(entry.info.settings))]
    lines.append(("Trainable", f"{entry.count:,} numbers in {size_text(entry.bytes)}"))
    if entry.info.layers:
        lines.append(("Layers", first_of(entry.info.layers, _MOST_LAYERS)))
    if head := entry.info.settings.head:
        classes = first_of(entry.info.classes.names, _MOST_CLASSES)
        lines.append(("Last layer", f"{head}, trained whole, for {classes}"))
    lines += _training_lines(entry)
    lines.append(("To PEFT", plan_export(entry.info.settings, "peft", model).sentence))
    return lines


def _method_text(settings: AdapterSettings) -> str:
    title = METHOD_FACTS[settings.method].title
    return f"{title}, rank {settings.rank:,}" if settings.has_rank else title


def _training_lines(entry: "Entry") -> list[tuple[str, str]]:
    from vera_studio.adapters.gains import gains

    training, lines = entry.info.training, []
    if training.combined:
        lines.append(("Made from", _combined_text(training.combined)))
    if training.network:
        lines.append(("Network", training.network))
    if title := training.data:
        epoch = training.epoch
        lines.append(("Trained on", f"{title}, epoch {epoch}" if epoch else title))
    if found := gains(entry.info):
        targets, others = _points(found)
        pairs = (
            ("Targets", found.targets_before, found.targets_after, targets),
            ("Others", found.others_before, found.others_after, others),
        )
        lines += [
            (name, f"{before:.1%} → {after:.1%}, {points_text(gain)} points")
            for name, before, after, gain in pairs
            if not math.isnan(gain)
        ]
    return lines


def _combined_text(parts: Sequence[tuple[str, float]]) -> str:
    """Names and weights of what was combined."""
    return " + ".join(f"{weight:.4g} \N{MULTIPLICATION SIGN} {name}" for name, weight in parts)


def _points(found: "Gains") -> tuple[float, float]:
    """Gains of the targets and of the others, in points."""
    return (
        100 * (found.targets_after - found.targets_before),
        100 * (found.others_after - found.others_before),
    )
