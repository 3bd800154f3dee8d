"""Copies of a network with an adapter on, which share its frozen numbers; it stays bare."""

from typing import TYPE_CHECKING, Any

from vera_studio.errors import ShouldStop, go_on_unless
from vera_studio.recipe import AdapterSettings
from vera_studio.ui.state.workspace import LoadedAdapter

if TYPE_CHECKING:
    from vera_studio.adapters.projections import ProjectionPair
    from vera_studio.models.model import Model


def with_new_adapter(
    model: "Model",
    settings: AdapterSettings,
    stored: "ProjectionPair | None",
    should_stop: ShouldStop,
) -> Any:
    """A copy of the model's network with a new adapter on."""
    from vera_studio.adapters.attach import attach
    from vera_studio.adapters.copies import sharing_copy

    go_on_unless(should_stop)
    network = sharing_copy(model.network)
    go_on_unless(should_stop)
    attach(network, settings, stored)
    go_on_unless(should_stop)
    return network


def with_adapter(model: "Model", adapter: LoadedAdapter | None) -> Any:
    """A copy of the model's network with `adapter` on; the model itself stays bare."""
    from vera_studio.adapters import adapter_file
    from vera_studio.adapters.copies import sharing_copy

    network = sharing_copy(model.network)
    if adapter is not None:
        adapter_file.apply(adapter.content, network, model.class_names, model.digest)
    return network
