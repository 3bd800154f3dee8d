"""What the window has done with adapters: read, compared, exported.

Plain functions like those of `jobs`; the engine is imported inside them.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio.errors import AdapterError, ModelError, ShouldStop, go_on_unless
from vera_studio.export_targets import Target
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.runs.events import Evaluation
from vera_studio.ui.jobs import training as training_jobs
from vera_studio.ui.state.workspace import LoadedAdapter, shown_part

if TYPE_CHECKING:
    from vera_studio.adapters.adapter_file import AdapterFile, AdapterInfo
    from vera_studio.data.store import ImageData
    from vera_studio.models.model import Model

OnEvent = Callable[[object], None]


@dataclass(frozen=True)
class PairComparison:
    """How two adapters differ."""

    class_names: tuple[str, ...]
    accuracies: tuple[Evaluation, Evaluation]  # on the validation images
    similarities: dict[str, float]  # full name of a layer to the cosine of the weight changes


@dataclass(frozen=True)
class ExportPlan:
    """What an export would come to."""

    is_possible: bool
    sentence: str  # for a person: in which form and why, or why not at all; may be empty


def read_adapter(
    path: Path, model: "Model", on_event: OnEvent, should_stop: ShouldStop
) -> LoadedAdapter:
    """Read an adapter of the studio or of PEFT, and prove that it fits `model`."""
    from vera_studio.exchange.reading import find_place, read_adapter

    content = fitting(read_adapter(path, model), model, on_event, should_stop)
    return LoadedAdapter(path, content, content.info.name or find_place(path).name)


def load_adapter(path: Path, on_event: OnEvent, should_stop: ShouldStop) -> "AdapterFile":
    """Read an adapter of the studio, which may be of a network that is not open."""
    from vera_studio.adapters import adapter_file

    return adapter_file.load(path)


def info_of(path: Path) -> "AdapterInfo | None":
    """What a file of the studio's says of its adapter; none where it is PEFT's, or unreadable."""
    from vera_studio.adapters import adapter_file
    from vera_studio.exchange.reading import find_place

    try:
        place = find_place(path)
        return None if place.is_peft else adapter_file.inspect(place.path)
    except AdapterError:  # told where the adapter itself is read
        return None


def other_network(info: "AdapterInfo", model: "Model") -> ModelSettings | None:
    """The pretrained network that an adapter was trained on, where it is not `model`."""
    from vera_studio.models.registry import find

    if info.base_digest == model.digest or not info.network:
        return None
    try:
        kind = find(info.network)
    except ModelError:
        return None
    is_pretrained = info.training.network == kind.pretrained_title
    return ModelSettings(name=info.network) if is_pretrained else None


def fitting(
    content: "AdapterFile", model: "Model", on_event: OnEvent, should_stop: ShouldStop
) -> "AdapterFile":
    """`content`, proven to fit `model` with the classes that it is for."""
    from vera_studio.adapters.adapter_fit import check_fit
    from vera_studio.models.own_classes import for_adapter

    model = for_adapter(model, content.info)
    check_fit(content, model.network, model.class_names, model.title, model.digest)
    return content


def combined(
    paths: tuple[Path, Path],
    names: tuple[str, str],
    weights: tuple[float, float],
    model: "Model",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> "AdapterFile":
    """The adapters in two files in one, their changes multiplied by `weights`."""
    from vera_studio.adapters import adapter_file
    from vera_studio.adapters.combination import combine
    from vera_studio.models.own_classes import for_adapter

    first, second = (
        dataclasses.replace(content, info=dataclasses.replace(content.info, name=name))
        for content, name in zip(map(adapter_file.load, paths), names, strict=True)
    )
    model = for_adapter(model, first.info)
    return combine(first, second, weights, model.network, model.class_names, model.digest)


def holds_adapter(path: Path) -> bool:
    """Whether `path` is a folder of PEFT's or of a run, or lies in one of PEFT's; a quick look."""
    from vera_studio.exchange.reading import holds_adapter

    return holds_adapter(path)


def compare(
    contents: "tuple[AdapterFile, AdapterFile]",
    model: "Model",
    data: "ImageData",
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> PairComparison:
    """Measure both adapters on the images shown all along, and how alike their changes are."""
    from vera_studio.adapters.similarity import similarities

    names = model.class_names
    alike = similarities(*contents, model.network, names, model.digest)
    first, second = (
        training_jobs.measure(
            model, LoadedAdapter(None, content, ""), data, shown_part(data), on_event, should_stop
        ).evaluation
        for content in contents
    )
    return PairComparison(names, (first, second), alike)


def export(
    content: "AdapterFile",
    model: "Model",
    target: Target,
    destination: Path,
    on_event: OnEvent,
    should_stop: ShouldStop,
) -> str:
    """Write an adapter; returns a sentence on what was written and, for PEFT, why so."""
    from vera_studio.adapters import adapter_file
    from vera_studio.exchange.export import export
    from vera_studio.models.own_classes import for_adapter

    model = for_adapter(model, content.info)
    if target == "file":
        go_on_unless(should_stop)
        adapter_file.write(destination, content)
        return f"A file of VeRA Studio, {destination.stat().st_size:,} bytes."
    return export(content, model, target, destination, should_stop).sentence


def plan_export(
    settings: AdapterSettings, target: Target, model: "Model | None" = None
) -> ExportPlan:
    """Whether and how an adapter with `settings` would be exported; quick, writes nothing.

    Args:
        settings: those of the adapter.
        target: the form to export it in.
        model: the network that it is for, where that is open.
    """
    if target in ("peft", "lora"):
        from vera_studio.exchange.peft_export import planned_form

        sites = model.sites if model else None
        try:
            return ExportPlan(True, planned_form(settings, target == "lora", sites).sentence)
        except AdapterError as error:
            return ExportPlan(False, str(error))
    if target in ("onnx", "use"):
        from vera_studio.exchange import onnx_export

        there = onnx_export.is_available()
        return ExportPlan(there, "" if there else onnx_export.HINT)
    return ExportPlan(True, "")
