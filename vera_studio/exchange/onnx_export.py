"""The network with an adapter in it as one ONNX file, for any program that runs such files.

Made by torch's own exporter; the packages that it needs are an extra of the studio's. The file
takes images ("images", (batch, 3, height, width), float32) of pixels scaled to 0..1, red first,
normalises them itself, and gives "logits" (batch, classes), divided by the adapter's temperature
where it has one: their softmax are the shares that the studio tells. What else a reader needs is
JSON in the model's metadata: "class_names", "input_range" ([0, 1]), "input_size" (pixels, height
and width), "input_resize" (pixels of the shorter side, before a square of that size is cut out),
"input_interpolation", and "input_cuts_first" (whether that square is cut out before it is scaled).
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

import vera_studio
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.errors import ShouldStop, StudioError, go_on_unless, never_stop
from vera_studio.exchange.merged_weights import merged_copy
from vera_studio.files import write_atomically
from vera_studio.models.model import Model

HINT = "ONNX needs two more packages: pip install onnx onnxscript"
TOLERANCE = 1e-4  # absolute for logits up to 1, relative above
_CHECKED_BATCHES = (1, 3)


def is_available() -> bool:
    """Whether the packages that an export needs are installed; they are not imported."""
    return all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript"))


def export_onnx(
    adapter: AdapterFile, model: Model, path: Path, should_stop: ShouldStop = never_stop
) -> str:
    """Write the merged network, in evaluation mode, as an ONNX file that stands alone.

    Where onnxruntime is installed, its logits are compared with torch's before the file is
    written.

    Args:
        adapter: of any method.
        model: the network that it was made for, which is not changed.
        path: the file to write, whole or not at all; ends in `.onnx`.
        should_stop: asked before anything is written.

    Returns:
        A sentence for a person: whether the file was checked.

    Raises:
        AdapterError: the adapter was made for another network.
        StudioError: `path` ends otherwise, a package is missing, the network cannot be
            exported, the file computes something else, or it cannot be written.
        Cancelled: `should_stop` said so.
    """
    if path.suffix.lower() != ".onnx":
        raise StudioError(f"{path.name} cannot be written: expected a name that ends in .onnx.")
    content, sentence = onnx_content(adapter, model)
    go_on_unless(should_stop)
    write_atomically(path, content)
    return sentence


def onnx_content(adapter: AdapterFile, model: Model) -> tuple[bytes, str]:
    """What `export_onnx` writes, and its sentence.

    Raises:
        AdapterError, StudioError: as `export_onnx`.
    """
    if not is_available():
        raise StudioError(HINT)
    merged = merged_copy(adapter, model.network, model.class_names, model.digest).float()
    temperature = adapter.info.temperature
    merged = _Normalised(merged, model.preprocessing, temperature).eval()
    content = _exported(merged, model)
    return content, _check(content, merged, model.preprocessing.size)


class _Normalised(nn.Module):
    """A network that takes pixels of 0..1 as they are, and whose softmax are shares to tell."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, network: nn.Module, form: Preprocessing, temperature: float) -> None:
        super().__init__()
        self._temperature = temperature
        self.network = network
        for name, values in (("mean", form.mean), ("std", form.std)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network((images - self.mean) / self.std)
        return logits if self._temperature == 1 else logits / self._temperature


def _exported(network: nn.Module, model: Model) -> bytes:
    # Two images: an axis of one would be taken to be always one.
    size = model.preprocessing.size
    images = torch.zeros(2, 3, size, size)
    try:
        program = torch.onnx.export(
            network,
            (images,),
            dynamo=True,
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    except torch.onnx.errors.OnnxExporterError as error:
        # The exporter's own text is advice to its developers; what went wrong is its cause.
        cause = error.__cause__ or error
        reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        raise StudioError(f"{model.kind.title} cannot be exported to ONNX: {reason}") from error
    assert program is not None  # as it is with dynamo=True
    proto = program.model_proto
    _describe(proto, model)
    content: bytes = proto.SerializeToString()
    return content


def _describe(proto: Any, model: Model) -> None:
    """Say what the model is, and nothing of the machine that it was exported on."""
    proto.producer_name = "VeRA Studio"
    proto.producer_version = vera_studio.__version__
    # The exporter notes the lines of code that each node comes from, with their full paths.
    for node in proto.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    facts = {
        "class_names": model.class_names,
        "input_range": (0, 1),
        "input_size": model.preprocessing.size,
        "input_resize": model.preprocessing.resize,
        "input_interpolation": model.preprocessing.interpolation,
        "input_cuts_first": model.preprocessing.cuts_first,
    }
    for key, value in facts.items():
        proto.metadata_props.add(key=key, value=json.dumps(value))


def _check(content: bytes, network: nn.Module, image_size: int) -> str:
    """Compare with torch, where onnxruntime is there; a StudioError if the logits differ."""
    if importlib.util.find_spec("onnxruntime") is None:
        return "The file was not checked: onnxruntime, which would run it, is not installed."
    try:
        worst = max(_difference(content, network, image_size, size) for size in _CHECKED_BATCHES)
    except Exception as error:
        # onnxruntime lists no errors; an older one does not know the newest operators.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StudioError(
            f"The ONNX file was not written: the installed onnxruntime cannot run it ({reason})."
        ) from error
    if not worst <= TOLERANCE:
        raise StudioError(
            f"The ONNX file was not written: its logits differ from the network's by {worst:.1e}, "
            f"and {TOLERANCE:.0e} is allowed."
        )
    return "onnxruntime computes the same logits."


def _difference(content: bytes, network: nn.Module, image_size: int, batch_size: int) -> float:
    """The largest difference of logits on random images; relative to the largest above 1."""
    import onnxruntime

    generator = torch.Generator().manual_seed(batch_size)
    images = torch.rand(batch_size, 3, image_size, image_size, generator=generator)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(["logits"], {"images": images.numpy()})
    with torch.no_grad():
        expected = network(images)
    difference = (torch.from_numpy(found) - expected).abs().max()
    return float(difference / expected.abs().max().clamp(min=1))
