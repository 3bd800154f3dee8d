"""What an adapter comes to: its layers, its size, where the network is cut, every number."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from vera_studio.errors import ShouldStop, go_on_unless
from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import AdapterSettings, Method
from vera_studio.ui.jobs.adapter_copies import with_adapter, with_new_adapter
from vera_studio.ui.jobs.loading import take_thread_count
from vera_studio.ui.jobs.progress import OnEvent
from vera_studio.ui.state.workspace import LoadedAdapter
from vera_studio.ui.widgets.layer_model import LayerRow

if TYPE_CHECKING:
    from vera_studio.adapters.attach import Counts
    from vera_studio.adapters.inspection import TensorInfo
    from vera_studio.models.model import Model


@dataclass(frozen=True)
class Plan:
    """What an adapter would come to, before it is trained."""

    counts: "Counts"
    file_bytes: int
    in_head: int = 0  # numbers that are trained in a last layer


@dataclass(frozen=True)
class Cut:
    """Where a network is cut for the feature cache."""

    width: int  # numbers that the features of an image have
    place: str  # full name of the last layer that is computed once; empty if unknown
    share: float  # `width` among the numbers of the image itself
    problem: str = ""  # a clause on why it cannot be cut


@dataclass(frozen=True, eq=False)
class Inspection:
    """A network with an adapter on, laid open."""

    title: str
    tensors: "tuple[TensorInfo, ...]"
    counts: "Counts"
    before: dict[str, Any]  # name -> values (n,) as NumPy array, before training
    after: dict[str, Any]  # the same after training; empty when not trained
    network: Any  # kept alive: the memory addresses shown are its own


def plan(model: "Model", settings: AdapterSettings) -> Plan:
    """What `settings` would come to; fast enough to follow a slider on the GUI thread."""
    from vera_studio.adapters import adapter_file, attach

    settings, in_head = model.settings_for(settings), 0
    if settings.head is not None:
        layer = model.network.get_submodule(settings.head)
        in_head = sum(one.numel() for one in layer.parameters())
    return Plan(
        attach.plan(model.network, settings, model.sites, model.size),
        adapter_file.file_bytes(model.network, settings, model.class_names, model.sites),
        in_head,
    )


def layer_rows(model: "Model", method: Method) -> tuple[LayerRow, ...]:
    """Every layer of the network, and why `method` cannot go on it where it cannot."""
    from vera_studio.adapters.methods import METHODS

    layer, rows = METHODS[method].layer, []
    for name, site in model.sites.items():
        is_used, is_norm = name not in model.unused, site.kind == "norm"
        reason = ""
        if not is_used:
            reason = "The network does not use it."
        elif method == "head":
            reason = "The last layer is trained, and no other."
        elif not layer.parameter_names(site):
            reason = "It has no bias to train."
            if is_norm:
                reason = f"{METHOD_FACTS[method].title} changes matrices; this has none."
        columns = "" if is_norm else f" \N{MULTIPLICATION SIGN} {site.fan_in:,}"
        groups = f", {site.groups:,} groups" if site.groups > 1 else ""
        kind = "normalisation" if is_norm else site.kind
        rows.append(LayerRow(name, kind, f"{site.out:,}{columns}{groups}", reason, is_used))
    return tuple(rows)


def find_cut(
    model: "Model",
    settings: AdapterSettings,
    views: int,
    megabytes: int | None,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Cut:
    """Where a run would cut the network for its feature cache; takes some forward passes.

    Args:
        model: the network.
        settings: the adapter's.
        views: of all images, that would be kept.
        megabytes: that they may take; None for what suits.
        on_event, should_stop: as for every job.

    Raises:
        Cancelled: told to stop.
    """
    from vera_studio.models.model import example
    from vera_studio.training.devices import choose_device
    from vera_studio.training.frozen_part import CannotSplitError, planned_cut
    from vera_studio.training.open_inputs import cut_within, widest

    take_thread_count()
    network = with_new_adapter(model, model.settings_for(settings), None, should_stop)
    image = example(model.kind)
    most = widest(views, megabytes, choose_device().device, image.numel())
    try:
        width, place = cut_within(partial(planned_cut, network, image), most, image.numel())
    except CannotSplitError as error:
        return Cut(0, "", 0, str(error))
    return Cut(width, place, width / image.numel())


def inspect_draft(
    model: "Model",
    settings: AdapterSettings,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Inspection:
    """The network with a new adapter on, as `settings` say.

    Raises:
        Cancelled: told to stop.
    """
    network = with_new_adapter(model, model.settings_for(settings), None, should_stop)
    return _inspection("The adapter as set up, before training", network, _values(network), {})


def inspect_adapter(
    model: "Model",
    adapter: LoadedAdapter,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> Inspection:
    """The network with `adapter` on.

    Raises:
        Cancelled: told to stop.
    """
    content = adapter.content
    # The copy goes before the next one is made.
    before = _values(
        with_new_adapter(model, content.info.settings, content.projections, should_stop)
    )
    go_on_unless(should_stop)
    network = with_adapter(model, adapter)
    go_on_unless(should_stop)
    return _inspection(adapter.title, network, before, _values(network))


def _inspection(
    title: str, network: Any, before: dict[str, Any], after: dict[str, Any]
) -> Inspection:
    """`network` laid open, with the adapter's values before training and after it."""
    from vera_studio.adapters.attach import count
    from vera_studio.adapters.inspection import tensors

    return Inspection(title, tensors(network), count(network), before, after, network)


def _values(network: Any) -> dict[str, Any]:
    """The adapter's parameters by full name, each flat as a NumPy array."""
    from vera_studio.adapters.adapter_file import parameters

    return {name: value.flatten().numpy() for name, value in parameters(network).items()}
