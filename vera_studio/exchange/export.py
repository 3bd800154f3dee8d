"""The one way out for the window and the command line: an adapter as files of other programs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.errors import ShouldStop, StudioError, never_stop
from vera_studio.exchange import merged_weights, onnx_export, peft_export
from vera_studio.exchange.export_for_use import export_for_use
from vera_studio.export_targets import FOREIGN_TARGETS, Target
from vera_studio.models.model import Model
from vera_studio.models.own_classes import for_adapter


@dataclass(frozen=True)
class Exported:
    """What an export left."""

    paths: tuple[Path, ...]  # of the files written
    sentence: str  # for a person: what was written, and why in that form


def export(
    adapter: AdapterFile,
    model: Model,
    to: Target,
    destination: Path,
    should_stop: ShouldStop = never_stop,
) -> Exported:
    """Write `adapter` so that another program can use it.

    Args:
        adapter: of any method.
        model: the network that it was made for, with any classes; it is not changed.
        to: one of `export_targets.FOREIGN_TARGETS`.
        destination: the folder or the file to write.
        should_stop: asked before anything is written.

    Raises:
        Cancelled: `should_stop` said so.
        AdapterError: the adapter was made for another network, or cannot be had in that form;
            gives the reason.
        StudioError: a file cannot be written, or what this needs is not installed.
    """
    if to not in _EXPORTS:
        raise StudioError(f"Adapters are exported as {', '.join(FOREIGN_TARGETS)}, not as {to!r}.")
    return _EXPORTS[to](adapter, for_adapter(model, adapter.info), destination, should_stop)


def _peft(adapter: AdapterFile, model: Model, to: Path, should_stop: ShouldStop) -> Exported:
    return _folder(adapter, model, to, False, should_stop)


def _lora(adapter: AdapterFile, model: Model, to: Path, should_stop: ShouldStop) -> Exported:
    return _folder(adapter, model, to, True, should_stop)


def _folder(
    adapter: AdapterFile, model: Model, destination: Path, as_lora: bool, should_stop: ShouldStop
) -> Exported:
    network, class_names = model.network, model.class_names
    form, paths = peft_export.export_peft(
        adapter, network, class_names, destination, as_lora, model.digest, should_stop
    )
    return Exported(paths, form.sentence)


def _merged(
    adapter: AdapterFile, model: Model, destination: Path, should_stop: ShouldStop
) -> Exported:
    network, class_names = model.network, model.class_names
    merged_weights.export_merged(
        adapter, network, class_names, destination, model.digest, should_stop
    )
    return Exported(
        (destination,),
        f"The weights of the {model.kind.title} with the adapter in them, for plain PyTorch.",
    )


def _onnx(
    adapter: AdapterFile, model: Model, destination: Path, should_stop: ShouldStop
) -> Exported:
    sentence = onnx_export.export_onnx(adapter, model, destination, should_stop)
    return Exported((destination,), f"The {model.kind.title} with the adapter in it. {sentence}")


def _use(
    adapter: AdapterFile, model: Model, destination: Path, should_stop: ShouldStop
) -> Exported:
    sentence, paths = export_for_use(adapter, model, destination, should_stop)
    told = f"The {model.kind.title} with the adapter in it, and a script that classifies pictures."
    return Exported(paths, f"{told} {sentence}")


_EXPORTS: dict[Target, Callable[[AdapterFile, Model, Path, ShouldStop], Exported]] = {
    "use": _use,
    "peft": _peft,
    "lora": _lora,
    "merged": _merged,
    "onnx": _onnx,
}
