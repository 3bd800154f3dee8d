"""What a run's adapter did to each layer, as far as the network is on this machine."""

import math
from dataclasses import dataclass
from pathlib import Path

from vera_studio.adapters import adapter_file
from vera_studio.adapters.site_changes import SiteChange, site_changes
from vera_studio.errors import ShouldStop, StudioError
from vera_studio.methods import METHOD_FACTS
from vera_studio.models.model import open_model
from vera_studio.models.own_classes import for_adapter
from vera_studio.recipe import ModelSettings

MOST = 200  # layers that are told of


@dataclass(frozen=True)
class LayerRow:
    """What became of a weight."""

    name: str
    size: str  # such as "120 x 400"
    method: str
    trained: int  # numbers
    relative: str  # norm of the change against the weight's, or alone where that is zero
    effective_rank: str


@dataclass(frozen=True)
class LayerTable:
    """The layers of an adapter."""

    rows: list[LayerRow]
    left_out: int = 0
    problem: str = ""  # why there are none


def layer_table(path: Path, settings: ModelSettings, should_stop: ShouldStop) -> LayerTable:
    """What the adapter file at `path` does to the network that `settings` names.

    Nothing is downloaded for it.

    Raises:
        Cancelled: `should_stop` said so.
    """
    try:
        adapter = adapter_file.load(path)
        network = open_model(settings, should_stop=should_stop, may_download=False)
        model = for_adapter(network, adapter.info)
        adapter_file.apply(adapter, model.network, model.class_names, model.digest)
        changes = list(site_changes(model.network, should_stop))
    except StudioError as error:
        return LayerTable([], problem=str(error))
    return LayerTable([_row(change) for change in changes[:MOST]], max(0, len(changes) - MOST))


def _row(change: SiteChange) -> LayerRow:
    relative = change.relative
    rank = change.effective_rank
    facts = METHOD_FACTS.get(change.method)  # type: ignore[call-overload]
    return LayerRow(
        change.name,
        f"{change.out:,} \N{MULTIPLICATION SIGN} {change.fan_in:,}",
        facts.title if facts else change.method,
        sum(len(values) for values in change.parameters.values()),
        f"{change.change_norm:.3g}" if math.isnan(relative) else f"{relative:.1%}",
        "" if math.isnan(rank) else f"{rank:.1f}",
    )
